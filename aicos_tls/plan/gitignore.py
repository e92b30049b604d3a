"""Keeps the certificates out of git: whether `.gitignore` covers the directory, and the line to add when it does not.

The added line is `certs/`: without a leading slash it also covers the empty directory that Docker makes below a bind
mount of the source (`./backend:/app` with `./certs:/app/certs` in it).
"""

from __future__ import annotations

import os
import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from aicos_tls import budgets
from aicos_tls.files import TextFile, read_if_there
from aicos_tls.plan.gitlines import spec
from aicos_tls.plan.model import PlannedFile

if TYPE_CHECKING:
    from collections.abc import Callable

    Reader = Callable[[Path], TextFile | None]

NAME = ".gitignore"


def plan_gitignore(directory: Path, certs_dir: str, read: Reader = read_if_there) -> PlannedFile | None:
    """The new `.gitignore` of a project, or None when nothing needs one or it ignores the directory already.

    A project needs one when it is in git, or has a `.gitignore`: then it soon will be. A link to another directory of
    the project is followed: git ignores what is there, not the link.
    """
    root = repository(directory)
    path = directory / NAME
    before = read(path)
    project = Path(os.path.realpath(directory))
    real = Path(os.path.realpath(directory / certs_dir))
    if (root is None and before is None) or real == project or not real.is_relative_to(project):
        return None
    if is_ignored(root or project, real, read):
        return None
    newline = before.newline if before else "\n"
    text = before.text if before else ""
    lead = newline if text and not text.endswith(("\n", "\r")) else ""
    addition = f"{lead}{pattern(real.relative_to(project).as_posix())}/{newline}"
    data = before.encode(text + addition) if before else addition.encode()
    return PlannedFile(path, before, data, "text" if before else "created")


def pattern(path: str) -> str:
    """The path as a line of `.gitignore`: what would mean something else there is escaped (gitignore(5))."""
    escaped = re.sub(r"([\\*?\[\]])", r"\\\1", path)
    return f"\\{escaped}" if escaped.startswith(("#", "!")) else escaped


def repository(directory: Path) -> Path | None:
    """The root of the git work tree that holds `directory`, or None."""
    start = Path(os.path.realpath(directory))
    return next((folder for folder in (start, *start.parents) if os.path.lexists(folder / ".git")), None)


def is_ignored(root: Path, path: Path, read: Reader = read_if_there) -> bool:
    """Whether the `.gitignore` files from the root of the work tree downwards ignore the directory `path`.

    What lies in an ignored directory is ignored, whatever a file further down says (gitignore(5)).
    """
    parts = Path(os.path.realpath(path)).relative_to(root).parts
    lines = _lines(root, parts, read)
    if not any(may_match(line, parts) for listed in lines[:-1] for line in listed):
        return False
    return any(_excluded(lines[:depth], parts[:depth]) for depth in range(1, len(parts) + 1))


def hides_keys(root: Path, certs: Path, read: Reader = read_if_there) -> bool:
    """Whether git ignores private keys in the directory `certs`, be it for its own `.gitignore`."""
    if is_ignored(root, certs, read):
        return True
    parts = Path(os.path.realpath(certs)).relative_to(root).parts
    return _excluded(_lines(root, parts, read), (*parts, _A_KEY), directory=False)


def hides_file(root: Path, path: Path, read: Reader = read_if_there) -> bool:
    """Whether git ignores the file `path`, which need not exist, by itself or with a directory it lies in."""
    folder = Path(os.path.realpath(path.parent))
    if is_ignored(root, folder, read):
        return True
    parts = folder.relative_to(root).parts
    return _excluded(_lines(root, parts, read), (*parts, path.name), directory=False)


_A_KEY = "ca-key.pem"


def _lines(root: Path, parts: tuple[str, ...], read: Reader) -> list[list[str]]:
    """The last lines of the `.gitignore` of each directory, from `root` down to that of `parts`: later ones count."""
    folders = [root.joinpath(*parts[:depth]) for depth in range(len(parts) + 1)]
    return [file.text.splitlines()[-budgets.PATTERNS :] if (file := read(folder / NAME)) else [] for folder in folders]


def _excluded(lines: list[list[str]], parts: tuple[str, ...], *, directory: bool = True) -> bool:
    """What the lines above a directory or file say about it; `lines[n]` stand `n` directories below the root."""
    verdict = False
    for depth, listed in enumerate(lines):
        name = "/".join(parts[depth:]) + ("/" if directory else "")
        result = spec(listed).check_file(name)
        verdict = verdict if result.include is None else result.include
    return verdict


def may_match(line: str, parts: tuple[str, ...]) -> bool:
    """Whether a line of a `.gitignore` could match a path with these components; a quick look before the exact one.

    The last segment of a pattern has to match a component (gitignore(5)); loading pathspec takes longer than planning.
    """
    pattern = line.rstrip().removeprefix("!").rstrip("/")
    if not pattern or pattern.startswith("#"):
        return False
    last = pattern.rpartition("/")[2]
    return "\\" in pattern or last == "**" or any(fnmatchcase(part, last) for part in parts)
