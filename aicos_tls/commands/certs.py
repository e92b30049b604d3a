"""`certs issue` and `certs list`: what the guide's `generate-certs.sh` did, alone."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path  # noqa: TC003 - the type of a field
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from aicos_tls import disk, rollback
from aicos_tls.commands import trusted
from aicos_tls.commands.enable import wanted
from aicos_tls.commands.holding import holding, still_the_same
from aicos_tls.commands.project import certs_directory, prepare
from aicos_tls.commands.recording import certificate_operations, recorded_certificates
from aicos_tls.commands.records import state_path
from aicos_tls.commands.replacing import replace_pairs
from aicos_tls.errors import TlsError, Where
from aicos_tls.pki import CA_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from aicos_tls.commands.project import Prepared
    from aicos_tls.pki.decision import Force
    from aicos_tls.pki.issuing import Issued, NewFile
    from aicos_tls.pki.reading import Problem
    from aicos_tls.pki.state import Survey
    from aicos_tls.pki.store import Inventory


class IssueResult(Struct, frozen=True):
    """The certificates after the run, the CA's first; `written` are the new files.

    `remarks` are about what works and was kept but should not stay so: modes, weak keys.
    """

    directory: Path
    issued: Issued
    written: tuple[Path, ...]
    remarks: tuple[Problem, ...] = ()


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
    from aicos_tls.commands.certificates import revoking
    from aicos_tls.commands.profiles import profile_of
    from aicos_tls.pki.decision import decide
    from aicos_tls.pki.issuing import issue as make

    with ExitStack() as held:
        locked = held.enter_context(holding(named, environment))
        prepared = prepare(named, flags, environment)
        if trusted.may_have_bundles(prepared.record):
            prepared = prepare(named, flags, environment, code=())
        still_the_same(prepared, locked)
        names = _short_names(prepared, services)
        directory = certs_directory(prepared)
        held.enter_context(disk.lock_certificates(directory))
        disk.recover_pairs(directory)
        found, forced = _survey(prepared, names, force=force, now=now)
        count = len(decide(found, forced).new_keys)
        told = progress(count) if progress and count else None
        profile = profile_of(prepared.plan.policy)
        issued = make(found, profile, project=prepared.plan.project.name, now=now, force=forced, progress=told)
        at_once = _at_once(issued)
        disk.commit(_operations(prepared, issued, at_once), locked)
        replace_pairs(directory, at_once)
        revoking.followed(directory, now=now, predecessor=found.authority.certificate)
    written = tuple(new.path for new in issued.new_files)
    return IssueResult(
        directory, issued, written, tuple(remark for remark in found.remarks if remark.path not in written)
    )


def _survey(prepared: Prepared, names: set[str], *, force: bool, now: datetime) -> tuple[Survey, Force]:
    """What is there for the services that were named (all when none was), and what is replaced.

    A new CA vouches for none of the certificates that are there. So it is never made for some services only: those of
    the others are issued again, with their keys.
    """
    from aicos_tls.pki.decision import decide
    from aicos_tls.pki.store import survey

    directory, everyone = certs_directory(prepared), wanted(prepared)
    if not names:
        return survey(directory, everyone, now=now), "all" if force else frozenset()
    found = survey(directory, [leaf for leaf in everyone if leaf.short_name in names], now=now)
    forced = frozenset(names) if force else frozenset()
    if decide(found, forced).orphans:
        return survey(directory, everyone, now=now), forced | {CA_NAME} if force else forced
    return found, forced


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


def _at_once(issued: Issued) -> tuple[NewFile, ...]:
    """The files of pairs that take the place of others, each pair at once, because somebody may read them now.

    With a new CA they are none: then every file has to change, or none, and whoever reads one has to be restarted.
    """
    names = [new.path.name for new in issued.new_files]
    if f"{CA_NAME}-cert.pem" in names:
        return ()
    replaced = {new.path.name.rpartition("-")[0] for new in issued.new_files if new.overwrite}
    return tuple(new for new in issued.new_files if new.path.name.rpartition("-")[0] in replaced)


def _operations(prepared: Prepared, issued: Issued, apart: tuple[NewFile, ...]) -> list[disk.Operation]:
    """The new files but those `apart`, and the record that knows all, so that `rollback --certs` removes them."""
    operations = certificate_operations(prepared, issued, apart)
    operations += trusted.operations(prepared, trusted.texts(prepared, issued))
    if (operations or apart) and prepared.record is not None:
        record = replace(prepared.record, certificates=tuple(recorded_certificates(prepared, issued)))
        path = state_path(prepared.directory, rollback.RECORD_NAME)
        operations.append(disk.Write(path, rollback.to_json(record), disk.ANY))
    return operations


def inventory(directory: Path, *, now: datetime) -> Inventory:
    """List every certificate in `directory`; raises `TlsError` when there is no such directory."""
    from aicos_tls.pki.store import inventory as list_all

    if not directory.is_dir():
        raise TlsError("no such directory", where=Where(directory), hint="aicos-tls certs issue makes it")
    return list_all(directory, now=now)
