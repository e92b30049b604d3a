"""What a run writes, as operations of `disk`: certificates, new texts, and the record that takes it all back."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec.structs import replace

from aicos_tls import __version__, disk, files, rollback
from aicos_tls.commands import trusted
from aicos_tls.commands.directories import below, emptying, keeping, making
from aicos_tls.commands.mountpoints import KEY as MOUNT_POINTS
from aicos_tls.commands.project import Prepared, Target, certs_directory, relative
from aicos_tls.commands.records import CODE_SERVICES, COMPOSE_FILE, COMPOSE_FILES, is_outdated, state_path
from aicos_tls.errors import TlsError, Where

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from aicos_tls.pki.issuing import Issued, NewFile


def certificate_operations(prepared: Prepared, issued: Issued, apart: Collection[NewFile] = ()) -> list[disk.Operation]:
    """The certificates and keys that were made, with their directory, which git does not see; nothing without any.

    Those `apart` are written in another way.
    """
    written = [new for new in issued.new_files if new not in apart]
    if not written:
        return []
    certs = certs_directory(prepared)
    return [*keeping(certs), *(_certificate(certs, new) for new in written)]


def _certificate(certs: Path, new: NewFile) -> disk.Operation:
    """Raises `TlsError` for a link that leads out of the certificates directory: a key is written over nothing else."""
    leads = os.path.realpath(new.path)
    if leads != os.path.join(os.path.realpath(certs), new.path.name) and not disk.is_own_link(new.path):  # noqa: PTH118
        raise TlsError(
            "is a link that leads out of the certificates directory",
            where=Where(new.path),
            hint="remove the link; a key is written into the directory itself",
        )
    return disk.Write(new.path, new.data, disk.ANY if new.overwrite else None, new.mode)


def operations_of(prepared: Prepared, issued: Issued | None) -> list[disk.Operation]:
    """Everything that `enable` writes; nothing at all when no file and no certificate changes.

    A record in an older form, which held the changed lines themselves, is written anew all the same.
    """
    operations = certificate_operations(prepared, issued) if issued else []
    operations += trusted.operations(prepared, trusted.texts(prepared, issued))
    operations += file_operations(prepared)
    wanted = operations or (prepared.record is not None and is_outdated(prepared.directory))
    return [*operations, *_record_operations(prepared, issued)] if wanted else []


def file_operations(prepared: Prepared) -> list[disk.Operation]:
    """What is written besides certificates and the record."""
    changed = [target for target in prepared.targets if target.changes]
    certs = certs_directory(prepared)
    made = [target.path for target in changed if target.after is not None]
    operations: list[disk.Operation] = []
    if any(map(below(certs), made)):
        operations += [*keeping(certs), *making(certs, made)]
    operations += [_operation(target) for target in changed]
    return [*operations, *emptying(certs, (target.path for target in changed if target.after is None))]


def _operation(target: Target) -> disk.Operation:
    if target.after is None:
        return disk.Remove(target.path, target.now.digest if target.now else disk.ANY)
    return disk.Write(target.path, target.after, target.now.digest if target.now else None)


def _record_operations(prepared: Prepared, issued: Issued | None) -> list[disk.Operation]:
    """The record and the patches, from the texts before TLS to the ones that will be there."""
    changes = [
        rollback.FileChange(
            relative(prepared.directory, target.path),
            "created" if target.original is None else target.kind,
            target.original.raw if target.original else None,
            target.after,
            target.original.mode if target.original else 0o644,
        )
        for target in prepared.targets
        if target.after is not None and (target.original.raw if target.original else None) != target.after
    ]
    policy = {
        COMPOSE_FILE: relative(prepared.directory, prepared.selection.files[0]),
        COMPOSE_FILES: [relative(prepared.directory, path) for path in prepared.selection.files],
        **prepared.plan.policy.as_dict(),
        **({CODE_SERVICES: list(prepared.code)} if prepared.code else {}),
        **({MOUNT_POINTS: list(prepared.mount_points)} if prepared.mount_points else {}),
    }
    record = rollback.make_record(
        changes,
        tool=__version__,
        policy=policy,
        names=prepared.plan.short_names,
        certificates=recorded_certificates(prepared, issued),
    )
    data = rollback.to_json(record)
    if len(data) > rollback.MAX_BYTES:
        raise TlsError(
            f"the record of this run would be larger than {rollback.MAX_BYTES // 2**20} MiB: too many lines change",
            where=Where(prepared.directory),
            hint="leave services out (--exclude), or run without --code",
        )
    return [
        disk.Write(state_path(prepared.directory, rollback.RECORD_NAME), data, disk.ANY),
        *_private(prepared, changes),
    ]


def _private(prepared: Prepared, changes: list[rollback.FileChange]) -> Iterator[disk.Operation]:
    """The patches, which hold lines as they are: out of git, and closed to whom one of their files is closed."""
    yield disk.KeepFromGit(prepared.directory / disk.STATE_DIRECTORY, disk.ALL_BUT_RECORD)
    texts = {rollback.PATCH_NAME: rollback.patch(changes), rollback.ENV_PATCH_NAME: rollback.env_patch(changes)}
    for name, data in texts.items():
        path = state_path(prepared.directory, name)
        mode = 0o666
        for change in changes:
            if (change.kind == "env") == (name == rollback.ENV_PATCH_NAME):
                mode &= change.mode
        if data:
            yield disk.Write(path, data, disk.ANY, mode | 0o600)
        elif path.exists():
            yield disk.Remove(path, disk.ANY)


def record_operations(
    prepared: Prepared, files_now: Mapping[str, bytes], gone: Collection[Path] = ()
) -> list[disk.Operation]:
    """What has the record of the last run know the certificates that are there from now on, by name in their directory.

    Certificates at the paths `gone` are removed; where there is no record, none is made.
    """
    record = prepared.record
    if record is None:
        return []
    certs = certs_directory(prepared)
    removed = {relative(prepared.directory, path) for path in gone}
    known = {each.path: each for each in record.certificates if each.path not in removed}
    for name, data in files_now.items():
        if name.endswith("-cert.pem"):
            path = relative(prepared.directory, certs / name)
            known[path] = rollback.Certificate(path, files.sha256(data))
    after = tuple(sorted(known.values(), key=lambda certificate: certificate.path))
    if after == record.certificates:
        return []
    data = rollback.to_json(replace(record, certificates=after))
    return [disk.Write(state_path(prepared.directory, rollback.RECORD_NAME), data, disk.ANY)]


def recorded_certificates(prepared: Prepared, issued: Issued | None) -> list[rollback.Certificate]:
    """The certificates of the last record with those that were issued now, by their path."""
    known = {c.path: c for c in prepared.record.certificates} if prepared.record else {}
    for new in issued.new_files if issued else ():
        if new.path.name.endswith("-cert.pem"):
            path = relative(prepared.directory, new.path)
            known[path] = rollback.Certificate(path, files.sha256(new.data))
    bundles = trusted.texts(prepared, issued)
    known.update((each.path, each) for each in trusted.recorded(prepared, bundles))
    return sorted(known.values(), key=lambda certificate: certificate.path)
