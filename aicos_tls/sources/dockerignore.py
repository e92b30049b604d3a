"""What `.dockerignore` keeps from an image: which file counts for a build, and what its lines match.

An own matcher, because the rules are Go's and not git's: a pattern starts at the root of the context, what lies in an
ignored directory can come back, and `**` stands for any number of directories (Docker, "Build context", ".dockerignore
files"; where that is silent, the builder's own matcher, moby/patternmatcher, was asked).
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls import budgets
from aicos_tls.plan.globs import linear

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path, PurePosixPath

NAME = ".dockerignore"
_TOKEN = re.compile(r"\*\*/?|\*|\?|\[\^?\]?(?:\\.|[^\]\\])*\]|\\.|.", re.DOTALL)

_SPECIAL = re.compile(r"[*?\[\]\\]")
_SET = re.compile(r"[\[&|~]")
"""What means something in a class of Python's, and nothing in one of Go's."""


_DIRECTORIES = "(?:.*/)?"
_NOTHING = re.compile(r"(?!)")


class Line(Struct, frozen=True):
    """One line: whether it brings back what others left out, and what it matches."""

    back: bool
    pattern: re.Pattern[str]


class DockerRules(Struct, frozen=True):
    """The lines of one file, for paths below the root of a build context."""

    lines: tuple[Line, ...]

    def cost(self, path: PurePosixPath) -> int:
        """How many tests it takes to say something of `path`."""
        return len(self.lines) * len(path.parts)

    def says(self, path: PurePosixPath, *, directory: bool) -> bool | None:
        """Whether `path` is left out; None when it is not. A `directory` is no different from a file.

        The builder goes down from the root and remembers which lines matched a directory: these count for all below. It
        does not try a line that would change nothing, so that `!a` after `a/*.x` says nothing of the files in `a`.
        """
        del directory
        above: tuple[bool, ...] = (False,) * len(self.lines)
        left_out = False
        for place in (*reversed([parent for parent in path.parents if parent.parts]), path):
            left_out, above = self._step(place.as_posix(), above)
        return left_out or None

    def _step(self, place: str, above: tuple[bool, ...]) -> tuple[bool, tuple[bool, ...]]:
        """Whether a place is left out, and which lines matched it, by those that matched the directory above."""
        left_out, matched = False, []
        for line, inherited in zip(self.lines, above, strict=True):
            found = inherited or (line.back is left_out and line.pattern.fullmatch(place) is not None)
            matched.append(found)
            left_out = not line.back if found else left_out
        return left_out, tuple(matched)


def candidates(context: Path, dockerfile: Path) -> tuple[Path, Path]:
    """The files that may count for a build, the first that is there: the Dockerfile's own, then the context's."""
    return dockerfile.with_name(dockerfile.name + NAME), context / NAME


def docker_rules(text: str) -> DockerRules:
    """The rules of a `.dockerignore`."""
    return DockerRules(tuple(_lines(text.removeprefix("\ufeff"))))


def _lines(text: str) -> Iterator[Line]:
    for line in text.splitlines()[: budgets.PATTERNS]:
        pattern = line.strip()
        if line.startswith("#") or not pattern or len(line) > budgets.PATTERN:
            continue
        back = pattern.startswith("!")
        cleaned = posixpath.normpath(pattern.removeprefix("!").strip()).lstrip("/")
        if cleaned not in ("", "."):
            yield Line(back, _compiled(cleaned))


def _compiled(pattern: str) -> re.Pattern[str]:
    """The pattern as Go's `filepath.Match` reads it, and `**`; one that is none there matches nothing.

    `**` stands for whole directories before anything else, for everything at the end, and for any beginning of a name
    where it is first and nothing else is special (`**.pem`).
    """
    if pattern.startswith("**") and not _SPECIAL.search(pattern, 2) and not pattern.startswith("**/"):
        return re.compile(".*" + re.escape(pattern[2:]), re.DOTALL)
    parts = [match[0] for match in _TOKEN.finditer(pattern)]
    last = ".*" if parts[-1].startswith("**") else _translated(parts[-1])
    if (expression := _joined([*map(_translated, parts[:-1]), last])) is None:
        return _NOTHING
    try:
        return re.compile(expression, re.DOTALL)
    except (re.error, OverflowError, RecursionError):
        return _NOTHING


def _joined(parts: list[str]) -> str | None:
    """The expression of all tokens; None when it would take too long to try.

    Between two `**` stand whole names, mostly: then the first place where they match is the only one to be tried.
    """
    chunks: list[list[str]] = [[]]
    for part in parts:
        if part == _DIRECTORIES:
            chunks.append([])
        else:
            chunks[-1].append(part)
    if sum(not chunk or chunk[-1] != "/" for chunk in chunks[1:-1]) > budgets.STARS:
        return None
    texts = [linear("".join(chunk)) for chunk in chunks]
    for at in range(1, len(texts)):
        atomic = at < len(texts) - 1 and texts[at].endswith("/")
        texts[at] = f"(?>(?:.*?/)??{texts[at]})" if atomic else f"{_DIRECTORIES}{texts[at]}"
    return "".join(texts)


def _translated(token: str) -> str:
    known = {"**": _DIRECTORIES, "**/": _DIRECTORIES, "*": "[^/]*", "?": "[^/]"}.get(token)
    if known is not None:
        return known
    if token.startswith("[") and len(token) > 1:
        inside = _SET.sub(r"\\\g<0>", token[1:-1]).replace("--", r"-\-")
        return f"(?!/)[{inside}]"
    return re.escape(token[1:] if token.startswith("\\") and len(token) > 1 else token)
