"""Numbers with their nouns, places, and what must not stand in a report: passwords in URLs.

Reports go to logs and pull requests, so a password in a URL becomes `***` (RFC 3986, 3.2.1: nothing after the first
colon of the user information is shown). Two things stay exact, because people apply them: the diff, which would not
apply or would write `***` into the file, and the lines to paste. Both hold only what stands in the file itself.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aicos_tls.commands.project import relative

if TYPE_CHECKING:
    from pathlib import Path

    from aicos_tls.errors import Where

_PASSWORD = re.compile(r"""(://[^\s/?#:@"']*:)((?:\$\{[^}]*\}|[^\s/?#"'])+)(?=@)""")
_VARIABLE = re.compile(r"\$(\{\w+\}|\w+)")
"""A variable without a default: its name is no secret, and a reader wants to know it."""


def counted(number: int, noun: str) -> str:
    """`1 server`, `2 servers`; for nouns whose plural ends in s."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def masked(text: str) -> str:
    """The text with `***` for each password in a URL (`http://user:***@host`); a mere variable stays readable."""
    return _PASSWORD.sub(_mask, text) if "@" in text else text


def _mask(found: re.Match[str]) -> str:
    return found[0] if _VARIABLE.fullmatch(found[2]) else f"{found[1]}***"


def place(directory: Path, where: Where) -> str:
    """`path:line` with the path relative to the project directory; no column, since it is for reading."""
    return f"{relative(directory, where.path)}:{where.line}" if where.line else relative(directory, where.path)
