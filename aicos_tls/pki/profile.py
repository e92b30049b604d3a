"""What is asked of new keys and certificates: key type and lifetime. Free of `cryptography`: flags need it."""

from __future__ import annotations

import re
from datetime import UTC, timedelta
from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.errors import InternalError, TlsError

if TYPE_CHECKING:
    from datetime import datetime

DEFAULT_DAYS = 3650
"""Ten years (guide, "Certificate Validity")."""


class KeyType(Enum):
    """The kinds of key that are made; the values are what `--key-type` takes. RSA 4096 is the guide's."""

    RSA4096 = "rsa4096"
    RSA2048 = "rsa2048"
    P256 = "p256"
    P384 = "p384"


class Profile(Struct, frozen=True):
    """Key type and lifetime (from now to the last valid second) of what is issued.

    `days` is that of the CA, and of leaves unless they have a `lifetime` of their own: short leaves are renewed often,
    and a CA that ends with them could be renewed by nobody.
    """

    key_type: KeyType = KeyType.RSA4096
    days: int = DEFAULT_DAYS
    lifetime: timedelta | None = None


def whole_seconds(now: datetime) -> datetime:
    """`now` in UTC and whole seconds, which is all that a certificate can hold (RFC 5280, 4.1.2.5)."""
    if now.tzinfo is None:
        raise InternalError("a moment without a time zone reached the certificates")
    return now.astimezone(UTC).replace(microsecond=0)


def expiry(profile: Profile, now: datetime) -> datetime:
    """The last valid second of a certificate issued at `now`; raises `TlsError` when no certificate can say it."""
    if profile.days < 1:
        raise TlsError(f"a certificate cannot live for {profile.days} days", hint="give one day or more")
    try:
        return whole_seconds(now) + timedelta(days=profile.days)
    except OverflowError:
        raise TlsError(
            f"{profile.days} days from now lie beyond the year 9999, the last that a certificate can name",
            hint="give fewer days",
        ) from None


def leaf_expiry(profile: Profile, now: datetime) -> datetime:
    """The same for a leaf."""
    if profile.lifetime is None:
        return expiry(profile, now)
    if profile.lifetime < timedelta(seconds=1):
        raise TlsError("a certificate cannot live for less than a second", hint="as in 24h, 90m or 30d")
    try:
        return whole_seconds(now) + profile.lifetime
    except OverflowError:
        raise TlsError("this lifetime ends after the year 9999", hint="as in 24h, 90m or 30d") from None


_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_DURATION = re.compile(r"([1-9][0-9]{0,5})([mhd])")
SHORTEST = timedelta(minutes=5)
"""Shorter ones could not be renewed in time by anybody who looks at them once a minute."""


def duration(text: str) -> timedelta:
    """The duration that `90m`, `24h` or `30d` means; raises `TlsError` for other texts."""
    found = _DURATION.fullmatch(text)
    if found is None:
        raise TlsError(f"{text!r} is no duration", hint="as in 24h, 90m or 30d")
    return int(found[1]) * _UNITS[found[2]]


def lifetime(text: str) -> timedelta | None:
    """The lifetime of leaves that `text` means, None for an empty one; raises `TlsError` as `duration` does."""
    if not text:
        return None
    found = duration(text)
    if found < SHORTEST:
        raise TlsError(f"a lifetime of {text} is too short", hint="5m is the shortest")
    return found
