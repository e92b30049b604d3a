"""What stands around a place in a text: its line, its newline, the blanks and comments that follow."""

from __future__ import annotations

import re

_LINE_END = re.compile(r"[^\r\n]*")
_NEWLINE = re.compile(r"\r\n|\n|\r")
_COMMENT_LINE = re.compile(r"(?:[ \t]*(?:\r\n|\n|\r))*([ ]*)(#[^\r\n]*)")
_DISABLED_ITEM = re.compile(r"#\s*-\s")
_SPACE_AND_COMMENTS = re.compile(r"(?:[ \t\r\n]+|(?<![^ \t\r\n])#[^\r\n]*)*")
_REST_IS_BLANK = re.compile(r"[ \t]*(?:#[^\r\n]*)?(?=[\r\n]|$)")


def line_start(text: str, offset: int) -> int:
    """Offset of the first character of the line of `offset`."""
    start = text.rfind("\n", 0, offset) + 1
    return max(start, text.rfind("\r", start, offset) + 1)


def column(text: str, offset: int) -> int:
    """Characters between the start of the line and `offset`."""
    return offset - line_start(text, offset)


def starts_line(text: str, offset: int) -> bool:
    """Whether only blanks stand before `offset` on its line."""
    return not text[line_start(text, offset) : offset].strip(" \t")


def newline_at(text: str, place: int, otherwise: str) -> str:
    """Return the newline that ends the line of `place`; in the last line the one before it, if there is one."""
    end = _end(_LINE_END, text, place)
    if match := _NEWLINE.match(text, end):
        return match.group()
    return newline_before(text, line_start(text, place)) or otherwise


def newline_before(text: str, start: int) -> str:
    """Return the newline that ends right before `start`; empty when there is none."""
    before = text[max(start - 2, 0) : start]
    if before == "\r\n":
        return before
    return before[-1:] if before.endswith(("\n", "\r")) else ""


def past_blanks(text: str, offset: int) -> int:
    """Offset of what follows `offset` behind blanks, line breaks and comments."""
    return _end(_SPACE_AND_COMMENTS, text, offset)


def rest_of_line(text: str, offset: int) -> int | None:
    """Offset of the end of the line of `offset` when nothing but blanks and a comment follow; None otherwise."""
    match = _REST_IS_BLANK.match(text, offset)
    return match.end() if match else None


def past_comments(text: str, place: int, depth: int, item: int | None) -> int:
    """Skip whole-line comments below `place` of at least `depth` columns: they belong to what stands above them.

    A comment in the column of a list's items (`item`) may as well belong to what comes next: there only one that looks
    like a disabled item, with no blank line before it, is skipped. `place` is the end of a line, and so is the result.
    """
    while newline := _NEWLINE.match(text, place):
        match = _COMMENT_LINE.match(text, newline.end())
        if match is None or len(match.group(1)) < depth:
            break
        blank_between = match.start(1) > newline.end()
        at_item = len(match.group(1)) == item
        if at_item and (blank_between or not _DISABLED_ITEM.match(match.group(2))):
            break
        place = match.end()
    return place


def _end(pattern: re.Pattern[str], text: str, offset: int) -> int:
    """End of the match of a pattern that matches everywhere."""
    match = pattern.match(text, offset)
    return match.end() if match else offset
