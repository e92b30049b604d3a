"""Plain-HTTP URLs inside any text: where the scheme, the host and the port stand.

Works on values (of YAML scalars, of `.env` lines, of shell commands), finds every `http://` and `ws://` (RFC 3986, 3.1
and 3.2; RFC 6455 for `ws`), and says what to insert where so that the URL names the same port over TLS.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from aicos_tls.compose.interpolation import end_of_dollar, variables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.compose.interpolation import Variable

PLAIN = frozenset({"http", "ws"})
"""The schemes without TLS."""

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
        return (self._default or self.scheme).lower() in PLAIN

    @property
    def variable(self) -> str:
        """The name of the variable that holds the scheme (`${SCHEME:-http}://api`), or an empty text."""
        found = next(variables(self.scheme), None)
        return found.name if found else ""

    @property
    def is_unknown(self) -> bool:
        """Whether the scheme is a variable without a default: it may be another protocol's."""
        return self.scheme.startswith("$") and not self._default

    @property
    def _default(self) -> str:
        found = next(variables(self.scheme), None)
        return found.argument or "" if found and found.operator in ("-", ":-") else ""

    @property
    def insertions(self) -> tuple[Insertion, ...]:
        """What makes it the same URL over TLS: the `s`, and the port that it meant when it names none."""
        letter = "S" if (self._default or self.scheme).isupper() else "s"
        scheme = Insertion(self.start + len(self.scheme) - bool(self._default), letter)
        return (scheme,) if self.port is not None else (scheme, Insertion(self.host_end, f":{DEFAULT_PORT}"))


def find(text: str) -> Iterator[Url]:
    """Yield the http, https, ws and wss URLs of `text` that name a host, in order."""
    starts = [(match.start(), match.start(1), match.end(1)) for match in _SCHEME.finditer(text)]
    if "$" in text:
        found = ((v.start, v.start, v.end) for v in _all_variables(text, 0) if _is_scheme(v, text))
        starts = sorted([*starts, *found])
    for _, start, end_of_scheme in starts:
        after = end_of_scheme + len("://")
        url = _split(text, start, after, _authority_end(text, after), text[start:end_of_scheme])
        if url.host:
            yield url


def _is_scheme(variable: Variable, text: str) -> bool:
    """Whether a variable stands for a scheme that is HTTP, or may be."""
    default = variable.argument if variable.operator in ("-", ":-") else None
    return text.startswith("://", variable.end) and (not default or default.lower() in PLAIN | {"https", "wss"})


def _all_variables(text: str, offset: int) -> Iterator[Variable]:
    """Yield the variables of a text, and those in their arguments, with their places in the whole text."""
    for found in variables(text):
        yield replace(found, start=found.start + offset, end=found.end + offset)
        if found.argument:
            yield from _all_variables(found.argument, offset + found.end - 1 - len(found.argument))


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
