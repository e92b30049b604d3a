"""Lengths of time as people type them (`30d`, `24h`), and how long before its end a certificate is to be reported.

Renewal is due when two thirds of a lifetime are over. What has less than a sixth left was not renewed in time: somebody
has to look. For long lives thirty days are enough.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from aicos_tls.errors import TlsError

_UNITS: Final = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_FORM = re.compile(r"([0-9]{1,9})([wdhms])")
LONG_ENOUGH: Final = timedelta(days=30)
"""Nobody needs to be told earlier than this."""
_LATE: Final = 6


def parse(text: str) -> timedelta:
    """The time that `text` says: digits and one of w, d, h, m, s. Raises `TlsError` for anything else, and for zero."""
    form = _FORM.fullmatch(text.strip().lower())
    try:
        found = timedelta(**{_UNITS[form[2]]: int(form[1])}) if form else timedelta()
    except OverflowError:
        found = timedelta()
    if not found:
        raise TlsError(f"{text!r} is no length of time", hint="write for example 30d, 24h, 90m")
    return found


def words(length: timedelta) -> str:
    """A length for a person, in the largest unit that it has two of: `89 days`, `23 hours`, `5 minutes`.

    Rounded towards zero; the sign is left out.
    """
    seconds = abs(int(length.total_seconds()))
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}s"
    return "1 second" if seconds == 1 else f"{seconds} seconds"


def notice(lifetime: timedelta, within: timedelta | None = None) -> timedelta:
    """How long before its end something with this `lifetime` is reported: `within` if given, else as said above."""
    return within if within is not None else min(LONG_ENOUGH, lifetime / _LATE)
