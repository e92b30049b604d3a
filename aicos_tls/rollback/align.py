"""Which lines of one text are which lines of another.

Patience diff (Bram Cohen's idea): lines that occur once on both sides are anchors; between anchors the same again;
where there are none, difflib, or where that would take too long the first of equal lines for the first, and so on.
Compose files repeat the same few lines in every service, so that a plain longest match likes to pair one service with
its neighbour, and takes quadratic time over it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

_MATCHES = 200_000
"""Pairs of equal lines that difflib is given at most."""
T = TypeVar("T", bound="Hashable")
_Span = tuple[int, int, int, int]
"""A part of both sides: start and end in the one, start and end in the other."""


def align(one: Sequence[T], other: Sequence[T]) -> dict[int, int]:
    """Indices (from 0) of lines of `one` to those of equal lines of `other`, both rising.

    Unlike other programs this does not begin with the common end of both: a service that was copied and put below
    itself ends like the original, and would be taken for it.
    """
    pairs: dict[int, int] = {}
    spans: list[_Span] = [(0, len(one), 0, len(other))]
    while spans:
        start, end, other_start, other_end = spans.pop()
        while start < end and other_start < other_end and one[start] == other[other_start]:
            pairs[start] = other_start
            start, other_start = start + 1, other_start + 1
        if start == end or other_start == other_end:
            continue
        anchors = _rising(_unique(one, other, (start, end, other_start, other_end)))
        for anchor, other_anchor in anchors:
            spans.append((start, anchor, other_start, other_anchor))
            start, other_start = anchor, other_anchor
        if anchors:
            spans.append((start, end, other_start, other_end))
        else:
            _without_anchors(one, other, (start, end, other_start, other_end), pairs)
    return dict(sorted(pairs.items()))


def _without_anchors(one: Sequence[T], other: Sequence[T], span: _Span, pairs: dict[int, int]) -> None:
    start, end, other_start, other_end = span
    if _matches(one[start:end], other[other_start:other_end]) > _MATCHES:
        pairs.update(_rising(_nth(one, other, span)))
        return
    matcher = SequenceMatcher(None, one[start:end], other[other_start:other_end], autojunk=False)
    for block in matcher.get_matching_blocks():
        for offset in range(block.size):
            pairs[start + block.a + offset] = other_start + block.b + offset


def _matches(one: Sequence[T], other: Sequence[T]) -> int:
    """How many pairs of equal lines there are: what difflib's time grows with, for each of the parts that it finds."""
    count = Counter(other)
    return sum(number * count[line] for line, number in Counter(one).items())


def _nth(one: Sequence[T], other: Sequence[T], span: _Span) -> Iterator[tuple[int, int]]:
    """Pairs of the first of equal lines on either side, the second, and so on, in the order of `one`."""
    start, end, other_start, other_end = span
    where: dict[T, list[int]] = defaultdict(list)
    for index in range(other_end - 1, other_start - 1, -1):
        where[other[index]].append(index)
    for index in range(start, end):
        if places := where.get(one[index]):
            yield index, places.pop()


def _unique(one: Sequence[T], other: Sequence[T], span: _Span) -> Iterator[tuple[int, int]]:
    """Pairs of lines that occur exactly once in either part, in the order of `one`."""
    start, end, other_start, other_end = span
    count = Counter(one[start:end])
    other_count = Counter(other[other_start:other_end])
    where = {other[index]: index for index in range(other_start, other_end)}
    for index in range(start, end):
        line = one[index]
        if count[line] == 1 == other_count[line]:
            yield index, where[line]


def _rising(pairs: Iterator[tuple[int, int]]) -> list[tuple[int, int]]:
    """A longest subsequence of `pairs` that rises on the second side too (patience sorting)."""
    tops: list[int] = []
    chains: list[_Chain] = []
    for pair in pairs:
        pile = bisect_left(tops, pair[1])
        chain = (pair, chains[pile - 1] if pile else None)
        if pile == len(tops):
            tops.append(pair[1])
            chains.append(chain)
        else:
            tops[pile], chains[pile] = pair[1], chain
    found: list[tuple[int, int]] = []
    last = chains[-1] if chains else None
    while last:
        found.append(last[0])
        last = last[1]
    return found[::-1]


_Chain = tuple[tuple[int, int], "_Chain | None"]
