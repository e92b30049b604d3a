"""An nginx configuration as a tree of directives with the exact place of every word.

Reads words as nginx does (`ngx_conf_read_token`): quotes count only at the start of a word, a backslash takes the
special meaning from the next character, `${` does not open a block. The parser on PyPI gives lines without columns, and
a change in place needs both. Code of other languages in blocks (`content_by_lua_block`) and templates of other tools
(`{{ … }}`) are refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls import budgets

if TYPE_CHECKING:
    from collections.abc import Iterator


class NotNginxError(Exception):
    """The text does not parse; `offset` is the character where that shows."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


class Word(Struct, frozen=True):
    """A word: its value without quotes; `start` and `end` bound what is between the quotes, or the word itself."""

    value: str
    start: int
    end: int


@dataclass(eq=False)
class Directive:
    """A directive: it ends after its `;` or `}`. `block` is None for one without braces."""

    words: list[Word]
    start: int
    end: int = 0
    parent: Directive | None = None
    block: list[Directive] | None = None
    comments: list[tuple[int, int]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The first word; empty for the file as a whole."""
        return self.words[0].value if self.words else ""

    @property
    def args(self) -> list[Word]:
        """The words after the name."""
        return self.words[1:]

    def within(self, *names: str) -> Directive | None:
        """The innermost block around it that has one of these names."""
        at = self.parent
        while at is not None and at.name not in names:
            at = at.parent
        return at

    def walk(self) -> Iterator[Directive]:
        """Yield every directive below it, in order."""
        for child in self.block or ():
            yield child
            yield from child.walk()

    def named(self, name: str) -> list[Directive]:
        """The directives of that name directly in its block."""
        return [child for child in self.block or () if child.name == name]


_SPACE = " \t\r\n"
_MAX_DEPTH = 50
"""Blocks within blocks: nginx needs five or so."""


def parse(text: str) -> Directive:
    """Parse a configuration; raises `NotNginxError`."""
    root = Directive([], 0, len(text), block=[])
    at = 0
    here: Directive = root
    pending: list[Word] = []
    depth = 0
    _check_size(text)
    while at < len(text):
        char = text[at]
        if char in _SPACE:
            at += 1
        elif char == "#":
            end = text.find("\n", at)
            end = len(text) if end < 0 else end
            root.comments.append((at, end))
            at = end
        elif char in ";{":
            at += 1
            directive = _directive(here, pending, at)
            pending = []
            if char == "{":
                directive.block = []
                here, depth = directive, depth + 1
                if depth > _MAX_DEPTH:
                    raise NotNginxError("too many blocks within blocks", at - 1)
        elif char == "}":
            at += 1
            if pending or here.parent is None:
                raise NotNginxError("unexpected }", at - 1)
            here.end = at
            here, depth = here.parent, depth - 1
        else:
            word, at = _word(text, at)
            pending.append(word)
    if pending or here is not root:
        raise NotNginxError("unexpected end of the file", len(text))
    return root


def _check_size(text: str) -> None:
    """Raise `NotNginxError` for a text over the budgets; what ends a directive counts in quotes and comments, too."""
    if len(text) > budgets.CONFIGURATION:
        raise NotNginxError(f"more than {budgets.CONFIGURATION:,} characters", 0)
    if text.count(";") + text.count("{") > budgets.DIRECTIVES:
        raise NotNginxError(f"more than {budgets.DIRECTIVES:,} directives", 0)


def _directive(here: Directive, words: list[Word], at: int) -> Directive:
    """Add the directive that has these words to the block `here`; `at` is past its `;` or `{`."""
    if not words:
        raise NotNginxError("a directive without a name", at - 1)
    if words[0].value.endswith("_by_lua_block"):
        raise NotNginxError("Lua code in a block is not read", words[0].start)
    directive = Directive(words, words[0].start, at, here)
    assert here.block is not None  # noqa: S101 - only blocks are opened
    here.block.append(directive)
    return directive


def _word(text: str, at: int) -> tuple[Word, int]:
    if text[at] in "\"'":
        return _quoted(text, at)
    start = at
    while at < len(text) and text[at] not in _SPACE and text[at] != ";":
        if text[at] == "{" and text[at - 1 : at] != "$":
            break
        at += 2 if text[at] == "\\" else 1
    at = min(at, len(text))
    return Word(text[start:at], start, at), at


def _quoted(text: str, at: int) -> tuple[Word, int]:
    quote, start = text[at], at + 1
    at = start
    while at < len(text) and text[at] != quote:
        at += 2 if text[at] == "\\" else 1
    if at >= len(text):
        raise NotNginxError("a quote is not closed", start - 1)
    if text[at + 1 : at + 2] not in (*_SPACE, ";", "{", ")", ""):
        raise NotNginxError("a quoted word goes on after its quote", at + 1)
    return Word(text[start:at], start, at), at + 1
