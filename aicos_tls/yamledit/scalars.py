"""Where each character of a scalar's value stands in the text.

A URL inside a quoted, folded or literal scalar is edited in place, without writing the scalar anew. For that, `offsets`
replays how YAML 1.2 reads the scalar (chapter 7.3 for quoted and plain ones, 8.1 for block ones) and notes the place
of each character. What it cannot replay to exactly the parser's value it gives up on, and the caller declines the edit.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aicos_tls.yamledit.nodes import Scalar

_PROPERTIES = re.compile(r"(?:[&!]\S*(?:\s+|$))*")
_BREAK = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")
_SIMPLE = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "\t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "e": "\x1b",
    " ": " ", '"': '"', "/": "/", "\\": "\\", "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029",
}  # fmt: skip
_HEXADECIMAL = {"x": 2, "u": 4, "U": 8}


def content_start(text: str, node: Scalar) -> int:
    """Offset of the scalar itself, after its anchor and tag."""
    if node.anchor is None and node.tag is None:
        return node.start
    return after_properties(text, node.start, node.end)


def after_properties(text: str, start: int, end: int) -> int:
    """Offset of what follows the anchor and the tag that stand at `start`, if any, and before `end`."""
    match = _PROPERTIES.match(text, start, end)
    return match.end() if match else start


@lru_cache(maxsize=16)
def offsets(text: str, node: Scalar) -> list[int] | None:
    """Offsets into `text` of each character of `node.value`, and of the place after the last; None when unknown.

    The last few are kept: of a value with a thousand URLs every one is asked for.
    """
    start = content_start(text, node)
    if node.style == "" and text[start : node.end] == node.value:
        return list(range(start, node.end + 1))
    if node.style in ("|", ">"):
        return _block(text, start, node)
    quote = len(node.style)
    reader = _FlowReader(text, start + quote, node.end - quote, node.style)
    reader.run()
    return reader.places if "".join(reader.characters) == node.value else None


class _FlowReader:
    """Replays a plain, single or double quoted scalar from `at` to `end` (the quotes excluded)."""

    def __init__(self, text: str, at: int, end: int, style: str) -> None:
        self._text, self._at, self._end, self._style = text, at, end, style
        self.characters: list[str] = []
        self.places: list[int] = []

    def run(self) -> None:
        while self._at < self._end:
            char = self._text[self._at]
            if self._style == '"' and char == "\\":
                self._escape()
            elif self._style == "'" and char == "'":
                self._take("'", 2)
            elif _BREAK.match(self._text, self._at):
                self._fold()
            else:
                self._take(char, 1)
        self.places.append(self._end)

    def _take(self, char: str, width: int) -> None:
        self.characters.append(char)
        self.places.append(self._at)
        self._at += width

    def _escape(self) -> None:
        follows = self._text[self._at + 1 : self._at + 2]
        if follows in _HEXADECIMAL:
            width = _HEXADECIMAL[follows]
            self._take(chr(int(self._text[self._at + 2 : self._at + 2 + width], 16)), 2 + width)
        elif follows in _SIMPLE:
            self._take(_SIMPLE[follows], 2)
        else:  # an escaped line break: the lines are joined without a space, white space before the \ is kept
            self._at += 1
            match = _BREAK.match(self._text, self._at)
            self._at = self._skip_blanks(match.end() if match else self._at)

    def _fold(self) -> None:
        """A run of line breaks: one is a space, each further one a newline; blanks around them are dropped."""
        while self.characters and self.characters[-1] in " \t" and self._text[self.places[-1]] in " \t":
            self.characters.pop()
            self.places.pop()
        breaks: list[int] = []
        while match := _BREAK.match(self._text, self._at):
            breaks.append(self._at)
            self._at = self._skip_blanks(match.end())
        for place in breaks[1:] or breaks:
            self.characters.append("\n" if len(breaks) > 1 else " ")
            self.places.append(place)

    def _skip_blanks(self, at: int) -> int:
        while at < self._end and self._text[at] in " \t":
            at += 1
        return at


def _block(text: str, start: int, node: Scalar) -> list[int] | None:
    """Match what each line of a literal or folded scalar holds with its run in the value.

    Lines and value differ only in line breaks and indentation, so every line is found in order whatever the
    indentation is; the white space between two lines gets the place where the earlier one ends.
    """
    places: list[int] = []
    value, cursor = node.value, 0
    header = _BREAK.search(text, start, node.end)
    at = header.end() if header else node.end
    while at < node.end:
        match = _BREAK.search(text, at, node.end)
        stop = match.start() if match else node.end
        line = text[at:stop]
        words = line.lstrip(" ")
        if words:
            begin = value.find(words, cursor)
            if begin < 0 or value[cursor:begin].strip("\n "):
                return None
            content = stop - len(words)
            indented = len(value[cursor:begin]) - len(value[cursor:begin].rstrip(" "))
            places.extend([places[-1] + 1 if places else content] * (begin - cursor - indented))
            places.extend(range(content - indented, content))
            places.extend(range(content, stop))
            cursor = begin + len(words)
        at = match.end() if match else node.end
    if value[cursor:].strip("\n "):
        return None
    places.extend([places[-1] + 1 if places else node.end] * (len(value) - cursor + 1))
    return places
