"""How a file is written: its indentation, its quotes.

Measured once, so that an added line looks like its neighbours.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.yamledit.lines import column
from aicos_tls.yamledit.nodes import Mapping, Node, Scalar, Sequence, Style

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aicos_tls.yamledit.nodes import Stream


class Manner(Struct, frozen=True):
    """Columns by which a block mapping and a block sequence are set off from their key, and the usual quote.

    `json`: the file is JSON, and has to stay so; `compact`: JSON without blanks.
    """

    mapping_indent: int = 2
    sequence_indent: int = 2
    quote: Style = '"'
    json: bool = False
    compact: bool = False

    @property
    def comma(self) -> str:
        """What stands between two members of a flow collection on one line."""
        return "," if self.compact else ", "

    @property
    def colon(self) -> str:
        """What stands between a key and its value in a flow mapping."""
        return ":" if self.compact else ": "


def survey(text: str, stream: Stream) -> Manner:
    """Measure a stream; where it gives no example, two columns and double quotes."""
    mappings: Counter[int] = Counter()
    sequences: Counter[int] = Counter()
    quotes: Counter[Style] = Counter()
    json = bool(stream.documents)
    gaps: Counter[str] = Counter()
    pending: list[Node] = list(stream.documents)
    while pending:
        node = pending.pop()
        if isinstance(node, Scalar):
            quotes[node.style] += 1
        elif isinstance(node, Sequence):
            pending += node.items
            json = json and node.flow
        elif isinstance(node, Mapping):
            pending += [value for _, value in node.pairs]
            if not node.flow:
                _measure(text, node, mappings, sequences)
            json = json and node.flow and all(isinstance(key, Scalar) and key.style == '"' for key, _ in node.pairs)
            if json:
                gaps.update(text[key.end : value.start] for key, value in node.pairs)
    quote: Style = "'" if quotes["'"] > quotes['"'] else '"'
    indent = _usual(mappings, 2)
    return Manner(indent, _usual(sequences, max(indent, 2)), quote, json, json and set(gaps) == {":"})


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
    counts: Counter[Style] = Counter(
        node.style for node in siblings if isinstance(node, Scalar) and node.style in ("", "'", '"')
    )
    styles: tuple[Style, ...] = ("", '"', "'")
    return max(styles, key=lambda style: counts[style])
