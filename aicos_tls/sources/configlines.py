"""Lines of configuration files as words with their places: haproxy.cfg, Apache httpd, and the tokens of a Caddyfile.

Each function reads one program's grammar of words in one pass. Nothing raises: a quote that is not closed ends with
its line, as these programs refuse such a file anyway.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLANK = " \t\r\v\f"
_HEREDOC = re.compile(r"<<(\w{1,64})[ \t]*\r?(?=\n)")


class Word(Struct, frozen=True):
    """A word: what it means, and where it stands, quotes included. `at` is where its value begins."""

    value: str
    start: int
    end: int
    at: int

    def literal(self, text: str) -> bool:
        """Whether the value stands in the text as it is, without escapes and quotes within it."""
        return text.startswith(self.value, self.at)


class Line(Struct, frozen=True):
    """The words of a line that has some; `end` is where the last one ends."""

    words: tuple[Word, ...]
    start: int
    end: int

    @property
    def name(self) -> str:
        """Its first word in lower case."""
        return self.words[0].value.lower()

    @property
    def args(self) -> tuple[Word, ...]:
        """The words after the first."""
        return self.words[1:]

    @property
    def values(self) -> tuple[str, ...]:
        """The values of the words after the first."""
        return tuple(word.value for word in self.words[1:])


def haproxy(text: str) -> Iterator[Line]:
    """Yield the lines of a haproxy.cfg (configuration manual 2.2, "Quoting and escaping"): quotes count anywhere."""
    at = 0
    for raw in text.split("\n"):
        words = tuple(_haproxy_words(raw, at))
        if words:
            yield Line(words, words[0].start, words[-1].end)
        at += len(raw) + 1


def _haproxy_words(raw: str, base: int) -> Iterator[Word]:
    at, size = 0, len(raw)
    while at < size:
        if raw[at] in _BLANK:
            at += 1
            continue
        if raw[at] == "#":
            return
        start, first, quote = at, -1, ""
        value: list[str] = []
        while at < size and (quote or raw[at] not in _BLANK):
            mark = raw[at]
            if mark == "#" and not quote:
                break
            if quote and mark == quote:
                quote = ""
            elif not quote and mark in "\"'":
                quote = mark
            else:
                if mark == "\\" and quote != "'" and at + 1 < size:
                    at += 1
                first = at if first < 0 else first
                value.append(raw[at])
            at += 1
        yield Word("".join(value), base + start, base + at, base + (start if first < 0 else first))


def httpd(text: str) -> Iterator[Line]:
    r"""Yield the lines of an httpd configuration (manual, "Configuration Files"): a `\\` at the end goes on."""
    at, size = 0, len(text)
    while at < size:
        end = _logical_end(text, at)
        words = tuple(_httpd_words(text, at, end))
        if words:
            yield Line(words, words[0].start, words[-1].end)
        at = end + 1


def _logical_end(text: str, at: int) -> int:
    while (end := text.find("\n", at)) >= 0:
        last = end - 1 if text.startswith("\r", end - 1) and end > at else end
        if last <= at or text[last - 1] != "\\":
            return end
        at = end + 1
    return len(text)


def _httpd_words(text: str, at: int, end: int) -> Iterator[Word]:
    first = True
    while at < end:
        mark = text[at]
        if mark in _BLANK or mark == "\n" or (mark == "\\" and _ends_line(text, at + 1)):
            at += 1
            continue
        if first and mark == "#":
            return
        start = at
        if mark in "\"'":
            at, value = _quoted(text, at + 1, end, mark)
            yield Word(value, start, at, start + 1)
        else:
            while at < end and text[at] not in _BLANK and text[at] != "\n":
                at += 1
            yield Word(text[start:at], start, at, start)
        first = False


def _ends_line(text: str, at: int) -> bool:
    return text.startswith(("\n", "\r\n"), at) or at == len(text)


def _quoted(text: str, at: int, end: int, quote: str) -> tuple[int, str]:
    """The place after a quoted word, and its value: a backslash takes the quote's meaning, and nothing else's."""
    value: list[str] = []
    while at < end and text[at] != quote:
        if text[at] == "\\" and text[at + 1 : at + 2] == quote and at + 1 < end:
            at += 1
        value.append(text[at])
        at += 1
    return min(at + 1, end), "".join(value)


def caddy(text: str) -> Iterator[Line]:
    """Yield the lines of a Caddyfile (documentation, "Caddyfile Concepts"): quotes and backticks, heredocs left out."""
    at, size = 0, len(text)
    words: list[Word] = []
    while at < size:
        mark = text[at]
        if mark == "\n":
            if words:
                yield Line(tuple(words), words[0].start, words[-1].end)
            words = []
            at += 1
        elif mark in _BLANK:
            at += 1
        elif mark == "#":
            at = _end_of_line(text, at)
        elif mark == "\\" and at + 1 < size and _ends_line(text, at + 1):
            at = text.index("\n", at) + 1
        else:
            word = _caddy_word(text, at)
            words.append(word)
            at = word.end
    if words:
        yield Line(tuple(words), words[0].start, words[-1].end)


def _caddy_word(text: str, at: int) -> Word:
    start, size = at, len(text)
    if text[at] == "`":
        close = text.find("`", at + 1)
        close = size if close < 0 else close
        return Word(text[at + 1 : close], start, min(close + 1, size), at + 1)
    if text[at] == '"':
        end, value = _quoted(text, at + 1, size, '"')
        return Word(value, start, end, at + 1)
    if text.startswith("<<", at) and (opened := _HEREDOC.match(text, at)):
        close = text.find(f"\n{opened[1]}\n", at)
        end = size if close < 0 else close + len(opened[1]) + 1
        return Word(text[at:end], start, end, at)
    while at < size and text[at] not in _BLANK and text[at] != "\n":
        at += 1
    return Word(text[start:at], start, at, start)


def _end_of_line(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end
