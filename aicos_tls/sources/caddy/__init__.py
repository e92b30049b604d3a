"""Caddyfile: asks servers over TLS and verifies them (documentation, directive `reverse_proxy`).

What is decided here, and why:

- Caddy verifies its upstreams by the host in their address, and takes the system's roots unless the transport names
  others: the project's CA is named in the block of each `reverse_proxy`. `tls_trusted_ca_certs` is known to every
  Caddy 2 (since 2.8 it says that `tls_trust_pool` is its newer name).
- A transport is for all upstreams of a `reverse_proxy`: they are changed together, or none is.
- `php_fastcgi` does not speak HTTP: it is left.
"""

from aicos_tls.sources.caddy.asked import asked
from aicos_tls.sources.caddy.parse import PLACES, is_caddy
from aicos_tls.sources.caddy.transform import transform

__all__ = ["PLACES", "asked", "is_caddy", "transform"]
