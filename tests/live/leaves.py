"""Certificates that are wrong in one way: of another CA, of none, out of time, for other names."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from aicos_tls.pki import KeyType, Profile, Wanted
from aicos_tls.pki.issuing import issue
from aicos_tls.pki.store import survey

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Key: TypeAlias = "ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey"
Named: TypeAlias = "tuple[x509.Name, ec.EllipticCurvePrivateKey]"
BEGINS, ENDS = timedelta(minutes=-50), timedelta(days=90)


def authority(directory: Path) -> Path:
    """A CA of our own program in `directory`, with a certificate for nobody in particular."""
    now = datetime.now(UTC)
    made = issue(survey(directory, [Wanted("x", ("x",))], now=now), Profile(KeyType.P256, 90), project="x", now=now)
    for file in made.new_files:
        file.path.parent.mkdir(parents=True, exist_ok=True)
        file.path.write_bytes(file.data)
    return directory


def write_leaf(
    certs: Path,
    short_name: str,
    names: Sequence[str],
    *,
    signer: Path | None,
    begins: timedelta = BEGINS,
    ends: timedelta = ENDS,
    addresses: Sequence[str] = (),
    key: Key | None = None,
) -> str:
    """Write key and certificate of `short_name` into `certs`; times count from now.

    It is signed by the CA in the directory `signer`, or by its own key. Returns the serial number in hexadecimal.
    """
    own = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, short_name)])
    issuer, issuer_key = _signer(signer) if signer else (subject, own)
    builder = _builder(subject, issuer, own, begins, ends)
    every = [*map(x509.DNSName, names), *(x509.IPAddress(ip_address(text)) for text in addresses)]
    builder = builder.add_extension(x509.SubjectAlternativeName(every), critical=False)
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    leaf = builder.add_extension(identifier, critical=False).sign(issuer_key, SHA256())
    write_key(certs / f"{short_name}-key.pem", own)
    (certs / f"{short_name}-cert.pem").write_bytes(leaf.public_bytes(Encoding.PEM))
    return f"{leaf.serial_number:x}"


def write_authority(
    directory: Path, *, signer: Path | None = None, begins: timedelta = BEGINS, ends: timedelta = ENDS
) -> Path:
    """Write key and certificate of a new CA into `directory`, signed by that in `signer` or by itself."""
    directory.mkdir(parents=True, exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    write_key(directory / "ca-key.pem", key)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"CA of {directory.name}")])
    _write_authority(directory, (subject, key), _signer(signer) if signer else (subject, key), begins, ends)
    return directory


def date_authority(directory: Path, *, begins: timedelta, ends: timedelta) -> None:
    """Give the CA in `directory` other dates; name and key stay, and so does what it signed."""
    own = _signer(directory)
    _write_authority(directory, own, own, begins, ends)


def _write_authority(directory: Path, own: Named, signer: Named, begins: timedelta, ends: timedelta) -> None:
    usage = x509.KeyUsage(
        digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    made = (
        _builder(own[0], signer[0], own[1], begins, ends)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(own[1].public_key()), critical=False)
        .sign(signer[1], SHA256())
    )
    (directory / "ca-cert.pem").write_bytes(made.public_bytes(Encoding.PEM))


def write_key(path: Path, key: Key) -> None:
    """Write a private key as we do: open to its owner only."""
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    path.chmod(0o600)


def _signer(directory: Path) -> Named:
    ca = x509.load_pem_x509_certificate((directory / "ca-cert.pem").read_bytes())
    key = load_pem_private_key((directory / "ca-key.pem").read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return ca.subject, key


def _builder(
    subject: x509.Name, issuer: x509.Name, key: Key, begins: timedelta, ends: timedelta
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + begins)
        .not_valid_after(now + ends)
    )
