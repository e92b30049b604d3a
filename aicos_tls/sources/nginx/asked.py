"""Which servers an nginx configuration asks, and how: every address of `proxy_pass` and `grpc_pass`, TLS or not.

`client` looks for what has to change; this says what is, for whoever asks the running servers. An address whose host is
not known from the file (`map`, a variable of the environment) is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.compose.urls import DEFAULT_PORT, host_name
from aicos_tls.sources.nginx.parse import NotNginxError, parse
from aicos_tls.sources.nginx.upstream import ADDRESS, BEGINS, MANY, Names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.errors import Where
    from aicos_tls.files import TextFile
    from aicos_tls.sources.model import CodeContext
    from aicos_tls.sources.nginx.parse import Directive

_PASSES = ("proxy_pass", "grpc_pass")
_SECURE = ("https", "grpcs")
_HTTPS = "443"


class Asked(Struct, frozen=True):
    """One server that is asked: the service, the directive, its URL as far as the port, and the place."""

    service: str
    directive: str
    url: str
    where: Where


def asked(file: TextFile, context: CodeContext) -> Iterator[Asked]:
    """Yield the servers that a configuration asks; none where it does not parse."""
    try:
        root = parse(file.text)
    except NotNginxError:
        return
    names = Names(root, context)
    for directive in root.walk():
        if directive.name in _PASSES and directive.args and not directive.within("stream"):
            for scheme, host, port in dict.fromkeys(_addresses(names, directive)):
                if service := context.names_server(host):
                    url = f"{scheme}://{host_name(host)}:{port}"
                    yield Asked(service, directive.name, url, file.where(directive.start))


def _addresses(names: Names, directive: Directive) -> Iterator[tuple[str, str, str]]:
    """Yield scheme, host and port of what a directive leads to; a member of an `upstream` has port 80 by default."""
    word = directive.args[0].value
    begins = BEGINS.match(word)
    given = [found.args[1].value for found in names.variable(begins[0])] if begins else [word]
    for match in filter(None, map(ADDRESS.match, given)):
        scheme = "https" if (match["scheme"] or "").lower() in _SECURE else "http"
        for text in [found.args[1].value for found in names.variable(match["host"])] or [match["host"]]:
            if text in names.upstreams:
                members = names.servers[text][:MANY]
                yield from ((scheme, *_split(member, str(DEFAULT_PORT))) for member in members)
            else:
                default = _HTTPS if scheme == "https" else str(DEFAULT_PORT)
                yield (scheme, *_split(text, (match["port"] or "").lstrip(":") or default))


def _split(text: str, default: str) -> tuple[str, str]:
    host, _, port = text.partition(":")
    return host, port or default
