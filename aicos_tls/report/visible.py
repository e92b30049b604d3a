"""What must not be shown raw: characters of a stranger's text that move, hide or reorder what is shown.

C0 and C1 controls and DEL (ECMA-48), bidirectional embeddings, overrides and isolates (Unicode, UAX #9). A diff that
goes to a file or a pipe stays exact, since it is applied.
"""

from __future__ import annotations

import re

_HARMFUL = re.compile(
    "\\x1b\\[[0-9]{1,2}m|[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u061c\\u200e\\u200f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069]"
)


def visible(text: str, *, colours: bool = False) -> str:
    """The text with each such character in the form of an escape; with `colours`, plain colours of a report stay."""

    def escaped(found: re.Match[str]) -> str:
        if colours and len(found[0]) > 1:
            return found[0]
        return "".join(_escape(char) if _HARMFUL.fullmatch(char) else char for char in found[0])

    return _HARMFUL.sub(escaped, text)


def _escape(char: str) -> str:
    return f"\\x{ord(char):02x}" if ord(char) < 0x100 else f"\\u{ord(char):04x}"  # noqa: PLR2004 - two digits
