"""nginx configuration: asks servers over TLS, and serves TLS itself where its service is a server.

What is decided here, and why:

- nginx verifies its upstreams under every trust policy. The policy `insecure` is about Node, which gets one variable
  for everything it asks; for nginx a check costs one line for one upstream, the CA is mounted in every service in
  scope, and without a CA nginx refuses to start instead of asking somebody else.
- nginx reads no environment variables in its configuration, so that there is no fallback to HTTP when `TLS_ENABLED` is
  not `true`: the file says https, and whoever switches TLS off takes the change back. The templates of the official
  image (`/etc/nginx/templates/*.template`) do put in variables, but the scheme of a `listen` cannot come and go with
  one; they are changed like plain files, and an upstream that is a variable of the environment is left to a person.
- `uwsgi_pass`, `fastcgi_pass`, `scgi_pass` and `stream` blocks do not speak HTTP: they are left, and said.
"""

from aicos_tls.sources.nginx.snippets import snippets
from aicos_tls.sources.nginx.transform import is_nginx, transform

__all__ = ["is_nginx", "snippets", "transform"]
