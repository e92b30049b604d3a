"""Changes the sources of services, so that they serve HTTPS and their clients trust the project's CA.

    app.listen(3001, () => …)        tls.listen(app, 3001, () => …)
    uvicorn.run(app, port=8001)      uvicorn.run(app, port=8001, **tls.uvicorn_settings())
    'http://backend:3001'            'https://backend:3001'

Done by `enable --code` and by `code apply`. Each service gets one helper file (`tls.js`, `tls.py`, `tls.go`), and its
calls change where they stand, by syntax trees. While TLS_ENABLED is not true, servers speak HTTP as before. Public
roots stay trusted: the CA is added to them. What is not understood is left alone and listed, with code to paste.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from aicos_tls.errors import Where
from aicos_tls.plan.model import Change, Declined, PlannedFile
from aicos_tls.sources.changes import ServiceChanges, changes_of, own_files, with_helper
from aicos_tls.sources.codenotes import browser_notes, callback_notes
from aicos_tls.sources.model import HELPER_MARK, IMPORT, Refusal
from aicos_tls.yamledit.apply import splice

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

    from aicos_tls.files import TextFile
    from aicos_tls.plan.model import Note
    from aicos_tls.sources.model import CodeChange, CodeResult, WordEdit
    from aicos_tls.sources.project import ServiceSources, Sources

ID = "code"


class CodePlan(Struct, frozen=True):
    """What is to be done about the sources of `services`: changes, what is left to a person, and the new texts.

    `words` are the changes of start commands in the compose file, by service. `notes` say what stays as it is and what
    is to be done elsewhere. The changes of those in `trusting` rely on NODE_EXTRA_CA_CERTS. `names` are DNS names that
    the certificates of services get besides their own.
    """

    services: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    declined: tuple[Declined, ...] = ()
    files: tuple[PlannedFile, ...] = ()
    words: dict[str, tuple[WordEdit, ...]] = {}
    notes: tuple[Note, ...] = ()
    trusting: tuple[str, ...] = ()
    names: dict[str, tuple[str, ...]] = {}


class _OfFile(Struct, frozen=True):
    """What the services that have a file say about it; `helper`: it will import the helper."""

    file: TextFile
    by_service: dict[str, tuple[CodeChange, ...]]
    helper: bool = False

    @property
    def union(self) -> tuple[CodeChange, ...] | None:
        """The changes that any of them wants, each once; None where two would change one place in two ways."""
        found: dict[tuple[object, ...], CodeChange] = {}
        for changes in self.by_service.values():
            found.update((_key(change), change) for change in changes)
        for changes in self.by_service.values():
            if len(set(map(_key, changes))) == len(found):
                return changes  # one service wants all of it
        splices = sorted({splice for change in found.values() for splice in change.splices})
        pairs = list(pairwise(splices))
        if any(after.start < before.end for before, after in pairs):
            return None
        if self.helper and any(before.start == after.start and before.rank == after.rank for before, after in pairs):
            return None  # two ways to import it
        return tuple(found.values())


def code_plan(sources: Sources, wanted: Collection[str]) -> CodePlan:
    """Plan the code of the services `wanted`, and of those that share a file with them that calls the helper."""
    found = {name: changes_of(service) for name, service in sources.services.items()}
    _bring_along(sources, found)
    files = _by_file(sources, found)
    services = _with_sharers(files.values(), wanted)
    draft = _Draft(sources, {name: found[name] for name in found if name in services})
    draft.write([files[path] for path in sorted(files) if services.intersection(files[path].by_service)])
    words = {name: each.words for name, each in draft.found.items() if each.words and draft.is_changed(each)}
    return CodePlan(
        tuple(draft.found),
        tuple(draft.changes),
        tuple(draft.declined),
        tuple(draft.files),
        words,
        (*browser_notes(draft.found, sources.servers), *callback_notes(draft.changes, draft.files)),
        tuple(name for name, service in draft.found.items() if service.trusts_variable),
        {name: tuple(dict.fromkeys(more)) for name, more in draft.names.items()},
    )


def _bring_along(sources: Sources, found: dict[str, ServiceChanges]) -> None:
    """Give the helper to the services that have a file which others change so that it calls it."""
    calling = {result.file.path for changes in found.values() for result in changes.results if result.helper}
    for name, service in sources.services.items():
        own = {file.path for file in _run_by(service) if file.path in calling}
        shared = own - {result.file.path for result in found[name].results if result.changes}
        if shared and not found[name].new and found[name].refusal is None:
            more = with_helper(service, shared)
            results = (*found[name].results, *more.results)
            found[name] = ServiceChanges(results, more.new, more.words, more.refusal)


def _by_file(sources: Sources, found: dict[str, ServiceChanges]) -> dict[Path, _OfFile]:
    files: dict[Path, _OfFile] = {}
    for name, service in found.items():
        for result in service.results:
            _add(files, name, result)
    for name, source in sources.services.items():
        for file in _run_by(source):
            if file.path in files and files[file.path].helper:
                files[file.path].by_service.setdefault(name, ())
    return files


def _add(files: dict[Path, _OfFile], name: str, result: CodeResult) -> None:
    path = result.file.path
    known = files.get(path) or _OfFile(result.file, {})
    changes = (*known.by_service.get(name, ()), *result.changes)
    helper = known.helper or (result.helper and bool(result.changes))
    files[path] = _OfFile(result.file, {**known.by_service, name: tuple(dict.fromkeys(changes))}, helper)


def _run_by(service: ServiceSources) -> Iterator[TextFile]:
    """Yield the sources of a service that it runs: scripts that nginx serves do not import anything here."""
    for language in service.languages:
        for file in own_files(service, language).values():
            if file.path.suffix.lower().lstrip(".") in language.suffixes:
                yield file


def _with_sharers(files: Iterable[_OfFile], wanted: Collection[str]) -> set[str]:
    """The services wanted with those that have a file of theirs that will import the helper: they need it, too."""
    groups = [set(of_file.by_service) for of_file in files if of_file.helper]
    services = set(wanted)
    while more := {name for group in groups if services.intersection(group) for name in group} - services:
        services |= more
    return services


class _Draft:
    """The changes of the services `found` on their way to texts."""

    def __init__(self, sources: Sources, found: dict[str, ServiceChanges]) -> None:
        self.sources = sources
        self.found = found
        self.changes: list[Change] = []
        self.declined: list[Declined] = []
        self.files: list[PlannedFile] = []
        self.left: set[Path] = set()
        self.names: dict[str, list[str]] = defaultdict(list)

    def write(self, files: list[_OfFile]) -> None:
        for name, service in self.found.items():
            self._manual(name, service)
        code = [of_file for of_file in files if of_file.helper]
        for of_file in code:
            self._write_file(of_file)
        for of_file in files:  # Dockerfiles and the like: what is needed for the code that is changed
            if not of_file.helper:
                self._write_file(of_file)
        for path, (names, text) in self._helpers().items():
            self._write_helper(path, names, text)

    def is_changed(self, service: ServiceChanges) -> bool:
        """Whether some file of a service is changed so that it calls the helper."""
        return any(result.helper and result.file.path not in self.left for result in service.results)

    def _manual(self, name: str, service: ServiceChanges) -> None:
        for result in service.results:
            for manual in result.manual:
                self._decline(name, manual.where, manual.reason, manual.paste)

    def _decline(self, service: str, where: Where, reason: str, paste: str) -> None:
        """Note what is left to a person, once for all services that have the file."""
        if not any((d.where, d.reason) == (where, reason) for d in self.declined):
            self.declined.append(Declined(ID, service, where, reason, paste))

    def _write_file(self, of_file: _OfFile) -> None:
        mine = {name: self._wanted(name, each) for name, each in of_file.by_service.items() if name in self.found}
        changes = self._agreed(replace(of_file, by_service=mine))
        if isinstance(changes, Refusal):
            self.left.add(of_file.file.path)
            self._decline(next(iter(mine)), changes.where, changes.reason, changes.paste)
            return
        splices = [piece for change in changes for piece in change.splices]
        text = splice(of_file.file.text, splices)
        if text == of_file.file.text:
            return
        self.files.append(PlannedFile(of_file.file.path, of_file.file, of_file.file.encode(text)))
        for change in changes:
            for service, more in change.names:
                self.names[service].append(more)
            name = next(name for name, own in mine.items() if _key(change) in map(_key, own))
            first = change.splices[0]
            before = of_file.file.text[first.start : first.end]
            path = self._relative(of_file.file.path)
            self.changes.append(Change(ID, name, change.where, path, before, first.replacement, change.what))

    def _wanted(self, name: str, changes: tuple[CodeChange, ...]) -> tuple[CodeChange, ...]:
        """The changes of a file for a service; those for the helper only where it gets one."""
        changed = self.is_changed(self.found[name])
        return tuple(change for change in changes if changed or not change.for_helper)

    def _agreed(self, of_file: _OfFile) -> tuple[CodeChange, ...] | Refusal:
        """The changes that hold for all services that have a file; or why it cannot be changed."""
        if of_file.helper:
            lacking = [(name, self._lacks(name, of_file)) for name in of_file.by_service]
            first = next(((name, refusal) for name, refusal in lacking if refusal), None)
            if first is not None and first[1] is not None:
                return self._without(of_file, *first)
        changes = of_file.union
        if changes is not None:
            return changes
        servers = [name for name in of_file.by_service if name in self.sources.plan.servers]
        if len(servers) == 1 and not of_file.helper:
            return of_file.by_service[servers[0]]
        return Refusal(Where(of_file.file.path), _apart(of_file))

    def _lacks(self, name: str, of_file: _OfFile) -> Refusal | None:
        """Why a service that has a file cannot have the helper that it would import; None where it can."""
        service = self.found[name]
        if service.refusal is not None:
            return service.refusal
        if of_file.by_service[name] or service.new:
            return None
        if any(result.file.path == of_file.file.path for result in service.results):
            return None  # what it says of the file is left to a person
        return Refusal(
            Where(of_file.file.path),
            f"{name} has this file, too, and nothing says how it starts, so that it is not known where it would find "
            "the helper",
        )

    def _without(self, of_file: _OfFile, name: str, refusal: Refusal) -> Refusal:
        """Why a file is not changed: because of its own service, or of one that shares it."""
        others = [other for other, changes in of_file.by_service.items() if other != name and changes]
        if not others or refusal.where.path == of_file.file.path:
            return refusal
        shared = self._relative(of_file.file.path)
        reason = f"{shared} is also in the image of {name}, which cannot have the helper: {refusal.reason}"
        return Refusal(refusal.where, reason, refusal.paste)

    def _helpers(self) -> dict[Path, tuple[list[str], str]]:
        """The helper files with the services that call them; two servers cannot have one with both their names."""
        texts: dict[Path, dict[str, str]] = defaultdict(dict)
        for name, service in self.found.items():
            for new in service.new if self.is_changed(service) else ():
                texts[new.path][name] = new.text
        chosen: dict[Path, tuple[list[str], str]] = {}
        for path, by_service in texts.items():
            servers = [name for name in by_service if name in self.sources.plan.servers] or list(by_service)
            if len({by_service[name] for name in servers}) > 1:
                self._tell_apart(path, servers)
            chosen[path] = (list(by_service), by_service[servers[0]])
        return chosen

    def _tell_apart(self, path: Path, servers: list[str]) -> None:
        names = " and ".join(servers)
        reason = f"{names} are built from the same files: only {servers[0]} would find its certificate by its name"
        short = self.sources.plan.short_names
        paste = "\n".join(f"{name}: its certificate is {short[name]}-cert.pem" for name in servers)
        self._decline(servers[-1], Where(path), reason, paste)

    def _write_helper(self, path: Path, names: list[str], text: str) -> None:
        there = self.sources.file_at(path)
        data = there.encode(text) if there else text.encode()
        if there is None or there.raw != data:
            self.files.append(PlannedFile(path, there, data, "text" if there else "created"))
            what = "serves with the certificate of the service, trusts the CA of the project"
            self.changes.append(Change(ID, names[0], Where(path), self._relative(path), "", HELPER_MARK, what))

    def _relative(self, path: Path) -> str:
        return path.relative_to(self.sources.root).as_posix()


def _apart(of_file: _OfFile) -> str:
    """Why one text of a file cannot do for all services that have it."""
    imported: dict[str, list[str]] = defaultdict(list)
    for name, changes in of_file.by_service.items():
        for change in changes:
            if change.what.startswith(IMPORT):
                imported[change.what.removeprefix(IMPORT)].append(name)
    if len(imported) > 1:
        ways = ", ".join(f"{' and '.join(names)} as {module}" for module, names in imported.items())
        return f"the services that share this file start in different directories and would import the helper {ways}"
    names = " and ".join(of_file.by_service)
    return f"{names} have this file, and it would have to be changed for each in another way: not changed"


def _key(change: CodeChange) -> tuple[object, ...]:
    return change.what, change.where, change.splices
