"""The three-way merge: later edits stay, only what the run changed goes.

One side of it is known exactly, run by run, so nothing has to be guessed there, and an edit right beside a changed
line is no conflict: a variable that somebody added below the three of this tool is not one of the three. (A merge
that compares two unknown sides must call that a conflict.) A run is taken back where its lines stand as they were
written, in one piece, with at least one of their neighbours. It is left alone where its old lines are back already.
Everything else is a clash, which is shown and decided by a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aicos_tls.rollback.align import align

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from aicos_tls.rollback.record import FileRecord
    from aicos_tls.rollback.runs import Run


@dataclass(frozen=True, slots=True)
class Clash:
    """A changed place that was edited since. `line` counts from 1 in the file as it is now."""

    line: int
    found: tuple[bytes, ...]
    """The lines that stand there now."""
    wrote: tuple[bytes, ...]
    """The lines that the run wrote."""
    restore: tuple[bytes, ...]
    """The lines that stood there before the run."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Lines of the current text (indices from 0) that give way to those before the run."""

    start: int
    end: int
    lines: tuple[bytes, ...]


def merge(file: FileRecord, current: Sequence[bytes]) -> bytes | tuple[Clash, ...]:
    """The text `current` without what the run did to `file`, or the places where that is not clear."""
    tokens = file.tokens
    pairs = align(tokens, file.tokens_of(current))
    found = [_find(run, pairs, len(tokens), current) for run in file.runs]
    clashes = tuple(place for place in found if isinstance(place, Clash))
    return clashes or _rewrite([place for place in found if isinstance(place, _Place)], current)


def _find(run: Run, pairs: dict[int, int], length: int, current: Sequence[bytes]) -> _Place | Clash | None:
    """Where `run` stands in the current text; None when it has been taken back there already."""
    left = pairs.get(run.start - 1) if run.start else -1
    right = pairs.get(run.end) if run.end < length else len(current)
    if run.after:
        start = pairs.get(run.start, -1)
        end = start + len(run.after)
        intact = start >= 0 and tuple(current[start:end]) == run.after and pairs.get(run.end - 1) == end - 1
        if intact and (left == start - 1 or right == end):
            return _Place(start, end, run.before)
    elif left is not None and right == left + 1:
        return _Place(right, right, run.before)
    start, end = _surroundings(run, pairs, current)
    if tuple(current[start:end]) == run.before:
        return None
    return Clash(start + 1, tuple(current[start:end]), run.after, run.before)


def _surroundings(run: Run, pairs: dict[int, int], current: Sequence[bytes]) -> tuple[int, int]:
    """The part of the current text between the nearest lines above and below the run that are still there."""
    above = [pairs[index] for index in pairs if index < run.start]
    below = [pairs[index] for index in pairs if index >= run.end]
    return (above[-1] + 1 if above else 0), (below[0] if below else len(current))


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
