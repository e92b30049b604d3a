"""New `[[connection]]` tables at the end of an `aicos-tls.toml`: what stands there stays, byte for byte.

A table of an array may follow anything at the end of a TOML document (TOML 1.0, "Array of Tables"), so nothing has to
be parsed and written out again; only a list in brackets (`connection = [...]`) cannot be added to in this way.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from aicos_tls.connections.protocols import Protocol
from aicos_tls.connections.seen import KEYS, seen_in
from aicos_tls.errors import InternalError, TlsError, Where
from aicos_tls.plan.settingsfile import CONNECTION, parse

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from aicos_tls.connections.seen import Seen
    from aicos_tls.files import TextFile

HEADER = """\
# Connections between the containers, one table each. `aicos-tls learn` adds those that it sees on the networks;
# write others yourself, without `seen`. `aicos-tls enable` takes all of them as evidence.
"""


def with_tables(file: TextFile | None, path: Path, new: Iterable[Seen]) -> bytes | None:
    """The bytes of the file with a table for each new connection that it has not; None where it has them all.

    Raises `TlsError` where the file is no TOML, has wrong tables, or lists them in brackets.
    """
    text = file.text if file else ""
    known = {each.key for each in seen_in(text, path)}
    added = [each for key, each in {each.key: each for each in new}.items() if key not in known]
    if not added:
        return None
    newline = file.newline if file else "\n"
    whole = text + _gap(text, newline) + newline.join(_lines(added, first=not known)) + newline
    if not _grew(text, whole, path, added):
        raise TlsError(
            "its connections are a list in brackets, to which none can be added",
            where=Where(path),
            hint=f"write them as [[{CONNECTION}]] tables",
        )
    return file.encode(whole) if file else whole.encode("utf-8")


def _gap(text: str, newline: str) -> str:
    """What comes between the text and the first new table: an end of its last line, and an empty one."""
    if not text:
        return ""
    return newline if text.endswith("\n") else newline * 2


def _lines(added: Iterable[Seen], *, first: bool) -> list[str]:
    lines = HEADER.splitlines() if first else []
    for each in added:
        lines += ["", *table(each).splitlines()] if lines else table(each).splitlines()
    return lines


def table(connection: Seen) -> str:
    """A connection as a table of the file, in lines that end with a newline."""
    lines = [f"[[{CONNECTION}]]"]
    values: dict[str, object] = {
        "client": f'"{connection.client}"',
        "server": f'"{connection.server}"',
        "port": connection.port,
        "protocol": f'"{connection.protocol.value}"' if connection.protocol is not Protocol.UNKNOWN else None,
        "tls": "true" if connection.tls else None,
        "seen": date.fromisoformat(connection.evidence.seen) if connection.evidence.seen else None,
    }
    lines += [f"{key} = {values[key]}" for key in KEYS if values[key] is not None]
    return "".join(f"{line}\n" for line in lines)


def _grew(before: str, after: str, path: Path, added: list[Seen]) -> bool:
    """Whether the new text says what the old one said, and the new connections.

    Raises `InternalError` where it says anything else; False where tables cannot be added to what is there.
    """
    old = parse(before, path, floats=str)  # a text is equal to itself, `nan` is not
    try:
        new = parse(after, path, floats=str)
    except TlsError:
        return False
    tables = [_facts(each) for each in seen_in(after, path)]
    wanted = [_facts(each) for each in (*seen_in(before, path), *added)]
    settings = [{key: value for key, value in values.items() if key != CONNECTION} for values in (old, new)]
    if tables != wanted or settings[0] != settings[1]:
        raise InternalError("connections were not added as they should be", where=Where(path))
    return True


def _facts(each: Seen) -> tuple[object, ...]:
    return each.key, each.protocol, each.tls, each.evidence.seen
