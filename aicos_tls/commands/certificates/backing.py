"""`certs backup` and `certs restore`: the guide's dated archive of the certificates, and the way back.

A backup holds every private key, so it goes nowhere where git would take it or a container would see it, and is closed
to others (0600). A restore verifies everything in memory first, writes all files or none, and replaces nothing unless
it is asked to.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from aicos_tls import disk
from aicos_tls.commands.certificates import sealing
from aicos_tls.commands.certificates.looking import look
from aicos_tls.commands.directories import keeping
from aicos_tls.commands.holding import holding, still_the_same
from aicos_tls.commands.recording import record_operations
from aicos_tls.errors import TlsError, Where
from aicos_tls.files import read, read_if_there
from aicos_tls.pki import CA_NAME, archive, judged, revocation, rotation
from aicos_tls.pki.judgement import find_pair
from aicos_tls.plan.gitignore import hides_file, repository

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from aicos_tls.commands.certificates.sealing import Keys, Lock

MODE = 0o600


class Saved(Struct, frozen=True):
    """A backup that was written: its files by name, and those of the directory that are not in it."""

    path: Path
    names: tuple[str, ...]
    left_out: tuple[str, ...]
    locked: bool


class Restored(Struct, frozen=True):
    """What a restore wrote, or with `dry_run` would write. `remarks` are a file and what should be known of it."""

    certs: Path
    written: tuple[str, ...]
    replaced: tuple[str, ...]
    same: tuple[str, ...]
    remarks: tuple[tuple[str, str], ...]
    dry_run: bool


def backup(
    named: Sequence[Path],
    path: Path | None,
    flags: Mapping[str, object],
    lock: Lock | None,
    *,
    now: datetime,
    environment: Mapping[str, str],
) -> Saved:
    """Write a backup to the file `path`, which is not there yet; by default one named after the day, here.

    Raises `TlsError`: nothing to back up, a place where git or a container would see it, or what is not to be written.
    """
    looked = look(named, flags, environment)
    target = path or Path(f"certs-backup-{now.astimezone():%Y%m%d}.tar.gz{'.age' if lock else ''}")
    _refuse_seen(target, looked.certs)
    with disk.lock_certificates(looked.certs):
        members, left_out = _members(looked.certs)
        if rotation.read_rotation(looked.certs, now=now).step is not rotation.Step.NONE:
            left_out = (*left_out, "the other CA of the rotation that is under way")
    if not members:
        raise TlsError("there are no certificates to back up", where=Where(looked.certs), hint="aicos-tls certs issue")
    data = archive.pack(members, looked.certs.name or "certs")
    disk.put(target, sealing.lock(data, lock) if lock else data, MODE, replace=False)
    return Saved(target, tuple(member.name for member in members), left_out, locked=lock is not None)


def _refuse_seen(target: Path, certs: Path) -> None:
    """Refuse a place where others would see the keys."""
    folder = Path(os.path.realpath(target.parent))
    if not folder.is_dir():
        raise TlsError("no such directory", where=Where(target.parent), hint="make it first")
    if folder.is_relative_to(os.path.realpath(certs)):
        raise TlsError(
            "the certificates directory is mounted in the services: a backup there is seen by all of them",
            where=Where(target),
            hint="name a file somewhere else",
        )
    if ".git" in map(str.lower, folder.parts):
        raise TlsError("lies among git's own files", where=Where(target), hint="name a file somewhere else")
    root = repository(folder)
    if root is not None and not hides_file(root, target):
        raise TlsError(
            "git would take the backup, which holds every private key",
            where=Where(target),
            hint=f"name a file outside of {root}, or add certs-backup-* to its .gitignore",
        )


def _members(certs: Path) -> tuple[list[archive.Member], tuple[str, ...]]:
    """The files to save, with what their names lead to, and the names of what is left out."""
    members: list[archive.Member] = []
    left_out: list[str] = []
    home = os.path.realpath(certs)
    for path in sorted(certs.iterdir()) if certs.is_dir() else []:
        if path.name.startswith("."):
            continue
        if not archive.is_member(path.name) or not path.is_file() or not _within(path, home):
            left_out.append(path.name)
            continue
        file = read(path)
        members.append(archive.Member(path.name, file.raw, file.mode, int(path.stat().st_mtime)))
    return members, tuple(left_out)


def _within(path: Path, home: str) -> bool:
    """Whether a name leads to a file of the directory itself."""
    return Path(os.path.realpath(path)).is_relative_to(home)


def restore(
    named: Sequence[Path],
    path: Path,
    flags: Mapping[str, object],
    keys: Keys,
    *,
    force: bool,
    dry_run: bool,
    now: datetime,
    environment: Mapping[str, str],
) -> Restored:
    """Put the files of the backup `path` back into the certificates directory; those that differ with `force` only.

    Raises `TlsError` before anything is written: a backup that is damaged, closed or does not hold together, a file
    that would be replaced without `force`. Files that are not in the backup are never touched.
    """
    members = archive.unpack(_opened(path, keys))
    files = {member.name: member.data for member in members}
    faults = tuple(judged.faults(files))
    if faults:
        name, why = faults[0]
        raise TlsError(
            f"the backup does not hold together: {name} {why}", where=Where(path), hint="nothing was written"
        )
    with ExitStack() as held:
        locked = None if dry_run else held.enter_context(holding(named, environment))
        looked = look(named, flags, environment)
        if locked:
            still_the_same(looked.prepared, locked)
            held.enter_context(disk.lock_certificates(looked.certs))
        operations, result = _operations(looked.certs, members, force=force, dry_run=dry_run)
        late = tuple((name, f"the certificate {why}") for name, why in judged.out_of_time(files, now=now))
        if locked and operations:
            record = record_operations(looked.prepared, {name: files[name] for name in result.written})
            disk.commit([*keeping(looked.certs), *operations, *record], locked)
    return replace(result, remarks=(*result.remarks, *late))


def _opened(path: Path, keys: Keys) -> bytes:
    data = read(path).raw
    return sealing.unlock(data, path, keys) if sealing.is_locked(data) else data


def _operations(
    certs: Path, members: Sequence[archive.Member], *, force: bool, dry_run: bool
) -> tuple[list[disk.Operation], Restored]:
    """What writes the files that are missing or differ. Raises `TlsError` for one that is not to be replaced."""
    operations: list[disk.Operation] = []
    names: dict[str, list[str]] = {"written": [], "replaced": [], "same": [], "newer": []}
    home = os.path.realpath(certs)
    for member in members:
        path = certs / member.name
        if os.path.lexists(path) and not _within(path, home):
            raise TlsError(
                "is a link that leads out of the certificates directory", where=Where(path), hint="remove the link"
            )
        there = read_if_there(path)
        if there is not None and (there.raw == member.data or _newer_list(certs, member)):
            names["same" if there.raw == member.data else "newer"].append(member.name)
            continue
        if there is not None and not force:
            raise TlsError(
                "is another file than the one in the backup",
                where=Where(path),
                hint="to replace what differs: --force; to see what that is: --force --dry-run",
            )
        names["written"].append(member.name)
        names["replaced"] += [member.name] if there else []
        operations.append(disk.Write(path, member.data, there.digest if there else None, _mode(member)))
    found = {key: tuple(value) for key, value in names.items()}
    remarks = tuple((name, "the one that is there is newer, and stays") for name in found["newer"])
    return operations, Restored(certs, found["written"], found["replaced"], found["same"], remarks, dry_run)


def _newer_list(certs: Path, member: archive.Member) -> bool:
    """Whether the revocation list that is there follows the one of the backup: nothing that was revoked comes back."""
    if member.name != revocation.FILE:
        return False
    there = revocation.read(certs, find_pair(certs, CA_NAME).certificate.value).value
    then = revocation.numbers(member.data)
    return there is not None and there.number > max(then)


def _mode(member: archive.Member) -> int:
    """The mode that it had; a private key is open to no others, whatever an archive says."""
    return member.mode & 0o770 | 0o600 if member.name.endswith("-key.pem") else member.mode & 0o755 | 0o600
