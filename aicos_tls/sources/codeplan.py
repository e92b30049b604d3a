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
from msgspec.structs import replace

from aicos_tls.errors import Where
from aicos_tls.plan.model import Change, Declined, PlannedFile
from aicos_tls.sources.changes import ServiceChanges, changes_of, shipping_of
from aicos_tls.sources.codenotes import browser_notes, callback_notes
from aicos_tls.sources.languages import Changed
from aicos_tls.sources.model import HELPER_MARK
from aicos_tls.yamledit.apply import splice

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

    from aicos_tls.files import TextFile
    from aicos_tls.plan.model import Note
    from aicos_tls.sources.model import CodeChange, CodeResult
    from aicos_tls.sources.project import ServiceSources, Sources

ID = "code"


class CodePlan(Struct, frozen=True):
    """What is to be done about the sources of `services`: changes, what is left to a person, and the new texts.

    `notes` say what stays as it is and what is to be done elsewhere. The changes of those in `trusting` rely on
    NODE_EXTRA_CA_CERTS.
    """

    services: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    declined: tuple[Declined, ...] = ()
    files: tuple[PlannedFile, ...] = ()
    notes: tuple[Note, ...] = ()
    trusting: tuple[str, ...] = ()


class _OfFile(Struct, frozen=True):
    """What the services that have a file say about it; `helper`: it will import the helper."""

    file: TextFile
    by_service: dict[str, tuple[CodeChange, ...]]
    helper: bool = False


def code_plan(sources: Sources, wanted: Collection[str]) -> CodePlan:
    """Plan the code of the services `wanted`, and of those that share a file with them that calls the helper."""
    found = {name: changes_of(service) for name, service in sources.services.items()}
    files = _by_file(sources, found)
    for of_file in [each for each in files.values() if each.helper]:
        _bring_along(sources, found, files, of_file)
    services = _with_sharers(files.values(), wanted)
    draft = _Draft(sources, {name: found[name] for name in found if name in services})
    draft.refused = {name: service.refused for name, service in found.items() if service.refused}
    draft.write([files[path] for path in sorted(files) if services.intersection(files[path].by_service)])
    trusting = tuple(name for name, service in draft.found.items() if service.trusts_variable)
    notes = (*browser_notes(draft.found, sources.servers), *callback_notes(draft.changes, draft.files))
    return CodePlan(
        tuple(draft.found), tuple(draft.changes), tuple(draft.declined), tuple(draft.files), notes, trusting
    )


def _by_file(sources: Sources, found: dict[str, ServiceChanges]) -> dict[Path, _OfFile]:
    files: dict[Path, _OfFile] = {}
    for name, service in found.items():
        for result in service.results:
            _add(files, name, result)
    for name, source in sources.services.items():
        for file in source.files.values():
            if file.path in files and files[file.path].helper and _runs(source, file):
                files[file.path].by_service.setdefault(name, ())
    return files


def _add(files: dict[Path, _OfFile], name: str, result: CodeResult) -> None:
    path = result.file.path
    known = files.get(path) or _OfFile(result.file, {})
    changes = (*known.by_service.get(name, ()), *result.changes)
    helper = known.helper or (result.helper and bool(result.changes))
    files[path] = _OfFile(result.file, {**known.by_service, name: tuple(dict.fromkeys(changes))}, helper)


def _runs(service: ServiceSources, file: TextFile) -> bool:
    """Whether a service runs files of that kind: scripts that nginx serves do not import anything here."""
    return any(file.path.suffix.lower().lstrip(".") in language.suffixes for language in service.languages)


def _bring_along(
    sources: Sources, found: dict[str, ServiceChanges], files: dict[Path, _OfFile], of_file: _OfFile
) -> None:
    """Bring the helper that a shared file will import into the images of the other services that have the file."""
    helpers = {new.path: new for name, changes in of_file.by_service.items() if changes for new in found[name].new}
    for name in of_file.by_service:
        own = {new.path for new in found[name].new}
        lacking = tuple(new for path, new in helpers.items() if path not in own)
        shipping = shipping_of(sources.services[name], Changed(new=lacking))
        if isinstance(shipping, str):
            found[name] = replace(found[name], refused=shipping)
        else:
            for result in shipping:
                _add(files, name, result)


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
        self.refused: dict[str, str] = {}

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
        lacking = [reason for name, reason in self.refused.items() if name in of_file.by_service]
        if chosen is None or (of_file.helper and lacking):
            names = " and ".join(mine)
            reason = f"{names} have this file, and it would have to be changed for each in another way: not changed"
            place = Where(of_file.file.path)
            self._decline(next(iter(mine)), place, lacking[0] if lacking else reason, "see: aicos-tls code show")
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
            for new in service.new if not service.refused else ():
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


def _key(change: CodeChange) -> tuple[object, ...]:
    return change.what, change.where, change.splices
