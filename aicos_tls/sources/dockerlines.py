r"""The instructions of a Dockerfile, each joined to one line, with the place of every character.

An own reader, because the ones on offer do not do what the builder does: the value of an instruction is known together
with the offset of each of its characters in the file, so that a HEALTHCHECK can be changed in place; here-documents,
the `escape` directive, comments and empty lines between continued lines, and CRLF are read as the builder reads them
(Dockerfile reference, "Format", "Parser directives", "Here-documents").
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls import budgets

if TYPE_CHECKING:
    from collections.abc import Iterator

_DIRECTIVE = re.compile(r"#[ \t]*([A-Za-z][A-Za-z0-9]*)[ \t]*=[ \t]*+(.*)$")
_COMMENT_OR_BLANK = re.compile(r"[ \t]*(?:#.*)?$")
_WORD = re.compile(r"""(?:"(?:\\.|[^"\\])*"|'[^']*'|[^\s"'])+""")
_HEREDOC = re.compile(r"\d*<<(-?)([^<]+)$")
_WITH_HEREDOC = re.compile(r"(?:ONBUILD\s+)?(?:RUN|COPY|ADD)\b", re.IGNORECASE)


class Instruction(Struct, frozen=True):
    """One instruction: upper-case name, the rest of it joined to one line, line number from 1.

    `offsets[i]` is where character `i` of `value` stands in the text of the file.
    """

    name: str
    value: str
    line: int
    offsets: tuple[int, ...] = ()

    def part(self, start: int) -> Instruction:
        """The instruction that begins with the word at `start` of the value: what ONBUILD keeps for later."""
        return _instruction(self.value[start:], self.line, self.offsets[start:])


def read(text: str) -> Iterator[Instruction]:
    """Yield the instructions of a Dockerfile in order; nothing in here-documents or comments is one.

    What is over the budget is not read: `dockerfile.parse` refuses it.
    """
    lines = list(_lines(text[: budgets.CONFIGURATION]))
    escape = _escape([line for _, line in lines])
    at = 0
    while at < len(lines):
        first = at
        if _COMMENT_OR_BLANK.match(lines[at][1]):
            at += 1
            continue
        value, offsets, at = _join(lines, at, escape)
        at = _past_heredocs(lines, at, value)
        if value:
            yield _instruction(value, first + 1, offsets)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    for line in text.split("\n"):
        yield start, line.removesuffix("\r")
        start += len(line) + 1


def _escape(lines: list[str]) -> str:
    """Return the character that continues lines: directives stand before everything else, comments included."""
    for line in lines:
        match = _DIRECTIVE.match(line)
        if match is None:
            break
        if match[1].lower() == "escape" and match[2].rstrip(" \t") in ("\\", "`"):
            return match[2].rstrip(" \t")
    return "\\"


def _join(lines: list[tuple[int, str]], at: int, escape: str) -> tuple[str, tuple[int, ...], int]:
    """Value and offsets of the instruction that begins at line `at`, and the line after it."""
    continuation = re.compile(rf"(?<!{re.escape(escape)}){re.escape(escape)}[ \t]*$")
    value: list[str] = []
    offsets: list[int] = []
    first = at
    while at < len(lines):
        start, line = lines[at]
        at += 1
        if at - 1 > first and _COMMENT_OR_BLANK.match(line):
            continue  # comments and empty lines do not end a continued instruction
        match = continuation.search(line)
        end = match.start() if match else len(line)
        value.append(line[:end])
        offsets += range(start, start + end)
        if match is None:
            break
    text = "".join(value)
    left = len(text) - len(text.lstrip())
    right = len(text.rstrip())
    return text[left:right], tuple(offsets[left:right]), at


def _instruction(text: str, line: int, offsets: tuple[int, ...]) -> Instruction:
    name = text.split(None, 1)[0]
    rest = text[len(name) :].lstrip()
    skipped = len(text) - len(rest)
    return Instruction(name.upper(), rest, line, offsets[skipped:])


def _past_heredocs(lines: list[tuple[int, str]], at: int, value: str) -> int:
    """Index of the line after the here-documents that the instruction opens."""
    if not _WITH_HEREDOC.match(value):
        return at
    for word in _WORD.findall(value):
        if (match := _HEREDOC.match(word)) is None:
            continue
        end = re.sub("[\"']", "", match[2])
        while at < len(lines):
            line = lines[at][1]
            at += 1
            if (line.lstrip("\t") if match[1] else line) == end:
                break
    return at
