"""Addresses in texts: URLs of every scheme that is known, and hosts with a port.

`aicos_tls.compose.urls` finds http and ws for changing them byte by byte; this finds what is only looked at. Connection
strings may name several hosts (`mongodb://a:27017,b:27017/db`, libpq 34.1.1.2).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls import budgets
from aicos_tls.compose.urls import host_name
from aicos_tls.connections.protocols import PORTS, Protocol, scheme_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_URL = re.compile(
    r"(?<![A-Za-z0-9+.:])(?P<scheme>(?:jdbc:|r2dbc:)?[A-Za-z][A-Za-z0-9+.]{0,30}(?::[a-z]{1,12})?)://"
    r"(?P<authority>(?:[^\s/?#\"'`<>|;(){}\\^,]|,(?![^\s,/]*(?:=|://)))++)(?P<rest>(?:[/?;#][^\s\"'`<>\\^]{0,2048})?)"
)
_HOST = re.compile(r"\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?\.?")
_DEMANDS_TLS = re.compile(
    r"(?i)(?:^|[?&;])(?:sslmode=(?:require|verify-ca|verify-full)|ssl-mode=(?:required|verify_ca|verify_identity)"
    r"|sslMode=(?:REQUIRED|VERIFY_CA|VERIFY_IDENTITY)|(?:ssl|tls|useSSL|encrypt)=(?:true|require|1|yes))(?=&|;|$)"
)
"""Parameters of connection strings by which a client takes TLS or nothing (libpq, MySQL Connector, MongoDB, pgjdbc)."""


class Found(Struct, frozen=True):
    """An address in a text, from character `start` to `end`; `text` is it without credentials and what follows."""

    start: int
    end: int
    host: str
    port: int | None
    protocol: Protocol
    tls: bool
    text: str


def urls(text: str) -> Iterator[Found]:
    """Yield the hosts that the URLs of a text name; a URL with a variable in its host says nothing."""
    if "://" not in text:
        return
    for match in _URL.finditer(text):
        scheme = scheme_of(match["scheme"])
        if scheme is None:
            continue
        tls = scheme.tls or _DEMANDS_TLS.search(match["rest"]) is not None
        for member in match["authority"].rpartition("@")[2].split(","):
            host, port = split(member)
            if host:
                named = f":{port}" if port is not None else ""
                shown = f"{match['scheme']}://{host}{named}"
                number = scheme.port if port is None else port
                yield Found(match.start(), match.end("authority"), host, number, scheme.protocol, tls, shown)


def split(text: str) -> tuple[str, int | None]:
    """Host and port of `host`, `host:port` or `[::1]:port`; an empty host where it is something else."""
    match = _HOST.match(text)
    if match is None:
        return "", None
    rest = text[match.end() :]
    if not rest:
        return match[0], None
    port = budgets.number(rest[1:]) if rest.startswith(":") else None
    return (match[0], port) if port else ("", None)


class Bare:
    """Finds `host:port` without a scheme, for the hosts that are names of services."""

    def __init__(self, hosts: Iterable[str]) -> None:
        listed = "|".join(re.escape(name) for name in sorted({*hosts}, key=len, reverse=True))
        pattern = rf"(?<![\w.@/:$%-])({listed}):(\d{{1,5}})(?![\w.-])" if listed else r"(?!)"
        self._pattern = re.compile(pattern, re.IGNORECASE)

    def find(self, text: str) -> Iterator[Found]:
        """Yield the addresses; what is spoken there is known by the port, if at all."""
        if ":" not in text:
            return
        for match in self._pattern.finditer(text):
            if port := budgets.number(match[2]):
                protocol = PORTS.get(port, Protocol.UNKNOWN)
                yield Found(match.start(), match.end(), host_name(match[1]), port, protocol, False, match[0])  # noqa: FBT003
