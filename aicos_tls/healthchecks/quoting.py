"""How a character of a shell word was quoted, where it came from, and how a new one is written beside it.

Quoting: POSIX.1-2017, Shell Command Language, 2.2. A value is what the quotes leave; its characters keep their origin,
so that an edit of the value becomes an edit of the source without a quote being moved.
"""

from __future__ import annotations

import re
from enum import Enum

from msgspec import Struct

from aicos_tls.healthchecks.model import TextEdit

ESCAPED_IN_DOUBLE = '\\"`$'
_SAFE = re.compile(r"[A-Za-z0-9@%+=:,./_-]")


class UnquotableError(Exception):
    """A text cannot be put at a place without changing the quotes around it."""


class Quote(Enum):
    """How a character was quoted in the source."""

    BARE = "bare"
    SINGLE = "single"
    DOUBLE = "double"
    ANSI = "ansi"


class Origin(Struct, frozen=True):
    """Where one character of a word's value came from: source offsets and quoting."""

    start: int
    end: int
    quote: Quote


class ShellWord(Struct, frozen=True):
    """A word: its span in the source (quotes included) and its value with the origin of each character."""

    start: int
    end: int
    value: str
    origins: tuple[Origin, ...]

    def lift(self, edit: TextEdit) -> TextEdit:
        """`edit` of the value as an edit of the source (word 0); raises `UnquotableError`."""
        if edit.start == edit.end:
            return self._lift_insertion(edit)
        origins = self.origins[edit.start : edit.end]
        whole = origins[-1].end - origins[0].start == sum(origin.end - origin.start for origin in origins)
        if not whole or len({origin.quote for origin in origins}) > 1:
            raise UnquotableError("the text to change is quoted in pieces")
        return TextEdit(0, origins[0].start, origins[-1].end, encode(edit.text, origins[0].quote))

    def _lift_insertion(self, edit: TextEdit) -> TextEdit:
        """The insertion stands beside the character before it, or the first one, and is quoted like that."""
        if edit.start:
            before = self.origins[edit.start - 1]
            return TextEdit(0, before.end, before.end, encode(edit.text, before.quote))
        if not self.origins:
            raise UnquotableError("the word is empty")
        first = self.origins[0]
        return TextEdit(0, first.start, first.start, encode(edit.text, first.quote))


def encode(text: str, quote: Quote) -> str:
    """`text` as it must be written inside `quote` to have that value; raises `UnquotableError`."""
    if quote is Quote.ANSI or "$" in text or (quote is Quote.SINGLE and "'" in text):
        raise UnquotableError(f"{text!r} cannot be written inside {quote.value} quotes")
    if quote is Quote.SINGLE:
        return text
    if quote is Quote.DOUBLE:
        return "".join("\\" + char if char in ESCAPED_IN_DOUBLE else char for char in text)
    if "\n" in text:
        raise UnquotableError("a line break cannot be written without quotes")
    return "".join(char if _SAFE.match(char) else "\\" + char for char in text)
