"""When a certificate is due for renewal: two thirds of its validity gone, so that a third is left for repairs.

The only facts are the certificate's own dates and `now`: no file beside it can be lost, and a clock that jumps is
judged by what it says. Ahead of the certificates, everything is due, and again once it is right; behind them, they are
not valid yet to anybody who has this clock, so they are due as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.pki.profile import whole_seconds

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from cryptography import x509

    from aicos_tls.pki.certificate import CertificateFacts

PARTS = 3
"""A certificate is renewed when the last of so many parts of its validity begins."""


def due_at(not_before: datetime, not_after: datetime) -> datetime:
    """The second from which on a certificate with this validity is due."""
    return whole_seconds(not_after - (not_after - not_before) / PARTS)


def due(not_before: datetime, not_after: datetime, *, now: datetime) -> str:
    """Why a certificate is due at `now`, as a phrase that completes "the certificate …"; empty when it is not."""
    moment = whole_seconds(now)
    if moment > not_after:
        return f"expired on {not_after:%Y-%m-%d %H:%M} UTC"
    if moment < not_before:
        return f"is not valid before {not_before:%Y-%m-%d %H:%M} UTC; is the clock right?"
    if moment >= due_at(not_before, not_after):
        return f"is in the last third of its time: it ends on {not_after:%Y-%m-%d %H:%M} UTC"
    return ""


def is_late(not_before: datetime, not_after: datetime, *, now: datetime) -> bool:
    """Whether whoever renews has missed it: a sixth of its validity is left, or it has expired."""
    return whole_seconds(now) >= not_after - (not_after - not_before) / (2 * PARTS)


def left(not_after: datetime, *, now: datetime) -> timedelta:
    """What is left of it; negative once it has expired."""
    return not_after - whole_seconds(now)


def next_due(certificates: tuple[CertificateFacts, ...]) -> datetime | None:
    """The first moment at which one of these is due; None without any."""
    return min((due_at(each.not_before, each.not_after) for each in certificates), default=None)


def validity(certificate: x509.Certificate) -> tuple[datetime, datetime]:
    """First and last valid second."""
    return certificate.not_valid_before_utc, certificate.not_valid_after_utc
