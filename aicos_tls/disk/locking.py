"""One run at a time per project.

The lock is the kernel's (`flock`, through filelock), so it ends with its process however that ends: the files that a
killed run leaves behind mean nothing and are taken over. The number of the process stands in a second file, only so
that a refusal can name it. Both live in the state directory, which is made here and goes again when nothing is left
in it; a run that writes nothing takes no lock and so leaves no trace.
"""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.disk import durable
from aicos_tls.disk.state import STATE_DIRECTORY
from aicos_tls.errors import TlsError, Where

if TYPE_CHECKING:
    from collections.abc import Iterator

    from filelock import FileLock


class Locked(Struct, frozen=True):
    """The proof that this process holds the lock of `project` (an absolute path without symbolic links)."""

    project: Path

    @property
    def state(self) -> Path:
        """The state directory of the project; it exists."""
        return self.project / STATE_DIRECTORY


@contextmanager
def lock(project: Path) -> Iterator[Locked]:
    """Hold the lock of the directory `project`; raises `TlsError` at once when another process has it."""
    locked = Locked(Path(os.path.realpath(project)))
    try:
        _make_state(locked)
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


def _acquire(locked: Locked) -> FileLock:
    from filelock import FileLock, Timeout

    holder = _holder(locked)
    guard = FileLock(locked.state / "lock")
    try:
        guard.acquire(blocking=False)
    except Timeout:
        raise TlsError(
            f"another run{holder} is working on this project",
            where=Where(locked.project),
            hint="wait until it has ended, then try again",
        ) from None
    try:
        durable.discard(locked.state / "pid")
        durable.create(locked.state / "pid", f"{os.getpid()}\n".encode(), 0o644)
    except BaseException:
        _withdraw(locked, guard)
        raise
    return guard


def _make_state(locked: Locked) -> None:
    mode = locked.project.stat().st_mode
    if not mode & 0o222:
        raise TlsError("the directory is read-only", where=Where(locked.project), hint="chmod u+w it first")
    with suppress(FileExistsError):
        durable.make_directory(locked.state, 0o755)
    if locked.state.is_symlink() or not locked.state.is_dir():
        raise TlsError("is no directory", where=Where(locked.state), hint="move it away; a directory belongs there")


def _holder(locked: Locked) -> str:
    with suppress(OSError, ValueError):
        return f" (process {int((locked.state / 'pid').read_bytes())})"
    return ""


def _withdraw(locked: Locked, guard: FileLock) -> None:
    """Leave nothing behind. The lock file goes while the lock is held: who opened it before sees it has no name."""
    try:
        for name in ("pid", "lock"):
            with suppress(OSError):
                durable.discard(locked.state / name)
    finally:
        with suppress(OSError):
            guard.release()
    with suppress(OSError):
        locked.state.rmdir()
