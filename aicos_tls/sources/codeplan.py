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
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.errors import Where
from aicos_tls.plan.model import Change, Declined, PlannedFile
from aicos_tls.sources.build import is_inside
from aicos_tls.sources.changes import ServiceChanges, changes_of
from aicos_tls.sources.model import HELPER_MARK
from aicos_tls.yamledit.apply import splice

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from aicos_tls.files import TextFile
    from aicos_tls.sources.model import CodeChange
    from aicos_tls.sources.project import Sources

ID = "code"


class CodePlan(Struct, frozen=True):
    """What is to be done about the sources of `services`: changes, what is left to a person, and the new texts."""

    services: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    declined: tuple[Declined, ...] = ()
    files: tuple[PlannedFile, ...] = ()


class _OfFile(Struct, frozen=True):
    """What the services that have a file say about it."""

    file: TextFile
    by_service: dict[str, tuple[CodeChange, ...]]
    helper: bool


def code_plan(sources: Sources, wanted: Collection[str]) -> CodePlan:
    """Plan the code of the services `wanted`, and of those that share a file with them that calls the helper."""
    found = {name: changes_of(service) for name, service in sources.services.items()}
    files = _by_file(sources, found)
    services = _with_sharers(files, wanted, [name for name in found if name in wanted or found[name].new])
    draft = _Draft(sources, {name: found[name] for name in found if name in services})
    draft.write([of_file for of_file in files if services.intersection(of_file.by_service)])
    return CodePlan(tuple(draft.found), tuple(draft.changes), tuple(draft.declined), tuple(draft.files))


def _by_file(sources: Sources, found: dict[str, ServiceChanges]) -> list[_OfFile]:
    texts: dict[Path, TextFile] = {}
    changes: dict[Path, dict[str, tuple[CodeChange, ...]]] = defaultdict(dict)
    helped: set[Path] = set()
    for name, service in found.items():
        for result in service.results:
            path = result.file.path
            texts[path] = result.file
            changes[path][name] = (*changes[path].get(name, ()), *result.changes)
            if result.helper and result.changes:
                helped.add(path)
    for name, source in sources.services.items():
        for file in source.files.values():
            if file.path in helped:
                changes[file.path].setdefault(name, ())
    return [_OfFile(texts[path], changes[path], path in helped) for path in sorted(texts)]


def _with_sharers(files: list[_OfFile], wanted: Collection[str], able: Collection[str]) -> set[str]:
    """The services wanted with those that have a file of theirs that will import the helper: they need one, too."""
    services = set(wanted)
    while True:
        shared = {name for f in files if f.helper and services.intersection(f.by_service) for name in f.by_service}
        if shared.intersection(able) <= services:
            return services
        services |= shared.intersection(able)


class _Draft:
    """The changes of the services `found` on their way to texts."""

    def __init__(self, sources: Sources, found: dict[str, ServiceChanges]) -> None:
        self.sources = sources
        self.found = found
        self.changes: list[Change] = []
        self.declined: list[Declined] = []
        self.files: list[PlannedFile] = []

    def write(self, files: list[_OfFile]) -> None:
        helpers = self._helpers()
        for name, service in self.found.items():
            self._manual(name, service)
        for of_file in files:
            self._write_file(of_file)
        for path, (names, text) in helpers.items():
            self._write_helper(path, names, text)

    def _manual(self, name: str, service: ServiceChanges) -> None:
        for result in service.results:
            for manual in result.manual:
                self._decline(name, manual.where, manual.reason, manual.paste)

    def _decline(self, service: str, where: Where, reason: str, paste: str) -> None:
        """Note what is left to a person, once for all services that have the file."""
        if not any((d.where, d.reason) == (where, reason) for d in self.declined):
            self.declined.append(Declined(ID, service, where, reason, paste))

    def _write_file(self, of_file: _OfFile) -> None:
        mine = {name: changes for name, changes in of_file.by_service.items() if name in self.found}
        chosen = self._agreed(mine)
        if chosen is None:
            names = " and ".join(mine)
            reason = f"{names} have this file, and it would have to be changed for each in another way: not changed"
            self._decline(next(iter(mine)), Where(of_file.file.path), reason, "see: aicos-tls code show")
            return
        name, changes = chosen
        splices = [piece for change in changes for piece in change.splices]
        text = splice(of_file.file.text, splices)
        if text == of_file.file.text:
            return
        self.files.append(PlannedFile(of_file.file.path, of_file.file, of_file.file.encode(text)))
        for change in changes:
            first = change.splices[0]
            before = of_file.file.text[first.start : first.end]
            path = self._relative(of_file.file.path)
            self.changes.append(Change(ID, name, change.where, path, before, first.replacement, change.what))

    def _agreed(self, mine: dict[str, tuple[CodeChange, ...]]) -> tuple[str, tuple[CodeChange, ...]] | None:
        """The changes that hold for all services that have a file: those that contain the others', or the server's."""
        for name, changes in mine.items():
            if all(set(map(_key, other)) <= set(map(_key, changes)) for other in mine.values()):
                return name, changes
        servers = [name for name in mine if name in self.sources.plan.servers]
        return (servers[0], mine[servers[0]]) if len(servers) == 1 else None

    def _helpers(self) -> dict[Path, tuple[list[str], str]]:
        """The helper files with the services that call them; two servers cannot have one with both their names."""
        texts: dict[Path, dict[str, str]] = defaultdict(dict)
        for name, service in self.found.items():
            for new in service.new:
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
        if not is_inside(path, self.sources.root):
            self._decline(names[0], Where(path), "lies outside of the project: not written", text)
            return
        if there is None and (unseen := self.sources.unseen(path)) is not None:
            self._decline(names[0], Where(path), unseen, text)
            return
        data = there.encode(text) if there else text.encode()
        if there is None or there.raw != data:
            self.files.append(PlannedFile(path, there, data, "text" if there else "created"))
            what = "serves with the certificate of the service, trusts the CA of the project"
            first = text.strip().splitlines()[0] if HELPER_MARK not in text else HELPER_MARK
            self.changes.append(Change(ID, names[0], Where(path), self._relative(path), "", first, what))

    def _relative(self, path: Path) -> str:
        return path.relative_to(self.sources.root).as_posix()


def _key(change: CodeChange) -> tuple[object, ...]:
    return change.what, change.where, change.splices
