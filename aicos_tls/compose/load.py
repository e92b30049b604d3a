"""Reads the files of a project and merges them to one model: overrides, `include`, `extends`, `.env`, `env_file`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from aicos_tls import budgets, files
from aicos_tls.compose.checks import check, check_service
from aicos_tls.compose.dotenv import EnvFile
from aicos_tls.compose.interpolation import expand
from aicos_tls.compose.model import REPLACING_TAGS, ComposeFile, Layer, Project, Service
from aicos_tls.compose.resolve import MERGE, text_of, texts_of
from aicos_tls.errors import TlsError, Where
from aicos_tls.yamledit.nodes import Mapping, Node, Scalar, Sequence, deref
from aicos_tls.yamledit.parse import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from collections.abc import Mapping as MappingOf
    from collections.abc import Sequence as SequenceOf
    from pathlib import Path

    from aicos_tls.compose.resolve import Entry
    from aicos_tls.files import TextFile
    from aicos_tls.yamledit.nodes import Stream

    Reader = Callable[[Path], TextFile]
    Parsed = MappingOf[Path, tuple[TextFile, Stream]]

_DEFINES_A_SERVICE = frozenset({"image", "build", "extends", "command"})


def load(paths: SequenceOf[Path], *, read: Reader = files.read, parsed: Parsed | None = None) -> Project:
    """Load and merge compose files; relative paths start from the directory of the first one.

    `parsed` holds files whose parse is known already.

    Raises `TlsError` for what is no compose file, and for what docker compose would refuse and this program cannot work
    around: duplicate keys, a missing or circular `include` or `extends`.
    """
    directory = paths[0].parent
    project = Project(directory, [], {}, named=tuple(paths), read=read)
    loader = _Loader(project, read, parsed or {})
    project.dotenv = loader.env_file(directory / ".env")
    for path in paths:
        loader.add(path, directory)
    loader.check_empty()
    if not project.services:
        raise _no_services(project)
    for service in project.services.values():
        loader.complete(service)
    return project


class _Loader:
    def __init__(self, project: Project, read: Reader, parsed: Parsed) -> None:
        self._project = project
        self._read = read
        self._parsed = parsed
        self._sources: dict[str, ComposeFile] = {}
        self._env_files: dict[str, EnvFile | None] = {}
        self._empty: dict[str, Where] = {}
        self._extending = 0
        """Nodes that services have from those that they extend."""
        self._sizes: dict[int, int] = {}

    def add(self, path: Path, base: Path, depth: int = 0) -> None:
        """Read a file, those it includes, and add its services."""
        source = self._open(path, base)
        if depth > budgets.CHAIN:
            raise TlsError(f"more than {budgets.CHAIN} files include each other", where=Where(path))
        if source in self._project.files:
            return
        self._project.files.append(source)
        for root in source.roots:
            entries = source.resolver.entries(root)
            if include := entries.get("include"):
                self._include(source, include.value, depth)
            if services := entries.get("services"):
                self._services(source, services.value)

    def _open(self, path: Path, base: Path) -> ComposeFile:
        real = os.path.realpath(path)  # the same file by another way is the same file
        if real not in self._sources:
            if path in self._parsed:
                file, stream = self._parsed[path]
            else:
                self._count(path)
                file = files.within_budget(self._read(path))
                stream = parse(file)
            source = ComposeFile(file, stream, base)
            check(source)
            self._sources[real] = source
        return self._sources[real]

    def _count(self, path: Path) -> None:
        if len(self._sources) + len(self._env_files) >= budgets.FILES:
            raise TlsError(f"the project has more than {budgets.FILES:,} files", where=Where(path))

    def env_file(self, path: Path) -> EnvFile | None:
        """Read a file of variables, each once; None when it is not there."""
        real = os.path.realpath(path)
        if real not in self._env_files:
            self._count(path)
            there = files.is_file(path)
            self._env_files[real] = EnvFile(files.within_budget(self._read(path))) if there else None
        return self._env_files[real]

    def _expand(self, text: str) -> str:
        """With the values of `.env`, which may be secrets: what is said shows the text as it is written."""
        expanded = expand(text, self._project.dotenv.values if self._project.dotenv else {})
        return text if expanded is None else expanded

    def _include(self, source: ComposeFile, node: Node, depth: int) -> None:
        target = deref(node)
        for item in target.items if isinstance(target, Sequence) else [target]:
            entries = source.resolver.mapping(item)
            listed = texts_of(entries["path"].value if "path" in entries else item)
            directory = text_of(entries["project_directory"].value) if "project_directory" in entries else None
            for written in listed:
                text = self._expand(written)
                if _is_remote(text):
                    self._project.notes.append(
                        (f"include {written}: not on this machine, not looked at", source.where(item))
                    )
                    continue
                path = source.base / text
                if not files.is_file(path):
                    raise TlsError(f"the included file {written} does not exist", where=source.where(item))
                self.add(path, source.base / self._expand(directory) if directory else path.parent, depth + 1)

    def _services(self, source: ComposeFile, node: Node) -> None:
        target = deref(node)
        if isinstance(target, Scalar) and target.is_null:
            return
        if not isinstance(target, Mapping):
            raise TlsError("`services` is not a mapping of names to services", where=source.where(node))
        for name, entry in source.resolver.entries(target).items():
            self._service(source, name, entry)

    def _service(self, source: ComposeFile, name: str, entry: Entry) -> None:
        services = self._project.services
        mapping = deref(entry.value)
        if mapping.tag in REPLACING_TAGS:  # the service of the files before is dropped, or replaced as a whole
            services.pop(name, None)
        if mapping.tag == "!reset":
            return
        if isinstance(mapping, Scalar) and mapping.is_null:
            self._empty.setdefault(name, source.where(entry.key))
            return
        if not isinstance(mapping, Mapping):
            raise TlsError(f"service {name} is not a mapping", where=source.where(entry.key))
        layer = Layer(source, name, entry.key, mapping)
        check_service(layer)
        services.setdefault(name, Service(name, [], self._project.dotenv)).layers.append(layer)

    def check_empty(self) -> None:
        """Raise `TlsError` for a service that has no definition in any file."""
        for name, where in self._empty.items():
            if name not in self._project.services:
                raise TlsError(f"service {name} is not a mapping", where=where, hint="docker compose refuses it too")

    def complete(self, service: Service) -> None:
        """Put the layers that a service extends before its own, and read its `env_file`s."""
        extended = [base for layer in service.layers for base in self._extended(layer, (service.name,))]
        service.layers[:0] = extended
        for layer in service.layers:
            if entry := layer.entries.get("env_file"):
                service.env_files += self._listed_env_files(layer, entry.value)

    def _extended(self, layer: Layer, chain: tuple[str, ...]) -> list[Layer]:
        entry = layer.entries.get("extends")
        if entry is None:
            return []
        parts = layer.source.resolver.mapping(entry.value)
        name = text_of(parts["service"].value) if "service" in parts else text_of(entry.value)
        file = text_of(parts["file"].value) if "file" in parts else None
        where = layer.source.where(entry.value)
        if not name:
            raise TlsError("`extends` names no service", where=where)
        base = self._base_layer(layer.source, name, file, where)
        step = f"{base.source.path}:{name}"
        if step in chain:
            raise TlsError(f"`extends` goes round in a circle: {' → '.join((*chain, step))}", where=where)
        if len(chain) > budgets.CHAIN:
            raise TlsError(f"more than {budgets.CHAIN} services extend each other", where=where)
        self._extending += self._size(base.mapping)
        if self._extending > budgets.NODES:
            raise TlsError(f"services extend more than {budgets.NODES:,} nodes of others", where=where)
        return [*self._extended(base, (*chain, step)), base]

    def _size(self, node: Node) -> int:
        """Nodes of a mapping, with those that aliases stand for; the parser has bounded them and their depth."""
        node = deref(node)
        known = self._sizes.get(id(node))
        if known is None:
            members = node.items if isinstance(node, Sequence) else []
            members = [part for pair in node.pairs for part in pair] if isinstance(node, Mapping) else members
            self._sizes[id(node)] = known = 1 + sum(map(self._size, members))
        return known

    def _base_layer(self, source: ComposeFile, name: str, file: str | None, where: Where) -> Layer:
        if file:
            path = source.base / self._expand(file)
            if not files.is_file(path):
                raise TlsError(f"the file {file} that is extended does not exist", where=where)
            source = self._open(path, path.parent)
            if source not in self._project.files:
                self._project.files.append(source)
        for root in source.roots:
            services = source.resolver.entries(root).get("services")
            found = source.resolver.mapping(services.value).get(name) if services else None
            if found and isinstance(mapping := deref(found.value), Mapping):
                return Layer(source, name, found.key, mapping, extended=True)
        raise TlsError(f"service {name} that is extended does not exist in {source.path}", where=where)

    def _listed_env_files(self, layer: Layer, node: Node) -> Iterator[EnvFile]:
        target = deref(node)
        for item in target.items if isinstance(target, Sequence) else [target]:
            entries = layer.source.resolver.mapping(item)
            text = text_of(entries["path"].value) if "path" in entries else text_of(item)
            if not text:
                continue
            if found := self.env_file(layer.source.base / self._expand(text)):
                yield found
            elif text_of(entries["required"].value if "required" in entries else None) != "false":
                self._project.notes.append((f"env_file {text} does not exist, not looked at", layer.source.where(item)))


def _no_services(project: Project) -> TlsError:
    source = project.main
    for root in source.roots:
        for key, value in root.pairs:
            names = {k.value for k, _ in value.pairs if isinstance(k, Scalar)} if isinstance(value, Mapping) else set()
            if isinstance(key, Scalar) and names & _DEFINES_A_SERVICE and key.value not in ("services", MERGE):
                return TlsError(
                    f"{key.value!r} stands at the top level, as in version 1 compose files",
                    where=source.where(key),
                    hint="put the services under `services:`; docker compose no longer reads version 1",
                )
    return TlsError(
        "this compose file has no services" if source.roots else "this file is empty",
        where=Where(source.path, 1),
        hint="nothing to do: TLS is set up between services",
    )


def _is_remote(text: str) -> bool:
    return "://" in text or text.startswith(("git@", "oci:"))
