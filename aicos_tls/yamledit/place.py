"""Edits to splices: finds the exact place and writes the exact text.

Knows the text around a node, not what it means.
"""

from __future__ import annotations

import re

from msgspec import Struct

from aicos_tls.yamledit import render
from aicos_tls.yamledit.edits import (
    Edit,
    InexpressibleError,
    InsertItem,
    InsertPair,
    Items,
    Pairs,
    Replace,
    SetText,
    Splice,
    Value,
)
from aicos_tls.yamledit.manner import Manner, column, usual_quote
from aicos_tls.yamledit.nodes import Mapping, Node, Scalar, Sequence, Style, deref
from aicos_tls.yamledit.scalars import offsets

_LINE_END = re.compile(r"[^\r\n]*")
_NEWLINE = re.compile(r"\r\n|\n|\r")
_COMMENT_LINE = re.compile(r"(?:[ \t]*(?:\r\n|\n|\r))*([ ]*)(#[^\r\n]*)")
_DISABLED_ITEM = re.compile(r"#\s*-\s")
_SPACE_AND_COMMENTS = re.compile(r"(?:[ \t\r\n]+|(?<![^ \t\r\n])#[^\r\n]*)*")
_REST_IS_BLANK = re.compile(r"[ \t]*(?:#[^\r\n]*)?(?=[\r\n]|$)")


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
            return self._into_flow(sequence, sequence.items, index, text, nth)
        dashes = self._dash(sequence, min(index, len(sequence.items) - 1))
        at = column(self.text, dashes)
        rank = (1, -at, 0, nth)
        dash = self._dash_text(sequence)
        lines = render.block_item(edit.value, at, dash, prefer, self.manner)
        if index < len(sequence.items):
            return [Splice(dashes, dashes, (-1, nth), self._joined([*lines, " " * at]))]
        return [self._after(sequence.items[-1], at, rank, [" " * at + lines[0], *lines[1:]], items=True)]

    def _dash(self, sequence: Sequence, index: int) -> int:
        """Offset of the dash of an item of a block sequence."""
        start = sequence.items[index - 1].end if index else sequence.start
        if index == 0 and (sequence.anchor is not None or sequence.tag is not None):
            start = _after_properties(self.text, start)
        match = _SPACE_AND_COMMENTS.match(self.text, start)
        dash = match.end() if match else start
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
            spans = [_Span(key.start, max(key.end, value.end)) for key, value in mapping.pairs]
            return self._into_flow(mapping, spans, index, text, nth)
        at = column(self.text, mapping.pairs[0][0].start)
        rank = (1, -at, 1, nth)
        prefer = self._block_style(mapping, edit.value)
        lines = render.block_pair(edit.key, edit.value, at, prefer, self.manner)
        if index == 0:
            first = mapping.pairs[0][0].start
            return [Splice(first, first, (-1, nth), self._joined([*lines, " " * at]))]
        key, value = mapping.pairs[index - 1]
        before = value if value.end > key.end else _Span(key.start, self._colon(key) + 1)
        items = isinstance(value, Sequence) and not value.flow and column(self.text, self._dash(value, 0)) == at
        return [self._after(before, at, rank, [" " * at + lines[0], *lines[1:]], items=items)]

    def _block_style(self, mapping: Mapping, value: Value) -> Style:
        """Quotes as in the neighbouring values; within a new list or mapping as most of the file has them."""
        if isinstance(value, Items | Pairs):
            return ""
        return usual_quote(node for _, node in mapping.pairs)

    def _replace(self, edit: Replace) -> list[Splice]:
        key, node = edit.mapping.pairs[edit.index]
        inline = edit.mapping.flow or edit.flow or not isinstance(edit.value, Items | Pairs)
        if inline:
            prefer = usual_quote(value for _, value in edit.mapping.pairs)
            text = render.flow_text(edit.value, prefer, self.manner, _key_style(edit.mapping))
            if node.end > node.start:
                return [Splice(node.start, node.end, (0,), text)]
            place = self._colon(key) + 1
            return [Splice(place, place, (0,), f" {text}")]
        assert isinstance(edit.value, Items | Pairs)  # noqa: S101 - for the type checker
        if isinstance(node, Sequence | Mapping) and not node.flow:
            raise InexpressibleError("a collection in block style is not replaced")
        at = column(self.text, edit.mapping.pairs[0][0].start)
        lines = render.indented_block(edit.value, at, "", self.manner)
        place = self._colon(key) + 1
        splices = [self._after(_Span(key.start, max(place, node.end)), at + 1, (0,), lines)]
        if node.end > node.start:
            splices.append(Splice(place, node.end, (0,), ""))
        return splices

    def _colon(self, key: Node) -> int:
        match = _SPACE_AND_COMMENTS.match(self.text, key.end)
        place = match.end() if match else key.end
        if self.text[place : place + 1] != ":":
            raise InexpressibleError("the key is written in a way that cannot be followed")
        return place

    # -- common --------------------------------------------------------------------------------------------------------

    def _after(
        self, node: Node | _Span, at: int, rank: tuple[int, ...], lines: list[str], *, items: bool = False
    ) -> Splice:
        """Lines below the last line of `node`, and below the comments at its end that stand as deep as `at`."""
        end = self._block_end(node)
        rest = _REST_IS_BLANK.match(self.text, end)
        if rest is None:
            raise InexpressibleError("something else stands on the same line")
        place = self._past_comments(rest.end(), at if items else at + 1, at if items else None)
        return Splice(place, place, rank, "".join(self._newline_at(place) + line for line in lines))

    def _block_end(self, node: Node | _Span) -> int:
        """End of a node without the line break that closes a block scalar; the breaks that `+` keeps are content."""
        last: Node | _Span = node
        while isinstance(last, Sequence | Mapping) and not last.flow:
            last = last.items[-1] if isinstance(last, Sequence) else _last_of(last)
        end = node.end
        if not isinstance(last, Scalar) or last.style not in ("|", ">"):
            return end
        body = self.text[last.start : end]
        if re.match(r"[^\r\n]*[|>]\d?\+", body):
            return end - len(_trailing_break(body))
        return last.start + len(body.rstrip(" \r\n"))

    def _past_comments(self, place: int, depth: int, item: int | None) -> int:
        """Skip whole-line comments of at least `depth` columns: they belong to what stands above them.

        In a list that is not set off from its key (`item` is its column), a comment there may as well belong to the
        next key: only one that looks like a disabled item is skipped.
        """
        while True:
            newline = _NEWLINE.match(self.text, place)
            match = _COMMENT_LINE.match(self.text, newline.end()) if newline else None
            if match is None or len(match.group(1)) < depth:
                return place
            blank_between = "\n" in self.text[newline.end() : match.start(1)] if newline else False
            at_item = item is not None and len(match.group(1)) == item
            if at_item and (blank_between or not _DISABLED_ITEM.match(match.group(2))):
                return place
            place = match.end()

    def _into_flow(
        self,
        container: Sequence | Mapping,
        members: list[Node] | list[_Span],
        index: int,
        text: str,
        nth: int,
    ) -> list[Splice]:
        """One more member between brackets, on a line of its own where the members have one each."""
        rank = (1, 0, 0, nth)
        if not members:
            inside = container.end - 1
            return [Splice(inside, inside, rank, text if nth == 0 else f", {text}")]
        own_line = self._starts_line(members[-1].start)
        if index < len(members):
            place = members[index].start
            gap = self._newline_at(place) + " " * column(self.text, place) if own_line else " "
            return [Splice(place, place, (-1, nth), f"{text},{gap}")]
        end = members[-1].end
        if not own_line:
            tight = len(members) > 1 and self.text[members[-2].end : members[-1].start] == ","
            return [Splice(end, end, rank, f",{'' if tight else ' '}{text}")]
        return self._on_own_line(members[-1], text, rank)

    def _on_own_line(self, last: Node | _Span, text: str, rank: tuple[int, ...]) -> list[Splice]:
        """Below the last member and its comment; the comma goes where the file's style has it."""
        match = _SPACE_AND_COMMENTS.match(self.text, last.end)
        comma = match.end() if match else last.end
        trailing = self.text[comma : comma + 1] == ","
        rest = _REST_IS_BLANK.match(self.text, comma + 1 if trailing else last.end)
        place = rest.end() if rest else last.end
        line = self._newline_at(place) + " " * column(self.text, last.start) + text
        if trailing:
            return [Splice(place, place, rank, f"{line},")]
        if place == last.end or rank[-1] > 0:
            return [Splice(place, place, rank, f",{line}")]
        return [Splice(last.end, last.end, (0,), ","), Splice(place, place, rank, line)]

    def _starts_line(self, offset: int) -> bool:
        before = self.text[offset - column(self.text, offset) : offset]
        return not before.strip(" \t")

    def _newline_at(self, place: int) -> str:
        """Return the newline that ends the line of `place`, or the one before it, or the file's."""
        end = _LINE_END.match(self.text, place)
        match = _NEWLINE.match(self.text, end.end()) if end else None
        return match.group() if match else self.newline

    def _joined(self, lines: list[str]) -> str:
        return self.newline.join(lines)


class _Span(Struct, frozen=True):
    """A stretch of text that stands for a node."""

    start: int
    end: int


def _last_of(mapping: Mapping) -> Node:
    return mapping.pairs[-1][1]


def _trailing_break(text: str) -> str:
    match = re.search(r"(\r\n|\n|\r)$", text)
    return match.group() if match else ""


def _after_properties(text: str, start: int) -> int:
    match = re.compile(r"(?:[&!]\S*[ \t]*)*").match(text, start)
    return match.end() if match else start


def _key_style(container: Sequence | Mapping) -> Style:
    """The quotes of the keys of a flow mapping, or of those in a sequence: JSON quotes all of them."""
    if isinstance(container, Mapping):
        return usual_quote(key for key, _ in container.pairs)
    inner = [item for item in map(deref, container.items) if isinstance(item, Mapping)]
    return _key_style(inner[0]) if inner else ""
