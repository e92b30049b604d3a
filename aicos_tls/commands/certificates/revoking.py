"""`certs revoke` and `certs crl`: the CA's revocation list, extended or made anew.

Every list is written under the locks of the project and of the certificates directory. A list that was edited by hand,
or is another CA's, is never carried on: that would sign what nobody has checked.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls import disk
from aicos_tls.commands.certificates.looking import look
from aicos_tls.commands.holding import holding, still_the_same
from aicos_tls.errors import TlsError, Where
from aicos_tls.files import read_if_there
from aicos_tls.pki import CA_NAME, revocation
from aicos_tls.pki.certificate import CertificateFileError, load
from aicos_tls.pki.judgement import find_pair, judge_authority
from aicos_tls.pki.layout import CERTIFICATE_MODE, certificate_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, timedelta
    from pathlib import Path

    from aicos_tls.pki.authority import Authority
    from aicos_tls.pki.reading import Found
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
    with ExitStack() as held:
        locked, certs, short = _held(held, named, asked.service, flags, environment)
        authority, before = _authority(certs, now=now), _there(certs)
        serials = [asked.serial] if asked.serial is not None else _serials(certs, short)
        if not serials:
            raise TlsError(
                "there is no certificate to revoke",
                where=Where(certificate_path(certs, short)),
                hint=f"by number: aicos-tls certs revoke {short} --serial HEX",
            )
        known = before.revoked if before else ()
        entries = [revocation.Revoked(number, now, asked.reason) for number in serials]
        added = tuple(entry for entry in entries if before is None or before.of(entry.serial) is None)
        if before and not added and not before.due(now=now):
            return Listing(revocation.path_of(certs), before, written=False, short_name=short)
        data = revocation.make(authority, (*known, *added), before, now=now, lifetime=lifetime)
        disk.commit([_write(certs, data)], locked)
        return Listing(revocation.path_of(certs), _now(certs), written=True, short_name=short, added=added)


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
    with ExitStack() as held:
        locked, certs, _ = _held(held, named, "", flags, environment)
        authority = _authority(certs, now=now)
        before = None if force and _found(certs).problem else _there(certs)
        if before and only_due and not before.due(now=now):
            return Listing(revocation.path_of(certs), before, written=False)
        data = revocation.make(authority, before.revoked if before else (), before, now=now, lifetime=lifetime)
        disk.commit([_write(certs, data)], locked)
        return Listing(revocation.path_of(certs), _now(certs), written=True)


def refreshed(certs: Path, *, now: datetime) -> list[disk.Operation]:
    """What writes the next list of a directory that has one which is due; nothing otherwise, or without the CA's key.

    For the renewer: it raises nothing, since a list that cannot be carried on is `certs check`'s to say.
    """
    found = _found(certs)
    issuer = judge_authority(find_pair(certs, CA_NAME), now=now).issuer
    if found.value is None or issuer is None or not found.value.due(now=now):
        return []
    before = found.value
    return [
        _write(certs, revocation.make(issuer, before.revoked, before, now=now, lifetime=before.ends - before.begins))
    ]


def followed(certs: Path, authority: Authority, *, now: datetime) -> list[disk.Operation]:
    """What makes an empty list of a new CA where its predecessor had one: who checks that would refuse everybody."""
    if not os.path.lexists(revocation.path_of(certs)):
        return []
    return [_write(certs, revocation.make(authority, (), _found(certs).value, now=now))]


def _held(
    held: ExitStack, named: Sequence[Path], service: str, flags: Mapping[str, object], environment: Mapping[str, str]
) -> tuple[disk.Locked, Path, str]:
    """Take the locks, then look; the short name of the service comes last."""
    locked = held.enter_context(holding(named, environment))
    looked = look(named, flags, environment)
    still_the_same(looked.prepared, locked)
    held.enter_context(disk.lock_certificates(looked.certs))
    return locked, looked.certs, looked.short_name(service) if service else ""


def _authority(certs: Path, *, now: datetime) -> Authority:
    found = judge_authority(find_pair(certs, CA_NAME), now=now)
    problem = found.problem or found.key_problem
    if problem:
        raise problem.error()
    if found.issuer is None:
        raise TlsError("there is no CA", where=Where(certs), hint="aicos-tls certs issue makes one")
    return found.issuer


def _found(certs: Path) -> Found[RevocationList]:
    return revocation.read(certs, find_pair(certs, CA_NAME).certificate.value)


def _there(certs: Path) -> RevocationList | None:
    found = _found(certs)
    if found.problem:
        raise found.problem.error()
    return found.value


def _now(certs: Path) -> RevocationList:
    found = _there(certs)
    assert found is not None  # noqa: S101 - it was written a moment ago, under the lock
    return found


def _write(certs: Path, data: bytes) -> disk.Operation:
    """Raises `TlsError` for a link that leads out of the directory."""
    path = revocation.path_of(certs)
    if os.path.realpath(path) != os.path.join(os.path.realpath(certs), path.name):  # noqa: PTH118
        raise TlsError("is a link that leads somewhere else", where=Where(path), hint="remove the link")
    there = read_if_there(path)
    return disk.Write(path, data, there.digest if there else None, CERTIFICATE_MODE)


def _serials(certs: Path, short_name: str) -> list[int]:
    """The serial numbers of the certificate of a service, and of its earlier versions that were kept."""
    name = certificate_path(certs, short_name).name
    kept = sorted((certs / ".versions" / short_name).glob(f"*/{name}"))
    found = (_serial(path) for path in (certificate_path(certs, short_name), *kept))
    return list(dict.fromkeys(serial for serial in found if serial is not None))


def _serial(path: Path) -> int | None:
    file = read_if_there(path)
    try:
        return load(file.raw).serial_number if file else None
    except CertificateFileError:
        return None
