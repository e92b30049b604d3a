"""Edits to splices: finds the exact place and writes the exact text.

Knows the text around a node, not what it means.
"""

from __future__ import annotations

from msgspec import Struct

from aicos_tls.yamledit import render
from aicos_tls.yamledit.edits import (
    Edit,
    InexpressibleError,
    InsertItem,
    InsertPair,
    Items,
    Lines,
    Pairs,
    RemovePairs,
    Replace,
    SetText,
    Splice,
    Value,
)
from aicos_tls.yamledit.extent import Span, block_end, colon, extent
from aicos_tls.yamledit.flow import Brackets
from aicos_tls.yamledit.lines import (
    column,
    line_start,
    newline_at,
    newline_before,
    past_blanks,
    past_comments,
    rest_of_line,
)
from aicos_tls.yamledit.manner import Manner, usual_quote
from aicos_tls.yamledit.nodes import Mapping, Node, Scalar, Sequence, Style, deref
from aicos_tls.yamledit.scalars import after_properties, content_start, offsets


class Page(Struct, frozen=True):
    """A text with its manner and its newline."""

    text: str
    manner: Manner
    newline: str

    def splices(self, edit: Edit, nth: int) -> list[Splice]:
        """Return the splices of one edit, the `nth` (from 0) at its place; raises `InexpressibleError`."""
        if isinstance(edit, SetText):
            return [self._set_text(edit)]
        if isinstance(edit, InsertItem):
            return self._insert_item(edit, nth)
        if isinstance(edit, InsertPair):
            return self._insert_pair(edit, nth)
        if isinstance(edit, RemovePairs):
            return self._remove_pairs(edit)
        return self._replace(edit)

    # -- inside a scalar -----------------------------------------------------------------------------------------------

    def _set_text(self, edit: SetText) -> Splice:
        node = edit.node
        places = offsets(self.text, node)
        if places is None:
            raise InexpressibleError("the value is written in a way that cannot be followed character by character")
        if node.style in ("|", ">") and not edit.text.isprintable():
            raise InexpressibleError("a line break cannot be put into a block scalar")
        start = places[edit.start]
        end = places[edit.end] if edit.end > edit.start else start
        return Splice(start, end, (0,), render.escaped(edit.text, node.style))

    # -- sequences -----------------------------------------------------------------------------------------------------

    def _insert_item(self, edit: InsertItem, nth: int) -> list[Splice]:
        sequence, index = edit.sequence, edit.index
        prefer = usual_quote(sequence.items)
        if sequence.flow:
            text = render.flow_text(edit.value, prefer, self.manner, _key_style(sequence))
            return Brackets(self.text, self.manner, self.newline, sequence, sequence.items).insert(index, text, nth)
        dashes = self._dash(sequence, min(index, len(sequence.items) - 1))
        at = column(self.text, dashes)
        rank = (1, -at, 0, nth)
        dash = self._dash_text(sequence)
        lines = render.block_item(edit.value, at, dash, prefer, self.manner)
        if index < len(sequence.items):
            return [self._before(dashes, at, nth, lines)]
        return [self._after(sequence.items[-1], at, rank, [" " * at + lines[0], *lines[1:]], items=True)]

    def _dash(self, sequence: Sequence, index: int) -> int:
        """Offset of the dash of an item of a block sequence."""
        start = sequence.items[index - 1].end if index else sequence.start
        if index == 0 and (sequence.anchor is not None or sequence.tag is not None):
            start = after_properties(self.text, start, sequence.items[0].start)
        dash = past_blanks(self.text, start)
        if self.text[dash : dash + 1] != "-":
            raise InexpressibleError("the list is written in a way that cannot be followed")
        return dash

    def _dash_text(self, sequence: Sequence) -> str:
        """Return the dash with the spaces that follow it in the last item that has something on its line."""
        for index in range(len(sequence.items) - 1, -1, -1):
            between = self.text[self._dash(sequence, index) : sequence.items[index].start]
            if between.strip(" ") == "-" and len(between) > 1:
                return between
        return "- "

    # -- mappings ------------------------------------------------------------------------------------------------------

    def _insert_pair(self, edit: InsertPair, nth: int) -> list[Splice]:
        mapping, index = edit.mapping, edit.index
        if mapping.flow:
            prefer = usual_quote(value for _, value in mapping.pairs)
            text = render.flow_pair(edit.key, edit.value, prefer, self.manner, _key_style(mapping))
            return self._braces(mapping).insert(index, text, nth)
        return [self._into_block(edit, nth)]

    def _braces(self, mapping: Mapping) -> Brackets:
        spans: list[Node] | list[Span] = [Span(key.start, max(key.end, value.end)) for key, value in mapping.pairs]
        return Brackets(self.text, self.manner, self.newline, mapping, spans)

    def _remove_pairs(self, edit: RemovePairs) -> list[Splice]:
        if edit.mapping.flow:
            return self._braces(edit.mapping).remove(edit.indexes)
        spans = [extent(self.text, edit.mapping, index) for index in edit.indexes]
        return [Splice(s.start - len(newline_before(self.text, s.start)), s.end, (0,), "") for s in spans]

    def _into_block(self, edit: InsertPair, nth: int) -> Splice:
        mapping, index = edit.mapping, edit.index
        if any(self._is_complex(key) for key, _ in mapping.pairs):
            raise InexpressibleError("a key is written with a question mark")
        at = column(self.text, mapping.pairs[0][0].start)
        prefer = self._block_style(mapping, edit.value)
        lines = render.block_pair(edit.key, edit.value, at, prefer, self.manner, _key_style(mapping))
        if index == 0:
            return self._before(mapping.pairs[0][0].start, at, nth, lines)
        key, value = mapping.pairs[index - 1]
        before = value if value.end > key.end else Span(key.start, colon(self.text, key) + 1)
        items = isinstance(value, Sequence) and not value.flow and column(self.text, self._dash(value, 0)) == at
        return self._after(before, at, (1, -at, 1, nth), [" " * at + lines[0], *lines[1:]], items=items)

    def _is_complex(self, key: Node) -> bool:
        return self.text[line_start(self.text, key.start) : key.start].rstrip(" \t").endswith("?")

    def _block_style(self, mapping: Mapping, value: Value) -> Style:
        """Quotes as in the neighbouring values; within a new list or mapping as most of the file has them."""
        if isinstance(value, Items | Pairs | Lines):
            return ""
        return usual_quote(node for _, node in mapping.pairs)

    def _replace(self, edit: Replace) -> list[Splice]:
        key, node = edit.mapping.pairs[edit.index]
        if isinstance(node, Sequence) and not node.flow and isinstance(edit.value, Items):
            return [self._replace_items(node, edit.value)]
        if isinstance(node, Sequence | Mapping) and not node.flow:
            raise InexpressibleError("a collection in block style is not replaced")
        behind = colon(self.text, key) + 1
        start, end = self._content(node)
        if edit.mapping.flow or edit.flow or not isinstance(edit.value, Items | Pairs):
            prefer = usual_quote(value for _, value in edit.mapping.pairs)
            write = render.flow_text if edit.mapping.flow else render.on_line
            text = write(edit.value, prefer, self.manner, _key_style(edit.mapping))
            place = max(behind, end)
            if end > start:
                return [Splice(start, end, (0,), text)]
            blank = "" if self.text[place - 1] in " \t" else " "
            return [Splice(place, place, (0,), blank + text)]
        at = column(self.text, edit.mapping.pairs[0][0].start)
        lines = render.indented_block(edit.value, at, "", self.manner)
        begin = behind if start == node.start else behind + len(self.text[behind:start].rstrip())
        below = self._after(Span(key.start, max(behind, end)), at + 1, (0,), lines)
        return [below, Splice(begin, end, (0,), "")] if end > start else [below]

    def _replace_items(self, sequence: Sequence, value: Items) -> Splice:
        """The items of a block sequence in place of those that are there, where nothing stands between these."""
        dashes = [self._dash(sequence, index) for index in range(len(sequence.items))]
        ends = [block_end(self.text, item) for item in sequence.items[:-1]]
        if sequence.anchor is not None or any(
            self.text[end:dash].strip() for end, dash in zip(ends, dashes[1:], strict=True)
        ):
            raise InexpressibleError("a list with comments between its items, or with an anchor, is not replaced")
        at = column(self.text, dashes[0])
        prefer, dash = usual_quote(sequence.items), self._dash_text(sequence)
        rows = [line for item in value.values for line in render.block_item(item, at, dash, prefer, self.manner)]
        newline = newline_at(self.text, dashes[0], self.newline)
        return Splice(dashes[0], block_end(self.text, sequence.items[-1]), (0,), f"{newline}{' ' * at}".join(rows))

    def _content(self, node: Node) -> tuple[int, int]:
        """What a replacement takes the place of: of a null that has an anchor the anchor stays."""
        start = content_start(self.text, node) if isinstance(node, Scalar) and node.is_null else node.start
        return start, block_end(self.text, node)

    # -- common --------------------------------------------------------------------------------------------------------

    def _before(self, place: int, at: int, nth: int, lines: list[str]) -> Splice:
        """Lines above the first item or key of a collection, which stands at `place` in column `at`."""
        newline = newline_at(self.text, place, self.newline)
        return Splice(place, place, (-1, nth), newline.join([*lines, " " * at]))

    def _after(
        self, node: Node | Span, at: int, rank: tuple[int, ...], lines: list[str], *, items: bool = False
    ) -> Splice:
        """Lines below the last line of `node`, and below the comments at its end that stand as deep as `at`."""
        rest = rest_of_line(self.text, block_end(self.text, node))
        if rest is None:
            raise InexpressibleError("something else stands on the same line")
        place = past_comments(self.text, rest, at if items else at + 1, at if items else None)
        newline = newline_at(self.text, place, self.newline)
        return Splice(place, place, rank, "".join(newline + line for line in lines))


def _key_style(container: Sequence | Mapping) -> Style:
    """The quotes of the keys of a flow mapping, or of those in a sequence: JSON quotes all of them."""
    if isinstance(container, Mapping):
        return usual_quote(key for key, _ in container.pairs)
    inner = [item for item in map(deref, container.items) if isinstance(item, Mapping)]
    return _key_style(inner[0]) if inner else ""
