"""One file of the certificates directory, read without raising: its value, its mode, or the problem with it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from aicos_tls import files
from aicos_tls.errors import TlsError, Where
from aicos_tls.pki.certificate import CertificateFileError
from aicos_tls.pki.keys import EncryptedKeyError, KeyFileError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a file, as data: it becomes a `TlsError` only when something depends on the file."""

    path: Path
    message: str
    hint: str = ""
    replaceable: bool = True
    """Whether force may put a new file in its place; not where a directory is, for instance."""

    def error(self) -> TlsError:
        """The error that says this."""
        return TlsError(self.message, where=Where(self.path), hint=self.hint)


@dataclass(frozen=True, slots=True)
class Found(Generic[_Value]):
    """A file as it was found. `value` is None when the file is missing or has a `problem`."""

    path: Path
    there: bool = False
    mode: int = 0
    value: _Value | None = field(default=None, repr=False)
    problem: Problem | None = None
    locked: bool = False
    """There, and perhaps all right, but closed to this process: no permission, or a passphrase."""


def find(path: Path, parse: Callable[[bytes], _Value], hint: str) -> Found[_Value]:
    """Read and `parse` the file `path`; `hint` says what to do when it is of no use."""
    if not os.path.lexists(path):
        return Found(path)
    # Asked before opening: to open a named pipe is to wait for its other end.
    if os.path.exists(path) and not os.path.isfile(path):  # noqa: PTH110, PTH113 - pathlib raises without permission
        kind = "a directory" if path.is_dir() else "no regular file"
        return Found(path, there=True, problem=Problem(path, f"this is {kind}", "move it away", replaceable=False))
    try:
        file = files.read(path)
    except TlsError as error:
        locked = isinstance(error.__context__, PermissionError)
        return Found(path, there=True, problem=Problem(path, error.message, hint), locked=locked)
    try:
        return Found(path, there=True, mode=file.mode, value=parse(file.raw))
    except (CertificateFileError, KeyFileError) as fault:
        locked = isinstance(fault, EncryptedKeyError)
        return Found(path, there=True, mode=file.mode, problem=Problem(path, str(fault), hint), locked=locked)
