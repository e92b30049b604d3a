"""The `.gitignore` of a directory with private keys, or with lines of files as they are: git does not look into it.

It lies in the directory itself, so it needs no knowledge of where the work tree begins, how the directory is called,
or through which link it was come to, and it stays when the run that made the keys is taken back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aicos_tls.disk import durable
from aicos_tls.files import read

if TYPE_CHECKING:
    from pathlib import Path

NAME: Final = ".gitignore"
ALL: Final = b"*\n"
"""Everything, the file itself as well (gitignore(5))."""
ALL_BUT_RECORD: Final = b"*\n!/record.json\n"
"""For the state directory: the patches there hold lines as they are, the record does not and may be committed."""


def place(guard: Path, text: bytes) -> None:
    """Make the file `guard`; the directory must be there. Raises `OSError`."""
    durable.create(guard, text, 0o644)


def withdraw(guard: Path) -> None:
    """Remove the file `guard` of an interrupted run, if it holds what `place` writes, or the beginning of it."""
    found = _read(guard)
    if found is not None and (ALL.startswith(found) or ALL_BUT_RECORD.startswith(found)):
        durable.discard(guard)


def withdraw_last(directory: Path) -> None:
    """Remove the guard of `directory` if nothing else is in it. Raises `OSError`."""
    guard = directory / NAME
    alone = directory.is_dir() and [path.name for path in directory.iterdir()] == [NAME]
    if alone and _read(guard) in (ALL, ALL_BUT_RECORD):
        durable.discard(guard)


def _read(guard: Path) -> bytes | None:
    """What is in the file; None for a link, and for what is no file."""
    if guard.is_symlink() or not guard.is_file():
        return None
    return read(guard).raw
