"""One leaf certificate: a service's names, signed by the project's CA, good for both ends of a connection.

RFC 5280 throughout; the strict verifiers (OpenSSL's `X509_STRICT`, Python's `VERIFY_X509_STRICT`, Go, Node) accept it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from aicos_tls.pki import keys
from aicos_tls.pki.authority import backdating, key_usage, subject
from aicos_tls.pki.profile import leaf_expiry, whole_seconds

if TYPE_CHECKING:
    from datetime import datetime

    from aicos_tls.pki.authority import Authority
    from aicos_tls.pki.names import Names
    from aicos_tls.pki.profile import Profile


def issue_leaf(
    authority: Authority, names: Names, key: keys.PrivateKey, profile: Profile, *, now: datetime
) -> x509.Certificate:
    """A certificate for `names` and the public half of `key`, valid within the CA's own lifetime.

    Raises `TlsError` when the profile's days cannot be had. Where the CA ends earlier, so does the leaf: no verifier
    would accept it afterwards, and a date that does not hold should not be printed.
    """
    issuer = authority.certificate
    public = key.public_key()
    moment, wanted = whole_seconds(now), leaf_expiry(profile, now)
    begins = max(whole_seconds(moment - backdating(wanted - moment)), issuer.not_valid_before_utc)
    ends = min(wanted, issuer.not_valid_after_utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject(names.common_name))
        .issuer_name(issuer.subject)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(key), critical=True)
        .add_extension(_both_ends(), critical=False)
        .add_extension(_alternative_names(names), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(_issuer_identifier(issuer), critical=False)
    )
    return builder.sign(authority.key, keys.signature_hash(authority.key))


def _usage(key: keys.PrivateKey) -> x509.KeyUsage:
    """RSA keys may also be used for key transport, which TLS 1.2 still offers; others only sign (RFC 5246, 7.4.2)."""
    transport = ("key_encipherment",) if isinstance(key, rsa.RSAPrivateKey) else ()
    return key_usage("digital_signature", *transport)


def _both_ends() -> x509.ExtendedKeyUsage:
    """Server and client: a service that is asked also asks, with the same key (policy `--trust mutual`)."""
    return x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])


def _alternative_names(names: Names) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName(
        [
            *(x509.DNSName(name) for name in names.dns),
            *(x509.IPAddress(address) for address in names.addresses),
        ]
    )


def _issuer_identifier(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    """The CA's key identifier as the CA itself states it; computed where a CA made elsewhere states none."""
    try:
        stated = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    except x509.ExtensionNotFound:
        stated = x509.SubjectKeyIdentifier.from_public_key(issuer.public_key())
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(stated)
