"""The table of connections: plain ones first, each with the reason and what would change it, then the encrypted ones.

Connections to one port of a server for the same reason are one row, with all their clients.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.report.words import counted, masked, place

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from aicos_tls.commands.verdict import Verdict
    from aicos_tls.connections.model import Connection, Evidence
    from aicos_tls.report.style import Style

_SHOWN = 3
"""Pieces of evidence that a row shows."""
_INDENT = " " * 11
_COLOURS = {"encrypted": "good", "plain": "bad"}


class Row(Struct, frozen=True):
    """Connections that differ in their clients alone."""

    connections: tuple[Connection, ...]

    @property
    def first(self) -> Connection:
        """One of them."""
        return self.connections[0]

    @property
    def clients(self) -> str:
        """The names of the clients."""
        return ", ".join(each.client for each in self.connections)

    @property
    def server(self) -> str:
        """The server with its port."""
        return self.first.server + (f":{self.first.port}" if self.first.port is not None else "")

    @property
    def state(self) -> str:
        """The state in a word: one that is asked over TLS and not answered is not plain on the wire either."""
        return "waiting" if self.first.waits else self.first.state.value

    def evidence(self, directory: Path) -> str:
        """What says that they are there, as far as a line goes."""
        found = dict.fromkeys(_evidence(one, directory) for each in self.connections for one in each.evidence)
        listed = [*found]
        more = f"; {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
        return masked("; ".join(listed[:_SHOWN]) + more)


def headline(verdict: Verdict, *, done: bool) -> str:
    """How many connections there are, how many are encrypted after the run, and how many stay plain."""
    if not verdict.number:
        return "no connection between its services is known"
    waiting = sum(each.waits for each in verdict.plain)
    plain = len(verdict.plain) - waiting
    words = [f"{len(verdict.encrypted)} encrypted{'' if done else ' after this run'}"]
    words += [f"{waiting} asked over TLS of servers that do not serve it yet"] if waiting else []
    words += [f"{plain} {'stays' if plain == 1 else 'stay'} plain" if plain else "none plain"]
    return f"{counted(verdict.number, 'connection')}: {', '.join(words)}"


def table(verdict: Verdict, *, outside: bool = False) -> list[Row]:
    """The rows: plain connections, then encrypted ones, then with `outside` what leaves the project."""
    groups: dict[tuple[object, ...], list[Connection]] = {}
    plain = sorted(verdict.plain, key=lambda each: each.waits)
    for each in (*plain, *verdict.encrypted, *(verdict.outside if outside else ())):
        reason = each.reason.removeprefix(each.client)
        key = (each.server, each.port, each.protocol, each.state, each.way, reason, each.remedy, each.waits)
        groups.setdefault(key, []).append(each)
    return [Row(tuple(same)) for same in groups.values()]


def rows(verdict: Verdict, directory: Path, style: Style, *, verbose: bool) -> Iterator[str]:
    """The table as text; hosts outside only with `verbose`."""
    for row in table(verdict, outside=verbose):
        state = style(_COLOURS.get(row.state, "warn"), row.state.ljust(len(_INDENT) - 2))
        evidence = style("quiet", row.evidence(directory))
        named = f"{row.clients} → {style('name', row.server)} ({row.first.protocol.value})"
        if row.first.way:
            yield f"{state}  {named}: {row.first.way}  {evidence}".rstrip()
        else:
            yield f"{state}  {named}"
            yield from (f"{_INDENT}{line}" for line in (*_why(row.first), evidence) if line)


def _why(connection: Connection) -> Iterator[str]:
    if connection.reason:
        yield masked(connection.reason)
    if connection.remedy:
        first, *more = masked(connection.remedy).splitlines()
        yield f"→ {first}"
        yield from (f"  {line}" for line in more)


def _evidence(evidence: Evidence, directory: Path) -> str:
    where = place(directory, evidence.where) if evidence.where else evidence.seen
    kind = "" if evidence.kind == "compose" else f"{evidence.kind}: "
    return f"{kind}{evidence.text}, {where}" if where else f"{kind}{evidence.text}"


def as_json(connection: Connection, directory: Path) -> dict[str, object]:
    """A connection as JSON has it."""
    return {
        "client": connection.client,
        "server": connection.server,
        "port": connection.port,
        "protocol": connection.protocol.value,
        "state": connection.state.value,
        "way": connection.way or None,
        "reason": connection.reason or None,
        "remedy": connection.remedy or None,
        "waits_for_server": connection.waits,
        "evidence": [
            {
                "kind": each.kind,
                "where": place(directory, each.where) if each.where else None,
                "text": each.text,
                "strength": each.strength.value,
                "seen": each.seen or None,
            }
            for each in connection.evidence
        ],
    }


def cells(listed: Iterable[Row], directory: Path) -> Iterator[tuple[str, ...]]:
    """The cells of rows in a table: state, clients, server, protocol, how or why not, evidence. No Markdown yet."""
    for row in listed:
        why = "; ".join((*([row.first.way] if row.first.way else ()), *_why(row.first)))
        yield row.state, row.clients, row.server, row.first.protocol.value, why, row.evidence(directory)
