"""Who signs the certificates of services: one interface, so that another issuer than the project's own CA fits in.

An issuer is given names and a private key and returns a chain. The key is made here and never leaves: one that wants a
request (ACME, Vault's `pki/sign`) signs one with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from aicos_tls.pki.leaf import issue_leaf

if TYPE_CHECKING:
    from datetime import datetime

    from cryptography import x509

    from aicos_tls.pki.authority import Authority
    from aicos_tls.pki.keys import PrivateKey
    from aicos_tls.pki.names import Names
    from aicos_tls.pki.profile import Profile


class Issuer(Protocol):
    """What issues certificates of services."""

    def issue(self, names: Names, key: PrivateKey, profile: Profile, *, now: datetime) -> tuple[x509.Certificate, ...]:
        """A certificate for `names` and the public half of `key`, then those between it and a CA that is trusted.

        Raises `TlsError` when it cannot be had.
        """


@dataclass(frozen=True, slots=True)
class LocalIssuer:
    """The project's own CA, whose key is at hand. It signs leaves itself, so a chain has one certificate."""

    authority: Authority

    def issue(self, names: Names, key: PrivateKey, profile: Profile, *, now: datetime) -> tuple[x509.Certificate, ...]:
        """As the interface says; raises `TlsError` for a lifetime that cannot be had."""
        return (issue_leaf(self.authority, names, key, profile, now=now),)
