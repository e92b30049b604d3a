"""One more member between brackets or braces: on a line of its own where the members have one each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.yamledit.edits import Splice
from aicos_tls.yamledit.lines import (
    line_start,
    newline_at,
    newline_before,
    past_blanks,
    rest_of_line,
    starts_line,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aicos_tls.yamledit.extent import Span
    from aicos_tls.yamledit.manner import Manner
    from aicos_tls.yamledit.nodes import Mapping, Node, Sequence


class Brackets(Struct, frozen=True):
    """A flow collection in a text. `newline` is what ends a line where the text gives no example."""

    text: str
    manner: Manner
    newline: str
    container: Sequence | Mapping
    members: list[Node] | list[Span]

    def insert(self, index: int, value: str, nth: int) -> list[Splice]:
        """Put `value` before the member at `index` or at the end, as the `nth` (from 0) of those put there."""
        if not self.members:
            return [self._into_empty(value, nth)]
        if index < len(self.members):
            return [self._before(index, value, nth)]
        last, rank = self.members[-1], (1, 0, 0, nth)
        if starts_line(self.text, last.start):
            return self._on_own_line(last, value, rank)
        tight = len(self.members) > 1 and self.text[self.members[-2].end : last.start] == ","
        comma = "," if tight else self.manner.comma
        return [Splice(last.end, last.end, rank, f"{comma}{value}")]

    def remove(self, indexes: Iterable[int]) -> list[Splice]:
        """Take members out, each with one comma; comments beside it go, too, those on other lines stay."""
        gone: list[Splice] = []
        for index in indexes:
            start, end = self.members[index].start, self.members[index].end
            if index == len(gone):  # nothing stays before it
                end = self.members[index + 1].start if index + 1 < len(self.members) else end
            else:
                start = self.members[index - 1].end
            gone.append(Splice(start, end, (0,), ""))
        return gone

    def _into_empty(self, value: str, nth: int) -> Splice:
        """`[ ]` keeps its blanks on both sides; what spans lines gets a line for each member, below any comments."""
        close = self.container.end - 1
        start = line_start(self.text, close)
        rank = (1, 0, 0, nth)
        if starts_line(self.text, close):
            newline = newline_before(self.text, start)
            indent = self._indentation(close)
            indent += "\t" if "\t" in indent else " " * self.manner.mapping_indent
            place = start - len(newline)
            return Splice(place, place, rank, f"{',' if nth else ''}{newline}{indent}{value}")
        place = start + len(self.text[start:close].rstrip(" \t"))
        return Splice(place, place, rank, f"{self.manner.comma if nth else self.text[place:close]}{value}")

    def _before(self, index: int, value: str, nth: int) -> Splice:
        place = self.members[index].start
        following = self.members[index + 1].start if index + 1 < len(self.members) else None
        own_line = starts_line(self.text, place) and (following is None or starts_line(self.text, following))
        gap = self.manner.comma
        if own_line:
            gap = "," + newline_at(self.text, place, self.newline) + self._indentation(place)
        return Splice(place, place, (-1, nth), f"{value}{gap}")

    def _indentation(self, offset: int) -> str:
        """The blanks before `offset`, which starts its line; JSON may have tabs there."""
        return self.text[line_start(self.text, offset) : offset]

    def _on_own_line(self, last: Node | Span, value: str, rank: tuple[int, ...]) -> list[Splice]:
        """Below the last member and its comment; the comma goes where the file's style has it."""
        comma = past_blanks(self.text, last.end)
        trailing = self.text[comma : comma + 1] == ","
        rest = rest_of_line(self.text, comma + 1 if trailing else last.end)
        place = (comma + 1 if trailing else last.end) if rest is None else rest
        line = newline_at(self.text, place, self.newline) + self._indentation(last.start) + value
        if trailing:
            return [Splice(place, place, rank, f"{line},")]
        if place == last.end or rank[-1] > 0:
            return [Splice(place, place, rank, f",{line}")]
        return [Splice(last.end, last.end, (0,), ","), Splice(place, place, rank, line)]
