"""What a Caddyfile asks: the upstreams of its proxies, over TLS or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.compose.urls import DEFAULT_PORT, host_name
from aicos_tls.sources.asked import Asked
from aicos_tls.sources.caddy.parse import PROXIES, parse, upstreams
from aicos_tls.sources.caddy.transform import SECURE, lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from aicos_tls.files import TextFile

_FASTCGI = "php_fastcgi"


def asked(files: Iterable[TextFile], variables: Mapping[str, str]) -> Iterator[Asked]:
    """Yield what the files ask; `variables` are those of the environment."""
    for file in files:
        for directive in parse(file.text):
            name = directive.line.name
            if name not in (*PROXIES, _FASTCGI):
                continue
            line = directive.line
            for upstream in upstreams(directive, variables):
                if upstream is None:
                    continue
                tls = upstream.scheme in SECURE or directive.over_tls
                family = (
                    "fastcgi"
                    if name == _FASTCGI
                    else {"h2c": "grpc", "ws": "ws", "wss": "ws"}.get(upstream.scheme, "http")
                )
                port = upstream.port or (443 if upstream.scheme in SECURE else DEFAULT_PORT)
                host = host_name(upstream.host)
                paste = "" if tls or name == _FASTCGI else "\n".join((f"{name} {host}:{port} {{", *_inner(), "}"))
                where = file.where(upstream.word.start)
                yield Asked(family, host, port, tls, file.text[line.start : line.end], name, where, paste)


def _inner() -> Iterator[str]:
    for line in lines("{ca}"):
        yield f"\t{line}"
