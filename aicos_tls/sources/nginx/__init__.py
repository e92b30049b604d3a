"""nginx configuration: asks servers over TLS, and serves TLS itself where its service is a server.

What is decided here, and why:

- nginx verifies its upstreams under every trust policy. The policy `insecure` is about Node, which gets one variable
  for everything it asks; for nginx a check costs one line for one upstream, the CA is mounted in every service in
  scope, and without a CA nginx refuses to start instead of asking somebody else.
- nginx reads no environment variables in its configuration, so that there is no fallback to HTTP when `TLS_ENABLED` is
  not `true`: the file says https, and whoever switches TLS off takes the change back. Templates (those of the official
  image, and what `envsubst` reads) do put in variables, but the scheme of a `listen` cannot come and go with one; they
  are changed like plain files, with the values that the compose file and the Dockerfile give.
- An `upstream` over several services is verified by one name: its own, which their certificates get. It says who they
  are together, and no service gets the name of another.
- `uwsgi_pass` asks over TLS where a sidecar passes the bytes on. nginx has no TLS for FastCGI, SCGI and memcached, and
  what `stream` passes on may be TLS already: these are left, and said.
"""

from aicos_tls.sources.nginx.snippets import snippets
from aicos_tls.sources.nginx.transform import is_nginx, transform

__all__ = ["is_nginx", "snippets", "transform"]
