"""From operations to steps: where each one really leads, what is there now, and whether it can be carried out.

Everything that can be known beforehand is refused here, before the first byte is written.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.disk.guard import NAME as GUARD
from aicos_tls.disk.journal import Journal, Step
from aicos_tls.disk.operations import ANY, KeepFromGit, MakeDirectory, Remove, RemoveDirectory, Write
from aicos_tls.errors import TlsError, Where
from aicos_tls.files import read_if_there, sha256

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from aicos_tls.disk.durable import Owner
    from aicos_tls.disk.operations import Operation

NEW_FILE_MODE = 0o644


class Prepared(Struct, frozen=True):
    """A step with what its execution needs: the name that the caller used, the content and how the file will be."""

    step: Step
    path: Path
    data: bytes
    mode: int
    owner: Owner | None


class Run(Struct, frozen=True):
    """Everything a commit does: its files, the modes of the directories that it makes, the texts of their guards."""

    files: tuple[Prepared, ...]
    made: dict[Path, int]
    emptied: tuple[Path, ...]
    guards: dict[Path, bytes]

    @property
    def journal(self) -> Journal:
        """What has to be known to take the run back."""
        return Journal(tuple(file.step for file in self.files), tuple(self.made), self.emptied, tuple(self.guards))


def prepare(operations: Sequence[Operation], project: Path) -> Run:
    """Check `operations` against the disk; raises `TlsError` for the first that cannot or may not be carried out."""
    made = _directories(operations)
    token = os.urandom(4).hex()  # `secrets` says the same and loads `random`
    files: list[Prepared] = []
    for operation in operations:
        if isinstance(operation, Write | Remove):
            stem = f".aicos-tls-{token}-{len(files)}"
            try:
                prepared = _file(operation, project, made, stem)
            except OSError as error:  # a name too long for the file system, a disk that cannot be read
                raise TlsError(f"cannot be written: {error.strerror}", where=Where(operation.path)) from None
            if prepared is not None:
                files.append(prepared)
    _refuse_same_target(files)
    emptied = [_resolve(operation.path) for operation in operations if isinstance(operation, RemoveDirectory)]
    guarded = [operation for operation in operations if isinstance(operation, KeepFromGit)]
    guards = {Path(os.path.realpath(each.path)) / GUARD: each.text for each in guarded}
    guards = {guard: text for guard, text in guards.items() if not os.path.lexists(guard)}
    return Run(tuple(files), made, tuple(sorted(emptied, reverse=True)), guards)


def _resolve(path: Path) -> Path:
    """Where `path` really leads; its last component need not exist and is not followed."""
    return Path(os.path.realpath(path.parent)) / path.name


def _directories(operations: Iterable[Operation]) -> dict[Path, int]:
    made: dict[Path, int] = {}
    for operation in operations:
        if isinstance(operation, MakeDirectory):
            path = _resolve(operation.path)
            if path.is_dir():
                continue
            if os.path.lexists(path):
                raise TlsError("is there already and is no directory", where=Where(operation.path), hint="move it away")
            _check_directory(path.parent, operation.path, made)
            made[path] = operation.mode
    return made


def _file(operation: Write | Remove, project: Path, made: dict[Path, int], stem: str) -> Prepared | None:
    target = _target(operation, project)
    _check_directory(target.parent, operation.path, made)
    current = read_if_there(target)
    old = current.digest if current else None
    if isinstance(operation, Remove) and operation.expected is ANY and current is None:
        return None
    if operation.expected is not ANY and operation.expected != old:
        raise changed(operation.path, there=current is not None, expected=operation.expected is not None)
    if current:
        _check_file(target, current.mode, operation.path)
    new = sha256(operation.data) if isinstance(operation, Write) else None
    step = Step(target, old, new, target.parent / f"{stem}.new", target.parent / f"{stem}.old")
    mode = current.mode if current else NEW_FILE_MODE
    if isinstance(operation, Remove):
        return Prepared(step, operation.path, b"", mode, _owner(target))
    mode = mode if operation.mode is None else operation.mode
    return Prepared(step, operation.path, operation.data, mode, _owner(target) or operation.owner)


def changed(path: Path, *, there: bool, expected: bool) -> TlsError:
    """The error for a file that is not what the plan was made on."""
    if there and not expected:
        return TlsError("exists already and is not overwritten", where=Where(path), hint="move it away first")
    what = "was changed" if there else "was removed"
    return TlsError(f"{what} since it was read", where=Where(path), hint="run the command again")


def _target(operation: Write | Remove, project: Path) -> Path:
    path = operation.path
    target = _resolve(path)
    if ".git" in map(str.lower, Path(os.path.realpath(target)).parts):
        raise TlsError("lies among git's own files", where=Where(path), hint="nothing is written or removed there")
    if not target.is_symlink():
        return target
    if isinstance(operation, Remove):
        raise TlsError("is a symbolic link and is not removed", where=Where(path), hint="remove it yourself")
    try:
        real = Path(os.path.realpath(target, strict=True))
    except OSError:
        raise TlsError("is a symbolic link that leads nowhere", where=Where(path), hint="repair the link") from None
    if target.is_relative_to(project) and not real.is_relative_to(project):
        raise TlsError(
            "is a symbolic link that leads out of the project",
            where=Where(path),
            hint=f"run in {real.parent} instead, or replace the link with a copy",
        )
    return real


def _check_directory(directory: Path, path: Path, made: dict[Path, int]) -> None:
    if directory in made:
        return
    if not directory.is_dir():
        raise TlsError(f"there is no directory {directory}", where=Where(path), hint="create it first")
    if not _writable(directory, directory.stat().st_mode, os.W_OK | os.X_OK):
        raise TlsError(
            "the directory is read-only",
            where=Where(path.parent),
            hint="make it writable (chmod u+w), or run as its owner",
        )


def _check_file(target: Path, mode: int, path: Path) -> None:
    if not _writable(target, mode, os.W_OK):
        raise TlsError("is read-only", where=Where(path), hint="make it writable (chmod u+w), or run as its owner")


def _writable(path: Path, mode: int, access: int) -> bool:
    """Root may write everything, says the kernel; a file without any write bit says that somebody wants it to stay."""
    return bool(mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH)) and os.access(path, access)


def _owner(target: Path) -> Owner | None:
    if not target.exists():
        return None
    status = target.stat()
    return status.st_uid, status.st_gid


def _refuse_same_target(files: Sequence[Prepared]) -> None:
    seen: dict[Path, Path] = {}
    for file in files:
        other = seen.setdefault(file.step.target, file.path)
        if other is not file.path:
            raise TlsError(
                f"is the same file as {other}", where=Where(file.path), hint="a run changes a file under one name only"
            )
