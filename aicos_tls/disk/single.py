"""One file that belongs to no project, written whole or not at all: metrics, backups, templates.

Without a journal, because one rename is atomic by itself. The directory is locked meanwhile, so that the temporary file
has one name: what a run that was killed left behind is removed by the next one, and never has the name of the file.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING

from aicos_tls.disk import durable
from aicos_tls.errors import TlsError, Where

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def put(path: Path, data: bytes, mode: int, *, replace: bool, held: bool = False) -> None:
    """Make the file `path` hold `data`, with exactly `mode`; without `replace` only if there is none of that name.

    `held`: the caller has locked the directory (`lock_certificates`), and a second lock would wait for the first.
    Raises `TlsError` for what cannot be written; then everything is as it was. A link is replaced, not followed.
    """
    temporary = path.with_name(f".{path.name}.aicos-tls-new")
    try:
        with nullcontext() if held else _locked(path.parent):
            durable.discard(temporary)
            try:
                durable.create(temporary, data, mode)
                if replace:
                    temporary.replace(path)
                else:
                    durable.name_new(temporary, path)
            finally:
                durable.discard(temporary)
            durable.flush_directories([path.parent])
    except FileExistsError:
        raise TlsError("exists already and is not overwritten", where=Where(path), hint="name another file") from None
    except OSError as error:
        raise TlsError(
            f"cannot be written: {error.strerror}", where=Where(path), hint="nothing has been changed"
        ) from None


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """Hold the lock of a directory, where the file system has such locks; raises `OSError` where there is none."""
    guard = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with suppress(OSError):
            fcntl.flock(guard, fcntl.LOCK_EX)
        yield
    finally:
        os.close(guard)
