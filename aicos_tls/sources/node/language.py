"""Node as one of the languages of `aicos_tls.sources.languages`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from aicos_tls.sources.languages import Changed, Evidence, Facts
from aicos_tls.sources.model import HELPER_MARK, CodeResult
from aicos_tls.sources.node import proxies, tools
from aicos_tls.sources.node.detect import NodeFacts, detect
from aicos_tls.sources.node.helper import ModuleKind, helper_file, import_path
from aicos_tls.sources.node.packages import packages_in
from aicos_tls.sources.node.runs import Runs, places
from aicos_tls.sources.node.syntax import EXTENSIONS
from aicos_tls.sources.node.transform import names_server, transform

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path, PurePosixPath

    from aicos_tls.files import TextFile
    from aicos_tls.sources.model import CodeContext
    from aicos_tls.sources.node.runs import Place


class Node:
    """Services whose package.json or sources are Node's."""

    name = "Node"
    suffixes = frozenset(extension.lstrip(".") for extension in EXTENSIONS)

    def look(self, files: Mapping[PurePosixPath, TextFile]) -> Facts | None:
        """What the files below the first package.json say."""
        inner = _below_package(files)
        if not any(path.suffix.lower() in EXTENSIONS for path in inner):
            return None
        found = detect(inner)
        framework, place = found.framework, found.framework_where
        return Facts(
            "Node",
            framework=Evidence(framework, place) if framework and place else None,
            entry=found.entry,
            listens=tuple(Evidence("listens", where) for where in found.listens),
            serves_tls=Evidence("serves HTTPS", found.serves_tls) if found.serves_tls else None,
            reads=tuple(Evidence(name, where) for name, where in found.reads_certificates),
        )

    def change(self, files: Mapping[PurePosixPath, TextFile], context: CodeContext) -> Changed:
        """The change of each source, with the helper beside the entry file where something calls it."""
        inner = _below_package(files)
        if not inner:
            return Changed()
        runs = places(inner, context.start)
        others = [*_others(inner, runs, context), *proxies.in_json(inner, context)]
        own = {path: inner[path] for path, place in runs.items() if place.runs is Runs.NODE}
        named = any(names_server(file, context) for file in own.values())
        context = replace(context, asks=context.asks or named)
        if not own or not (context.is_server or context.asks):
            return Changed(tuple(others))
        facts = detect(inner, runs)
        kind = _helper_kind(facts, inner, own)
        directory = _root(inner) / facts.entry.parent if facts.entry else _root(inner)
        helper = helper_file(context, kind, directory, _taken(inner, directory))
        sources = {file.path: file for file in own.values()}
        results = tuple(
            transform(file, context, import_path(helper.path, file, kind), files=sources)
            for file in sources.values()
            if file.path != helper.path and file.path.is_relative_to(_root(inner))
        )
        new = (helper,) if any(result.helper for result in results) else ()
        if new and _is_bundled(facts, inner, own):
            # a bundler may leave out an import that nothing is taken from: the variable trusts the CA then
            results = tuple(replace(result, trusts_variable=result.helper) for result in results)
        return Changed((*results, *others), new)


def _others(
    files: Mapping[PurePosixPath, TextFile], runs: Mapping[PurePosixPath, Place], context: CodeContext
) -> Iterator[CodeResult]:
    """Yield what is said of the sources that are no programs of Node, and the change of its tools' configuration."""
    packages = packages_in(files)
    for path, place in runs.items():
        file = files[path]
        if place.runs is Runs.BROWSER:
            yield CodeResult(file, browser=place.why)
        elif place.runs is Runs.UNDECIDED:
            yield tools.undecided(file, context, place.why)
        elif place.runs in (Runs.TOOL, Runs.BUILD):
            switch = place.runs is Runs.TOOL and tools.knows_process(path, file, packages)
            yield tools.configure(file, context, switch=switch)


def _helper_kind(
    facts: NodeFacts, files: Mapping[PurePosixPath, TextFile], own: Mapping[PurePosixPath, TextFile]
) -> ModuleKind:
    """How the helper is written: as the program that Node is started with, else as what a bundler is given."""
    if not _is_bundled(facts, files, own):
        return facts.module_kind
    typed = any(path.suffix.lower() in {".ts", ".tsx", ".mts"} for path in own)
    return ModuleKind.TYPESCRIPT if typed else ModuleKind.ESM


def _is_bundled(
    facts: NodeFacts, files: Mapping[PurePosixPath, TextFile], own: Mapping[PurePosixPath, TextFile]
) -> bool:
    """Whether a tool makes the program of what runs in Node, beside what runs in browsers."""
    return facts.entry is None and len(own) < sum(path.suffix.lower() in EXTENSIONS for path in files)


def _below_package(files: Mapping[PurePosixPath, TextFile]) -> dict[PurePosixPath, TextFile]:
    """The files of the package that lies least deep, by their path in it."""
    packages = sorted((path for path in files if path.name == "package.json"), key=lambda path: (len(path.parts), path))
    if not packages:
        return dict(files)
    root = packages[0].parent
    return {path.relative_to(root): file for path, file in files.items() if path.is_relative_to(root)}


def _taken(files: Mapping[PurePosixPath, TextFile], directory: Path) -> set[str]:
    """Names of the modules in a directory, but for a helper that is there already."""
    beside = (file for file in files.values() if file.path.parent == directory)
    return {file.path.stem for file in beside if file.path.suffix in EXTENSIONS and HELPER_MARK not in file.text}


def _root(files: Mapping[PurePosixPath, TextFile]) -> Path:
    """The directory that the paths of `files` start from."""
    path, file = next(iter(files.items()))
    return file.path.parents[len(path.parts) - 1]


LANGUAGE = Node()
