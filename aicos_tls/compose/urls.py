"""Plain-HTTP URLs inside any text: where the scheme, the host and the port stand.

Works on values (of YAML scalars, of `.env` lines, of shell commands), finds every `http://` and `ws://` (RFC 3986, 3.1
and 3.2; RFC 6455 for `ws`), and says what to insert where so that the URL names the same port over TLS. The scheme may
be a variable (`${SCHEME:-http}://api`): then its default is in the text, its value in `.env`.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls import budgets
from aicos_tls.compose.interpolation import end_of_dollar, everywhere

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DEFAULT_PORT = 80
"""The port of `http` and `ws` URLs that name none (RFC 9110, 4.2.1; RFC 6455, 3)."""

# compiled when they are first used: many projects have no URL
_SCHEME = r"(?i)(?<![A-Za-z0-9+.])(https?|wss?)://"
_ALTERNATIVE = r"(?i)(?<=:\+)(https?|wss?)://"
"""`${NAME:+http://api}`; elsewhere a plus sign belongs to the scheme: `git+http://`."""
_NO_VALUES: Mapping[str, str] = MappingProxyType({})
PLAIN = frozenset({"http", "ws"})
SCHEMES = PLAIN | {"https", "wss"}
_ENDS_AUTHORITY = frozenset("/?#\\\"'`<>|,;(){}^ \t\r\n\v\f")
_PORT = r":([0-9]+)$"


class Insertion(Struct, frozen=True):
    """`text` goes before the character at `at`."""

    at: int
    text: str


class Url(Struct, frozen=True):
    """A URL that begins at `start`. `host` and `port` are as written, variables and all; `end` ends the authority.

    `scheme` is what it comes to, empty when that cannot be known; where it ends in this text is `scheme_end`, None when
    it is not written here but in the variable `scheme_name`.
    """

    start: int
    end: int
    scheme: str
    host: str
    host_end: int
    port: str | None
    scheme_end: int | None
    scheme_name: str = ""

    @property
    def plain(self) -> bool:
        """Whether the scheme is one without TLS."""
        return self.scheme.lower() in PLAIN

    @property
    def insertions(self) -> tuple[Insertion, ...]:
        """What makes it the same URL over TLS: the `s`, and the port that it meant when it names none."""
        found: list[Insertion] = []
        if self.scheme_end is not None:
            found.append(Insertion(self.scheme_end, "S" if self.scheme.isupper() else "s"))
        if self.port is None:
            found.append(Insertion(self.host_end, f":{DEFAULT_PORT}"))
        return tuple(found)


def find(text: str, values: Mapping[str, str] = _NO_VALUES) -> Iterator[Url]:
    """Yield the http, https, ws and wss URLs of `text` that name a host, in order; `values` are those of `.env`.

    Of two that overlap one counts: what holds another one in its host or port is no URL (`http://${HOST:-http://api}`),
    what stands in the user information of another one neither.
    """
    if "://" not in text:
        return
    found = [*re.finditer(_SCHEME, text), *(re.finditer(_ALTERNATIVE, text) if ":+" in text else ())]
    urls = [_split(text, m.start(), m.end(), m.group(1), m.end(1)) for m in found]
    if "$" in text:
        urls += _with_variable_scheme(text, values)
    yield from _apart(sorted((url for url in urls if url.host), key=lambda url: url.start))


def _apart(urls: list[Url]) -> Iterator[Url]:
    """Yield those of some URLs, in order, that count where they overlap."""
    last: Url | None = None
    for url in urls:
        if last is None or url.start >= last.end:
            if last is not None:
                yield last
            last = url
        elif url.start >= last.host_end - len(last.host):
            last = url
    if last is not None:
        yield last


def _with_variable_scheme(text: str, values: Mapping[str, str]) -> Iterator[Url]:
    for variable in everywhere(text):
        if not text.startswith("://", variable.end):
            continue
        default = variable.argument if variable.operator in ("-", ":-") else None
        given = None if variable.is_missing(values) else values[variable.name]
        scheme = default if given is None else given
        if scheme is not None and scheme.lower() not in SCHEMES:
            continue
        plain_here = default is not None and default.lower() in PLAIN
        yield _split(
            text,
            variable.start,
            variable.end + len("://"),
            scheme or "",
            variable.end - 1 if plain_here else None,  # before the closing brace
            "" if given is None else variable.name,
        )


def _authority_end(text: str, at: int) -> int:
    if text.startswith("[", at):
        close = text.find("]", at)
        at = close + 1 if close >= 0 else at
    stop = min(at + budgets.AUTHORITY + 1, len(text))
    while at < stop and text[at] not in _ENDS_AUTHORITY and text[at] not in "[]":
        at = end_of_dollar(text, at) if text[at] == "$" else at + 1
    return at


def _split(text: str, start: int, at: int, scheme: str, scheme_end: int | None, name: str = "") -> Url:
    """The URL from `start` on, whose authority begins at `at`."""
    end = _authority_end(text, at)
    if end - at > budgets.AUTHORITY:
        return Url(start, at, scheme, "", at, None, scheme_end, name)
    authority = text[at:end]
    user = authority.rfind("@") + 1
    host_and_port = authority[user:]
    host_end, port = len(host_and_port), None
    if match := re.search(_PORT, host_and_port):
        host_end, port = match.start(), match.group(1)
    elif (colon := _last_colon(host_and_port)) >= 0:
        host_end, port = colon, host_and_port[colon + 1 :]
    return Url(start, end, scheme, host_and_port[:host_end], at + user + host_end, port, scheme_end, name)


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


_USER_INFORMATION = r"://[^/@\s:]*+:[^/@\s]*+@"


def has_password(text: str) -> bool:
    """Whether a URL in the text holds a password (RFC 3986, 3.2.1), be it a variable."""
    return "@" in text and re.search(_USER_INFORMATION, text) is not None


def without_password(text: str) -> str:
    """The text with `***` for the user information of URLs with a password."""
    return re.sub(_USER_INFORMATION, "://***@", text) if "@" in text else text


def host_name(host: str) -> str:
    """A host as DNS compares it: lower case, without the trailing dot, IPv6 brackets kept (RFC 4343)."""
    return host.lower().removesuffix(".")
