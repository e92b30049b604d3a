"""How a file is written: its indentation, its quotes.

Measured once, so that an added line looks like its neighbours.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.yamledit.nodes import Mapping, Node, Scalar, Sequence, Style

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aicos_tls.yamledit.nodes import Stream


class Manner(Struct, frozen=True):
    """Columns by which a block mapping and a block sequence are set off from their key, and the usual quote."""

    mapping_indent: int = 2
    sequence_indent: int = 2
    quote: Style = '"'


def column(text: str, offset: int) -> int:
    """Characters between the start of the line and `offset`."""
    return offset - max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) - 1


def survey(text: str, stream: Stream) -> Manner:
    """Measure a stream; where it gives no example, two columns and double quotes."""
    mappings: Counter[int] = Counter()
    sequences: Counter[int] = Counter()
    quotes: Counter[Style] = Counter()
    pending: list[Node] = list(stream.documents)
    while pending:
        node = pending.pop()
        if isinstance(node, Scalar):
            quotes[node.style] += 1
        elif isinstance(node, Sequence):
            pending += node.items
        elif isinstance(node, Mapping):
            pending += [value for _, value in node.pairs]
            if not node.flow:
                _measure(text, node, mappings, sequences)
    quote: Style = "'" if quotes["'"] > quotes['"'] else '"'
    indent = _usual(mappings, 2)
    return Manner(indent, _usual(sequences, indent if indent > 2 and not sequences else 2), quote)  # noqa: PLR2004


def _measure(text: str, node: Mapping, mappings: Counter[int], sequences: Counter[int]) -> None:
    own = column(text, node.pairs[0][0].start)
    for _, value in node.pairs:
        if isinstance(value, Mapping) and not value.flow and value.pairs:
            mappings[column(text, value.pairs[0][0].start) - own] += 1
        elif isinstance(value, Sequence) and not value.flow and value.anchor is None and value.tag is None:
            sequences[column(text, value.start) - own] += 1


def _usual(counts: Counter[int], otherwise: int) -> int:
    likely = [(n, -width) for width, n in counts.items() if width >= 0]
    return -max(likely)[1] if likely else otherwise


def usual_quote(siblings: Iterable[Node]) -> Style:
    """The style of most of the scalars among `siblings`: plain on a tie and when there are none."""
    counts = Counter(node.style for node in siblings if isinstance(node, Scalar) and node.style in ("", "'", '"'))
    best = max(counts.values(), default=0)
    for style in ("", '"', "'"):
        if counts[style] == best:
            return style
    raise AssertionError(counts)
