"""Certificates that are wrong in one way: of another CA, expired, for other names."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
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


def authority(directory: Path) -> Path:
    """A CA of our own program in `directory`, with a certificate for nobody in particular."""
    now = datetime.now(UTC)
    made = issue(survey(directory, [Wanted("x", ("x",))], now=now), Profile(KeyType.P256, 30), project="x", now=now)
    for file in made.new_files:
        file.path.parent.mkdir(parents=True, exist_ok=True)
        file.path.write_bytes(file.data)
    return directory


def write_leaf(
    certs: Path,
    short_name: str,
    names: Sequence[str],
    *,
    signer: Path,
    begins: timedelta = timedelta(minutes=-50),
    ends: timedelta = timedelta(days=30),
) -> str:
    """Write key and certificate of `short_name` into `certs`, signed by the CA in `signer`; times count from now.

    Returns the serial number in hexadecimal.
    """
    ca = x509.load_pem_x509_certificate((signer / "ca-cert.pem").read_bytes())
    ca_key = load_pem_private_key((signer / "ca-key.pem").read_bytes(), None)
    assert isinstance(ca_key, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    leaf = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, short_name)]))
        .issuer_name(ca.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + begins)
        .not_valid_after(now + ends)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca.public_key()), critical=False)  # type: ignore[arg-type]
        .sign(ca_key, SHA256())
    )
    (certs / f"{short_name}-key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (certs / f"{short_name}-cert.pem").write_bytes(leaf.public_bytes(Encoding.PEM))
    return f"{leaf.serial_number:x}"
