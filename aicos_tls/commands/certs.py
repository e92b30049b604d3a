"""`certs issue` and `certs list`: what the guide's `generate-certs.sh` did, alone."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - the type of a field
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from aicos_tls import disk, files, rollback
from aicos_tls.commands.enable import CERTS_MODE, certs_directory, wanted
from aicos_tls.commands.project import prepare, put_in_order, relative, state_path
from aicos_tls.errors import TlsError, Where
from aicos_tls.pki import CA_NAME, KeyType, Profile

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from aicos_tls.commands.project import Prepared
    from aicos_tls.pki.issuing import Issued
    from aicos_tls.pki.store import Inventory


class IssueResult(Struct, frozen=True):
    """The certificates after the run, the CA's first; `written` are the new files."""

    directory: Path
    issued: Issued
    written: tuple[Path, ...]


def issue(
    named: Sequence[Path],
    services: Sequence[str],
    flags: dict[str, object],
    *,
    force: bool,
    now: datetime,
    environment: Mapping[str, str],
    progress: Callable[[int], Callable[[str], None]] | None = None,
) -> IssueResult:
    """Issue what is missing or due, for all services in scope or for those named; `force` replaces keys too.

    A service may be given by its name or its short name, or be `ca`. Raises `TlsError`; then nothing has been written.
    """
    from aicos_tls.pki.decision import decide
    from aicos_tls.pki.issuing import issue as make
    from aicos_tls.pki.store import survey

    put_in_order(named, environment)
    prepared = prepare(named, flags, environment)
    names = _short_names(prepared, services)
    leaves = [leaf for leaf in wanted(prepared) if not services or leaf.short_name in names]
    forced: frozenset[str] | Literal["all"] = frozenset()
    if force:
        forced = frozenset(names) if services else "all"
    policy = prepared.plan.policy
    directory = certs_directory(prepared)
    with disk.lock(prepared.directory) as locked:
        disk.recover(locked)
        found = survey(directory, leaves, now=now)
        count = len(decide(found, forced).new_keys)
        told = progress(count) if progress and count else None
        profile = Profile(KeyType(policy.key_type), policy.days)
        issued = make(found, profile, project=prepared.plan.project.name, now=now, force=forced, progress=told)
        disk.commit(_operations(prepared, directory, issued), locked)
    return IssueResult(directory, issued, tuple(new.path for new in issued.new_files))


def _short_names(prepared: Prepared, services: Sequence[str]) -> set[str]:
    known = {c.service: c.short_name for c in prepared.plan.certificates}
    found: set[str] = set()
    for name in services:
        if name in known:
            found.add(known[name])
        elif name in known.values() or name == CA_NAME:
            found.add(name)
        else:
            raise TlsError(
                f"no certificate is issued for {name!r}",
                where=Where(prepared.selection.files[0]),
                hint=f"services in scope: {', '.join(known) or 'none'}",
            )
    return found


def _operations(prepared: Prepared, directory: Path, issued: Issued) -> list[disk.Operation]:
    if not issued.new_files:
        return []
    operations: list[disk.Operation] = [disk.MakeDirectory(directory, CERTS_MODE)]
    operations += [disk.Write(n.path, n.data, disk.ANY if n.overwrite else None, n.mode) for n in issued.new_files]
    if prepared.record is not None:
        operations.append(_recorded(prepared, prepared.record, issued))
    return operations


def _recorded(prepared: Prepared, record: rollback.Record, issued: Issued) -> disk.Operation:
    """The record with the new certificates, so that `rollback --certs` knows them."""
    from dataclasses import replace

    known = {c.path: c for c in record.certificates}
    for new in issued.new_files:
        if new.path.name.endswith("-cert.pem"):
            path = relative(prepared.directory, new.path)
            known[path] = rollback.Certificate(path, files.sha256(new.data))
    ordered = tuple(sorted(known.values(), key=lambda c: c.path))
    data = rollback.to_json(replace(record, certificates=ordered))
    return disk.Write(state_path(prepared.directory, rollback.RECORD_NAME), data, disk.ANY)


def inventory(directory: Path, *, now: datetime) -> Inventory:
    """List every certificate in `directory`; raises `TlsError` when there is no such directory."""
    from aicos_tls.pki.store import inventory as list_all

    if not directory.is_dir():
        raise TlsError("no such directory", where=Where(directory), hint="aicos-tls certs issue makes it")
    return list_all(directory, now=now)
