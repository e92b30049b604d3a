"""Another CA without an outage: first everybody trusts both, then the new one issues, then the old one goes.

    certs rotate-ca trust    ca-cert.pem holds both; the old one issues as before
    certs rotate-ca issue    the new one issues; every certificate is renewed
    certs rotate-ca drop     ca-cert.pem holds the new one alone; the old key is still there
    certs rotate-ca finish   the old key goes
    certs rotate-ca back     from each of the first three to the step before

Between two steps everybody has to have taken the files: who reads `ca-cert.pem` only when it starts has to be restarted
after `trust` and, so that it forgets the old one, after `drop`.

Where a rotation stands is written beside the CA, in the version of its pair that counts (`aicos_tls.disk.pairs`), with
the other CA and its key. So step, certificates and keys change in one rename, and none can be there without the others.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.serialization import Encoding

from aicos_tls.errors import TlsError, Where
from aicos_tls.files import read, read_if_there
from aicos_tls.pki import conformance, keys
from aicos_tls.pki.authority import Authority
from aicos_tls.pki.certificate import CertificateFileError, facts, load
from aicos_tls.pki.judgement import find_pair
from aicos_tls.pki.layout import CA_NAME, CERTIFICATE_MODE, KEY_MODE, certificate_path, key_path, short_names
from aicos_tls.pki.profile import whole_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.pki.certificate import CertificateFacts

STATE_NAME = "rotation.json"
OTHER_CERTIFICATE = "other-ca-cert.pem"
OTHER_KEY = "other-ca-key.pem"
_MAX_BYTES = 4096


class Step(Enum):
    """Where a rotation stands."""

    NONE = "none"
    TRUST = "trust"
    """Both are trusted, the old one issues."""
    ISSUE = "issue"
    """Both are trusted, the new one issues."""
    DROP = "drop"
    """The new one alone is trusted; the old one could come back."""


FORWARD = {Step.NONE: Step.TRUST, Step.TRUST: Step.ISSUE, Step.ISSUE: Step.DROP, Step.DROP: Step.NONE}
BACK = {Step.TRUST: Step.NONE, Step.ISSUE: Step.TRUST, Step.DROP: Step.ISSUE}


@dataclass(frozen=True, slots=True)
class Rotation:
    """Where a rotation stands, since when, which CA issues and which is the other one (None where there is none)."""

    step: Step = Step.NONE
    since: datetime | None = None
    issuing: CertificateFacts | None = None
    other: CertificateFacts | None = None

    @property
    def old(self) -> CertificateFacts | None:
        """The CA that is being replaced; None where none is."""
        return self.issuing if self.step is Step.TRUST else self.other

    @property
    def new(self) -> CertificateFacts | None:
        """The CA that comes, or that is there."""
        return self.other if self.step is Step.TRUST else self.issuing


@dataclass(frozen=True, slots=True)
class File:
    """A file of the CA's pair in a step; one that is not `named` lies beside it alone."""

    name: str
    data: bytes = field(repr=False)
    mode: int
    named: bool = True


def read_rotation(directory: Path, *, now: datetime) -> Rotation:
    """Where the rotation of the CA in `directory` stands. Raises `TlsError` for a note that does not fit the files."""
    pair = find_pair(directory, CA_NAME)
    issuing = pair.certificate
    about = facts(issuing.value, issuing.path, issuing.mode, now=now) if issuing.value else None
    note = _version(directory) / STATE_NAME
    if note.parent == Path(os.path.realpath(directory)) or not os.path.lexists(note):
        return Rotation(issuing=about)
    step, since = _note(note)
    other = _certificate(note.with_name(OTHER_CERTIFICATE), now=now)
    trusted = 1 if step is Step.DROP else 2
    if about is None or len(pair.others) + 1 != trusted:
        raise TlsError(
            f"the CA's file does not hold what it should in the step `{step.value}` of a rotation",
            where=Where(issuing.path),
            hint="put the file of that step back; versions are in .versions/ca beside it",
        )
    return Rotation(step, since, about, other)


def authorities(directory: Path) -> tuple[Authority, Authority | None]:
    """The CA that issues and the other one, with their keys. Raises `TlsError` when a key is not here or not right."""
    certificate, key = certificate_path(directory, CA_NAME), key_path(directory, CA_NAME)
    beside = _version(directory) / OTHER_CERTIFICATE
    is_there = beside.parent != Path(os.path.realpath(directory)) and os.path.lexists(beside)
    other = _authority(beside, beside.with_name(OTHER_KEY)) if is_there else None
    return _authority(certificate, key), other


def files_of(step: Step, issuing: Authority, other: Authority, *, now: datetime) -> tuple[File, ...]:
    """The CA's files in a step: `issuing` issues, `other` is trusted besides, or kept for the way back."""
    bundle = _pem(issuing) + (b"" if step is Step.DROP else _pem(other))
    note = {"step": step.value, "since": whole_seconds(now).isoformat()}
    return (
        File(f"{CA_NAME}-key.pem", keys.to_pem(issuing.key), KEY_MODE),
        File(f"{CA_NAME}-cert.pem", bundle, CERTIFICATE_MODE),
        File(OTHER_CERTIFICATE, _pem(other), CERTIFICATE_MODE, named=False),
        File(OTHER_KEY, keys.to_pem(other.key), KEY_MODE, named=False),
        File(STATE_NAME, (json.dumps(note) + "\n").encode(), CERTIFICATE_MODE, named=False),
    )


def files_alone(issuing: Authority) -> tuple[File, ...]:
    """The CA's files without a rotation."""
    return (
        File(f"{CA_NAME}-key.pem", keys.to_pem(issuing.key), KEY_MODE),
        File(f"{CA_NAME}-cert.pem", _pem(issuing), CERTIFICATE_MODE),
    )


def signed_by(directory: Path, authority: Authority) -> tuple[str, ...]:
    """The short names of the certificates in `directory` that a CA has signed: who trusts it no more refuses them."""
    return tuple(_signed_by(directory, authority))


def _signed_by(directory: Path, authority: Authority) -> Iterator[str]:
    for name in short_names(directory):
        if name == CA_NAME:
            continue
        leaf = find_pair(directory, name).certificate.value
        if leaf is not None and not conformance.issue_objection(leaf, authority.certificate):
            yield name


def _version(directory: Path) -> Path:
    """The directory in which the CA's certificate really is: a version of its pair, or the certificates directory."""
    return Path(os.path.realpath(certificate_path(directory, CA_NAME))).parent


def _note(path: Path) -> tuple[Step, datetime]:
    raw = read(path).raw
    try:
        data = json.loads(raw[:_MAX_BYTES])
        step, since = Step(data["step"]), datetime.fromisoformat(data["since"]).astimezone(UTC)
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
        raise _no_note(path) from None
    if step is Step.NONE:
        raise _no_note(path)
    return step, since


def _no_note(path: Path) -> TlsError:
    return TlsError("this is no note of a rotation", where=Where(path), hint="put it back from a backup")


def _certificate(path: Path, *, now: datetime) -> CertificateFacts | None:
    file = read_if_there(path)
    try:
        return facts(load(file.raw), path, file.mode, now=now) if file else None
    except CertificateFileError as fault:
        raise TlsError(str(fault), where=Where(path)) from None


def _authority(certificate: Path, key: Path) -> Authority:
    """A CA from its two files."""
    try:
        found = Authority(load(read(certificate).raw), keys.from_pem(read(key).raw))
    except CertificateFileError as fault:
        raise TlsError(str(fault), where=Where(certificate)) from None
    except keys.KeyFileError as fault:
        raise TlsError(str(fault), where=Where(key)) from None
    if not keys.fits(found.key, found.certificate.public_key()):
        raise TlsError(f"the private key does not match {certificate.name}", where=Where(key))
    return found


def _pem(authority: Authority) -> bytes:
    return authority.certificate.public_bytes(Encoding.PEM)
