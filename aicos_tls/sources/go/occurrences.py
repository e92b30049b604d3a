"""The commands of Go in the files of a service: its Dockerfile, Makefiles, scripts, and what reloads it (air)."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.sources import jsonwords
from aicos_tls.sources.dockerfile import exec_words, expand, stages
from aicos_tls.sources.go.builds import Occurrence
from aicos_tls.sources.go.commands import Found, go_command, in_shell, shell_text
from aicos_tls.sources.layout import Layout, walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import PurePosixPath

    from aicos_tls.errors import Where
    from aicos_tls.files import TextFile
    from aicos_tls.sources.dockerlines import Instruction

    Files = Mapping[PurePosixPath, TextFile]

_RUNS = frozenset({"RUN", "CMD", "ENTRYPOINT"})
_MAKE_VARIABLE = re.compile(r"^(\w+)[ \t]*[:?]?:?=[ \t]*(.*?)[ \t]*$", re.MULTILINE)
_RECIPE = re.compile(r"^\t[@+-]*((?:[^\n]*\\\n)*[^\n]*)$", re.MULTILINE)
_SHELL_VARIABLE = re.compile(r"""^[ \t]*(?:export[ \t]+)?(\w+)=["']?([\w./-]*)["']?[ \t]*$""", re.MULTILINE)
_AIR = re.compile(r"""^[ \t]*(?:cmd|full_bin|pre_cmd)[ \t]*=[ \t]*["']([^"'\n]*)["']""", re.MULTILINE)
_IN_PARENTHESES = re.compile(r"\$\((\w+)\)")


class Written(Struct, frozen=True):
    """An occurrence and where it is written: the spans of its words in the file; `listed`: they are items of JSON."""

    file: TextFile
    occurrence: Occurrence
    spans: tuple[tuple[int, int], ...]
    listed: bool = False


def in_dockerfile(file: TextFile, files: Files, arguments: Mapping[str, str]) -> Iterator[Written]:
    """Yield those of a Dockerfile, stage by stage."""
    paths = [path for path in files if path.suffix == ".go" or path.name in ("go.mod", "go.work")]
    for stage in stages(file, arguments):
        layout = Layout(paths, arguments)
        for instruction in walk(stage, layout):
            if instruction.name in _RUNS:
                for found, listed in _of_instruction(instruction, layout.variables):
                    spans = tuple((instruction.offsets[a], instruction.offsets[b - 1] + 1) for a, b in found.spans)
                    where = file.where(spans[0][0]) if spans else stage.where(instruction)
                    yield Written(file, in_image(found, layout, _texts(file, spans), where), spans, listed)


def _of_instruction(instruction: Instruction, variables: Mapping[str, str]) -> Iterator[tuple[Found, bool]]:
    words = exec_words(instruction.value)
    if words is None:
        yield from ((found, False) for found in in_shell(instruction.value, variables))
        return
    items = jsonwords.words(instruction.value)
    at = shell_text(words)
    if at is not None:
        spans = items[at].spans
        for found in in_shell(words[at], variables):
            yield Found(found.command, tuple((spans[a][0], spans[b - 1][1]) for a, b in found.spans)), False
    elif command := go_command(words, variables):
        yield Found(command, tuple((items[i].start, items[i].end) for i in command.places)), True


def _texts(file: TextFile, spans: Sequence[tuple[int, int]]) -> tuple[str, ...]:
    return tuple(file.text[start:end] for start, end in spans)


def in_image(found: Found, layout: Layout, words: tuple[str, ...], where: Where) -> Occurrence:
    """A command that is run in an image: what it names is looked for where COPY and mounts put it."""
    command = found.command
    inside = layout.join(expand(command.directory, layout.variables))
    places = [layout.places.get(_join(inside, name)) for name in command.arguments]
    paths = tuple(place for place in places if place is not None)
    return Occurrence(command, words, where, paths if len(paths) == len(places) else (), layout.of_context(inside))


def _join(directory: str, name: str) -> str:
    return posixpath.normpath(posixpath.join(directory, name))


def in_files(files: Files) -> Iterator[Written]:
    """Yield those of Makefiles, shell scripts and the configuration of air."""
    for path, file in files.items():
        if path.name in ("Makefile", "makefile", "GNUmakefile") or path.suffix == ".mk":
            yield from _of_texts(path, file, files, _RECIPE, _make_variables(file.text))
        elif path.suffix in (".sh", ".bash") or re.match(r"#!.*\b(?:ba|da|a)?sh\b", file.text):
            yield from _of_texts(
                path, file, files, re.compile(r"(?s)\A(.*)\Z"), dict(_SHELL_VARIABLE.findall(file.text))
            )
        elif path.name in (".air.toml", "air.toml"):
            yield from _of_texts(path, file, files, _AIR, {})


def _make_variables(text: str) -> dict[str, str]:
    found = {name: _IN_PARENTHESES.sub(r"${\1}", value) for name, value in _MAKE_VARIABLE.findall(text)}
    return {name: expand(value, found) for name, value in found.items()}


def _of_texts(
    path: PurePosixPath, file: TextFile, files: Files, pattern: re.Pattern[str], variables: Mapping[str, str]
) -> Iterator[Written]:
    for match in pattern.finditer(file.text):
        text = _IN_PARENTHESES.sub(r"${\1}", match[1])
        for found in in_shell(text, variables):
            spans = tuple((match.start(1) + start, match.start(1) + end) for start, end in found.spans)
            where = file.where(spans[0][0] if spans else match.start(1))
            yield Written(file, _in_context(found, path, files, _texts(file, spans), where), spans)


def _in_context(found: Found, path: PurePosixPath, files: Files, words: tuple[str, ...], where: Where) -> Occurrence:
    """A command that is run in a directory of the sources: that of its file, or the root."""
    command = found.command
    for base in dict.fromkeys((path.parent, *path.parents)):
        by_name = {_join(str(base), name): name for name in (_join(command.directory, n) for n in command.arguments)}
        paths = tuple(known for known in files if known.as_posix() in by_name)
        if paths and len(paths) == len(by_name):
            return Occurrence(command, words, where, paths, base / command.directory)
    return Occurrence(command, words, where)
