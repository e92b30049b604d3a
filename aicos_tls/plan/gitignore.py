"""Keeps the certificates out of git: whether `.gitignore` covers the directory, and the line to add when it does not.

The added line is `certs/`: without a leading slash it also covers the empty directory that Docker makes below a bind
mount of the source (`./backend:/app` with `./certs:/app/certs` in it).
"""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from aicos_tls.files import TextFile, read_if_there
from aicos_tls.plan.model import PlannedFile

if TYPE_CHECKING:
    from collections.abc import Callable

    Reader = Callable[[Path], TextFile | None]

NAME = ".gitignore"


def plan_gitignore(directory: Path, certs_dir: str, read: Reader = read_if_there) -> PlannedFile | None:
    """The new `.gitignore` of a project, or None when the project is not in git or ignores the directory already."""
    root = repository(directory)
    relative = os.path.normpath(certs_dir)
    if root is None or relative.startswith(("/", "..")):
        return None
    if is_ignored(root, directory / relative, read):
        return None
    path = directory / NAME
    before = read(path)
    newline = before.newline if before else "\n"
    text = before.text if before else ""
    lead = newline if text and not text.endswith(("\n", "\r")) else ""
    line = f"{Path(relative).as_posix()}/"
    addition = f"{lead}{line}{newline}"
    data = before.encode(text + addition) if before else addition.encode()
    return PlannedFile(path, before, data, "text" if before else "created")


def repository(directory: Path) -> Path | None:
    """The root of the git work tree that holds `directory`, or None."""
    start = Path(os.path.realpath(directory))
    return next((folder for folder in (start, *start.parents) if os.path.lexists(folder / ".git")), None)


def is_ignored(root: Path, path: Path, read: Reader = read_if_there) -> bool:
    """Whether the `.gitignore` files from the root of the work tree downwards ignore the directory `path`."""
    real = Path(os.path.realpath(path))
    verdict = False
    for folder in [*reversed(real.parents)]:
        if folder != root and root not in folder.parents:
            continue
        file = read(folder / NAME)
        if file is not None and any(may_match(line, real.relative_to(root).parts) for line in file.text.splitlines()):
            from pathspec import GitIgnoreSpec

            result = GitIgnoreSpec.from_lines(file.text.splitlines()).check_file(
                f"{real.relative_to(folder).as_posix()}/"
            )
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
