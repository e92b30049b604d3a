"""`[[connection]]` tables of `aicos-tls.toml`: what was seen on the network, and what a person knows and wrote there.

[[connection]]
client = "web"             # a service, or "(published)": whoever reaches the host
server = "api"
port = 8001
protocol = "http"          # one of `Protocol`; may be left out
tls = true                 # it was TLS already; may be left out
seen = 2026-11-25          # when `learn` saw it; a table without a date is a statement of a person
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from aicos_tls import budgets
from aicos_tls.connections.model import PUBLISHED, Evidence, Strength
from aicos_tls.connections.protocols import Protocol
from aicos_tls.errors import TlsError, Where
from aicos_tls.files import Lines
from aicos_tls.plan.settingsfile import CONNECTION, load, parse

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

KEYS = ("client", "server", "port", "protocol", "tls", "seen")
_HINT = 'as in client = "web", server = "api", port = 8001, protocol = "http"'
_SERVICE = re.compile(r"[A-Za-z0-9._-]{1,255}")
"""Names of services (compose-spec, schema `services`)."""
_HEADER = re.compile(rf"""(?m)^[ \t]*\[\[[ \t]*(?:{CONNECTION}|"{CONNECTION}"|'{CONNECTION}')[ \t]*\]\]""")


class Seen(Struct, frozen=True):
    """A connection of the file. `tls`: it was encrypted when it was seen, or the person says that it is."""

    client: str
    server: str
    port: int
    protocol: Protocol
    tls: bool
    evidence: Evidence

    @property
    def key(self) -> tuple[str, str, int]:
        """What makes it one connection and no other."""
        return self.client, self.server, self.port


def seen(path: Path) -> tuple[Seen, ...]:
    """Read the tables of the file `path`; none without a file. Raises `TlsError` with the line of a wrong one."""
    found = load(path)
    return _tables(found[1], found[0].text, path) if found else ()


def seen_in(text: str, path: Path) -> tuple[Seen, ...]:
    """The same of a text; `path` is its place in errors."""
    return _tables(parse(text, path), text, path)


def unknown_services(found: Iterable[Seen], services: Collection[str]) -> Iterator[tuple[Seen, str]]:
    """Yield the connections that are none of the project, with words for each: a service that it has not."""
    for each in found:
        for name in dict.fromkeys((each.client, each.server)):
            if name != PUBLISHED and name not in services:
                yield each, f"{each.client} → {each.server}:{each.port}: there is no service {name!r}: ignored"
                break


def _tables(values: dict[str, Any], text: str, path: Path) -> tuple[Seen, ...]:
    tables = values.get(CONNECTION, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise TlsError(
            f"`{CONNECTION}` is no list of tables", where=Where(path), hint=f"write [[{CONNECTION}]] {_HINT}"
        )
    if len(tables) > budgets.CONNECTIONS:
        raise TlsError(f"more than {budgets.CONNECTIONS:,} connections", where=Where(path))
    places = _places(text, path, len(tables))
    return tuple(_connection(table, place) for table, place in zip(tables, places, strict=True))


def _places(text: str, path: Path, count: int) -> list[_Place]:
    """Where the tables stand: their headers, unless there are others that look like one (in texts of several lines)."""
    starts = [match.start() for match in _HEADER.finditer(text)]
    if len(starts) != count:
        return [_Place(path, "", 0)] * count
    lines = Lines(text)
    ends = [*starts, len(text)][1:]
    return [_Place(path, text[a:b], lines.position(a)[0]) for a, b in zip(starts, ends, strict=True)]


class _Place(Struct, frozen=True):
    """The text of a table, and the line of its header: 0 where that is not known."""

    path: Path
    text: str
    line: int

    def where(self, key: str = "") -> Where:
        """The place of the table, or of a key of it."""
        match = re.search(rf"(?m)^[ \t]*[\"']?{re.escape(key)}[\"']?[ \t]*=", self.text) if key else None
        return Where(self.path, self.line + (self.text.count("\n", 0, match.start()) if match else 0))


def _connection(table: dict[str, Any], place: _Place) -> Seen:
    for key in table:
        if key not in KEYS:
            hint = f"known ones: {', '.join(KEYS)}; settings of a run stand above the first table"
            raise TlsError(f"unknown key {key!r} of a connection", where=place.where(key), hint=hint)
    client, server = (_service(table, key, place) for key in ("client", "server"))
    port, when = _port(table, place), _date(table, place)
    named = Protocol.UNKNOWN if "protocol" not in table else _protocol(table["protocol"], place)
    tls = table.get("tls", False)
    if not isinstance(tls, bool):
        raise TlsError(f"tls is true or false, not {tls!r}", where=place.where("tls"))
    words = f"{client} → {server}:{port}"
    kind, strength = ("network", Strength.SEEN) if when else ("aicos-tls.toml", Strength.STATED)
    return Seen(client, server, port, named, tls, Evidence(kind, words, place.where(), strength, when))


def _service(table: dict[str, Any], key: str, place: _Place) -> str:
    name = table.get(key)
    if name is None:
        raise TlsError(f"a connection without a {key}", where=place.where(), hint=_HINT)
    outside = key == "client" and name == PUBLISHED
    if not outside and not (isinstance(name, str) and _SERVICE.fullmatch(name)):
        hint = f'a service, or "{PUBLISHED}"' if key == "client" else "a service"
        raise TlsError(f"{key} {name!r} is no name of a service", where=place.where(key), hint=hint)
    return str(name)


def _port(table: dict[str, Any], place: _Place) -> int:
    port = table.get("port")
    if port is None:
        raise TlsError("a connection without a port", where=place.where(), hint=_HINT)
    if isinstance(port, bool) or not isinstance(port, int) or not 1 <= port <= budgets.PORT:
        raise TlsError(f"port {_short(port)} is no number from 1 to {budgets.PORT}", where=place.where("port"))
    return port


def _protocol(name: object, place: _Place) -> Protocol:
    try:
        return Protocol(name)
    except ValueError:
        known = ", ".join(each.value for each in Protocol)
        raise TlsError(
            f"unknown protocol {_short(name)}", where=place.where("protocol"), hint=f"known ones: {known}"
        ) from None


def _date(table: dict[str, Any], place: _Place) -> str:
    when = table.get("seen")
    if when is not None and (isinstance(when, datetime) or not isinstance(when, date)):
        raise TlsError(f"seen {_short(when)} is no date", where=place.where("seen"), hint="as in seen = 2026-11-25")
    return when.isoformat() if when else ""


def _short(value: object) -> str:
    """A value for an error; a number of TOML may have thousands of digits, which Python refuses to write out."""
    try:
        return repr(value)[:60]
    except ValueError:
        return "of so many digits"
