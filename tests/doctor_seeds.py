"""Ways to break a project, one at a time, and how it is examined."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from aicos_tls.doctor.model import CHECKS, Severity
from aicos_tls.pki import KeyType, Profile, keys, revocation
from aicos_tls.pki.authority import Authority, new_authority
from aicos_tls.pki.certificate import load
from aicos_tls.pki.leaf import issue_leaf
from aicos_tls.pki.names import names_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from aicos_tls.commands.doctor import Result
    from aicos_tls.doctor.model import Finding

COMPOSE = "docker-compose.yml"
API = ("shop-api",)
NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
ENABLED = NOW - timedelta(days=300)
"""When the project was enabled, and when it is examined."""


class Examine(Protocol):
    """Run the doctor in the current directory."""

    def __call__(self, *services: str, now: datetime = NOW, within: timedelta | None = None) -> Result: ...


def edit(path: Path, old: str, new: str, count: int = 1) -> None:
    """Replace a text that must be there."""
    text = path.read_text()
    assert old in text, f"{old!r} is not in {path}"
    path.write_text(text.replace(old, new, count))


def authority(shop: Path) -> Authority:
    certs = shop / "certs"
    key = keys.from_pem((certs / "ca-key.pem").read_bytes())
    return Authority(load((certs / "ca-cert.pem").read_bytes()), key)


def reissue(
    shop: Path,
    name: str,
    dns: tuple[str, ...],
    now: datetime,
    days: int = 100,
    by: Authority | None = None,
    key: keys.PrivateKey | None = None,
) -> None:
    """A certificate of one's own making in the place of one that was issued."""
    certs = shop / "certs"
    own = key or keys.from_pem((certs / f"{name}-key.pem").read_bytes())
    leaf = issue_leaf(by or authority(shop), names_for(dns), own, Profile(KeyType.P256, days), now=now)
    write(certs / f"{name}-cert.pem", leaf)
    if key:
        (certs / f"{name}-key.pem").write_bytes(keys.to_pem(key))


def revocation_list(shop: Path, *names: str, now: datetime, by: Authority | None = None) -> None:
    """A list on which the certificates of these short names are."""
    serials = [load((shop / "certs" / f"{name}-cert.pem").read_bytes()).serial_number for name in names]
    entries = [revocation.Revoked(serial, now) for serial in serials]
    (shop / "certs" / revocation.FILE).write_bytes(revocation.make(by or authority(shop), entries, None, now=now))


def other_authority(now: datetime) -> Authority:
    return new_authority("shop", keys.generate(KeyType.P256), Profile(KeyType.P256, 100), now=now)


def short_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 1024)  # noqa: S505 - it is to be found


def without_identifier(shop: Path, name: str, dns: tuple[str, ...], now: datetime) -> None:
    """A leaf as a hurried script makes it: no authority key identifier."""
    issuer = authority(shop)
    key = keys.from_pem((shop / "certs" / f"{name}-key.pem").read_bytes())
    assert isinstance(issuer.key, ec.EllipticCurvePrivateKey)
    builder = (
        x509.CertificateBuilder()
        .subject_name(issuer.certificate.subject)
        .issuer_name(issuer.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=100))
    )
    names = names_for(dns)
    every = [*map(x509.DNSName, names.dns), *map(x509.IPAddress, names.addresses)]
    builder = builder.add_extension(x509.SubjectAlternativeName(every), critical=False)
    write(shop / "certs" / f"{name}-cert.pem", builder.sign(issuer.key, SHA256()))


def write(path: Path, certificate: x509.Certificate) -> None:
    path.write_bytes(certificate.public_bytes(Encoding.PEM))


def encrypt(path: Path) -> None:
    """Put a passphrase on a private key."""
    key = keys.from_pem(path.read_bytes())
    locked = BestAvailableEncryption(b"secret")
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked))


Fault: TypeAlias = "tuple[Callable[[Path], None], str, str, str]"
"""A way to break the shop, and the check, the place and the service that must be named."""

KNOWN = frozenset({"ca-key-mounted", "node-verify-off", "port-published"})
"""What is said of every project that follows the guide to the letter."""


def name_of(value: object) -> str:
    """The name of a fault, for pytest."""
    return str(getattr(value[0], "__name__", "")) if isinstance(value, tuple) else ""


def found(result: Result) -> list[Finding]:
    return [finding for finding in result.findings if finding.check not in KNOWN]


def place(finding: Finding) -> str:
    assert finding.where is not None
    line = f":{finding.where.line}" if finding.where.line else ""
    return f"{os.path.relpath(finding.where.path)}{line}"


def exactly(fault: Fault, shop: Path, examine: Examine) -> None:
    """Break the shop in one way: this is found, with something to do about it, and nothing else."""
    seed, check, where, service = fault
    seed(shop)
    result = examine()
    assert [(f.check, place(f), f.service) for f in found(result)] == [(check, where, service)]
    assert result.faulty is (CHECKS[check].severity is Severity.FAULT)
    assert found(result)[0].todo
