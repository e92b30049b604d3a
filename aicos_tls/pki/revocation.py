"""The certificate revocation list of the CA: the serial numbers that nobody may accept any more (RFC 5280, section 5).

The list is its own store: `ca-crl.pem` holds what was revoked, signed by the CA, so a line that somebody adds or takes
away by hand is noticed. Its number increases with every list, even if the file is lost in between, since it is never
below the time in seconds (5.2.3). A list that is over is worse than none: whoever checks it then refuses everybody.
"""

from __future__ import annotations

import re
from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from msgspec import Struct

from aicos_tls.pki import keys
from aicos_tls.pki.authority import BACKDATED, backdating
from aicos_tls.pki.certificate import CertificateFileError
from aicos_tls.pki.profile import whole_seconds
from aicos_tls.pki.reading import Found, Problem, find

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from aicos_tls.pki.authority import Authority

FILE: Final = "ca-crl.pem"
"""The file in the certificates directory; PEM, mode 0644."""
LIFETIME: Final = timedelta(days=30)
"""From the making of a list to its nextUpdate, unless something else is asked for."""
_SIGNING = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | ed448.Ed448PublicKey
"""Kinds of key that a CA may have (as `keys.PrivateKey`)."""
_PEM = re.compile(rb"-----BEGIN X509 CRL-----.+?-----END X509 CRL-----", re.DOTALL)


class Reason(Enum):
    """Why a certificate is revoked; the values are what `--reason` takes (RFC 5280, 5.3.1).

    Left out are the reasons of a CA (`cACompromise`), of attributes and of delta lists, and `certificateHold`, which
    is no end.
    """

    UNSPECIFIED = "unspecified"
    KEY_COMPROMISE = "key-compromise"
    AFFILIATION_CHANGED = "affiliation-changed"
    SUPERSEDED = "superseded"
    CESSATION_OF_OPERATION = "cessation-of-operation"
    PRIVILEGE_WITHDRAWN = "privilege-withdrawn"


_FLAGS = {
    Reason.KEY_COMPROMISE: x509.ReasonFlags.key_compromise,
    Reason.AFFILIATION_CHANGED: x509.ReasonFlags.affiliation_changed,
    Reason.SUPERSEDED: x509.ReasonFlags.superseded,
    Reason.CESSATION_OF_OPERATION: x509.ReasonFlags.cessation_of_operation,
    Reason.PRIVILEGE_WITHDRAWN: x509.ReasonFlags.privilege_withdrawn,
}
_REASONS = {flag: reason for reason, flag in _FLAGS.items()}


class Revoked(Struct, frozen=True):
    """One certificate that was revoked, by its serial number."""

    serial: int
    moment: datetime
    reason: Reason = Reason.UNSPECIFIED


class RevocationList(Struct, frozen=True):
    """What a list says. `begins` is its thisUpdate, `ends` its nextUpdate, both UTC."""

    number: int
    begins: datetime
    ends: datetime
    revoked: tuple[Revoked, ...]

    @property
    def lifetime(self) -> timedelta:
        """From the making of the list to its end: it begins to be valid a little earlier (`authority.backdating`)."""
        whole = self.ends - self.begins
        return max(whole - BACKDATED, whole * 10 / 11)

    def of(self, serial: int) -> Revoked | None:
        """The entry of a certificate, if it was revoked."""
        return next((each for each in self.revoked if each.serial == serial), None)

    def due(self, *, now: datetime) -> bool:
        """Whether a new list should be made: half of its time is over, or the clock stands before its beginning."""
        return not self.begins <= whole_seconds(now) < self.begins + (self.ends - self.begins) / 2

    def objection(self, *, now: datetime) -> str:
        """Why verifiers refuse everybody because of the list itself; completes "the list …"."""
        moment = whole_seconds(now)
        if moment > self.ends:
            return f"expired on {self.ends:%Y-%m-%d %H:%M} UTC, so whoever checks it refuses every certificate"
        if moment < self.begins:
            return f"is not valid before {self.begins:%Y-%m-%d %H:%M} UTC; is the clock right?"
        return ""


def path_of(directory: Path) -> Path:
    """Where the list of a certificates directory is."""
    return directory / FILE


def read(directory: Path, authority: x509.Certificate | None) -> Found[RevocationList]:
    """The list of `authority` in `directory`; its `problem` says why the file is no list of that CA."""
    hint = (
        f"make a new one, in which nothing is revoked, with: aicos-tls certs crl --force; or put the right {FILE} back"
    )
    found = find(path_of(directory), _lists, hint)
    if found.value is None:
        return Found(found.path, found.there, found.mode, None, found.problem, found.locked)
    for each in found.value:
        if authority is not None and _is_of(each, authority):
            return Found(found.path, there=True, mode=found.mode, value=_facts(each))
    problem = Problem(found.path, "the list was not signed by the CA that is there", hint)
    return Found(found.path, there=True, mode=found.mode, problem=problem)


def is_of_any(data: bytes, authorities: Iterable[x509.Certificate]) -> bool:
    """Whether PEM `data` holds a list that can be read and that one of these CAs signed."""
    known = tuple(authorities)
    try:
        return any(_is_of(each, authority) for each in _lists(data) for authority in known)
    except CertificateFileError:
        return False


def numbers(data: bytes) -> tuple[int, ...]:
    """The numbers of the lists in PEM `data`; raises `CertificateFileError`."""
    return tuple(_facts(each).number for each in _lists(data))


def make(
    authority: Authority,
    revoked: Iterable[Revoked],
    previous: RevocationList | None,
    *,
    now: datetime,
    lifetime: timedelta = LIFETIME,
) -> bytes:
    """A new list in PEM, which follows `previous`: signed by `authority`, with the entries `revoked` and no others."""
    moment = whole_seconds(now)
    number = max(int(moment.timestamp()), previous.number + 1 if previous else 0)
    issuer = authority.certificate
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.subject)
        .last_update(whole_seconds(moment - backdating(lifetime)))
        .next_update(moment + lifetime)
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(_issuer_identifier(issuer), critical=False)
    )
    for each in sorted(revoked, key=lambda entry: (entry.moment, entry.serial)):
        builder = builder.add_revoked_certificate(_entry(each))
    return builder.sign(authority.key, keys.signature_hash(authority.key)).public_bytes(Encoding.PEM)


def _lists(data: bytes) -> list[x509.CertificateRevocationList]:
    """Every list in PEM `data`, with an end and a number; raises `CertificateFileError` when one cannot be read."""
    try:
        found = [x509.load_pem_x509_crl(block) for block in _PEM.findall(data)]
        for each in found:
            _facts(each)
    except Exception:  # noqa: BLE001 - the parser has many kinds of error, and all mean the same here
        found = []
    if not found:
        raise CertificateFileError("this is no certificate revocation list in PEM form that can be read")
    return found


def _is_of(found: x509.CertificateRevocationList, authority: x509.Certificate) -> bool:
    key = authority.public_key()
    if not isinstance(key, _SIGNING) or found.issuer != authority.subject:
        return False
    return found.is_signature_valid(key)


def _facts(found: x509.CertificateRevocationList) -> RevocationList:
    ends = found.next_update_utc or found.last_update_utc  # one without an end is over: RFC 5280, 5.1.2.5 demands it
    number = found.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    return RevocationList(number, found.last_update_utc, ends, tuple(map(_revoked, found)))


def _revoked(entry: x509.RevokedCertificate) -> Revoked:
    try:
        flag = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    except x509.ExtensionNotFound:
        return Revoked(entry.serial_number, entry.revocation_date_utc)
    return Revoked(entry.serial_number, entry.revocation_date_utc, _REASONS.get(flag, Reason.UNSPECIFIED))


def _entry(revoked: Revoked) -> x509.RevokedCertificate:
    """An entry; "unspecified" is said by silence (RFC 5280, 5.3.1)."""
    builder = x509.RevokedCertificateBuilder().serial_number(revoked.serial).revocation_date(revoked.moment)
    if revoked.reason in _FLAGS:
        builder = builder.add_extension(x509.CRLReason(_FLAGS[revoked.reason]), critical=False)
    return builder.build()


def _issuer_identifier(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    try:
        stated = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    except x509.ExtensionNotFound:
        stated = x509.SubjectKeyIdentifier.from_public_key(issuer.public_key())
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(stated)
