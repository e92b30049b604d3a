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
from aicos_tls.commands.records import CODE_SERVICES, load_record, undone
from aicos_tls.compose.discovery import Selection, select
from aicos_tls.errors import TlsError, Where
from aicos_tls.files import TextFile, read_if_there
from aicos_tls.plan.servers import NOTHING_SETTLED, Settled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aicos_tls.connections.model import Connection
    from aicos_tls.plan.model import Plan
    from aicos_tls.rollback import Record
    from aicos_tls.serving.bundles import Bundle
    from aicos_tls.serving.model import Choice


OVERRIDE_SUFFIX = ".tls.yml"
"""How the names of override files end."""


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
    the ways to serve it of those that one was asked for. `mount_points` are directories of source folders, relative to
    the project, that Docker makes for the certificates; `bundles` are files of trusted certificates that are written
    with the CA's certificate. `connections` are all that are known, as they are once the plan is carried out,
    `settled` is what the sources say of servers.
    """

    directory: Path
    selection: Selection
    plan: Plan
    record: Record | None
    targets: list[Target] = field(default_factory=list)
    code: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()
    choices: tuple[Choice, ...] = ()
    mount_points: tuple[str, ...] = ()
    bundles: tuple[Bundle, ...] = ()
    connections: tuple[Connection, ...] = ()
    settled: Settled = NOTHING_SETTLED

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


def certs_directory(prepared: Prepared) -> Path:
    """The certificates directory on the host."""
    return prepared.directory / prepared.plan.policy.certs_dir


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
    from aicos_tls.commands.mountpoints import noted
    from aicos_tls.commands.verdict import check_required
    from aicos_tls.compose.load import load
    from aicos_tls.plan.policy import resolve

    selection = select(named, environment)
    directory = selection.files[0].parent
    record = load_record(directory)
    originals, undoable = _originals(directory, record, conflicts_stay=conflicts_stay)
    selection = _without_created(selection, directory, originals)

    before = _Before(directory, originals)
    project = load(selection.files, read=before.read)
    policy = resolve(project, _with_recorded(flags, record))
    check_required(project, policy)
    names = dict(record.names) if record else None
    plan = planner.plan(project, policy, names)
    coded = Coded()
    if code is not None:
        wanted = _wanted_code(plan, flags, record, code)
        coded = _coded(plan, wanted, originals, templates, names, undoable=undoable)
        plan = coded.plan or plan

    if policy.override:
        plan = _as_override(plan, selection, before)
    _keep_secret(plan, before)
    points = noted(plan, record)
    plan.files.extend(coded.files)
    return Prepared(
        directory,
        selection,
        plan,
        record,
        _targets(directory, plan, originals, record),
        coded.services,
        coded.gaps,
        coded.choices,
        points,
        coded.bundles,
        coded.connections,
        coded.settled,
    )


def _coded(
    plan: Plan,
    wanted: Sequence[str],
    originals: Mapping[str, bytes | None],
    templates: Path | None,
    names: dict[str, str] | None,
    *,
    undoable: bool,
) -> Coded:
    """What the sources of a project say and need, with what `aicos-tls.toml` knows of its connections."""
    from aicos_tls.commands.keyaccess import locked_out
    from aicos_tls.commands.switching import Request, coded_plan
    from aicos_tls.connections.seen import seen, unknown_services
    from aicos_tls.plan.model import Note
    from aicos_tls.plan.serve import asks
    from aicos_tls.plan.settingsfile import FILE

    project = plan.project
    known = seen(project.directory / FILE)
    request = Request(wanted, originals, templates, names, asks(project, plan.policy), known, undoable=undoable)
    coded = coded_plan(plan, request)
    plan = coded.plan or plan
    unknown = unknown_services(known, project.services)
    plan.notes.extend(Note("warning", words, where=each.evidence.where) for each, words in unknown)
    plan.notes.extend(locked_out(plan, coded.choices))
    return coded


def _keep_secret(plan: Plan, before: _Before) -> None:
    """Add to the plan what keeps private keys out of git and out of images."""
    from aicos_tls.plan.gitignore import plan_gitignore

    certs_dir = plan.policy.certs_dir
    if ignored := plan_gitignore(plan.project.directory, certs_dir, before.read_if_there):
        plan.files.append(ignored)
    if plan.certificates and any(service.builds for service in plan.project.services.values()):
        from aicos_tls.pki.layout import CA_NAME
        from aicos_tls.sources.keepout import keep_out

        names = [CA_NAME, *(wanted.short_name for wanted in plan.certificates)]
        kept = keep_out(plan.project, certs_dir, names, before.read_if_there)
        plan.files.extend(kept.files)
        plan.changes.extend(kept.changes)
        plan.notes.extend(kept.notes)


def _as_override(plan: Plan, selection: Selection, before: _Before) -> Plan:
    """The plan that writes an override file instead. Raises `TlsError` where a file of the person's has its name."""
    from aicos_tls import planner
    from aicos_tls.override.build import overridden, override_path

    after = planner.changed_project(plan.project, plan.files)
    there = before.read_if_there(override_path(selection.files[0])) is not None
    return overridden(plan, after, selection.files, before.read, there=there)


def _with_recorded(flags: dict[str, object], record: Record | None) -> dict[str, object]:
    """The flags, with what the last run did besides the guide's where this one says nothing: it would take that back.

    That is the ways to serve TLS, and the repair of healthchecks.
    """
    if record is None:
        return flags
    kept: dict[str, object] = {"repair": True} if record.policy.get("repair") is True else {}
    if "serve" not in flags:
        ways, image = record.policy.get("serve"), record.policy.get("sidecar_image")
        kept |= {"serve": tuple(ways)} if isinstance(ways, list) and ways else {}
        kept |= {"sidecar_image": image} if image else {}
    return {**kept, **flags}


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


def _originals(directory: Path, record: Record | None, *, conflicts_stay: bool) -> tuple[dict[str, bytes | None], bool]:
    """The bytes before the last run of every file that it changed; of those it made nothing was there.

    Beside it whether the run can be undone: if not, only what it made is known.
    """
    if record is None:
        return {}, True
    found = undone(directory, record)
    if found.blocked and conflicts_stay:
        return {file.path: None for file in record.files if file.kind == "created"}, False
    if found.blocked:
        raise blocked_error(directory, found)
    return found.contents, True


def blocked_error(directory: Path, undo: rollback.Undo) -> TlsError:
    """What to say when the last run cannot be taken back."""
    first = undo.blocked[0]
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


def _targets(directory: Path, plan: Plan, originals: dict[str, bytes | None], record: Record | None) -> list[Target]:
    """Every file that this plan or the last run is about, as it was, is and will be. Raises `TlsError`.

    None of them leads out of the project, be it by a link on the way, or into git's own files.
    """
    planned = {relative(directory, file.path): file for file in plan.files}
    for name in planned:
        rollback.locate(directory, name)
    kinds = {file.path: file.kind for file in record.files} if record else {}
    found = [Target(f.path, f.kind, f.before, read_if_there(f.path), f.after) for f in plan.files]
    for name, data in originals.items():
        if name not in planned:
            path = directory / name
            now = read_if_there(path)
            original = None if data is None else TextFile(path, data, now.mode if now else 0o644)
            found.append(Target(path, kinds[name], original, now, data))
    return found
