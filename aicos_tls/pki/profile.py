"""What is asked of new keys and certificates: key type and lifetime. Free of `cryptography`: flags need it."""

from __future__ import annotations

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
    """Key type and lifetime (days from now to the last valid second) of what is issued."""

    key_type: KeyType = KeyType.RSA4096
    days: int = DEFAULT_DAYS


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
