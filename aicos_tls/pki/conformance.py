"""Whether a certificate does its work: at this time, as CA or leaf, under these names, for strict verifiers too.

An objection is a phrase that completes "the certificate …"; an empty string means that there is none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import MD5, SHA1
from cryptography.x509.oid import ExtendedKeyUsageOID

from aicos_tls.pki.certificate import alternative_names, is_authority
from aicos_tls.pki.profile import whole_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from aicos_tls.pki.names import Names

_Extension = TypeVar("_Extension", bound=x509.ExtensionType)

_MIN_RSA_BITS = 2048  # what OpenSSL takes at security level 2, the default of Debian and of Python


def validity_objection(certificate: x509.Certificate, *, now: datetime) -> str:
    """Why it is not valid at `now`. Both ends of the period belong to it (RFC 5280, 4.1.2.5)."""
    moment = whole_seconds(now)
    if moment > certificate.not_valid_after_utc:
        return f"expired on {certificate.not_valid_after_utc:%Y-%m-%d}"
    if moment < certificate.not_valid_before_utc:
        return f"is not valid before {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC; is the clock right?"
    return ""


def authority_objection(certificate: x509.Certificate, *, now: datetime) -> str:
    """Why it cannot be the CA at `now` (RFC 5280, 4.2.1.3, 4.2.1.9)."""
    usage = _extension(certificate, x509.KeyUsage)
    if not is_authority(certificate):
        return "is not that of a CA"
    if usage is not None and not usage.value.key_cert_sign:
        return "is that of a CA which may not sign certificates"
    return validity_objection(certificate, now=now)


def issue_objection(leaf: x509.Certificate, authority: x509.Certificate) -> str:
    """Why `authority` does not vouch for `leaf`: by the name of the issuer, then by the signature."""
    try:
        leaf.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return f"was not signed by the CA that is there ({authority.subject.rfc4514_string()})"
    return ""


def leaf_objection(leaf: x509.Certificate, names: Names, *, now: datetime) -> str:
    """Why a leaf must be issued anew, its key kept: its time, a name that it lacks, or what strict verifiers refuse."""
    missing = missing_names(leaf, names)
    if missing:
        return f"lacks the name {missing[0]}" if len(missing) == 1 else f"lacks the names {', '.join(missing)}"
    return validity_objection(leaf, now=now) or next(_leaf_faults(leaf), "")


def missing_names(leaf: x509.Certificate, names: Names) -> tuple[str, ...]:
    """Which of `names` are no subject alternative names of `leaf`; letters' case does not matter (RFC 5280, 7.2)."""
    present = alternative_names(leaf)
    dns = {name.lower() for name in present.get_values_for_type(x509.DNSName)}
    addresses = present.get_values_for_type(x509.IPAddress)
    return (
        *(name for name in names.dns if name.lower() not in dns),
        *(str(address) for address in names.addresses if address not in addresses),
    )


def authority_weaknesses(authority: x509.Certificate) -> tuple[str, ...]:
    """What strict verifiers will not take in a CA made elsewhere, though it works as long as nobody is strict."""
    return tuple(_authority_faults(authority))


def leaf_weaknesses(leaf: x509.Certificate) -> tuple[str, ...]:
    """What strict verifiers will not take in a leaf, whatever the time and its names."""
    return tuple(_leaf_faults(leaf))


def weak_key(certificate: x509.Certificate) -> str:
    """The objection to a key that is too short for today's OpenSSL."""
    public = certificate.public_key()
    short = isinstance(public, rsa.RSAPublicKey) and public.key_size < _MIN_RSA_BITS
    return f"has an RSA key of fewer than {_MIN_RSA_BITS} bits, which current TLS libraries refuse" if short else ""


def weak_signature(certificate: x509.Certificate) -> str:
    """The objection to a signature that proves nothing any more."""
    algorithm = certificate.signature_hash_algorithm
    return f"is signed with {algorithm.name}, which is broken" if isinstance(algorithm, MD5 | SHA1) else ""


def _leaf_faults(leaf: x509.Certificate) -> Iterator[str]:
    """Faults in the order in which OpenSSL's strict mode would meet them (x509_vfy.c, check_extensions)."""
    usage = _extension(leaf, x509.KeyUsage)
    purposes = _extension(leaf, x509.ExtendedKeyUsage)
    if is_authority(leaf):
        yield "is that of a CA, not of a service"
    if _extension(leaf, x509.AuthorityKeyIdentifier) is None:
        yield "has no authority key identifier, which Python 3.13 and other strict verifiers demand"
    if usage is not None and not usage.value.digital_signature:
        yield "may not be used for signatures, which TLS 1.3 needs"
    if purposes is not None and not _BOTH_ENDS.issubset(purposes.value):
        yield "is not meant for both servers and clients"
    if weak := weak_signature(leaf):
        yield weak


def _authority_faults(authority: x509.Certificate) -> Iterator[str]:
    constraints = _extension(authority, x509.BasicConstraints)
    if constraints is not None and not constraints.critical:
        yield "has basic constraints that are not critical"
    if _extension(authority, x509.KeyUsage) is None:
        yield "has no key usage"
    if _extension(authority, x509.SubjectKeyIdentifier) is None:
        yield "has no subject key identifier"
    if authority.subject != authority.issuer:
        yield "is not a root, so most verifiers also want the CA above it"
    if weak_key(authority):
        yield weak_key(authority)


_BOTH_ENDS = {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH}


def _extension(certificate: x509.Certificate, kind: type[_Extension]) -> x509.Extension[_Extension] | None:
    try:
        return certificate.extensions.get_extension_for_class(kind)
    except x509.ExtensionNotFound:
        return None
