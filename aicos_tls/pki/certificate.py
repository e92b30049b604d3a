"""A certificate that exists: read from PEM, and its facts as plain data for lists and reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from aicos_tls import files
from aicos_tls.errors import TlsError, Where
from aicos_tls.pki import keys
from aicos_tls.pki.profile import whole_seconds

if TYPE_CHECKING:
    from datetime import datetime, timedelta
    from pathlib import Path


class CertificateFileError(Exception):
    """A file holds no certificate that can be read; the message says why."""


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What a certificate says. Times are UTC."""

    path: Path
    mode: int
    """File mode, permission bits only."""
    subject: str
    """Distinguished name as RFC 4514 writes it."""
    issuer: str
    dns_names: tuple[str, ...]
    addresses: tuple[str, ...]
    is_authority: bool
    not_before: datetime
    not_after: datetime
    time_left: timedelta
    """In whole seconds; negative once it has expired."""
    key_type: str
    serial: str
    """Hexadecimal, lower case."""
    fingerprint: str
    """SHA-256 of the DER form, hexadecimal, lower case."""

    @property
    def days_left(self) -> int:
        """Whole days; negative once it has expired."""
        return self.time_left.days

    @property
    def names(self) -> tuple[str, ...]:
        """All subject alternative names: DNS names, then addresses."""
        return (*self.dns_names, *self.addresses)


def load(data: bytes) -> x509.Certificate:
    """The first certificate in PEM `data`, its extensions and public key readable; raises `CertificateFileError`.

    In a file with a chain the first is the one that counts, as for servers (RFC 8446, 4.4.2).
    """
    return load_all(data)[0]


def load_all(data: bytes) -> tuple[x509.Certificate, ...]:
    """All certificates in PEM `data`, one or more, as `load` has them."""
    try:
        certificates = tuple(x509.load_pem_x509_certificates(data))
        for each in certificates:
            _ = each.extensions, each.public_key()
    except Exception:  # noqa: BLE001 - the parser has many kinds of error, and all mean the same here
        raise CertificateFileError("this is no certificate in PEM form that can be read") from None
    return certificates


def facts(certificate: x509.Certificate, path: Path, mode: int, *, now: datetime) -> CertificateFacts:
    """The facts of `certificate`, which is the file `path` with permission bits `mode`, at `now`."""
    names = alternative_names(certificate)
    ends = certificate.not_valid_after_utc
    return CertificateFacts(
        path=path,
        mode=mode,
        subject=certificate.subject.rfc4514_string(),
        issuer=certificate.issuer.rfc4514_string(),
        dns_names=tuple(names.get_values_for_type(x509.DNSName)),
        addresses=tuple(str(address) for address in names.get_values_for_type(x509.IPAddress)),
        is_authority=is_authority(certificate),
        not_before=certificate.not_valid_before_utc,
        not_after=ends,
        time_left=ends - whole_seconds(now),
        key_type=keys.describe_public(certificate.public_key()),
        serial=f"{certificate.serial_number:x}",
        fingerprint=certificate.fingerprint(SHA256()).hex(),
    )


def describe(path: Path, *, now: datetime) -> CertificateFacts:
    """The facts of the certificate in the file `path`; raises `TlsError` when it cannot be read."""
    file = files.read(path)
    try:
        return facts(load(file.raw), path, file.mode, now=now)
    except CertificateFileError as fault:
        raise TlsError(str(fault), where=Where(path)) from None


def alternative_names(certificate: x509.Certificate) -> x509.SubjectAlternativeName:
    """The subject alternative names; empty when the certificate has none."""
    try:
        return certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return x509.SubjectAlternativeName([])


def is_authority(certificate: x509.Certificate) -> bool:
    """Whether basicConstraints call it a CA (RFC 5280, 4.2.1.9)."""
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False
