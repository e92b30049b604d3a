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
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from aicos_tls.rollback import outline
from aicos_tls.rollback.align import align

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from aicos_tls.rollback.record import FileRecord
    from aicos_tls.rollback.traces import Trace


class Clash(Struct, frozen=True):
    """A changed place that was edited since. `line` counts from 1 in the file as it is now.

    `found` are the lines there that belong to the change by their names, and `others` is how many more there are: those
    are not shown, because a record that somebody else wrote decides where the place ends. Of an env file no value is.
    """

    line: int
    found: tuple[bytes, ...]
    others: int
    wrote: int
    """How many lines the run wrote."""
    was: int
    """How many stood there before."""
    restore: tuple[bytes, ...]
    """The lines that stood there before, as far as the record has them: `…` is what the new ones have, too."""


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
    tokens: list[str]
    current: Sequence[bytes]
    current_tokens: list[str]
    budget: int
    """Bytes that may be compared in full."""
    spent: list[int]

    def neighbours(self, start: int, end: int) -> tuple[int | None, int | None]:
        """Where the lines right above and below a run are now; the ends of the texts count as lines."""
        above = self.pairs.get(start - 1) if start else -1
        below = self.pairs.get(end) if end < len(self.tokens) else len(self.current)
        return above, below

    def surroundings(self, start: int, end: int) -> tuple[int, int]:
        """The part of the current text between the nearest lines above and below that are still there."""
        above = bisect_left(self.indices, start)
        below = bisect_left(self.indices, end)
        first = self.pairs[self.indices[above - 1]] + 1 if above else 0
        last = self.pairs[self.indices[below]] if below < len(self.indices) else len(self.current)
        return first, last

    def stray(self, trace: Trace) -> int | None:
        """Where the lines of a run stand in one piece in a place that is new since."""
        start, count = trace.line - 1, trace.count
        wanted, text = "".join(self.tokens[start : start + count]), "".join(self.current_tokens)
        found = text.find(wanted) if wanted else -1
        for _ in range(_MANY):
            if found < 0:
                return None
            at, off = divmod(found, outline.TOKEN_LENGTH)
            if not off and self._is_new(at, count) and trace.undone(self.current[at : at + count]) is not None:
                return at
            found = text.find(wanted, found + 1)
        return None if found < 0 else found // outline.TOKEN_LENGTH  # they stand everywhere: for a person to look at

    def _is_new(self, at: int, count: int) -> bool:
        """Whether one of `count` lines from there on is new."""
        index = bisect_left(self.new, at)
        return index < len(self.new) and self.new[index] < at + count

    def affords(self, start: int, end: int) -> bool:
        """Whether these lines may be compared in full, too: a record can name one place again and again."""
        self.spent[0] += sum(map(len, self.current[start:end]))
        return self.spent[0] <= self.budget


_MANY: Final = 64
"""Places where the lines of a run are looked for, and conflicts that are listed, at most."""
_TIMES: Final = 16
"""How many times its own size a file is compared in full, at most, to find lines that were taken back already."""


def merge(file: FileRecord, current: Sequence[bytes]) -> bytes | tuple[Clash, ...]:
    """The text `current` without what the run did to `file`, or the places where that is not clear."""
    tokens, current_tokens = file.tokens, file.tokens_of(current)
    pairs = align(tokens, current_tokens)
    known = set(pairs.values())
    new = [index for index in range(len(current)) if index not in known]
    budget = _TIMES * sum(map(len, current)) + 2**20
    alignment = _Alignment(pairs, list(pairs), new, tokens, current, current_tokens, budget, [0])
    places: list[_Place] = []
    clashes: list[Clash] = []
    for trace in file.traces:
        found = _find(trace, alignment, env=file.kind == "env")
        if isinstance(found, Clash):
            clashes.append(found)
        elif found is not None:
            places.append(found)
        if len(clashes) == _MANY:
            break
    return tuple(clashes) or _rewrite(places, current)


def _find(trace: Trace, alignment: _Alignment, *, env: bool) -> _Place | Clash | None:
    """Where a run stands in the current text; None when it has been taken back there already."""
    pairs, current = alignment.pairs, alignment.current
    first, last = trace.line - 1, trace.line - 1 + trace.count
    above, below = alignment.neighbours(first, last)
    if trace.count:
        start = pairs.get(first, -1)
        end = start + trace.count
        near = start >= 0 and pairs.get(last - 1) == end - 1 and (above == start - 1 or below == end)
        if near and (before := trace.undone(current[start:end])) is not None:
            return _Place(start, end, before)
    elif above is not None and below == above + 1 and (before := trace.undone(())) is not None:
        return _Place(below, below, before)
    start, end = alignment.surroundings(first, last)
    if trace.was_count != end - start or not alignment.affords(start, end) or not trace.stood(current[start:end]):
        return _clash(trace, alignment, start, end, env=env)
    # Gone from its place; but did it go, or was it moved, with the service around it?
    stray = alignment.stray(trace)
    return None if stray is None else _clash(trace, alignment, stray, stray + trace.count, env=env)


def _clash(trace: Trace, alignment: _Alignment, start: int, end: int, *, env: bool) -> Clash:
    first = trace.line - 1
    known = set(alignment.tokens[first : first + trace.count])
    mine = [at for at in range(start, end) if alignment.current_tokens[at] in known]
    shown = [alignment.current[at] for at in mine[: trace.count]]
    if env:
        shown = [outline.env_name(line) + "…\n".encode() for line in shown]
    return Clash(start + 1, tuple(shown), end - start - len(shown), trace.count, trace.was_count, trace.shown())


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
