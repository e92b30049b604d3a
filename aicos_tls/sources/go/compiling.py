"""What a Go service compiles, by its commands; and the changes of these that bring the helper in.

A command of the image or of the compose file that cannot be changed leaves the service as it is: without the helper
its code would not compile. One that people run beside it is only reported.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.compose.resolve import text_of
from aicos_tls.sources.comments import comments, is_documentation
from aicos_tls.sources.go.builds import Package, Refused, Rewording, is_adjacent, reword
from aicos_tls.sources.go.commands import Found, go_command, in_shell, shell_text
from aicos_tls.sources.go.names import is_tool
from aicos_tls.sources.go.occurrences import in_dockerfile, in_files, in_image
from aicos_tls.sources.layout import Layout, walk
from aicos_tls.sources.model import CodeChange, CodeResult, Manual, Refusal, WordEdit
from aicos_tls.yamledit.edits import Splice
from aicos_tls.yamledit.nodes import Scalar, Sequence, deref

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping
    from collections.abc import Sequence as AbstractSequence

    from aicos_tls.errors import Where
    from aicos_tls.files import TextFile
    from aicos_tls.sources.go.builds import Occurrence
    from aicos_tls.sources.go.occurrences import Written
    from aicos_tls.sources.model import NewSource
    from aicos_tls.sources.project import ServiceSources

    Files = Mapping[PurePosixPath, TextFile]

_MENTION = re.compile(r"\bgo[ \t]+(?:build|run|install|vet)\b[^\n]*?(?P<file>[\w./${}-]*\.go)\b")
_PROGRAM = re.compile(r"^package main\b", re.MULTILINE)


class InCompose(Struct, frozen=True):
    """A command of Go in the compose file: the words of its arguments as spans of a value, or as items of a list."""

    attribute: str
    occurrence: Occurrence
    spans: tuple[tuple[int, int], ...] = ()
    items: tuple[int, ...] = ()


class Compiling(Struct, frozen=True):
    """What is to be done so that the helpers of a service are compiled with it."""

    results: tuple[CodeResult, ...] = ()
    words: tuple[WordEdit, ...] = ()
    refusal: Refusal | None = None


def compiling(service: ServiceSources, results: Iterable[CodeResult], new: Iterable[NewSource]) -> Compiling:
    """What makes the commands of a service compile its helpers. `results` are the changes of its Go files."""
    packages = list(_packages(service, results, new))
    if not packages:
        return Compiling()
    found: list[CodeResult] = []
    handled: set[tuple[object, int]] = set()
    for written, inside in _written(service):
        handled.add((written.file.path, written.occurrence.where.line))
        rewording = reword(written.occurrence, packages, service.files)
        if isinstance(rewording, Refused):
            if inside:
                return Compiling(refusal=Refusal(written.occurrence.where, rewording.reason, rewording.paste))
            manual = Manual(written.occurrence.where, rewording.reason, rewording.paste)
            found.append(CodeResult(written.file, manual=(manual,)))
        elif rewording is not None:
            found.append(CodeResult(written.file, (_change(written, rewording),)))
    words: list[WordEdit] = []
    for each in in_compose(service):
        rewording = reword(each.occurrence, packages, service.files)
        if isinstance(rewording, Refused):
            return Compiling(refusal=Refusal(each.occurrence.where, rewording.reason, rewording.paste))
        if rewording is not None:
            words += _word_edits(each, rewording)
    left = list(_unread(service, packages, handled))
    first = next((manual for file, manual in left if file is service.dockerfile), None)
    if first is not None:
        return Compiling(refusal=Refusal(first.where, first.reason, first.paste))
    found += [CodeResult(file, manual=(manual,)) for file, manual in left]
    return Compiling(tuple(found), tuple(words))


def _packages(service: ServiceSources, results: Iterable[CodeResult], new: Iterable[NewSource]) -> Iterator[Package]:
    calling = {result.file.path for result in results if result.helper}
    for helper in new:
        path = service.path_of(helper.path)
        if path is not None:
            callers = frozenset(
                known for known, file in service.files.items() if file.path in calling and known.parent == path.parent
            )
            yield Package(path.parent, helper.path.parent, path.name, callers)


def _written(service: ServiceSources) -> Iterator[tuple[Written, bool]]:
    """Yield the commands in files, and whether the image is built or started by them."""
    if service.dockerfile is not None:
        arguments = service.build.args if service.build else {}
        yield from ((written, True) for written in in_dockerfile(service.dockerfile, service.files, arguments))
    text = service.dockerfile.text if service.dockerfile else ""
    for written in in_files(service.files):
        name = written.file.path.name
        used = re.search(r"\bmake\b", text) if name.lower().endswith(("makefile", ".mk")) else name in text
        yield written, bool(used)


def _change(written: Written, rewording: Rewording) -> CodeChange:
    verb, spans = written.occurrence.command.verb, written.spans
    if rewording.package and is_adjacent(written.file.text, spans):
        what = f"go {verb}: the package instead of its files, so that the helper is compiled"
        splice = Splice(spans[0][0], spans[-1][1], (0,), rewording.package)
    else:
        what = f"go {verb}: the helper is named beside the other files"
        end = spans[-1][1]
        splice = Splice(end, end, (0,), f", {rewording.added}" if written.listed else f" {rewording.added}")
    return CodeChange(what, written.occurrence.where, (splice,), for_helper=True)


def in_compose(service: ServiceSources) -> Iterator[InCompose]:
    """Yield the commands of Go that the compose file starts."""
    layout = _started(service)
    for attribute in ("entrypoint", "command"):
        found = service.service.attribute(attribute)
        node = deref(found[1].value) if found else None
        if found is None or node is None:
            continue
        where = found[0].source.where(node)
        if isinstance(node, Scalar) and not node.is_null:
            yield from _of_text(attribute, node.value, None, layout, where)
        elif isinstance(node, Sequence):
            words = [text_of(item) or "" for item in node.items]
            at = shell_text(words)
            if at is not None:
                yield from _of_text(attribute, words[at], at, layout, where)
            elif command := go_command(words, layout.variables):
                texts = tuple(words[i] for i in command.places)
                occurrence = in_image(Found(command, ()), layout, texts, where)
                yield InCompose(attribute, occurrence, tuple((0, len(text)) for text in texts), command.places)


def _of_text(attribute: str, text: str, item: int | None, layout: Layout, where: Where) -> Iterator[InCompose]:
    for found in in_shell(text, layout.variables):
        words = tuple(text[start:end] for start, end in found.spans)
        yield InCompose(attribute, in_image(found, layout, words, where), found.spans, () if item is None else (item,))


def _started(service: ServiceSources) -> Layout:
    """The image when it is started: all of its last stage, and what the compose file mounts over it."""
    paths = [path for path in service.files if path.suffix == ".go" or path.name in ("go.mod", "go.work")]
    layout = Layout(paths, service.build.args if service.build else {})
    for _ in walk(service.stage, layout) if service.stage else ():
        pass  # the layout is what all of it leads to
    for mount in service.service.mounts:
        goal, source = service.service.expand(mount.target), service.service.expand(mount.source) or ""
        path = service.path_of(mount.layer.source.base / source) if source.startswith((".", "/")) else None
        if path is not None and goal:
            layout.mount(goal, path)
    found = service.service.attribute("working_dir")
    if found and (directory := service.service.expand(text_of(found[1].value) or "")):
        layout.directory = layout.join(directory)
    return layout


def _word_edits(each: InCompose, rewording: Rewording) -> list[WordEdit]:
    (start, _), (_, end) = each.spans[0], each.spans[-1]
    if len(each.items) == len(each.spans) > 0 and each.occurrence.command.places == each.items:
        if rewording.package and len(each.items) == 1:
            return [WordEdit(each.attribute, start, end, rewording.package, each.items[0])]
        return [WordEdit(each.attribute, 0, 0, rewording.added, each.items[-1] + 1, new=True)]
    item = each.items[0] if each.items else None
    if rewording.package:
        return [WordEdit(each.attribute, start, end, rewording.package, item)]
    return [WordEdit(each.attribute, end, end, f" {rewording.added}", item)]


def _unread(
    service: ServiceSources, packages: AbstractSequence[Package], handled: Container[object]
) -> Iterator[tuple[TextFile, Manual]]:
    """Yield the places where a command of Go names a file of a package that gets a helper, and nothing reads it."""
    named = {caller.name: package for package in packages for caller in package.callers}
    files = [(path, file) for path, file in service.files.items() if "Dockerfile" not in path.name]
    if service.dockerfile is not None:
        files.append((PurePosixPath(service.dockerfile.path.name), service.dockerfile))
    for path, file in files:
        if path.suffix == ".go" or is_documentation(path) or "go " not in file.text:
            continue
        spans = comments(path, file.text)
        for match in _MENTION.finditer(file.text):
            where = file.where(match.start())
            package = named.get(PurePosixPath(match["file"]).name)
            said = any(start <= match.start() < end for start, end in spans)
            if package is None or said or (file.path, where.line) in handled or package.helper in match[0]:
                continue
            reason = f"this command would not compile {package.helper}"
            yield file, Manual(where, reason, f"{match[0]} {_beside(match['file'], package.helper)}")


def _beside(name: str, helper: str) -> str:
    return str(PurePosixPath(name).with_name(helper))


def programs(service: ServiceSources) -> frozenset[PurePosixPath] | None:
    """The directories of the programs that the image of a service is made of; None where that is not known."""
    if service.dockerfile is None:
        return None
    found: set[PurePosixPath] = set()
    arguments = service.build.args if service.build else {}
    occurrences = [written.occurrence for written in in_dockerfile(service.dockerfile, service.files, arguments)]
    occurrences += [each.occurrence for each in in_compose(service)]
    for occurrence in occurrences:
        if occurrence.command.verb == "vet" or any("@" in name for name in occurrence.command.arguments):
            continue  # a check, or a tool of another module
        directories = _directories(occurrence, service.files)
        if directories is None:
            return None
        found |= directories
    return frozenset(found) or None


def _directories(occurrence: Occurrence, files: Files) -> set[PurePosixPath] | None:
    """The directories that a command compiles; None where that is not known."""
    command, base = occurrence.command, occurrence.base
    if command.names_files:
        return {path.parent for path in occurrence.paths} or None
    if base is None:
        return None
    found: set[PurePosixPath] = set()
    for name in command.arguments or (".",):
        if name.startswith("./") or name in (".", ".."):
            found.add(PurePosixPath(posixpath.normpath(base / name)))
        elif (inside := _in_module(name, base, files)) is not None:
            found.add(inside)
        else:
            return None
    return found if not any("..." in str(path) or "$" in str(path) for path in found) else None


def _in_module(name: str, base: PurePosixPath, files: Files) -> PurePosixPath | None:
    """The directory of a package that is named by its import path."""
    for root in (base, *base.parents):
        file = files.get(root / "go.mod")
        match = re.search(r"^module\s+(\S+)", file.text, re.MULTILINE) if file else None
        if match and (name == match[1] or name.startswith(f"{match[1]}/")):
            return root / name.removeprefix(match[1]).lstrip("/")
    return None


def own_files(service: ServiceSources, files: Files) -> Files:
    """The Go files that belong to the programs of a service: those of other programs and of tools do not."""
    built = programs(service)
    return {
        path: file
        for path, file in files.items()
        if path.suffix != ".go"
        or not (is_tool(file.text) or (built and path.parent not in built and _PROGRAM.search(file.text)))
    }
