"""The files of a project or of a build context that a person wrote, in a fixed order, one after the other.

Left out without a word: version control, what package managers install, build output, binary files, and what git
ignores, but for `.env` files, which are nearly always ignored and hold addresses. Left out and reported: what should
have been looked at and could not be. Symlinks are never followed: what they name inside of the tree is met there.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

from aicos_tls import budgets, files
from aicos_tls.errors import TlsError
from aicos_tls.sources import dockerignore
from aicos_tls.sources.build import is_inside
from aicos_tls.sources.ignored import Rules, generated, git_rules, is_ignored, is_no_text, is_output

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.files import TextFile
    from aicos_tls.sources.dockerignore import DockerRules

_SNIFFED = 8000
"""Bytes: a NUL among the first that many means binary, as for git."""


class Limits(Struct, frozen=True):
    """Guards against huge trees. `files` and `entries` are counts, `file_bytes` and `total_bytes` are bytes."""

    files: int = 20_000
    entries: int = 500_000
    file_bytes: int = 1024 * 1024
    total_bytes: int = 256 * 1024 * 1024


class Skipped(Struct, frozen=True):
    """A file or directory that was not looked at though it may matter, and why."""

    path: Path
    reason: str


Found: TypeAlias = "TextFile | Skipped"
DEFAULT = Limits()


def walk(root: Path, *, context: bool = False, limits: Limits = DEFAULT) -> Iterator[Found]:
    """Yield the text files below `root` in the order of their paths, and what was skipped.

    In a build `context`, what `.dockerignore` keeps from the image is left out as well. Lazy: a file is read when it is
    asked for.
    """
    walker = _Walker(root, limits)
    if context and (text := _ignore_file(root / dockerignore.NAME)):
        walker.outer = [dockerignore.docker_rules(text)]
    yield from walker.directory(PurePosixPath(), walker.outer)


def _ignore_file(path: Path) -> str:
    try:
        return files.read(path).text if files.is_file(path) and not path.is_symlink() else ""
    except TlsError:
        return ""


@dataclass
class _Walker:
    root: Path
    limits: Limits
    outer: list[Rules | DockerRules] = field(default_factory=list)
    files: int = 0
    entries: int = 0
    bytes: int = 0
    tests: int = 0
    full: bool = False

    def directory(self, path: PurePosixPath, rules: list[Rules | DockerRules]) -> Iterator[Found]:
        here = self.root / path
        if len(path.parts) > budgets.DIRECTORIES:
            yield Skipped(here, f"more than {budgets.DIRECTORIES} directories deep")
            return
        try:
            with os.scandir(here) as scan:
                entries = sorted(scan, key=lambda entry: entry.name)
        except OSError as error:
            yield Skipped(here, f"cannot be read: {error.strerror}")
            return
        names = frozenset(entry.name for entry in entries)
        if ".gitignore" in names and (text := _ignore_file(here / ".gitignore")):
            rules = [*rules, git_rules(path, text)]
        for entry in entries:
            if self.full:
                return
            yield from self._entry(path / entry.name, entry, names, rules)

    def _entry(
        self, path: PurePosixPath, entry: os.DirEntry[str], siblings: frozenset[str], rules: list[Rules | DockerRules]
    ) -> Iterator[Found]:
        self.entries += 1
        self.tests += sum(rule.cost(path) for rule in rules)
        if self.entries > self.limits.entries:
            yield self._stop(f"more than {self.limits.entries:,} entries")
        elif self.tests > budgets.TESTS:
            yield self._stop("too many lines of ignore files for so many entries")
        elif entry.is_symlink():
            yield from self._symlink(path, rules)
        elif entry.is_dir(follow_symlinks=False):
            if not self._left_out(path, siblings, rules):
                yield from self.directory(path, rules)
        elif stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode):
            ignored = is_ignored(rules, path, directory=False) and not is_env(entry.name)
            if not ignored and not is_no_text(entry.name):
                yield from self._file(path, entry.stat(follow_symlinks=False).st_size)

    def _left_out(self, path: PurePosixPath, siblings: frozenset[str], rules: list[Rules | DockerRules]) -> bool:
        return (
            is_output(path.name, siblings)
            or is_ignored(rules, path, directory=True)
            or os.path.isfile(self.root / path / "pyvenv.cfg")  # noqa: PTH113 - pathlib raises without permission
        )

    def _symlink(self, path: PurePosixPath, rules: list[Rules | DockerRules]) -> Iterator[Found]:
        real = self.root / path
        if (
            not is_inside(real, self.root)
            and files.is_there(real)
            and not is_ignored(rules, path, directory=files.is_directory(real))
        ):
            yield Skipped(real, "a symlink out of the directory: not followed")

    def _file(self, path: PurePosixPath, size: int) -> Iterator[Found]:
        real = self.root / path
        if size > self.limits.file_bytes:
            yield Skipped(real, f"larger than {self.limits.file_bytes:,} bytes")
            return
        if self.files >= self.limits.files:
            yield self._stop(f"more than {self.limits.files:,} files")
            return
        if self.bytes + size > self.limits.total_bytes:
            yield self._stop(f"more than {self.limits.total_bytes:,} bytes")
            return
        self.files += 1
        self.bytes += size
        try:
            file = files.read(real)
            if b"\0" in file.raw[:_SNIFFED]:
                return
            reason = generated(path.name, file.text)
        except TlsError as error:
            yield Skipped(real, error.message)
            return
        yield Skipped(real, reason) if reason else file

    def _stop(self, what: str) -> Skipped:
        self.full = True
        return Skipped(self.root, f"{what}: the rest was not looked at")


def is_env(name: str) -> bool:
    """Whether a file of that name holds environment variables: `.env`, `.env.local`, `api.env`."""
    return name == ".env" or name.startswith(".env.") or name.endswith(".env")
