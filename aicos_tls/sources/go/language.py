"""Go as one of the languages of `aicos_tls.sources.languages`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.sources.go.detect import detect
from aicos_tls.sources.go.helper import helper_name, helper_source, package_of
from aicos_tls.sources.go.transform import transform
from aicos_tls.sources.languages import Changed, Evidence, Facts
from aicos_tls.sources.model import HELPER_MARK, NewSource

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path, PurePosixPath

    from aicos_tls.files import TextFile
    from aicos_tls.sources.model import CodeContext, CodeResult


class Go:
    """Services that have Go sources."""

    name = "Go"
    suffixes = frozenset({"go"})

    def look(self, files: Mapping[PurePosixPath, TextFile]) -> Facts | None:
        """What go.mod and the sources say."""
        if not any(path.suffix == ".go" for path in files):
            return None
        found = detect(files)
        first = next(iter(found.serves_tls), None)
        return Facts(
            "Go",
            framework=Evidence(found.framework.value, found.framework.where) if found.framework else None,
            entry=found.entry,
            listens=tuple(Evidence("listens", evidence.where) for evidence in found.listens),
            serves_tls=Evidence("serves HTTPS", first.where) if first else None,
            reads=tuple(Evidence(evidence.value, evidence.where) for evidence in found.reads_certificates),
        )

    def change(self, files: Mapping[PurePosixPath, TextFile], context: CodeContext) -> Changed:
        """The change of each source, with a helper in every directory (a package, in Go) where something calls it."""
        results: list[CodeResult] = []
        new: list[NewSource] = []
        for sources in _by_directory(files).values():
            helper = _helper(sources)
            changed = [transform(file, context) for file in sources if file.path != helper]
            results += changed
            called = next((result.file for result in changed if result.helper), None)
            if called is not None:
                package = package_of(called) or "main"
                new.append(NewSource(helper, helper_source(context, package, context.templates)))
        return Changed(tuple(results), tuple(new))


def _by_directory(files: Mapping[PurePosixPath, TextFile]) -> dict[Path, list[TextFile]]:
    found: dict[Path, list[TextFile]] = {}
    for path, file in sorted(files.items()):
        if path.suffix == ".go":
            found.setdefault(file.path.parent, []).append(file)
    return found


def _helper(sources: list[TextFile]) -> Path:
    """The helper's file: the one that is there already, else one with a free name."""
    ours = next((file.path for file in sources if HELPER_MARK in file.text), None)
    return ours or sources[0].path.parent / helper_name({file.path.name for file in sources})


LANGUAGE = Go()
