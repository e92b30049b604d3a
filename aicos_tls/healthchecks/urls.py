"""Finding HTTP addresses in a value, with the position of every part that may have to change (RFC 3986, section 3).

An address in a healthcheck is rarely plain: the port or the host may be a compose variable (`${PORT:-80}`), a shell one
(`$$PORT`), a command (`$(hostname)`) or, in source text, an expression (`{port}`). Those are kept as text and never
resolved here: the caller knows the variables.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from aicos_tls.healthchecks.model import Endpoint

DEFAULT_PORT = 80
"""The port of an `http` address that names none (RFC 9110, section 4.2.1)."""

_EXPANSION = r"\$?\$\{[^}]*\}|\$?\$\w+|\$?\$\([^)]*\)|`[^`]*`"
_AUTHORITY = (
    r"(?P<user>[^/@?#\s'\"]*@)?"
    rf"(?P<host>\[[^\]\s]*\]|(?:{_EXPANSION}|[A-Za-z0-9._-])+)"
    rf"(?P<colon>:(?P<port>(?:{_EXPANSION}|[^/?#\s'\"|;&<>)])*))?"
)
_URL = re.compile(rf"(?P<scheme>https?)://{_AUTHORITY}", re.IGNORECASE)
_BARE = rf"(?P<scheme>){_AUTHORITY}(?=[/?#]|$)"
_START = re.compile(r"https?://", re.IGNORECASE)
_COMMAND = r"hostname(?:\s+-\w+)?\s*(?:\|[^);&`]*)?"
_HOSTNAME = rf"\$?\$HOSTNAME|\$?\$\{{HOSTNAME\}}|\$?\$\({_COMMAND}\)|`{_COMMAND}`"
_LOOPBACK = re.compile(
    r"127(?:\.\d{1,3}){1,3}|localhost|localhost\.localdomain|ip6-localhost|0\.0\.0\.0|::1|::|0+(?::0+){6}:0*1"
)


class Owner(Enum):
    """Whose address a host is."""

    SELF = "self"
    OTHER = "other"
    UNKNOWN = "unknown"


class Url(Struct, frozen=True):
    """An address in a value; `start`, `scheme_end`, `host_start`, `host_end` are offsets into that value.

    `scheme` is "" where none was written; `port` is None without a port or with one that is no plain number.
    """

    text: str
    scheme: str
    host: str
    port: int | None
    has_port: bool
    path: str
    start: int
    scheme_end: int
    host_start: int
    host_end: int

    @property
    def secure(self) -> bool:
        """Whether it is an `https` address."""
        return self.scheme.lower() == "https"

    @property
    def whole(self) -> bool:
        """Whether the host ends where an address's host ends, not in text that is put together later."""
        return self.has_port or self.path[:1] in {"", "/", "?", "#"}


def parse(value: str, start: int = 0, *, scheme_optional: bool = False) -> Url | None:
    """The address that stands at `start` of `value` and goes on to its end; None when there is none."""
    found = _URL.match(value, start)
    if found is None and scheme_optional:
        found = re.compile(_BARE).match(value, start)  # compiled on use, kept by `re`: it is rare
    if found is None:
        return None
    port = found["port"] or ""
    return Url(
        text=value[start:],
        scheme=found["scheme"],
        host=found["host"],
        port=int(port) if re.fullmatch(r"[0-9]{1,5}", port) else None,
        has_port=found["colon"] is not None,
        path=value[found.end() :],
        start=start,
        scheme_end=found.end("scheme"),
        host_start=found.start("host"),
        host_end=found.end("host"),
    )


def embedded(text: str) -> tuple[Url, ...]:
    """Every `http` and `https` address anywhere in `text`; each one's `text` ends at a blank or a quote."""
    urls = []
    for found in _START.finditer(text):
        end = re.compile(r"[\s'\"\\]|$").search(text, found.start())
        url = parse(text[: end.start() if end else len(text)], found.start())
        if url is not None:
            urls.append(url)
    return tuple(urls)


def is_own_hostname(host: str) -> bool:
    """Whether `host` is the container's own name as the shell knows it: `$HOSTNAME`, `$(hostname)`."""
    return host.startswith(("$", "`")) and re.fullmatch(_HOSTNAME, host) is not None


def owner(host: str, endpoint: Endpoint) -> Owner:
    """Whose `host` is: the service's own, another's, or not to be told because a variable holds it."""
    if is_own_hostname(host):
        return Owner.SELF
    if any(sign in host for sign in "$`{"):
        return Owner.UNKNOWN
    name = host.strip("[]").rstrip(".").lower()
    if _LOOPBACK.fullmatch(name) or name in {other.rstrip(".").lower() for other in endpoint.hosts}:
        return Owner.SELF
    return Owner.OTHER


def is_own(url: Url, endpoint: Endpoint) -> bool:
    """Whether `url` may ask the service itself: its own host, or one that cannot be told."""
    return owner(url.host, endpoint) is not Owner.OTHER
