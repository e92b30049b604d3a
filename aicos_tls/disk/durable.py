"""Single steps that are on the disk when they return. Each call may raise `OSError`; nobody here catches it.

Renaming is atomic but not durable: the name is safe once the directory has been flushed too (POSIX `fsync`; on Linux
see fsync(2): a file's own fsync does not cover its directory entry).
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Final

from aicos_tls.errors import TlsError, Where

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

Owner = tuple[int, int]
"""User and group number of a file."""


def create(path: Path, data: bytes, mode: int, owner: Owner | None = None) -> None:
    """Create the file `path` with exactly `mode` and flush it; raises `FileExistsError` rather than overwrite.

    At no instant may anybody read it who may not read it in the end: it starts with the owner's bits of `mode` alone,
    the rest follow once the owner is right.
    """
    descriptor = os.open(path, _CREATE, mode & 0o700)
    try:
        _give(descriptor, path, owner)
        os.fchmod(descriptor, mode)
        _write_all(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


NO_HARD_LINKS: Final = frozenset({errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK})
"""How file systems (FAT, some network and FUSE ones) and Linux's `protected_hardlinks` refuse a hard link."""


def name_new(temporary: Path, path: Path) -> None:
    """Give the file `temporary` the name `path`; raises `FileExistsError` where there is one, which stays."""
    try:
        path.hardlink_to(temporary)
    except OSError as error:
        if error.errno not in NO_HARD_LINKS:
            raise
        if os.path.lexists(path):  # a moment ago, and there is no better way
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), os.fspath(path)) from None
        temporary.replace(path)
    else:
        discard(temporary)


def _give(descriptor: int, path: Path, owner: Owner | None) -> None:
    status = os.fstat(descriptor)
    if owner is None or owner == (status.st_uid, status.st_gid):
        return
    try:
        os.fchown(descriptor, *owner)
    except PermissionError:
        raise TlsError(
            f"a file here belongs to user {owner[0]}, group {owner[1]}, which cannot be kept",
            where=Where(path.parent),
            hint="run as the owner of the file or as root; nothing has been changed",
        ) from None


def _write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def make_directory(path: Path, mode: int) -> None:
    """Create the directory `path` with exactly `mode`, whatever the umask."""
    path.mkdir(mode)
    path.chmod(mode)


def discard(path: Path) -> None:
    """Remove the file `path`; it may be gone already."""
    path.unlink(missing_ok=True)


def flush_directories(directories: Iterable[Path]) -> None:
    """Make the entries of `directories` durable; those that are gone have nothing to flush."""
    for directory in sorted(set(directories)):
        if directory.is_dir():
            descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(descriptor)
            except OSError as error:
                if error.errno != errno.EINVAL:  # some network file systems flush no directories
                    raise
            finally:
                os.close(descriptor)
