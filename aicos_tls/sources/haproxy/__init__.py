"""haproxy.cfg: asks servers over TLS and verifies them.

What is decided here, and why:

- haproxy verifies its servers under every trust policy, as nginx does: a file for the CA costs one word for one server,
  and without it haproxy refuses to start instead of asking somebody else.
- `server` and `server-template` lines of `mode http` are changed. In `mode tcp` haproxy passes bytes, and whether its
  clients begin with TLS themselves is not in the file: those lines are left to a person.
- Health checks follow: a check goes over TLS where the server does, but one to a port of its own does so only with
  `check-ssl`, and `http-check connect` says for itself what it does (configuration manual 5.2, 4.2).
- haproxy reads certificate and key from one file before version 3.0, so that it is not made a TLS server here.
"""

from aicos_tls.sources.haproxy.asked import asked
from aicos_tls.sources.haproxy.parse import PLACES, is_haproxy
from aicos_tls.sources.haproxy.transform import transform

__all__ = ["PLACES", "asked", "is_haproxy", "transform"]
