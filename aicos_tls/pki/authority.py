"""The certificate authority of a project, and what its certificates and those of its leaves have in common."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.x509.oid import NameOID

from aicos_tls.pki import keys
from aicos_tls.pki.names import MAX_COMMON_NAME
from aicos_tls.pki.profile import expiry, whole_seconds

if TYPE_CHECKING:
    from datetime import datetime

    from aicos_tls.pki.profile import Profile

ORGANIZATION = "aicos-tls"

BACKDATED = timedelta(hours=1)
"""How long before its making a certificate begins to be valid. Clocks differ: the virtual machine that a desktop's
containers run in lags behind after sleep, and a certificate from the future is refused."""


def backdating(lifetime: timedelta) -> timedelta:
    """How long before its making a leaf of this lifetime begins to be valid: a tenth of it, `BACKDATED` at most.

    So the last third of its validity, which is all that a certificate says of itself, is a third of its lifetime.
    """
    return min(BACKDATED, lifetime / 10)


_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


@dataclass(frozen=True, slots=True)
class Authority:
    """A CA that can issue: its certificate and the private key that fits."""

    certificate: x509.Certificate
    key: keys.PrivateKey = field(repr=False)


def subject(common_name: str) -> x509.Name:
    """The distinguished name of a certificate made here; `common_name` is cut to `MAX_COMMON_NAME` characters."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANIZATION),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name[:MAX_COMMON_NAME]),
        ]
    )


def key_usage(*usages: str) -> x509.KeyUsage:
    """The keyUsage extension (RFC 5280, 4.2.1.3) with `usages`, named as `cryptography` names them, and no others."""
    return x509.KeyUsage(**{usage: usage in usages for usage in _USAGES})


def new_authority(project: str, key: keys.PrivateKey, profile: Profile, *, now: datetime) -> Authority:
    """A self-signed CA for `project` that may sign leaves and CRLs, but no further CA (path length 0).

    Raises `TlsError` when the profile's days cannot be had.
    """
    name = subject(_common_name(project))
    public = key.public_key()
    identifier = x509.SubjectKeyIdentifier.from_public_key(public)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(whole_seconds(now) - BACKDATED)
        .not_valid_after(expiry(profile, now))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(key_usage("key_cert_sign", "crl_sign"), critical=True)
        .add_extension(identifier, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
    )
    return Authority(builder.sign(key, keys.signature_hash(key)), key)


def _common_name(project: str) -> str:
    """`<project> internal CA`, the project's name cut where the whole would be too long."""
    suffix = " internal CA"
    return project[: MAX_COMMON_NAME - len(suffix)] + suffix
