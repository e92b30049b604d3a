"""Colour, or none: a style is a function from a name and a text to a text."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

Style: TypeAlias = "Callable[[str, str], str]"

_CODES = {
    "title": "1",
    "name": "1",
    "quiet": "2",
    "good": "32",
    "bad": "31",
    "warn": "33",
    "info": "36",
    "added": "32",
    "removed": "31",
    "hunk": "36",
    "file": "1",
}
"""SGR parameters (ECMA-48, 8.3.117)."""


def plain(_name: str, text: str) -> str:
    """Return the text as it is."""
    return text


def coloured(name: str, text: str) -> str:
    """Return the text in the colour of that name."""
    return f"\x1b[{_CODES[name]}m{text}\x1b[0m" if text else text
