"""Python as one of the languages of `aicos_tls.sources.languages`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.sources.languages import Changed, Evidence, Facts
from aicos_tls.sources.model import HELPER_MARK, CodeResult, Manual, NewSource
from aicos_tls.sources.python.detect import detect
from aicos_tls.sources.python.helper import helper_name, helper_source
from aicos_tls.sources.python.modules import Home, home_of, stands_alone
from aicos_tls.sources.python.transform import transform

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import PurePosixPath

    from aicos_tls.files import TextFile
    from aicos_tls.sources.model import CodeContext

_ALONE = "is a program of its own in another directory, from where the helper cannot be imported: not changed"


class Python:
    """Services that have Python modules."""

    name = "Python"
    suffixes = frozenset({"py"})

    def look(self, files: Mapping[PurePosixPath, TextFile]) -> Facts | None:
        """What the modules and the lists of packages say."""
        if not any(path.suffix == ".py" for path in files):
            return None
        found = detect(files)
        known = found.framework or found.server
        first = next(iter(found.serves_tls), None)
        return Facts(
            "Python",
            framework=Evidence(known.value, known.where) if known else None,
            entry=found.entry,
            listens=tuple(Evidence("listens", evidence.where) for evidence in found.listens),
            serves_tls=Evidence("serves HTTPS", first.where) if first else None,
            reads=tuple(Evidence(evidence.value, evidence.where) for evidence in found.reads_certificates),
        )

    def change(self, files: Mapping[PurePosixPath, TextFile], context: CodeContext) -> Changed:
        """The change of each module, with the helper beside the one that is started where something calls it."""
        modules = {path: file for path, file in sorted(files.items()) if path.suffix == ".py"}
        home = home_of(modules, context.start, detect(files).entry)
        if home is None:
            return Changed()
        name = _name(modules, home)
        helper = home.directory / f"{name}.py"
        results = tuple(
            _placed(transform(file, context, home.dotted(name)), path, home)
            for path, file in modules.items()
            if path != helper
        )
        if not any(result.helper for result in results):
            return Changed(results)
        beside = next(file.path.parent for path, file in modules.items() if path.parent == home.directory)
        return Changed(results, (NewSource(beside / f"{name}.py", helper_source(context, context.templates)),))


def _name(modules: Mapping[PurePosixPath, TextFile], home: Home) -> str:
    """The name of the helper module: a free one, or that of the helper that is there already."""
    beside = {path.relative_to(home.directory): file for path, file in modules.items() if home.holds(path)}
    ours = [path.stem for path, file in beside.items() if len(path.parts) == 1 and HELPER_MARK in file.text]
    return ours[0] if ours else helper_name({path.parts[0].removesuffix(".py") for path in beside})


def _placed(result: CodeResult, path: PurePosixPath, home: Home) -> CodeResult:
    """The result, unless the module could not import the helper: then what is to be done is left to a person."""
    if not result.helper or not stands_alone(result.file, path, home):
        return result
    where = result.changes[0].where
    return CodeResult(result.file, manual=(*result.manual, Manual(where, _ALONE, "see: aicos-tls code show")))


LANGUAGE = Python()
