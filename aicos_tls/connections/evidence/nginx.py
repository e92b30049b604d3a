"""nginx: what the directives that ask lead to, by `upstream` blocks and variables of all files, and by the environment.

Sources: ngx_http_proxy_module, ngx_http_grpc_module, ngx_http_uwsgi_module, ngx_http_fastcgi_module,
ngx_http_scgi_module, ngx_http_memcached_module, ngx_stream_proxy_module; for templates the README of the official
image.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aicos_tls.connections.model import Destination, Evidence
from aicos_tls.connections.protocols import PORTS, Protocol
from aicos_tls.sources.nginx import is_nginx
from aicos_tls.sources.nginx.asked import STREAM, asked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import PurePosixPath

    from aicos_tls.connections.model import Surroundings
    from aicos_tls.connections.readers import Files
    from aicos_tls.sources.asked import Asked

_OTHER = re.compile(
    r"(?:dockerfile|containerfile|makefile|license|readme)"
    r"|\.(?:[cm]?[jt]sx?|py[iw]?|go|rb|php|java|kts?|cs|rs|exs?|scala|swift|dart|vue|svelte|lua|pl|c|h|cc|cpp|hpp|sql|md|rst"
    r"|txt|html?|s?css|less|svg|xml|json5?|ya?ml|toml|ini|properties|lock|sum|mod|sh|bash|bat|ps1|csv|map|env|proto)$",
    re.IGNORECASE,
)
"""Names of what is something else. A configuration may have any other: `COPY conf /etc/nginx/conf.d/default.conf`."""
_PROTOCOLS = {
    "http": Protocol.HTTP,
    "grpc": Protocol.GRPC,
    "uwsgi": Protocol.UWSGI,
    "fastcgi": Protocol.FASTCGI,
    "memcached": Protocol.MEMCACHED,
    "scgi": Protocol.TCP,
}
_REMEDIES = {
    "uwsgi": "x-aicos-tls: {serve: sidecar, mode: tcp} in the service that is asked; nginx then asks suwsgi://",
    "fastcgi": "nginx has no TLS for FastCGI: let the server speak HTTP, or keep both on a network of their own",
    "scgi": "nginx has no TLS for SCGI: let the server speak HTTP, or keep both on a network of their own",
    "memcached": "nginx has no TLS for memcached: keep both on a network of their own",
    STREAM: "where it is no TLS yet: proxy_ssl on; proxy_ssl_verify on; proxy_ssl_trusted_certificate {ca};",
}
"""What helps where the program changes nothing."""


class _Nginx:
    """Reads all files of a service together."""

    def concerns(self, path: PurePosixPath) -> bool:
        """Whether a name may be that of a configuration."""
        return _OTHER.search(path.name) is None

    def destinations(self, files: Files, around: Surroundings) -> Iterator[Destination]:
        """Yield what the configurations among the files ask."""
        own = [file for path, file in files.items() if is_nginx(path, file.text, "/etc/nginx/")]
        for each in asked(own, around.environment):
            yield Destination(
                host=each.host,
                port=each.port,
                protocol=_protocol(each),
                tls=each.tls,
                evidence=Evidence("nginx", each.text, each.where),
                remedy="" if each.tls else _REMEDIES.get(each.family, ""),
            )


def _protocol(each: Asked) -> Protocol:
    if each.family == STREAM:
        return PORTS.get(each.port or 0, Protocol.TCP)
    return _PROTOCOLS[each.family]


READER = _Nginx()
