"""Go as one of the languages of `aicos_tls.sources.languages`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from aicos_tls.sources.go.detect import detect
from aicos_tls.sources.go.helper import calls_server, helper_name, helper_source, package_of
from aicos_tls.sources.go.transform import transform
from aicos_tls.sources.go.urls import USE, constants_of
from aicos_tls.sources.languages import Changed, Evidence, Facts
from aicos_tls.sources.model import HELPER_MARK, NewSource
from aicos_tls.yamledit.apply import splice

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
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
        by_directory = _by_directory(files)
        constants = constants_of([file for sources in by_directory.values() for file in sources], context)
        for sources in by_directory.values():
            helper = _helper(sources)
            changed = [transform(file, context, constants) for file in sources if file.path != helper]
            results += changed
            called = next((result.file for result in changed if result.helper), None)
            if called is not None:
                package = package_of(called) or "main"
                serves = any(calls_server(_after(result)) for result in changed)
                source = helper_source(context, package, context.templates, serves=serves)
                new.append(NewSource(helper, source))
        return Changed(tuple(_covered(results)), tuple(new))


def _covered(results: list[CodeResult]) -> Iterator[CodeResult]:
    """Yield the results; the constants that they cover are not done while uses of them are to be changed."""
    pending = any(change.what == USE for result in results for change in result.changes)
    for result in results:
        covered = tuple(replace(each, done=not pending) for each in result.covered)
        yield replace(result, covered=covered)


def _after(result: CodeResult) -> str:
    """The text of a file as it will be."""
    return splice(result.file.text, [piece for change in result.changes for piece in change.splices])


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
