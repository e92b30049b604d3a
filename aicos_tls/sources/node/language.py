"""Node as one of the languages of `aicos_tls.sources.languages`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.sources.languages import Changed, Evidence, Facts
from aicos_tls.sources.model import HELPER_MARK
from aicos_tls.sources.node.detect import NodeFacts, detect
from aicos_tls.sources.node.helper import helper_file, import_path
from aicos_tls.sources.node.syntax import EXTENSIONS
from aicos_tls.sources.node.transform import transform

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path, PurePosixPath

    from aicos_tls.files import TextFile
    from aicos_tls.sources.model import CodeContext


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
        facts = detect(inner)
        directory = _directory(facts, inner)
        if directory is None:
            return Changed()
        helper = helper_file(context, facts.module_kind, directory, _taken(inner, directory))
        sources = {file.path: file for path, file in inner.items() if path.suffix.lower() in EXTENSIONS}
        results = tuple(
            transform(file, context, import_path(helper.path, file, facts.module_kind), files=sources)
            for file in sources.values()
            if file.path != helper.path and file.path.is_relative_to(_root(inner))
        )
        return Changed(results, (helper,) if any(result.helper for result in results) else ())


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


def _directory(facts: NodeFacts, files: Mapping[PurePosixPath, TextFile]) -> Path | None:
    """Where the helper goes: beside the entry file, else at the root of the package; None for no files at all."""
    if not files:
        return None
    return _root(files) / facts.entry.parent if facts.entry else _root(files)


LANGUAGE = Node()
