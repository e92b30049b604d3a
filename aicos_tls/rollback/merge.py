"""The three-way merge: later edits stay, only what the run changed goes.

One side of it is known exactly, run by run, so nothing has to be guessed there, and an edit right beside a changed
line is no conflict: a variable that somebody added below the three of this tool is not one of the three. (A merge
that compares two unknown sides must call that a conflict.) A run is taken back where its lines stand as they were
written, in one piece, with at least one of their neighbours. It is left alone where its old lines are back already
(unless its new ones turn up somewhere else: then the text around them was moved).
Everything else is a clash, which is shown and decided by a person.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.rollback.align import align

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from aicos_tls.rollback.record import FileRecord
    from aicos_tls.rollback.runs import Run


class Clash(Struct, frozen=True):
    """A changed place that was edited since. `line` counts from 1 in the file as it is now."""

    line: int
    found: tuple[bytes, ...]
    """The lines that stand there now."""
    wrote: tuple[bytes, ...]
    """The lines that the run wrote."""
    restore: tuple[bytes, ...]
    """The lines that stood there before the run."""


class _Place(Struct, frozen=True):
    """Lines of the current text (indices from 0) that give way to those before the run."""

    start: int
    end: int
    lines: tuple[bytes, ...]


class _Alignment(Struct, frozen=True):
    """The text after the run and the current one; `pairs` are lines of both (indices from 0), both rising."""

    pairs: dict[int, int]
    indices: list[int]
    """The lines of the text after that are in `pairs`."""
    new: list[int]
    """The lines of the current text that are not in `pairs`."""
    length: int
    current: Sequence[bytes]

    def neighbours(self, run: Run) -> tuple[int | None, int | None]:
        """Where the lines right above and below `run` are now; the ends of the texts count as lines."""
        above = self.pairs.get(run.start - 1) if run.start else -1
        below = self.pairs.get(run.end) if run.end < self.length else len(self.current)
        return above, below

    def surroundings(self, run: Run) -> tuple[int, int]:
        """The part of the current text between the nearest lines above and below `run` that are still there."""
        above = bisect_left(self.indices, run.start)
        below = bisect_left(self.indices, run.end)
        start = self.pairs[self.indices[above - 1]] + 1 if above else 0
        end = self.pairs[self.indices[below]] if below < len(self.indices) else len(self.current)
        return start, end

    def stray(self, lines: tuple[bytes, ...]) -> int | None:
        """Where `lines` stand in one piece in a place that is new since the run."""
        for start, line in enumerate(self.current):
            if line != lines[0] or tuple(self.current[start : start + len(lines)]) != lines:
                continue
            new = bisect_left(self.new, start)
            if new < len(self.new) and self.new[new] < start + len(lines):
                return start
        return None


def merge(file: FileRecord, current: Sequence[bytes]) -> bytes | tuple[Clash, ...]:
    """The text `current` without what the run did to `file`, or the places where that is not clear."""
    tokens = file.tokens
    pairs = align(tokens, file.tokens_of(current))
    known = set(pairs.values())
    new = [index for index in range(len(current)) if index not in known]
    alignment = _Alignment(pairs, list(pairs), new, len(tokens), current)
    found = [_find(run, alignment) for run in file.runs]
    clashes = tuple(place for place in found if isinstance(place, Clash))
    return clashes or _rewrite([place for place in found if isinstance(place, _Place)], current)


def _find(run: Run, alignment: _Alignment) -> _Place | Clash | None:
    """Where `run` stands in the current text; None when it has been taken back there already."""
    pairs, current = alignment.pairs, alignment.current
    above, below = alignment.neighbours(run)
    if run.after:
        start = pairs.get(run.start, -1)
        end = start + len(run.after)
        intact = start >= 0 and tuple(current[start:end]) == run.after and pairs.get(run.end - 1) == end - 1
        if intact and (above == start - 1 or below == end):
            return _Place(start, end, run.before)
    elif above is not None and below == above + 1:
        return _Place(below, below, run.before)
    start, end = alignment.surroundings(run)
    if tuple(current[start:end]) != run.before:
        return Clash(start + 1, tuple(current[start:end]), run.after, run.before)
    # Gone from its place; but did it go, or was it moved, with the service around it?
    stray = alignment.stray(run.after) if run.after else None
    return None if stray is None else Clash(stray + 1, run.after, run.after, run.before)


def _rewrite(places: Iterable[_Place], current: Sequence[bytes]) -> bytes:
    lines: list[bytes] = []
    done = 0
    for place in places:
        lines += [*current[done : place.start], *place.lines]
        done = place.end
    return join([*lines, *current[done:]])


def join(lines: Sequence[bytes]) -> bytes:
    """The text of `lines`; a line that had no end because it was the last one gets one if it no longer is."""
    newline = b"\r\n" if any(line.endswith(b"\r\n") for line in lines) else b"\n"
    inner = [line if line.endswith(b"\n") else line + newline for line in lines[:-1]]
    return b"".join([*inner, *lines[-1:]])
