"""What can be done to the disk, as data. Nothing here touches it."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct

from aicos_tls.disk.guard import ALL

if TYPE_CHECKING:
    from pathlib import Path


class _Anything(Enum):
    """The type of `ANY`, so that a type checker can tell it from a digest."""

    ANY = "any"


ANY: Final = _Anything.ANY
"""The expectation that is always met: whatever is there may be replaced or removed."""


class Write(Struct, frozen=True):
    """Make the file `path` hold `data`.

    `expected` is the SHA-256 (hexadecimal) of what is there now, None when nothing may be there, or `ANY`.
    `mode` None keeps the mode of the file that is there; a new file gets 0644, whatever the umask. `owner` (user and
    group number) is that of a new file; None is whoever runs the program.
    """

    path: Path
    data: bytes
    expected: str | Literal[_Anything.ANY] | None
    mode: int | None = None
    owner: tuple[int, int] | None = None


class Remove(Struct, frozen=True):
    """Remove the file `path`, whose SHA-256 is `expected`; with `ANY` it may be gone already."""

    path: Path
    expected: str | Literal[_Anything.ANY]


class MakeDirectory(Struct, frozen=True):
    """Make the directory `path` with exactly `mode`; one that exists is left as it is. Parents first."""

    path: Path
    mode: int = 0o755


class RemoveDirectory(Struct, frozen=True):
    """Remove the directory `path` if nothing is left in it once everything else is done; otherwise it stays.

    A `.gitignore` that `KeepFromGit` made counts for nothing, and goes with the directory.
    """

    path: Path


class KeepFromGit(Struct, frozen=True):
    """Give the directory `path` a `.gitignore` with `text`, unless it has one, before any other file is written there.

    So no instant and no kill leaves a private key, or a temporary copy of one, where `git add` would take it.
    """

    path: Path
    text: bytes = ALL


Operation = Write | Remove | MakeDirectory | RemoveDirectory | KeepFromGit
