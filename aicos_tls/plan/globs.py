r"""Patterns of ignore files without the regular expressions that take exponential time over `*a*a*a*b`.

A star gives way to the first place where what follows it, up to the next star of the same name, matches: a later place
could only leave less for the rest. So each star is an atomic group (Python 3.11) and never tried again.
"""

from __future__ import annotations

import re

STAR = "[^/]*"
"""Any part of one name."""
_NAME_CHARACTER = "[^/]"
_CLASS = r"\[\^?\]?(?:\\.|[^\]\\])*\]"
_STEADY = re.compile(rf"\\.|(?:\(\?!/\))?{_CLASS}|[^\\\[\](){{}}|?*+^$/]", re.DOTALL)
"""What stands for exactly one character that is no slash: an escape, a class, a letter."""
_TOKEN = re.compile(rf"\\.|(?P<class>{_CLASS})", re.DOTALL)


def within_names(pattern: str) -> str:
    """The regular expression with no class that stands for a slash: `lib[!s]` is not `lib/` (gitignore(5))."""
    return _TOKEN.sub(lambda m: f"(?!/){m[0]}" if m["class"] and m[0] != _NAME_CHARACTER else m[0], pattern)


def linear(pattern: str) -> str:
    """The regular expression `pattern` with every `STAR` but the last of a name made atomic."""
    pieces = pattern.split(STAR)
    result = [pieces[0]]
    for at, piece in enumerate(pieces[1:], 1):
        last = at == len(pieces) - 1
        result.append(f"{STAR}{piece}" if last or not _is_steady(piece) else f"(?>{STAR}?{piece})")
    return "".join(result)


def _is_steady(piece: str) -> bool:
    at = 0
    while at < len(piece):
        match = _STEADY.match(piece, at)
        if match is None:
            return False
        at = match.end()
    return True
