"""A project as a command finds it: its files, the record of an earlier run, and the plan made from both.

An enabled project is planned on the texts that it had before: the record is undone in memory first. So enabling twice
changes nothing, and enabling with another policy gives what rolling back and enabling would give.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from aicos_tls import disk, files, rollback
from aicos_tls.commands.gaps import Coded, Gap
from aicos_tls.compose.discovery import Selection, select
from aicos_tls.errors import TlsError, Where
from aicos_tls.files import TextFile, read_if_there

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aicos_tls.plan.model import Plan
    from aicos_tls.rollback import Record
    from aicos_tls.serving.model import Choice


OVERRIDE_SUFFIX = ".tls.yml"
"""How the names of override files end."""
COMPOSE_FILES = "compose_files"
"""Under this name the record has the compose files of the run, relative to the project directory."""
CODE_SERVICES = "code_services"
"""Under this name the record has the services whose code was changed: a later run keeps it."""


class Target(Struct, frozen=True):
    """One file as it is now and as it is to be; None where there is, or will be, no file."""

    path: Path
    kind: rollback.Kind
    original: TextFile | None
    now: TextFile | None
    after: bytes | None

    @property
    def changes(self) -> bool:
        """Whether the run will change this file."""
        return (self.now.raw if self.now else None) != self.after


class Prepared(Struct, frozen=True):
    """Everything that is known before anything is written.

    `code` are the services whose sources are changed, too; `gaps` are the servers that would not serve TLS, `choices`
    the ways to serve it of those that one was asked for.
    """

    directory: Path
    selection: Selection
    plan: Plan
    record: Record | None
    targets: list[Target] = field(default_factory=list)
    code: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()
    choices: tuple[Choice, ...] = ()

    @property
    def override(self) -> Path | None:
        """The override file of the plan, when it has one."""
        if not self.plan.policy.override:
            return None
        made = (f.path for f in self.plan.files if f.kind == "created" and f.path.name.endswith(OVERRIDE_SUFFIX))
        return next(made, None)

    @property
    def compose_now(self) -> tuple[Path, ...]:
        """The files that docker compose merges as they are now: with an override that the last run made."""
        made = [self.directory / f.path for f in self.record.files if f.kind == "created"] if self.record else []
        made = [path for path in made if path.name.endswith(OVERRIDE_SUFFIX) and path.exists()]
        return (*self.selection.files, *made)

    @property
    def compose_files(self) -> tuple[Path, ...]:
        """The files that docker compose has to merge once the plan is carried out."""
        return (*self.selection.files, self.override) if self.override else self.selection.files


def state_path(directory: Path, name: str) -> Path:
    """A file of the state directory (`.aicos-tls`)."""
    return directory / disk.STATE_DIRECTORY / name


def certs_directory(prepared: Prepared) -> Path:
    """The certificates directory on the host."""
    return prepared.directory / prepared.plan.policy.certs_dir


def load_record(directory: Path) -> Record | None:
    """Read the record of the last run; None when there is none. Raises `TlsError` for one that cannot be used."""
    path = state_path(directory, rollback.RECORD_NAME)
    file = read_if_there(path)
    return rollback.from_json(file.raw, path) if file else None


def relative(directory: Path, path: Path) -> str:
    """The path of a project file as the record has it: relative to the project directory, with slashes."""
    return Path(os.path.relpath(path, directory)).as_posix()


class _Before(Struct, frozen=True):
    """The files of a project as they were before the last run; `originals` are the texts of those that it changed."""

    directory: Path
    originals: dict[str, bytes | None]

    def read(self, path: Path) -> TextFile:
        """A file that was there; raises `TlsError` for one that the run made."""
        now = files.read(path)
        data = self.originals.get(relative(self.directory, path), now.raw)
        if data is None:
            raise TlsError("this file was made by aicos-tls; it cannot be enabled itself", where=Where(path))
        return now if data == now.raw else TextFile(path, data, now.mode, now.real)

    def read_if_there(self, path: Path) -> TextFile | None:
        """Like `read`, but None where there was no file."""
        made = self.originals.get(relative(self.directory, path), b"") is None
        return None if made or not os.path.lexists(path) else self.read(path)


def prepare(
    named: Sequence[Path],
    flags: dict[str, object],
    environment: Mapping[str, str],
    *,
    code: Sequence[str] | None = None,
    templates: Path | None = None,
    conflicts_stay: bool = False,
) -> Prepared:
    """Find the project, undo the last run in memory, and plan. Reads only; raises `TlsError`.

    With `conflicts_stay`, a run that cannot be undone is no error: then the texts are taken as they are.
    `code` are services whose sources are to be changed besides those of the last run; None asks for no look at sources.
    `templates` is a directory with templates of the user's for the code.
    """
    from aicos_tls import planner  # these here: a rollback plans nothing
    from aicos_tls.compose.load import load
    from aicos_tls.plan.gitignore import plan_gitignore
    from aicos_tls.plan.policy import resolve

    selection = select(named, environment)
    directory = selection.files[0].parent
    record = load_record(directory)
    originals = _originals(directory, record, conflicts_stay=conflicts_stay)
    selection = _without_created(selection, directory, originals)

    before = _Before(directory, originals)
    project = load(selection.files, read=before.read)
    policy = resolve(project, _with_recorded(flags, record))
    names = dict(record.names) if record else None
    plan = planner.plan(project, policy, names)
    coded = Coded()
    if code is not None:
        from aicos_tls.commands.coding import coded_plan
        from aicos_tls.plan.serve import asks

        wanted = _wanted_code(plan, flags, record, code)
        coded = coded_plan(plan, wanted, originals, templates, names, asks(project, policy))
        plan = coded.plan or plan

    if policy.override:
        plan = _as_override(plan, selection, before)
    ignored = plan_gitignore(directory, policy.certs_dir, before.read_if_there)
    if ignored:
        plan.files.append(ignored)
    plan.files.extend(coded.files)
    return Prepared(
        directory,
        selection,
        plan,
        record,
        _targets(directory, plan, originals),
        coded.services,
        coded.gaps,
        coded.choices,
    )


def _as_override(plan: Plan, selection: Selection, before: _Before) -> Plan:
    """The plan that writes an override file instead. Raises `TlsError` where a file of the person's has its name."""
    from aicos_tls import planner
    from aicos_tls.override.build import overridden, override_path

    after = planner.changed_project(plan.project, plan.files)
    there = before.read_if_there(override_path(selection.files[0])) is not None
    return overridden(plan, after, selection.files, before.read, there=there)


def _with_recorded(flags: dict[str, object], record: Record | None) -> dict[str, object]:
    """The flags, with the ways to serve TLS of the last run where this one says nothing: it would take them back."""
    if record is None or "serve" in flags:
        return flags
    ways, image = record.policy.get("serve"), record.policy.get("sidecar_image")
    kept: dict[str, object] = {"serve": tuple(ways)} if isinstance(ways, list) and ways else {}
    return {**kept, **({"sidecar_image": image} if image else {}), **flags}


def recorded_run(directory: Path) -> tuple[list[Path], dict[str, object]]:
    """The compose files and the settings of the last run, to plan it again. Raises `TlsError` when there is none."""
    record = load_record(directory)
    if record is None:
        raise TlsError(
            "TLS is not enabled here",
            where=Where(directory),
            hint="`aicos-tls enable --code` changes the compose file and the code in one",
        )
    from aicos_tls.plan.policy import Policy

    known = set(Policy.__struct_fields__)
    flags = {key: value for key, value in record.policy.items() if key in known and value is not None}
    named = record.policy.get(COMPOSE_FILES)
    return [rollback.locate(directory, name) for name in named] if isinstance(named, list) else [], flags


def _wanted_code(plan: Plan, flags: dict[str, object], record: Record | None, code: Sequence[str]) -> tuple[str, ...]:
    """The services whose code is to change: all with `--code`, none with `--no-code`, else those of the last run."""
    if plan.policy.code:
        return tuple(name for name, decision in plan.decisions.items() if decision.in_scope)
    recorded = record.policy.get(CODE_SERVICES) if record and "code" not in flags else None
    named = {*code, *(recorded if isinstance(recorded, list) else ())}
    return tuple(name for name, decision in plan.decisions.items() if name in named and decision.in_scope)


def _without_created(selection: Selection, directory: Path, originals: dict[str, bytes | None]) -> Selection:
    """The files of the person: an override that the last run wrote may be named beside them, as compose wants it."""

    def own(paths: tuple[Path, ...]) -> tuple[Path, ...]:
        return tuple(path for path in paths if originals.get(relative(directory, path), b"") is not None)

    return Selection(own(selection.files) or selection.files, own(selection.implied))


def _originals(directory: Path, record: Record | None, *, conflicts_stay: bool) -> dict[str, bytes | None]:
    """The bytes before the last run of every file that it changed; of those it made nothing was there."""
    if record is None:
        return {}

    def read(name: str) -> bytes | None:
        file = read_if_there(rollback.locate(directory, name))
        return file.raw if file else None

    undone = rollback.undo(record, read)
    if undone.blocked and conflicts_stay:
        return {file.path: None for file in record.files if file.kind == "created"}
    if undone.blocked:
        raise blocked_error(directory, undone)
    return undone.contents


def blocked_error(directory: Path, undone: rollback.Undo) -> TlsError:
    """What to say when the last run cannot be taken back."""
    first = undone.blocked[0]
    path = directory / first.path
    if isinstance(first, rollback.Missing):
        return TlsError(
            "the file that was changed is gone",
            where=Where(path),
            hint=f"put it back, or remove {directory / disk.STATE_DIRECTORY} if it is not needed any more",
        )
    clash = first.clashes[0]
    return TlsError(
        "a line that was changed for TLS was changed by hand since, and both cannot stay",
        where=Where(path, clash.line),
        hint="see `aicos-tls rollback --dry-run` for both sides",
    )


def _targets(directory: Path, plan: Plan, originals: dict[str, bytes | None]) -> list[Target]:
    """Every file that this plan or the last run is about, as it was, is and will be."""
    planned = {relative(directory, file.path): file for file in plan.files}
    found = [Target(f.path, f.kind, f.before, read_if_there(f.path), f.after) for f in plan.files]
    for name, data in originals.items():
        if name not in planned:
            path = directory / name
            now = read_if_there(path)
            original = None if data is None else TextFile(path, data, now.mode if now else 0o644)
            found.append(Target(path, "text", original, now, data))
    return found
