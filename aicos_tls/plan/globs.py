r"""Patterns of ignore files without the regular expressions that take exponential time over `*a*a*a*b`.

A star gives way to the first place where what follows it, up to the next star of the same name, matches: a later place
could only leave less for the rest. So each star is an atomic group (Python 3.11) and never tried again.
"""

from __future__ import annotations

import re

STAR = "[^/]*"
"""Any part of one name."""
_STEADY = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[^\\\[\](){}|?*+^$/]", re.DOTALL)
"""What stands for exactly one character that is no slash: an escape, a class, a letter."""


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
