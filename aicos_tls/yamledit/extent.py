"""A pair of a mapping as it stands in the text: from the comments right above its key to the last line of its value.

What is taken out of a mapping and what is written again elsewhere are the same lines: nothing of them is lost.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.yamledit.edits import InexpressibleError
from aicos_tls.yamledit.lines import column, line_start, newline_before, past_blanks, past_comments, rest_of_line
from aicos_tls.yamledit.nodes import Mapping, Node, Scalar, Sequence
from aicos_tls.yamledit.scalars import content_start

if TYPE_CHECKING:
    from collections.abc import Sequence as Row

_KEEPS = re.compile(r"[|>][1-9]?\+")
_NEWLINE = re.compile(r"\r\n|\n|\r")


class Span(Struct, frozen=True):
    """A stretch of text that stands for a node."""

    start: int
    end: int


def block_end(text: str, node: Node | Span) -> int:
    """End of a node without the line break that closes a block scalar; the breaks that `+` keeps are content."""
    last: Node | Span = node
    while isinstance(last, Sequence | Mapping) and not last.flow:
        last = last.items[-1] if isinstance(last, Sequence) else last.pairs[-1][1]
    if not isinstance(last, Scalar) or last.style not in ("|", ">"):
        return node.end
    start = content_start(text, last)
    if _KEEPS.match(text, start):
        return node.end - len(newline_before(text, node.end))
    return start + len(text[start : node.end].rstrip(" \r\n"))


def colon(text: str, key: Node) -> int:
    """Offset of the colon behind a key; raises `InexpressibleError`."""
    place = past_blanks(text, key.end)
    if text[place : place + 1] != ":":
        raise InexpressibleError("the key is written in a way that cannot be followed")
    return place


def extent(text: str, mapping: Mapping, index: int) -> Span:
    """The lines of a pair of a mapping in block style, without the line break at their end.

    Raises `InexpressibleError` when something else stands on these lines.
    """
    key, value = mapping.pairs[index]
    start = line_start(text, key.start)
    if mapping.flow or text[start : key.start].strip(" "):
        raise InexpressibleError("something else stands on the same line")
    at = key.start - start
    written = value if value.end > key.end else Span(key.start, colon(text, key) + 1)
    rest = rest_of_line(text, block_end(text, written))
    if rest is None:
        raise InexpressibleError("something else stands on the same line")
    items = isinstance(value, Sequence) and not value.flow and column(text, past_blanks(text, value.start)) == at
    end = past_comments(text, rest, at if items else at + 1, at if items else None)
    return Span(_with_comments(text, start, at), end)


def _with_comments(text: str, start: int, at: int) -> int:
    """Offset of the first of the comment lines right above `start` that begin in the same column."""
    while start:
        above = line_start(text, start - len(newline_before(text, start)))
        line = text[above:start]
        if above == start or not line.startswith(" " * at + "#"):
            break
        start = above
    return start


def lines(text: str, mapping: Mapping, index: int) -> tuple[str, ...]:
    """The lines of a pair, less the indentation of its key; raises `InexpressibleError` as `extent` does."""
    span = extent(text, mapping, index)
    return dedented(_NEWLINE.split(text[span.start : span.end]), column(text, mapping.pairs[index][0].start))


def dedented(texts: Row[str], columns: int) -> tuple[str, ...]:
    """Lines without the first `columns` blanks of each; raises `InexpressibleError` where one has less."""
    if any(line[:columns].strip(" ") for line in texts):
        raise InexpressibleError("a line of it is indented less than its key")
    return tuple(line[columns:] for line in texts)
