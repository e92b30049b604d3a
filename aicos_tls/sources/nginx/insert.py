"""Puts directives behind another one, in the way in which the file is written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aicos_tls.yamledit.edits import Splice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aicos_tls.files import TextFile
    from aicos_tls.sources.nginx.parse import Directive

_FOLLOWED = re.compile(r"[^\S\n]*+[^\s#]")
"""Something more on the line that is no comment."""


def after(file: TextFile, directive: Directive, lines: Sequence[str]) -> Splice:
    """Insert `lines` behind `directive`: each on a line of its own where it has one, else on the same line."""
    text = file.text
    indent = indentation(text, directive.start)
    if indent is None or _FOLLOWED.match(text, directive.end):
        return Splice(directive.end, directive.end, (0,), "".join(f" {line}" for line in lines))
    rest_end = _line_end(text, directive.end)
    return Splice(rest_end, rest_end, (0,), "".join(f"{file.newline}{indent}{line}" for line in lines))


def before(file: TextFile, directive: Directive, lines: Sequence[str]) -> Splice:
    """Insert `lines` before `directive`, in the same way."""
    indent = indentation(file.text, directive.start)
    if indent is None:
        return Splice(directive.start, directive.start, (0,), "".join(f"{line} " for line in lines))
    return Splice(directive.start, directive.start, (0,), "".join(f"{line}{file.newline}{indent}" for line in lines))


def indentation(text: str, at: int) -> str | None:
    """What stands before `at` on its line, when that is blank; else None."""
    start = at
    while start and text[start - 1] != "\n":
        start -= 1
        if not text[start].isspace():
            return None
    return text[start:at]


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    end = len(text) if end < 0 else end
    return end - 1 if text[at:end].endswith("\r") else end
