"""Which files of a build context come into an image: the sources of COPY and ADD, and bind mounts of the compose file.

Several services may be built from one context (`context: ./services`, one Dockerfile each); what a Dockerfile copies
tells their files apart (Dockerfile reference, "COPY": sources are patterns below the context, `--from` names others).
"""

from __future__ import annotations

import os
import posixpath
import re
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import TYPE_CHECKING

from aicos_tls.sources.dockerfile import exec_words, expand
from aicos_tls.sources.dockerlines import read

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path, PurePosixPath

    from aicos_tls.compose.model import Service
    from aicos_tls.files import TextFile
    from aicos_tls.sources.dockerfile import Stage
    from aicos_tls.sources.dockerlines import Instruction

_FLAG = re.compile(r"--[a-z-]+(?:=\S*)?\s+")
_FILES = frozenset({".conf", ".template", ".json", ".yml", ".yaml", ".toml", ".ini", ".sh", ".html", ".js", ".py"})
"""Endings of files whatever the file that is copied there is called."""
_NONE: Mapping[str, str] = MappingProxyType({})


def patterns(dockerfile: TextFile) -> tuple[str, ...]:
    """The patterns below the context that some stage copies; `.` is all of it."""
    return tuple(dict.fromkeys(source for row in read(dockerfile.text) for source in sources(row)))


def sources(instruction: Instruction) -> Iterator[str]:
    """Yield the patterns below the context that an instruction copies."""
    if instruction.name not in ("COPY", "ADD"):
        return
    flags, rest = _flags(instruction)
    if any(flag.startswith("--from=") for flag in flags):
        return
    words = _words(rest)
    for word in words[:-1]:
        if "://" not in word and not word.startswith("<<"):
            yield os.path.normpath(word.lstrip("/")) or "."


def excluded(instruction: Instruction) -> tuple[str, ...]:
    """The patterns of its `--exclude`, below each of its sources (reference, "COPY --exclude")."""
    return tuple(flag.partition("=")[2] for flag in _flags(instruction)[0] if flag.startswith("--exclude="))


def places(instruction: Instruction) -> tuple[tuple[str, ...], str] | None:
    """The sources of a COPY or ADD as they are written, from wherever they are, and its destination."""
    words = _words(_flags(instruction)[1])
    return (words[:-1], words[-1]) if len(words) > 1 else None


def origin(instruction: Instruction) -> str:
    """The stage or image that a COPY takes from; empty where that is the build context."""
    return next((f.partition("=")[2] for f in _flags(instruction)[0] if f.startswith("--from=")), "")


def _words(text: str) -> tuple[str, ...]:
    return exec_words(text) or tuple(text.split())


def _flags(instruction: Instruction) -> tuple[list[str], str]:
    at, flags = 0, []
    while match := _FLAG.match(instruction.value, at):
        flags.append(match[0].strip())
        at = match.end()
    return flags, instruction.value[at:]


def is_copied(path: PurePosixPath, wanted: tuple[str, ...]) -> bool:
    """Whether a file of the context, by its path in it, is one that some pattern copies."""
    return any(_matches(path, pattern) for pattern in wanted)


def _matches(path: PurePosixPath, pattern: str) -> bool:
    """Compare part by part: a directory brings all that is in it, `*` stands for no `/` (Go, filepath.Match)."""
    if pattern == ".":
        return True
    parts = pattern.split("/")
    found = path.parts[: len(parts)]
    return len(found) == len(parts) and all(map(fnmatchcase, found, parts))


def mounted(service: Service, project: Path) -> tuple[Path, ...]:
    """The directories and files of the project that the service mounts from the host."""
    found = []
    for mount in service.mounts:
        source = service.expand(mount.source) or ""
        if source.startswith((".", "/")):
            path = mount.layer.source.base / source
            if os.path.realpath(path).startswith(os.path.realpath(project)):
                found.append(path)
    return tuple(found)


def destination(stage: Stage, path: PurePosixPath) -> str | None:
    """Where a file of the build context is in the image of a stage; None when no COPY or ADD of it says so.

    Of several the last one counts. A destination without a slash at its end is a directory when more than one file, or
    a file of another kind, goes there (Dockerfile reference, "COPY"): `conf.d` is one, `default.conf` is none.
    """
    found = None
    directory = "/"
    for instruction in stage.instructions:
        if instruction.name == "WORKDIR":
            directory = posixpath.join(directory, instruction.value.strip("\"'"))
        elif instruction.name in ("COPY", "ADD"):
            found = lands(instruction, path, directory) or found
    return found if found is None or "$" not in found else None


def lands(
    instruction: Instruction, path: PurePosixPath, directory: str, variables: Mapping[str, str] = _NONE
) -> str | None:
    """Where a COPY or ADD puts a file of the context, seen from the working `directory`; None when it does not.

    A variable whose value is not known stays as it is written.
    """
    flags, rest = _flags(instruction)
    words = tuple(expand(word, variables) for word in exec_words(rest) or rest.split())
    if len(words) < 2 or any(flag.startswith("--from=") for flag in flags):  # noqa: PLR2004 - a source, a destination
        return None
    goal = posixpath.normpath(posixpath.join(directory, words[-1]))
    for word in words[:-1]:
        pattern = os.path.normpath(word.lstrip("/")) or "."
        if not _matches(path, pattern):
            continue
        depth = 0 if pattern == "." else len(pattern.split("/"))
        below = path.parts[depth:]  # of a directory its contents are copied
        if below:
            return posixpath.join(goal, *below)
        into = words[-1].endswith(("/", "/.")) or words[-1] in (".", "..") or len(words) > 2  # noqa: PLR2004
        ending = posixpath.splitext(goal)[1]
        into = into or (ending != path.suffix and ending not in _FILES)
        return posixpath.join(goal, path.name) if into else goal
    return None
