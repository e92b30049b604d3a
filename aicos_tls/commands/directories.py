"""The directories of files below the certificates directory: made before them, and removed after the last of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls import disk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

MODE = 0o755
"""Mode of the certificates directory and those in it: other users in containers must reach the files; keys are 0600."""


def keeping(certs: Path) -> Iterator[disk.Operation]:
    """Yield what makes the certificates directory, so that git does not see what is in it from the first instant."""
    yield disk.MakeDirectory(certs, MODE)
    yield disk.KeepFromGit(certs)


def below(certs: Path) -> Callable[[Path], bool]:
    """Whether a path lies in the certificates directory."""
    return lambda path: path.is_relative_to(certs)


def making(certs: Path, paths: Iterable[Path]) -> Iterator[disk.Operation]:
    """Yield what makes the directories of `paths`, from the certificates directory down; others' are left alone."""
    for directory in dict.fromkeys(each for path in paths for each in reversed(_below(certs, path))):
        yield disk.MakeDirectory(directory, MODE)


def emptying(certs: Path, paths: Iterable[Path]) -> Iterator[disk.Operation]:
    """Yield what removes the directories of `paths` that are empty then, up to the certificates directory."""
    for directory in dict.fromkeys(each for path in paths for each in _below(certs, path)):
        yield disk.RemoveDirectory(directory)


def _below(certs: Path, path: Path) -> list[Path]:
    """The directories that a path lies in, the innermost first, up to the certificates directory."""
    if not path.is_relative_to(certs):
        return []
    parents = list(path.parents)
    return parents[: parents.index(certs) + 1]
