"""`certs revoke` and `certs crl`: the CA's revocation list, extended or made anew.

The list is one file, replaced at once under the lock of the certificates directory. One that was edited by hand, or is
another CA's, is never carried on: that would sign what nobody has checked. While the CA is replaced, the file has a
list of each CA, with the same entries: verifiers take the one of the CA that signed what they look at.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls import disk
from aicos_tls.commands.certificates.looking import look
from aicos_tls.disk import pairs
from aicos_tls.errors import TlsError, Where
from aicos_tls.files import read_if_there
from aicos_tls.pki import CA_NAME, revocation, rotation
from aicos_tls.pki.certificate import CertificateFileError, load
from aicos_tls.pki.judgement import find_pair, judge_authority
from aicos_tls.pki.layout import CERTIFICATE_MODE, certificate_path
from aicos_tls.pki.profile import whole_seconds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, timedelta
    from pathlib import Path

    from cryptography import x509

    from aicos_tls.pki.authority import Authority
    from aicos_tls.pki.reading import Problem
    from aicos_tls.pki.revocation import Reason, RevocationList, Revoked


class Listing(Struct, frozen=True):
    """The list as it is now. `added` are new entries, `written` whether there is a new list.

    `short_name` is the one whose certificates were revoked, empty where the list was made anew.
    """

    path: Path
    crl: RevocationList
    written: bool
    short_name: str = ""
    added: tuple[Revoked, ...] = ()


class Asked(Struct, frozen=True):
    """What to revoke: the certificates of a service, or the one with a `serial` number that it had before."""

    service: str
    reason: Reason
    serial: int | None = None


class _Before(Struct, frozen=True):
    """The CAs that sign lists, the issuing one first, and the lists of theirs that are there, in the same order."""

    authorities: tuple[Authority, ...]
    lists: tuple[RevocationList | None, ...]
    problem: Problem | None = None

    @property
    def latest(self) -> RevocationList | None:
        """The list with the highest number."""
        return max((each for each in self.lists if each), key=lambda each: each.number, default=None)

    @property
    def revoked(self) -> tuple[Revoked, ...]:
        """All entries, each once."""
        found = {entry.serial: entry for each in self.lists if each for entry in each.revoked}
        return tuple(found.values())

    def current(self, *, now: datetime) -> bool:
        """Whether every CA has a list, with time left."""
        return all(each is not None and not each.due(now=now) for each in self.lists)


def revoke(
    named: Sequence[Path],
    asked: Asked,
    flags: Mapping[str, object],
    *,
    lifetime: timedelta = revocation.LIFETIME,
    now: datetime,
    environment: Mapping[str, str],
) -> Listing:
    """Put every certificate of a service that is there on the list. What is on it already stays as it was.

    Raises `TlsError`: no such service, no certificate, no CA that could sign, or a list that is none of the CA.
    """
    looked = look(named, flags, environment)
    certs, short = looked.certs, looked.short_name(asked.service)
    with disk.lock_certificates(certs):
        before = _usable(certs, now=now)
        serials = [asked.serial] if asked.serial is not None else _serials(certs, short)
        if not serials:
            raise TlsError(
                "there is no certificate to revoke",
                where=Where(certificate_path(certs, short)),
                hint=f"by number: aicos-tls certs revoke {short} --serial HEX",
            )
        known = {entry.serial for entry in before.revoked}
        entries = [revocation.Revoked(number, whole_seconds(now), asked.reason) for number in serials]
        added = tuple(entry for entry in entries if entry.serial not in known)
        if before.latest and not added and before.current(now=now):
            return Listing(revocation.path_of(certs), before.latest, written=False, short_name=short)
        _write(certs, before, (*before.revoked, *added), now=now, lifetime=lifetime)
        return _listing(certs, short, added, now=now)


def refresh(
    named: Sequence[Path],
    flags: Mapping[str, object],
    *,
    force: bool,
    only_due: bool = False,
    lifetime: timedelta = revocation.LIFETIME,
    now: datetime,
    environment: Mapping[str, str],
) -> Listing:
    """Make the next list, with what the last one has; `only_due`: if half of the time of that is over.

    With `force` a file that is no list of this CA is replaced by one without entries. Raises `TlsError` as `revoke`.
    """
    certs = look(named, flags, environment).certs
    with disk.lock_certificates(certs):
        before = _before(certs, now=now) if force else _usable(certs, now=now)
        if only_due and before.latest and before.current(now=now):
            return Listing(revocation.path_of(certs), before.latest, written=False)
        _write(certs, before, before.revoked, now=now, lifetime=lifetime)
        return _listing(certs, "", (), now=now)


def followed(certs: Path, *, now: datetime, predecessor: x509.Certificate | None = None) -> bool:
    """Make the next list of a directory that has one: of its CAs as they are, if one has none or it is due.

    For whoever renews, or replaces the CA (`predecessor`), and holds the lock: verifiers that miss a list refuse
    everybody. Says whether a list was written: none is without the CA's key, or over somebody else's file. Raises
    `TlsError` for a file that cannot be written.
    """
    if not os.path.lexists(revocation.path_of(certs)):
        return False
    try:
        before = _before(certs, now=now)
    except TlsError:
        return False
    latest = before.latest
    if before.current(now=now) or not (latest or revocation.read(certs, predecessor).value):
        return False
    lifetime = latest.lifetime if latest else revocation.LIFETIME
    _write(certs, before, before.revoked, now=now, lifetime=lifetime)
    return True


def revoked(certs: Path) -> frozenset[int]:
    """The serial numbers on the lists of a directory, by whichever of its CAs; none without a list that is one."""
    pair = find_pair(certs, CA_NAME)
    known = (pair.certificate.value, *pair.others) if pair.certificate.value else ()
    lists = (revocation.read(certs, each).value for each in known)
    return frozenset(entry.serial for each in lists if each for entry in each.revoked)


def _before(certs: Path, *, now: datetime) -> _Before:
    """What there is. Raises `TlsError` where no CA could sign."""
    found = judge_authority(find_pair(certs, CA_NAME), now=now)
    problem = found.problem or found.key_problem
    if problem:
        raise problem.error()
    if found.issuer is None:
        raise TlsError("there is no CA", where=Where(certs), hint="aicos-tls certs issue makes one")
    issuing, other = rotation.authorities(certs)
    authorities = (issuing, other) if other else (issuing,)
    lists = [revocation.read(certs, each.certificate) for each in authorities]
    return _Before(authorities, tuple(each.value for each in lists), lists[0].problem)


def _usable(certs: Path, *, now: datetime) -> _Before:
    """The same; raises `TlsError` for a file that is no list of any CA here, too."""
    before = _before(certs, now=now)
    if before.problem and before.latest is None:
        raise before.problem.error()
    return before


def _write(certs: Path, before: _Before, entries: Sequence[Revoked], *, now: datetime, lifetime: timedelta) -> None:
    path = revocation.path_of(certs)
    if path.is_symlink():
        raise TlsError("is a link, so it is left alone", where=Where(path), hint="remove the link")
    texts = [revocation.make(each, entries, before.latest, now=now, lifetime=lifetime) for each in before.authorities]
    disk.put(path, b"".join(texts), CERTIFICATE_MODE, replace=True, held=True)


def _listing(certs: Path, short_name: str, added: tuple[Revoked, ...], *, now: datetime) -> Listing:
    latest = _usable(certs, now=now).latest
    assert latest is not None  # noqa: S101 - it was written a moment ago, under the lock
    return Listing(revocation.path_of(certs), latest, written=True, short_name=short_name, added=added)


def _serials(certs: Path, short_name: str) -> list[int]:
    """The serial numbers of the certificate of a service, and of its earlier versions that were kept."""
    path = certificate_path(certs, short_name)
    home = certs / pairs.VERSIONS / short_name
    kept = [home / str(number) / path.name for number in pairs.versions(certs, short_name)]
    found = (_serial(each) for each in (path, *kept))
    return list(dict.fromkeys(serial for serial in found if serial is not None))


def _serial(path: Path) -> int | None:
    file = read_if_there(path)
    try:
        return load(file.raw).serial_number if file else None
    except CertificateFileError:
        return None
