"""Plain-HTTP URLs inside any text: where the scheme, the host and the port stand.

Works on values (of YAML scalars, of `.env` lines, of shell commands), finds every `http://` and `ws://` (RFC 3986, 3.1
and 3.2; RFC 6455 for `ws`), and says what to insert where so that the URL names the same port over TLS.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.compose.interpolation import end_of_dollar

if TYPE_CHECKING:
    from collections.abc import Iterator

DEFAULT_PORT = 80
"""The port of `http` and `ws` URLs that name none (RFC 9110, 4.2.1; RFC 6455, 3)."""

_SCHEME = re.compile(r"(?<![A-Za-z0-9+.])(https?|wss?)://", re.IGNORECASE)
_ENDS_AUTHORITY = frozenset("/?#\\\"'`<>|,;(){}^ \t\r\n\v\f")
_PORT = re.compile(r":([0-9]+)$")


class Insertion(Struct, frozen=True):
    """`text` goes before the character at `at`."""

    at: int
    text: str


class Url(Struct, frozen=True):
    """A URL that begins at `start`. `host` and `port` are as written, variables and all; `end` ends the authority."""

    start: int
    end: int
    scheme: str
    host: str
    host_end: int
    port: str | None

    @property
    def plain(self) -> bool:
        """Whether the scheme is one without TLS."""
        return self.scheme.lower() in {"http", "ws"}

    @property
    def insertions(self) -> tuple[Insertion, ...]:
        """What makes it the same URL over TLS: the `s`, and the port that it meant when it names none."""
        letter = "S" if self.scheme.isupper() else "s"
        scheme = Insertion(self.start + len(self.scheme), letter)
        return (scheme,) if self.port is not None else (scheme, Insertion(self.host_end, f":{DEFAULT_PORT}"))


def find(text: str) -> Iterator[Url]:
    """Yield the http, https, ws and wss URLs of `text` that name a host, in order."""
    for match in _SCHEME.finditer(text):
        end = _authority_end(text, match.end())
        url = _split(text, match.start(), match.end(), end, match.group(1))
        if url.host:
            yield url


def _authority_end(text: str, at: int) -> int:
    if text.startswith("[", at):
        close = text.find("]", at)
        at = close + 1 if close >= 0 else at
    while at < len(text) and text[at] not in _ENDS_AUTHORITY and text[at] not in "[]":
        at = end_of_dollar(text, at) if text[at] == "$" else at + 1
    return at


def _split(text: str, start: int, at: int, end: int, scheme: str) -> Url:
    authority = text[at:end]
    user = authority.rfind("@") + 1
    host_and_port = authority[user:]
    host_end, port = len(host_and_port), None
    if match := _PORT.search(host_and_port):
        host_end, port = match.start(), match.group(1)
    elif (colon := _last_colon(host_and_port)) >= 0:
        host_end, port = colon, host_and_port[colon + 1 :]
    return Url(start, end, scheme, host_and_port[:host_end], at + user + host_end, port)


def _last_colon(text: str) -> int:
    """Find the colon before a port that is a variable (`api:${PORT:-80}`).

    Colons within variables and brackets are none.
    """
    found, at = -1, text.find("]") + 1
    while at < len(text):
        if text[at] == "$":
            at = end_of_dollar(text, at)
            continue
        if text[at] == ":":
            found = at
        at += 1
    return found


def host_name(host: str) -> str:
    """A host as DNS compares it: lower case, without the trailing dot, IPv6 brackets kept (RFC 4343)."""
    return host.lower().removesuffix(".")
