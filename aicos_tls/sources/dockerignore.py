"""What `.dockerignore` keeps from an image: which file counts for a build, and what its lines match.

An own matcher, because the rules are Go's and not git's: a pattern starts at the root of the context, the last line
that matches a path or one of its parents decides, so that what lies in an ignored directory can come back, and `**`
stands for any number of directories wherever it is written (Docker, "Build context", ".dockerignore files").
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path, PurePosixPath

NAME = ".dockerignore"
_TOKEN = re.compile(r"\*\*/?|\*|\?|\[\^?\]?(?:\\.|[^\]\\])*\]|\\.|.", re.DOTALL)

_SET = re.compile(r"[\[&|~]")
"""What means something in a class of Python's, and nothing in one of Go's."""


class Line(Struct, frozen=True):
    """One line: whether it brings back what others left out, and what it matches."""

    back: bool
    pattern: re.Pattern[str]


class DockerRules(Struct, frozen=True):
    """The lines of one file, for paths below the root of a build context."""

    lines: tuple[Line, ...]

    def says(self, path: PurePosixPath, *, directory: bool) -> bool | None:
        """Whether `path` is left out; None when no line speaks of it. A `directory` is no different from a file."""
        del directory
        places = [path.as_posix(), *(parent.as_posix() for parent in path.parents if parent.parts)]
        matching = (line for line in reversed(self.lines) if any(map(line.pattern.fullmatch, places)))
        return next((not line.back for line in matching), None)


def candidates(context: Path, dockerfile: Path) -> tuple[Path, Path]:
    """The files that may count for a build, the first that is there: the Dockerfile's own, then the context's."""
    return dockerfile.with_name(dockerfile.name + NAME), context / NAME


def docker_rules(text: str) -> DockerRules:
    """The rules of a `.dockerignore`."""
    return DockerRules(tuple(_lines(text.removeprefix("\ufeff"))))


def _lines(text: str) -> Iterator[Line]:
    for line in text.splitlines():
        pattern = line.strip()
        if line.startswith("#") or not pattern:
            continue
        back = pattern.startswith("!")
        cleaned = posixpath.normpath("/" + pattern.removeprefix("!").strip()).lstrip("/")
        if cleaned:
            yield Line(back, _compiled(cleaned))


def _compiled(pattern: str) -> re.Pattern[str]:
    """The pattern as Go's `filepath.Match` reads it, and `**`; one that is none there matches nothing."""
    try:
        return re.compile("".join(_translated(match[0]) for match in _TOKEN.finditer(pattern)), re.DOTALL)
    except re.error:
        return re.compile(r"(?!)")


def _translated(token: str) -> str:
    known = {"**": ".*", "**/": "(?:.*/)?", "*": "[^/]*", "?": "[^/]"}.get(token)
    if known is not None:
        return known
    if token.startswith("[") and len(token) > 1:
        inside = _SET.sub(r"\\\g<0>", token[1:-1]).replace("--", r"-\-")
        return f"(?!/)[{inside}]"
    return re.escape(token[1:] if token.startswith("\\") and len(token) > 1 else token)
