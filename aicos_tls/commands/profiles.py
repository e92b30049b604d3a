"""What is asked of new certificates: by the settings of a run, or as the certificate is that they replace."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from aicos_tls.pki.profile import KeyType, Profile, lifetime

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from aicos_tls.pki.certificate import CertificateFacts
    from aicos_tls.plan.policy import Policy

_KINDS = {kind.value for kind in KeyType}


def profile_of(policy: Policy) -> Profile:
    """What the settings ask for; raises `TlsError` for a lifetime that is none."""
    return Profile(KeyType(policy.key_type), policy.days, lifetime(policy.lifetime))


def profile_like(
    found: CertificateFacts | None, settings: Profile, asked: Mapping[str, object], ends: datetime | None
) -> Profile:
    """What the successor of a certificate is to be: what was `asked` for (flags), else as that is.

    Whoever issued certificates for 24 hours does not want the next ones for ten years because a flag is missing. One
    that ends with its CA, at `ends`, says nothing of what was meant, so the settings count.
    """
    key_type, days, short = settings.key_type, settings.days, settings.lifetime
    if found is None:
        return settings
    if "key_type" not in asked and found.key_type in _KINDS:
        key_type = KeyType(found.key_type)
    if not {"days", "lifetime"} & set(asked) and found.not_after != ends:
        short = lifetime_of(found)
    return Profile(key_type, days, short)


def lifetime_of(found: CertificateFacts) -> timedelta:
    """The lifetime that was asked for when a certificate was issued here: its validity without what is backdated."""
    whole = found.not_after - found.not_before
    # backdated by a tenth of the lifetime, an hour at most (`aicos_tls.pki.authority`)
    return whole - timedelta(hours=1) if whole > timedelta(hours=11) else whole * 10 / 11
