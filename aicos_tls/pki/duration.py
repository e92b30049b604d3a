"""Lengths of time for people, and how long before its end something is to be reported.

Renewal is due when two thirds of a lifetime are over (`due`). What has less than a sixth left was not renewed in time:
somebody has to look. For long lives thirty days are enough.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

LONG_ENOUGH: Final = timedelta(days=30)
"""Nobody needs to be told earlier than this."""
_LATE: Final = 6


def words(length: timedelta) -> str:
    """A length for a person, in the largest unit that it has two of: `89 days`, `23 hours`, `5 minutes`.

    Rounded towards zero; the sign is left out.
    """
    seconds = int(abs(length.total_seconds()))
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}s"
    return "1 second" if seconds == 1 else f"{seconds} seconds"


def notice(lifetime: timedelta, within: timedelta | None = None) -> timedelta:
    """How long before its end something with this `lifetime` is reported: `within` if given, else as said above."""
    return within if within is not None else min(LONG_ENOUGH, lifetime / _LATE)
