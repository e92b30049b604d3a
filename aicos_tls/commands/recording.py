"""What a run writes, as operations of `disk`: certificates, new texts, and the record that takes it all back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls import __version__, disk, files, rollback
from aicos_tls.commands import trusted
from aicos_tls.commands.directories import MODE, emptying, making
from aicos_tls.commands.project import (
    CODE_SERVICES,
    COMPOSE_FILES,
    Prepared,
    Target,
    certs_directory,
    relative,
    state_path,
)

if TYPE_CHECKING:
    from aicos_tls.pki.issuing import Issued


def certificate_operations(prepared: Prepared, issued: Issued) -> list[disk.Operation]:
    """The certificates and keys that were made, with their directory; nothing when none were."""
    if not issued.new_files:
        return []
    new = [disk.Write(n.path, n.data, disk.ANY if n.overwrite else None, n.mode) for n in issued.new_files]
    return [disk.MakeDirectory(certs_directory(prepared), MODE), *new]


def operations_of(prepared: Prepared, issued: Issued | None) -> list[disk.Operation]:
    """Everything that `enable` writes; nothing at all when no file and no certificate changes."""
    operations = certificate_operations(prepared, issued) if issued else []
    operations += trusted.operations(prepared, trusted.texts(prepared, issued))
    operations += file_operations(prepared)
    return [*operations, *_record_operations(prepared, issued)] if operations else []


def file_operations(prepared: Prepared) -> list[disk.Operation]:
    """What is written besides certificates and the record."""
    changed = [target for target in prepared.targets if target.changes]
    certs = certs_directory(prepared)
    operations = list(making(certs, (target.path for target in changed if target.after is not None)))
    operations += [_operation(target) for target in changed]
    return operations + list(emptying(certs, (target.path for target in changed if target.after is None)))


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
        "compose_file": relative(prepared.directory, prepared.selection.files[0]),
        COMPOSE_FILES: [relative(prepared.directory, path) for path in prepared.selection.files],
        **prepared.plan.policy.as_dict(),
        **({CODE_SERVICES: list(prepared.code)} if prepared.code else {}),
    }
    record = rollback.make_record(
        changes,
        tool=__version__,
        policy=policy,
        names=prepared.plan.short_names,
        certificates=recorded_certificates(prepared, issued),
    )
    texts = {
        rollback.RECORD_NAME: rollback.to_json(record),
        rollback.PATCH_NAME: rollback.patch(changes),
        rollback.ENV_PATCH_NAME: rollback.env_patch(changes),
    }
    operations: list[disk.Operation] = []
    for name, data in texts.items():
        path = state_path(prepared.directory, name)
        if data:
            operations.append(disk.Write(path, data, disk.ANY))
        elif path.exists():
            operations.append(disk.Remove(path, disk.ANY))
    return operations


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
