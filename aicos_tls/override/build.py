"""A plan for the compose files turned into one for an override file, with the proof that both give the same model."""

from __future__ import annotations

import os
import posixpath
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from aicos_tls.compose.load import load
from aicos_tls.compose.urls import without_password
from aicos_tls.errors import InternalError, TlsError, Where
from aicos_tls.files import TextFile
from aicos_tls.override.difference import NEVER_READ, Delta, delta
from aicos_tls.override.text import text
from aicos_tls.override.variables import Changed, changed, escaped, from_env_files, substituted
from aicos_tls.plan.model import Declined, Note, PlannedFile
from aicos_tls.proof.declared import Declared, bases
from aicos_tls.proof.leaves import leaves
from aicos_tls.proof.merged import Readers, merge, target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from aicos_tls.compose.model import Project, Service
    from aicos_tls.plan.model import Change, Plan
    from aicos_tls.plan.policy import Policy
    from aicos_tls.proof.plain import Plain

    Reader = Callable[[Path], TextFile]

_TOP_LEVEL = ("configs", "secrets")


def override_path(main: Path) -> Path:
    """The override file of a project: `docker-compose.tls.yml` beside `docker-compose.yml`."""
    return main.with_name(f"{main.stem}.tls.yml")


def overridden(plan: Plan, after: Project, paths: Sequence[Path], read: Reader, *, there: bool) -> Plan:
    """The plan that writes an override file instead of changing files of the person.

    `after` is the project with the files of `plan`; `there` says whether a file of the override's name exists that
    is not this program's. Raises `TlsError` when it does.
    """
    path = override_path(paths[0])
    if there:
        raise TlsError(
            "this file is in the way: the override would have its name",
            where=Where(path),
            hint="move it away, or leave out --override",
        )
    draft = _Draft(plan, after)
    draft.compute()
    if not draft.model:
        return replace(plan, changes=draft.kept, declined=draft.declined, files=[])
    names = [posixpath.relpath(one.as_posix(), paths[0].parent.as_posix()) for one in (*paths, path)]
    data = text(draft.model, names).encode()
    _prove(draft, [*paths, path], lambda p: TextFile(p, data) if p == path else read(p))
    file = PlannedFile(path, None, data, "created")
    notes = [*plan.notes, *_repeated(draft.kept, plan, path)]
    return replace(plan, changes=draft.kept, declined=draft.declined, notes=notes, files=[file])


def _repeated(kept: Sequence[Change], plan: Plan, path: Path) -> Iterator[Note]:
    """Say which values of env files stand in the override: it will be committed, and they often are not."""
    for file in plan.files:
        keys = [c.path.removeprefix(f"{file.path}.") for c in kept if c.path.startswith(f"{file.path}.")]
        if file.kind == "env" and keys:
            text = f"{path.name} repeats the values of {', '.join(dict.fromkeys(keys))}: look before you commit it"
            yield Note("warning", text, where=Where(file.path))


_NOT_REPEATED = "its value in the env file holds variables, escapes or a password, so it is not repeated"


class _Draft(Struct, eq=False):
    """The override in the making: what it holds, and the services as compose will merge them."""

    plan: Plan
    after: Project
    model: dict[str, Plain] = field(default_factory=dict)
    wanted: dict[str, dict[str, Plain]] = field(default_factory=dict)
    kept: list[Change] = field(default_factory=list)
    declined: list[Declined] = field(default_factory=list)

    def compute(self) -> None:
        project, policy = self.plan.project, self.plan.policy
        new = changed(project, self.plan.files)
        old_readers, readers = Readers(project), Readers(self.after)
        lost: dict[Change, str] = {change: NEVER_READ for change in self.plan.changes if change.path.startswith("x-")}
        lost |= {change: _NOT_REPEATED for change in self.plan.changes if change.path in new.unclear}
        services: dict[str, Plain] = {}
        for name, service in project.services.items():
            before = old_readers.service(service)
            goal = _with_variables(readers.service(self.after.services[name]), project, name, new)
            goal = _with_mounts(before, goal, _Certificates.of(project, service, policy))
            goal = {key: value for key, value in goal.items() if value not in ([], "") or not before.get(key)}
            found = delta(before, goal, ("services", name))
            self._note(found, lost)
            if found.written:
                services[name] = found.written
            if not found.declined:
                self.wanted[name] = goal
        for name, service in self.after.services.items():
            if name not in project.services:
                services[name] = self.wanted[name] = _Certificates.of(project, service, policy).moved(
                    readers.service(service)
                )
        if services:
            self.model["services"] = services
        for kind in _TOP_LEVEL:
            before = _entries(project, old_readers, kind)
            goal = {key: substituted(value, new.dotenv) for key, value in _entries(self.after, readers, kind).items()}
            found = delta(before, goal, (kind,))
            self._note(found, lost)
            if found.written:
                self.model[kind] = found.written
        self._sort(lost)

    def _note(self, found: Delta, lost: dict[Change, str]) -> None:
        for leaf, reason in found.declined:
            declared = Declared(self.plan.changes, bases(self.plan.project))
            if declared.explains(leaf):
                lost |= dict.fromkeys(declared.seen, reason)
            else:  # what a variable of `.env` would have changed here
                service = self.plan.project.services[leaf.path[1]]
                paste = f"{leaf.name}: {leaf.after}"
                self.declined.append(Declined("urls", service.name, service.where, reason, paste, safe=False))

    def _sort(self, lost: dict[Change, str]) -> None:
        self.declined = [*self.plan.declined, *self.declined]
        for change in self.plan.changes:
            if change not in lost:
                self.kept.append(change)
                continue
            safe = lost[change] == NEVER_READ
            after = without_password(change.after) if lost[change] == _NOT_REPEATED else change.after
            paste = f"{change.path}: {after}"
            declined = Declined(change.rule, change.service, change.where, lost[change], paste, safe)
            if declined not in self.declined:
                self.declined.append(declined)


def _with_variables(service: dict[str, Plain], project: Project, name: str, new: Changed) -> dict[str, Plain]:
    """A service that gets the new values of `.env` and its `env_file`s without them."""
    if not new.files:
        return service
    passed = service.get("environment")
    environment = dict(passed) if isinstance(passed, dict) else {}
    for key, value in new.dotenv.items():
        if key in environment and environment[key] is None:
            environment[key] = escaped(value)
    for key, value in from_env_files(project.services[name], new).items():
        environment.setdefault(key, escaped(value))
    found = {**service, "environment": environment} if environment else service
    return {key: value if key.startswith("x-") else substituted(value, new.dotenv) for key, value in found.items()}


class _Certificates(Struct, frozen=True):
    """The certificates directory as the file of a service writes it, and as the override does."""

    written: str
    wanted: str

    @classmethod
    def of(cls, project: Project, service: Service, policy: Policy) -> _Certificates:
        """For a service, whose file may lie in another directory than the project's."""
        base = os.path.relpath(project.directory, service.first.source.base)
        return cls(policy.certs_source(base), policy.certs_source())

    def text(self, value: Plain) -> Plain:
        """A text that begins with the directory, as the override writes it; every other value as it is."""
        if isinstance(value, str) and value.startswith((f"{self.written}:", f"{self.written}/")):
            return self.wanted + value[len(self.written) :]
        return value

    def moved(self, service: dict[str, Plain]) -> dict[str, Plain]:
        """A whole service, with the directory in its attributes and their items as the override writes it."""
        return {
            key: [self.text(item) for item in value] if isinstance(value, list) else self.text(value)
            for key, value in service.items()
        }


def _with_mounts(before: dict[str, Plain], goal: dict[str, Plain], certificates: _Certificates) -> dict[str, Plain]:
    """A service whose new mounts are written as in the directory of the project, where the override lies."""
    volumes, known = goal.get("volumes"), before.get("volumes")
    if not isinstance(volumes, list) or volumes == known:
        return goal
    old = known if isinstance(known, list) else []
    return {**goal, "volumes": [v if v in old else certificates.text(v) for v in volumes]}


def _entries(project: Project, readers: Readers, kind: str) -> dict[str, Plain]:
    """The entries of a key of the top level, of all files; of two with one name, the later."""
    found: dict[str, Plain] = {}
    for source in project.files:
        for root in source.roots:
            if entry := source.resolver.entries(root).get(kind):
                value = readers.source(source).value(entry.value)
                found.update(value if isinstance(value, dict) else {})
    return found


def _prove(draft: _Draft, paths: Sequence[Path], read: Reader) -> None:
    """Merge the override over the files as they are, and compare; raises `InternalError` when it is not the same."""
    project = load(paths, read=read)
    readers = Readers(project)
    for name, goal in draft.wanted.items():
        merged = merge([readers.service(project.services[name])])
        for leaf in leaves(_in_order(merge([goal])), _in_order(merged), ("services", name)):
            raise InternalError(f"the override would give {leaf.name}: {leaf.after!r}, not {leaf.before!r}")


def _in_order(service: dict[str, Plain]) -> dict[str, Plain]:
    """A service with its mounts in the order of their places: which one was written first means nothing."""
    volumes = service.get("volumes")
    return {**service, "volumes": sorted(volumes, key=target)} if isinstance(volumes, list) else service
