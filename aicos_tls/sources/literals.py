"""URLs in the string literals of a source: which of them name a server in scope, and what makes them https.

The same port over TLS, as in compose files; a URL of the service's own port on localhost counts when it serves HTTPS.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aicos_tls import budgets
from aicos_tls.compose.urls import find, host_name
from aicos_tls.yamledit.edits import Splice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.compose.urls import Url
    from aicos_tls.sources.model import CodeContext

_JOINED_PORT = re.compile(r"""["'`]*\s*\+?\s*[fFrRuU]{0,2}["'`]+:""")
"""What follows a text to which a port is joined: `"http://api" + ":8080"`."""

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
"""Hosts that every leaf has among its names."""


def names_server(url: Url, context: CodeContext) -> bool:
    """Whether `url` is one that a server in scope answers."""
    if context.names_server(url.host):
        return True
    return context.is_server and host_name(url.host) in LOOPBACK and _is_own_port(url.port, context)


def _is_own_port(port: str | None, context: CodeContext) -> bool:
    return budgets.number(port) in context.ports


def url_splices(text: str, base: int, context: CodeContext, after: str = "") -> tuple[Splice, ...]:
    """What makes the plain URLs of servers in `text`, which begins at character `base` of its file, https.

    `after` is what follows the text in its file: a port may be joined to it there.
    """
    return tuple(splice for _, splice in _splices(text, base, context, after))


def port_splices(text: str, base: int, context: CodeContext, after: str = "") -> tuple[Splice, ...]:
    """The port that the plain URLs of servers in `text` mean where they name none: over TLS it is the same one."""
    return tuple(splice for is_port, splice in _splices(text, base, context, after) if is_port)


def _splices(text: str, base: int, context: CodeContext, after: str) -> Iterator[tuple[bool, Splice]]:
    """Yield the splices, and whether each brings the port."""
    for url in find(text):
        if not url.plain or not names_server(url, context):
            continue
        for insertion in url.insertions:
            is_port = insertion.at != url.scheme_end
            if is_port and url.end == len(text) and _JOINED_PORT.match(after):
                continue
            yield is_port, Splice(base + insertion.at, base + insertion.at, (0,), insertion.text)


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
