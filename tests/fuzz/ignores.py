"""The ignore files: patterns made linear match what they matched before, and the quick look at `.gitignore` is no wrong one.

An input is paths, one a line, a NUL, and the lines of an ignore file.
"""

from __future__ import annotations

import re
import warnings
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from fuzz.seeds import fixtures
from pathspec import GitIgnoreSpec

from aicos_tls.files import TextFile
from aicos_tls.plan import gitignore
from aicos_tls.plan.globs import STAR, linear, within_names
from aicos_tls.sources import dockerignore, ignored

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKENS = (
    "*", "**", "**/", "/**", "/**/", "?", "[a-z]", "[^a]", "[!a]", "[]a]", "[a", "[[:alpha:]]", "[--0]", "\\*", "\\", "\\ ",
    "!", "#", "\\#", "\\!", "/", "//", "./", "../", " ", "\t", "\r\n", "\n", "certs/", "certs", "*.pem", "a/b", "a", ".git",
    "node_modules", "*a*a*b", "**.pem", "é", "\u2028", "\ufeff", ".", "..", "a.b", "b/c.py\n", "&&", "||", "~~", "a-", "-",
)  # fmt: skip
PATHS = (
    "a",
    "a/b",
    "a/b/c.py",
    "certs",
    "certs/ca-key.pem",
    "x.pem",
    ".env",
    "a b",
    "é/a",
    "node_modules/x/y.js",
    "aab/aab",
)
_TRIED = 5
"""Stars in a line up to which the expression that may take exponential time is tried."""


def seeds() -> Iterator[bytes]:
    """Yield the ignore files of the fixtures, with a few paths, and lines that say much in little."""
    listed = "\n".join(PATHS).encode()
    for text in (
        *fixtures(r"\.[a-z]+ignore"),
        b"*.pem\n!a/*.pem\n",
        b"**/a/**\n!**/b\n",
        b"/certs/\n\\#x\n[^a-c]?[]x]\n",
    ):
        yield listed + b"\0" + text
        yield text


def check(data: bytes) -> None:
    """Ask the rules of a text about some paths, both as git's and as Docker's."""
    named, nul, raw = data.rpartition(b"\0")
    text = raw.decode("utf-8", "replace").replace("\0", "").lstrip("\ufeff")
    paths = [*_paths(named.decode("utf-8", "replace") if nul else ""), *map(PurePosixPath, PATHS)][:20]
    _docker(text, paths)
    _git(text, paths)
    _quick_look(text)


def _paths(text: str) -> Iterator[PurePosixPath]:
    for line in text.replace("\0", "\n").splitlines():
        path = PurePosixPath(line[:300])
        if path.parts and not path.is_absolute() and ".." not in path.parts:
            yield path


def _docker(text: str, paths: list[PurePosixPath]) -> None:
    rules = dockerignore.docker_rules(text)
    for path in paths:
        said = rules.says(path, directory=False)
        assert said in (None, True)
        assert rules.cost(path) >= 0
    for line in rules.lines:
        slow = line.pattern.pattern.replace("(?>", "(?:")
        if slow != line.pattern.pattern and slow.count("*") <= _TRIED:
            for path in paths:
                name = path.as_posix()[:60]
                assert bool(re.compile(slow, re.DOTALL).fullmatch(name)) is bool(line.pattern.fullmatch(name)), (
                    line,
                    name,
                )


def _git(text: str, paths: list[PurePosixPath]) -> None:
    rules = ignored.git_rules(PurePosixPath(), text)
    lines = text.splitlines()
    if all(line.count("*") <= _TRIED for line in lines) and (spec := _exact(lines)):
        for path in paths:
            for directory in (False, True):
                exact = spec.check_file(str(path) + ("/" if directory else "")).include
                assert rules.says(path, directory=directory) == exact, (path, directory)
    for pattern in rules.spec.patterns:
        if pattern.regex is not None:
            assert linear(pattern.regex.pattern).replace("(?>", "(?:").count(STAR) <= pattern.regex.pattern.count(STAR)


def _exact(lines: list[str]) -> GitIgnoreSpec | None:
    """The rules as the library makes them, but for classes, which are no slash; None where it stops at a line."""
    try:
        with warnings.catch_warnings(action="ignore"):
            spec = GitIgnoreSpec.from_lines(lines)
            for pattern in spec.patterns:
                if pattern.regex is not None:
                    pattern.regex = re.compile(within_names(pattern.regex.pattern))
    except (ValueError, re.error):
        return None
    return spec


def _quick_look(text: str) -> None:
    """Whether the certificates directory is ignored is the same with and without the quick look."""
    root = Path("/nowhere")
    file = TextFile(root / ".gitignore", text.encode())
    for certs in ("certs", "a/certs", "#keys", "my[x]"):

        def read(path: Path) -> TextFile | None:
            return file if path == root / ".gitignore" else None

        found = gitignore.is_ignored(root, root / certs, read)
        parts = Path(certs).parts
        if any(line.count("*") > _TRIED for line in text.splitlines()) or (spec := _exact(text.splitlines())) is None:
            continue
        exact = [spec.check_file("/".join(parts[:depth]) + "/").include for depth in range(1, len(parts) + 1)]
        assert found is any(exact), (certs, exact)
        line = gitignore.pattern(certs) + "/"
        assert GitIgnoreSpec.from_lines([line]).check_file(certs + "/").include is True
