"""`doctor`: everything that is wrong with an enabled project as far as its files tell. Reads only."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path  # noqa: TC003 - the type of a field
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from aicos_tls import disk, files
from aicos_tls.commands.project import Prepared, certs_directory, prepare, relative
from aicos_tls.commands.records import load_record, settings_of, undone
from aicos_tls.compose.discovery import select
from aicos_tls.compose.load import load
from aicos_tls.doctor import record as recording
from aicos_tls.doctor.facts import Facts
from aicos_tls.doctor.model import CHECKS, Finding, Severity
from aicos_tls.errors import TlsError, Where
from aicos_tls.override.build import override_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime, timedelta

    from aicos_tls.compose.model import Project
    from aicos_tls.rollback import Record

_ORDER = {check: index for index, check in enumerate(CHECKS)}
SETTINGS = (
    "certs_dir",
    "mount_path",
    "all",
    "only",
    "include",
    "exclude",
    "strip_prefix",
    "override",
    "serve",
    "sidecar_image",
    "repair",
    "published",
)
"""Settings of the recorded run that say what is to be looked at."""


class Result(Struct, frozen=True):
    """What was found, in the order of the table of checks. `checked` are the ids of the checks that were made.

    `enable_repairs`: `aicos-tls enable` would put right what is wrong in the files that it changes.
    """

    directory: Path
    main: Path
    findings: tuple[Finding, ...]
    checked: tuple[str, ...] = ()
    services: int = 0
    servers: int = 0
    enable_repairs: bool = False

    @property
    def faulty(self) -> bool:
        """Whether there is a fault: warnings and hints are none."""
        return any(finding.severity is Severity.FAULT for finding in self.findings)


def doctor(
    named: Sequence[Path],
    services: Sequence[str],
    flags: dict[str, object],
    *,
    now: datetime,
    within: timedelta | None,
    environment: Mapping[str, str],
) -> Result:
    """Examine a project, or of it the `services` that are named. Raises `TlsError` for what is no compose project.

    `within` is the time before its expiry from which a certificate is reported; None as `pki.duration.notice` has it.
    """
    main = select(named, environment).files[0]
    exposed = tuple(_exposed(main.parent))
    try:
        result = _examine(named, services, flags, now=now, within=within, environment=environment)
    except TlsError as error:
        if not exposed:
            raise
        result = Result(main.parent, main, (Finding("not-examined", error.message, error.hint, error.where),))
    return replace(result, findings=tuple(dict.fromkeys((*exposed, *result.findings))))


def _exposed(directory: Path) -> Iterator[Finding]:
    """Yield where git sees private keys: the first thing to know, whatever else is wrong with the project."""
    from aicos_tls.doctor.secrecy import exposed

    places = ["./certs"]
    with suppress(TlsError):
        record = load_record(directory)
        recorded = record.policy.get("certs_dir") if record else None
        places = [recorded] if isinstance(recorded, str) else places
    for certs in places:
        yield from exposed(directory, directory / certs)


def _examine(
    named: Sequence[Path],
    services: Sequence[str],
    flags: dict[str, object],
    *,
    now: datetime,
    within: timedelta | None,
    environment: Mapping[str, str],
) -> Result:
    selection = select(named, environment)
    directory, main = selection.files[0].parent, selection.files[0]
    if disk.interrupted(directory):
        return Result(directory, main, (recording.interrupted(directory),), ("run-interrupted",))
    record = load_record(directory)
    if (gone := _override_gone(directory, main, record)) is not None:
        return Result(directory, main, (recording.override_gone(gone),), ("override-gone",))
    prepared = prepare(
        named, settings_of(record, directory, flags, SETTINGS), environment, code=(), conflicts_stay=True
    )
    main = prepared.selection.files[0]
    project = _as_it_is(prepared)
    _check_names(services, project, main)
    if record is None and _is_not_enabled(prepared, project):
        return Result(directory, main, (_not_enabled(prepared),), ("not-enabled",))
    facts = Facts(prepared.plan, project, certs_directory(prepared), now, within, prepared.choices, prepared.settled)
    found = list(_findings(facts))
    recorded = _recorded(prepared, selection.files)
    found += recording.check(recorded, found)
    if services:
        found = [finding for finding in found if finding.service in services]
    ordered = sorted(dict.fromkeys(found), key=lambda finding: _ORDER[finding.check])
    return Result(
        directory,
        main,
        tuple(ordered),
        tuple(CHECKS),
        len(facts.services),
        len(facts.servers),
        bool(recorded.would_change) and not (recorded.undo and recorded.undo.blocked),
    )


def _override_gone(directory: Path, main: Path, record: Record | None) -> Path | None:
    """The override file that the last run made, where somebody removed it."""
    if record is None or not record.policy.get("override"):
        return None
    made = [directory / file.path for file in record.files if file.kind == "created"]
    wanted = override_path(main)
    return wanted if wanted in made and not os.path.lexists(wanted) else None


def _as_it_is(prepared: Prepared) -> Project:
    """The project as docker compose merges it now, the override file of the last run with it."""
    override = prepared.override
    there = override is not None and files.is_file(override)
    return load(prepared.compose_files if there else prepared.selection.files)


def _check_names(services: Sequence[str], project: Project, main: Path) -> None:
    for name in services:
        if name not in project.services:
            hint = f"services: {', '.join(project.services)}"
            raise TlsError(f"there is no service {name!r} (--only)", where=Where(main), hint=hint)


def _is_not_enabled(prepared: Prepared, project: Project) -> bool:
    """Whether nobody began to enable TLS, be it by hand."""
    begun = any("TLS_ENABLED" in service.environment for service in project.services.values())
    return not begun and any(target.changes for target in prepared.targets)


def _not_enabled(prepared: Prepared) -> Finding:
    main = prepared.selection.files[0]
    todo = f"aicos-tls enable {main} --dry-run shows what it takes"
    return Finding("not-enabled", "TLS is not enabled here", todo, Where(main))


def _findings(facts: Facts) -> Iterator[Finding]:
    from aicos_tls.doctor import (
        addresses,
        advice,
        certificates,
        code,
        contexts,
        healthchecks,
        revocation,
        secrecy,
        settings,
        users,
    )

    for part in (settings, addresses, healthchecks, certificates, revocation, users, secrecy, contexts, code, advice):
        yield from part.check(facts)


def _recorded(prepared: Prepared, selected: Sequence[Path]) -> recording.Recorded:
    record, directory = prepared.record, prepared.directory

    override = prepared.override
    planned = {file.path for file in prepared.plan.files}
    named = {os.path.realpath(path) for path in selected}
    return recording.Recorded(
        directory,
        record,
        undone(directory, record) if record else None,
        tuple(target.path for target in prepared.targets if target.changes and target.path in planned),
        override,
        tuple(relative(directory, path) for path in prepared.compose_files),
        used=override is None or os.path.realpath(override) in named,
    )
