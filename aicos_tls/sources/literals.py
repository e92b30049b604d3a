"""URLs in the string literals of a source: which of them name a server in scope, and what makes them https.

The same port over TLS, as in compose files; a URL of the service's own port on localhost counts when it serves HTTPS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls import budgets
from aicos_tls.compose.urls import find, host_name
from aicos_tls.yamledit.edits import Splice

if TYPE_CHECKING:
    from aicos_tls.compose.urls import Url
    from aicos_tls.sources.model import CodeContext

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
"""Hosts that every leaf has among its names."""


def names_server(url: Url, context: CodeContext) -> bool:
    """Whether `url` is one that a server in scope answers."""
    if context.names_server(url.host):
        return True
    return context.is_server and host_name(url.host) in LOOPBACK and _is_own_port(url.port, context)


def _is_own_port(port: str | None, context: CodeContext) -> bool:
    return budgets.number(port) in context.ports


def url_splices(text: str, base: int, context: CodeContext) -> tuple[Splice, ...]:
    """What makes the plain URLs of servers in `text`, which begins at character `base` of its file, https."""
    return tuple(
        Splice(base + insertion.at, base + insertion.at, (0,), insertion.text)
        for url in find(text)
        if url.plain and names_server(url, context)
        for insertion in url.insertions
    )


def is_outside(text: str, context: CodeContext, *, is_default: bool) -> bool:
    """Whether a URL names a host that is certainly none of the project's.

    One that is only the default of a setting has to be https and have a dot in its host: the environment may well name
    a container instead of `http://localhost:3001`.
    """
    urls = list(find(text))
    if len(urls) != 1 or names_server(urls[0], context):
        return False
    host = host_name(urls[0].host)
    public = not urls[0].plain and "." in host and "$" not in host
    return public or not (is_default or "$" in host or "%" in host)
