"""One run at a time per project.

The lock is the kernel's (`flock`), so it ends with its process however that ends: the files that a killed run leaves
behind mean nothing and are taken over. The number of the process stands in a second file, only so that a refusal can
name it. Both live in the state directory, which is made here and goes again when nothing is left in it; a run that
writes nothing takes no lock and so leaves no trace.
"""

from __future__ import annotations

import fcntl
import os
import stat
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from aicos_tls.disk import durable
from aicos_tls.disk import guard as guards
from aicos_tls.disk.state import STATE_DIRECTORY
from aicos_tls.errors import TlsError, Where
from aicos_tls.files import read_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

_OPEN = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


LOCK_NAME: Final = "lock"
"""The file in the state directory that is locked."""


class Locked(Struct, frozen=True):
    """The proof that this process holds the lock of `project` (an absolute path without symbolic links)."""

    project: Path

    @property
    def state(self) -> Path:
        """The state directory of the project; it exists."""
        return self.project / STATE_DIRECTORY


def may_lock(project: Path) -> bool:
    """Whether the lock of the directory `project` could be taken, as far as modes and the file system say."""
    try:
        return bool(project.stat().st_mode & 0o222) and os.access(project, os.W_OK | os.X_OK)
    except OSError:
        return False


@contextmanager
def lock(project: Path) -> Iterator[Locked]:
    """Hold the lock of the directory `project`; raises `TlsError` at once when another process has it."""
    locked = Locked(Path(os.path.realpath(project)))
    try:
        guard = _acquire(locked)
    except OSError as error:
        with suppress(OSError):
            locked.state.rmdir()  # only if nothing is in it
        raise TlsError(
            f"the project cannot be locked: {error.strerror}",
            where=Where(project),
            hint="the directory of the compose file must exist and be writable",
        ) from None
    try:
        yield locked
    finally:
        _withdraw(locked, guard)


@contextmanager
def lock_certificates(directory: Path) -> Iterator[None]:
    """Hold the lock of a certificates directory, which projects may share; raises `TlsError` when another run has it.

    It need not exist yet, so it is the directory that it lies in that is locked: by itself, without a file in it. One
    that exists is locked as well, since a container that it is mounted in shares nothing else with this machine.
    """
    real = Path(os.path.realpath(directory))
    with ExitStack() as held:
        for each in (real.parent, real):
            if each == real.parent or each.is_dir():
                _lock_directory(each, directory, held)
        yield


def _lock_directory(path: Path, directory: Path, held: ExitStack) -> None:
    try:
        guard = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise TlsError(f"cannot be locked: {error.strerror}", where=Where(path)) from None
    held.callback(os.close, guard)
    try:
        fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise TlsError(
            "another run is working on the certificates here",
            where=Where(directory),
            hint="wait until it has ended, then try again",
        ) from None
    except OSError:  # a file system that locks no directories; the lock of the project, and new names, still hold
        return


def _acquire(locked: Locked) -> int:
    """Lock the file and return its descriptor; raises `OSError` where that is impossible."""
    guard = _flock(locked)
    try:
        durable.discard(locked.state / "pid")
        with (locked.state / "pid").open("x") as file:  # need not outlive the process: nothing is flushed
            file.write(f"{os.getpid()}\n")
    except BaseException:
        _withdraw(locked, guard)
        raise
    return guard


def _flock(locked: Locked) -> int:
    """The descriptor of the locked file. A run that ends takes the file and the directory away: then once more."""
    while True:
        _make_state(locked)
        with suppress(FileNotFoundError):
            descriptor = os.open(locked.state / LOCK_NAME, _OPEN, 0o644)
            if _locks(descriptor, locked):
                return descriptor
            os.close(descriptor)


def _locks(descriptor: int, locked: Locked) -> bool:
    """Lock the open file; False when it has lost its name, so that another run may lock one of the same name."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        if not isinstance(error, BlockingIOError):  # a file system that locks nothing
            raise
        raise TlsError(
            f"another run{_holder(locked)} is working on this project",
            where=Where(locked.project),
            hint="wait until it has ended, then try again",
        ) from None
    return _is_named(locked.state / LOCK_NAME, descriptor)


def _is_named(path: Path, descriptor: int) -> bool:
    with suppress(FileNotFoundError):
        return os.path.samestat(path.lstat(), os.fstat(descriptor))
    return False


def _make_state(locked: Locked) -> None:
    mode = locked.project.stat().st_mode
    if not mode & 0o222:
        raise TlsError("the directory is read-only", where=Where(locked.project), hint="chmod u+w it first")
    with suppress(FileExistsError, FileNotFoundError):  # it is there, or a run that ends took it away just now
        durable.make_directory(locked.state, 0o755)
    with suppress(FileNotFoundError):
        if stat.S_ISDIR(locked.state.lstat().st_mode):
            return
        raise TlsError("is no directory", where=Where(locked.state), hint="move it away; a directory belongs there")


def _holder(locked: Locked) -> str:
    with suppress(TlsError, ValueError):
        return f" (process {int(read_bytes(locked.state / 'pid')[0])})"
    return ""


def _withdraw(locked: Locked, guard: int) -> None:
    """Leave nothing behind. The lock file goes while the lock is held: who opened it before sees it has no name."""
    try:
        for name in ("pid", LOCK_NAME):
            with suppress(OSError):
                durable.discard(locked.state / name)
    finally:
        with suppress(OSError):
            os.close(guard)
    with suppress(OSError):
        guards.withdraw_last(locked.state)
        locked.state.rmdir()
