"""Changed lines of an env file, told without their values: where in a line a letter or a port was put in.

All that is ever done to such a file is that `http` becomes `https`, `ws` becomes `wss`, and an address without a port
gets the one that it meant. So the record of one can say nothing else: taking it back removes an `s` or a `:80` where
they stand, and puts nothing in, whoever wrote the record.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.rollback import outline

if TYPE_CHECKING:
    from collections.abc import Iterator

INSERTION = re.compile(r"[sS]|:80")
"""What may be put into a line: the last letter of a scheme, or a port with its colon."""
_SCHEME = re.compile(rb"(?:http|ws)$", re.IGNORECASE)


class EnvLine(Struct, frozen=True):
    """A changed line: the name that it begins with, and what was put in: the column (bytes, in the new line), the text.

    `name` is everything before the value (`export API_URL=`); empty for a line within a value of several lines, which
    may look as if it began with one (`http://…`).
    """

    name: bytes
    inserted: tuple[tuple[int, bytes], ...]

    def undone(self, line: bytes) -> bytes | None:
        """The line from before; None when `line` is not one that the run wrote. Its value may have been edited."""
        if self.name and outline.env_name(line) != self.name:
            return None
        for column, text in reversed(self.inserted):
            if not _stands(line, column, text):
                return None
            line = line[:column] + line[column + len(text) :]
        return line

    def was(self, line: bytes) -> bool:
        """Whether `line` is the one from before, or could be."""
        if self.name and outline.env_name(line) != self.name:
            return False
        shift = 0
        for column, text in self.inserted:
            at = column - shift
            if line[at : at + len(text)] == text or (text in b"sS" and not _SCHEME.search(line[:at])):
                return False
            shift += len(text)
        return True


def env_line(line: bytes, inserted: tuple[tuple[int, bytes], ...]) -> EnvLine:
    """What is kept of the new `line`, of which `inserted` was put in."""
    name = outline.env_name(line)
    return EnvLine(name if inserted[0][0] >= len(name) else b"", inserted)


def _stands(line: bytes, column: int, text: bytes) -> bool:
    end = column + len(text)
    return line[column:end] == text and (text not in b"sS" or _SCHEME.search(line[:column]) is not None)


def insertions(old: bytes, new: bytes) -> tuple[tuple[int, bytes], ...] | None:
    """What was put into `old` to make it `new`, by offset (bytes) in `new`; None when it is something else."""
    found = tuple(_insertions(old, new))
    rest = new
    for at, text in reversed(found):
        rest = rest[:at] + rest[at + len(text) :]
    return found if rest == old else None


def _insertions(old: bytes, new: bytes) -> Iterator[tuple[int, bytes]]:
    behind = at = 0
    pattern = re.compile(INSERTION.pattern.encode())
    while at < len(new):
        if behind < len(old) and new[at] == old[behind]:
            at, behind = at + 1, behind + 1
            continue
        match = pattern.match(new, at)
        if match is None or not _stands(new, at, match.group()):
            return
        yield at, match.group()
        at = match.end()
