"""Apache httpd: asks servers over TLS and verifies them (mod_proxy, mod_ssl).

What is decided here, and why:

- httpd verifies its servers under every trust policy, as nginx does here: one file for the CA in one virtual host.
- The lines count for a whole virtual host (manual, mod_ssl, "SSLProxyEngine": context). Where it asks something else
  over TLS already, or trusts another CA, they would be about that, too: it is left to a person.
- With `ProxyPreserveHost On` httpd compares the certificate with the name that the browser asked for, which is no
  container's (`ap_proxy_determine_connection`): then the CA alone is verified, and that is said.
- mod_ssl is loaded where the file loads modules itself; else where the image has it and nothing has loaded it.
"""

from aicos_tls.sources.httpd.asked import asked
from aicos_tls.sources.httpd.parse import PLACES, is_httpd
from aicos_tls.sources.httpd.transform import transform

__all__ = ["PLACES", "asked", "is_httpd", "transform"]
