"""From what a server said to checks: each with the reason in words, and what to do about it."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from msgspec import Struct, field

from aicos_tls.errors import TlsError
from aicos_tls.files import read_if_there
from aicos_tls.live.model import Check, State
from aicos_tls.live.probe import Unreached
from aicos_tls.pki.certificate import CertificateFileError, alternative_names, load_all
from aicos_tls.pki.layout import CA_NAME, certificate_path
from aicos_tls.pki.profile import whole_seconds

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from aicos_tls.live.probe import Answer, Handshake, Stranger

MISMATCH = frozenset({62, 64})
"""X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH (OpenSSL, `x509_vfy.h`)."""
EXPIRED, NOT_YET = 10, 9
"""X509_V_ERR_CERT_HAS_EXPIRED and X509_V_ERR_CERT_NOT_YET_VALID."""
NO_HANDSHAKE = -1
"""The code where a client that verifies came to no handshake for a reason that OpenSSL has no number for."""
OLD = frozenset({"SSLv3", "TLSv1", "TLSv1.1"})
"""Versions that must not be used any more (RFC 8996)."""


class OnDisk(Struct, frozen=True):
    """The certificate of a service and the CA's, as they were when they were read. `problem`: what is wrong."""

    directory: Path
    short_name: str
    ca: str = field(default="")
    """PEM, of both while a CA replaces another one; empty when there is none."""
    leaf: bytes = b""
    """DER; empty when there is none."""
    problem: str = ""

    @property
    def file(self) -> str:
        """The certificate's file, for a person."""
        return certificate_path(self.directory, self.short_name).name


class Served(Struct, frozen=True):
    """What a port served: facts of the handshake and of the certificate. `checks` judge them."""

    port: int
    checks: tuple[Check, ...]
    version: str = ""
    cipher: str = ""
    serial: str = ""
    fingerprint: str = ""
    begins: datetime | None = None
    expires: datetime | None = None
    days_left: int | None = None
    names: tuple[str, ...] = ()
    refused: dict[str, Check] = {}
    """By name that clients use: why a client that asks for it refuses the certificate."""

    @property
    def encrypted(self) -> bool:
        """Whether there was a TLS handshake."""
        return bool(self.version)


def read_disk(directory: Path, short_name: str) -> OnDisk:
    """The certificate of a service and the CA's as they are on the disk now."""
    trusted, ca_problem = _certificates(certificate_path(directory, CA_NAME))
    leaves, problem = _certificates(certificate_path(directory, short_name))
    return OnDisk(
        directory,
        short_name,
        "".join(each.public_bytes(Encoding.PEM).decode() for each in trusted),
        leaves[0].public_bytes(Encoding.DER) if leaves else b"",
        ca_problem or problem,
    )


def _certificates(path: Path) -> tuple[tuple[x509.Certificate, ...], str]:
    try:
        file = read_if_there(path)
        return (load_all(file.raw), "") if file is not None else ((), f"{path.name} is missing")
    except TlsError as error:  # it has no right, or is no regular file
        return (), f"{path.name}: {error.message}"
    except CertificateFileError as error:
        return (), f"{path.name}: {error}"


def served(
    port: int,
    answer: Answer | Unreached,
    before: OnDisk,
    after: OnDisk,
    *,
    service: str,
    now: datetime,
    sidecar: str = "",
) -> Served:
    """Judge what a port of `service` answered; the files were read `before` and `after` it was asked.

    `sidecar` is the service that serves TLS for it, where there is one.
    """
    if isinstance(answer, Unreached):
        todo = "run this on the engine's machine"
        return Served(port, (Check("tls", State.UNKNOWN, f"cannot be probed from here: {answer.reason}", todo),))
    if answer.connect:
        words = f"nothing answers at port {port}: {answer.connect}"
        return Served(port, (Check("tls", State.FAILED, words, f"docker compose logs {sidecar or service}"),))
    shaken = {name: found for name, found in answer.names.items() if not found.handshake}
    if not shaken:
        return Served(port, (_no_tls(answer, service, sidecar),))
    first = next(iter(shaken.values()))
    certificate = x509.load_der_x509_certificate(base64.b64decode(first.leaf))
    seen = _Seen(service, certificate, now, before)
    refused = {name: check for name, found in answer.names.items() if (check := refusal(seen, name, found))}
    checks = (
        _version(seen, first),
        _chain(seen, first),
        _names(refused, list(answer.names)),
        _expiry(seen),
        _on_disk(seen, after),
        _plain(answer, port, service),
        _stranger(answer.stranger),
    )
    return Served(
        port,
        checks,
        version=first.version,
        cipher=first.cipher,
        serial=f"{certificate.serial_number:x}",
        fingerprint=certificate.fingerprint(SHA256()).hex(),
        begins=certificate.not_valid_before_utc,
        expires=certificate.not_valid_after_utc,
        days_left=seen.days_left,
        names=seen.names,
        refused=refused,
    )


class _Seen(Struct, frozen=True):
    """What all judgements of a served certificate need."""

    service: str
    certificate: x509.Certificate
    now: datetime
    disk: OnDisk

    @property
    def days_left(self) -> int:
        """Whole days; negative once it has expired."""
        return (self.certificate.not_valid_after_utc - whole_seconds(self.now)).days

    @property
    def names(self) -> tuple[str, ...]:
        """DNS names and addresses that it is for."""
        found = alternative_names(self.certificate)
        addresses = found.get_values_for_type(x509.IPAddress)
        return (*found.get_values_for_type(x509.DNSName), *map(str, addresses))

    @property
    def recreate(self) -> str:
        """How the service comes to serve what is on the disk."""
        return f"docker compose up -d --force-recreate {self.service}"

    @property
    def issue(self) -> str:
        """How it comes to a new certificate."""
        return f"aicos-tls certs issue {self.service}, then {self.recreate}"


def _no_tls(answer: Answer, service: str, sidecar: str) -> Check:
    """The check of a port without TLS: what it speaks instead."""
    if answer.plain.status and not answer.plain.hint:
        words = f"it answers plain HTTP ({answer.plain.status}), and no TLS"
        todo = f"docker compose up -d {service}" if sidecar else f"it must serve HTTPS: aicos-tls code show {service}"
        return Check("tls", State.FAILED, words, todo)
    why = next((found.handshake for found in answer.names.values()), "no answer")
    return Check("tls", State.FAILED, f"no TLS handshake: {why}", f"docker compose logs {sidecar or service}")


def _version(seen: _Seen, first: Handshake) -> Check:
    words = f"{first.version}, {first.cipher}"
    if first.version in OLD:
        return Check("tls", State.FAILED, f"{words}: too old", f"let {seen.service} speak TLS 1.2 or 1.3")
    return Check("tls", State.OK, words)


def _chain(seen: _Seen, first: Handshake) -> Check:
    """Whether the certificate was issued by the project's CA, whatever its names and dates."""
    if not seen.disk.ca:
        return Check("chain", State.FAILED, seen.disk.problem, "aicos-tls enable")
    if first.code == EXPIRED and seen.days_left >= 0:
        return Check("chain", State.FAILED, "the CA has expired", "aicos-tls certs issue --force")
    if first.code in (0, EXPIRED, NOT_YET, *MISMATCH):
        return Check("chain", State.OK, "issued by the project's CA")
    if first.code == NO_HANDSHAKE and first.version in OLD:
        return Check("chain", State.SKIPPED, "clients refuse the version before they look at the certificate")
    return _foreign(seen, first)


def _foreign(seen: _Seen, found: Handshake) -> Check:
    issuer = seen.certificate.issuer.rfc4514_string() or "nobody"
    words = f"not issued by the CA in {seen.disk.directory.name}/ but by {issuer}: {found.error}"
    return Check("chain", State.FAILED, words, seen.recreate + "; if that does not help: " + seen.issue)


def refusal(seen: _Seen, name: str, found: Handshake) -> Check | None:
    """Why a client that knows the CA and asks for `name` refuses; None when it does not."""
    if found.handshake:
        return Check("tls", State.FAILED, f"no TLS handshake as {name}: {found.handshake}")
    if not found.code:
        return None if seen.disk.ca else _chain(seen, found)
    if found.code in MISMATCH:
        words = f"its certificate is not for {name}: it is for {', '.join(seen.names) or 'no name'}"
        return Check("names", State.FAILED, words, seen.issue)
    if found.code == NO_HANDSHAKE and found.version in OLD:
        return _version(seen, found)
    if found.code in (EXPIRED, NOT_YET):
        check = _chain(seen, found)
        return check if check.state is State.FAILED else _expiry(seen)
    return _foreign(seen, found)


def _names(refused: dict[str, Check], names: list[str]) -> Check:
    """Whether it is for every name that clients use; not known while they refuse it for another reason."""
    wrong = next((check for check in refused.values() if check.id == "names"), None)
    if wrong:
        return wrong
    if refused:
        return Check("names", State.SKIPPED, "clients refuse the certificate before they look at its names")
    return Check("names", State.OK, f"for {', '.join(names)}")


def _expiry(seen: _Seen) -> Check:
    begins, ends = seen.certificate.not_valid_before_utc, seen.certificate.not_valid_after_utc
    if seen.now > ends:
        return Check("expiry", State.FAILED, f"its certificate expired on {ends:%Y-%m-%d}", seen.issue)
    if seen.now < begins:
        words = f"its certificate is valid from {begins:%Y-%m-%d %H:%M} UTC on only"
        return Check("expiry", State.FAILED, words, "set the clocks right, or: " + seen.issue)
    return Check("expiry", State.OK, f"{seen.days_left} days left, until {ends:%Y-%m-%d}")


def _on_disk(seen: _Seen, after: OnDisk) -> Check:
    """Whether it is the certificate of the file; it may have been renewed while the server was asked."""
    if not after.leaf:
        return Check("on-disk", State.FAILED, after.problem, f"aicos-tls certs issue {seen.service}")
    if seen.certificate.public_bytes(Encoding.DER) == after.leaf:
        return Check("on-disk", State.OK, f"it is {after.file}")
    renewed = "it was renewed while it was asked" if after.leaf != seen.disk.leaf else "it still serves another one"
    return Check("on-disk", State.FAILED, f"{after.file} is not what it serves: {renewed}", seen.recreate)


def _plain(answer: Answer, port: int, service: str) -> Check:
    status = answer.plain.status
    if not status:
        return Check("plain", State.OK, "plain HTTP is not answered")
    if answer.plain.hint:
        return Check("plain", State.OK, f"plain HTTP is refused ({status})")
    words = f"plain HTTP at port {port} is answered beside TLS ({status})"
    return Check("plain", State.FAILED, words, f"let {service} serve HTTPS only")


def _stranger(found: Stranger) -> Check:
    """The guide's "should fail": a client without the project's CA."""
    if not found.accepted:
        return Check("no-ca", State.OK, f"a client without the CA refuses: {found.error}")
    if found.knows:
        return Check("no-ca", State.SKIPPED, "the project's CA is among the public roots where this was asked from")
    words = "a client without the project's CA accepts the certificate"
    return Check("no-ca", State.FAILED, words, "a certificate of the project's CA is wanted inside the stack")
