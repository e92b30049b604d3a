"""What can be done to the disk, as data. Nothing here touches it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from pathlib import Path


class _Anything(Enum):
    """The type of `ANY`, so that a type checker can tell it from a digest."""

    ANY = "any"


ANY: Final = _Anything.ANY
"""The expectation that is always met: whatever is there may be replaced or removed."""


@dataclass(frozen=True, slots=True)
class Write:
    """Make the file `path` hold `data`.

    `expected` is the SHA-256 (hexadecimal) of what is there now, None when nothing may be there, or `ANY`.
    `mode` None keeps the mode of the file that is there; a new file gets 0644, whatever the umask.
    """

    path: Path
    data: bytes
    expected: str | Literal[_Anything.ANY] | None
    mode: int | None = None


@dataclass(frozen=True, slots=True)
class Remove:
    """Remove the file `path`, whose SHA-256 is `expected`; with `ANY` it may be gone already."""

    path: Path
    expected: str | Literal[_Anything.ANY]


@dataclass(frozen=True, slots=True)
class MakeDirectory:
    """Make the directory `path` with exactly `mode`; one that exists is left as it is. Parents first."""

    path: Path
    mode: int = 0o755


@dataclass(frozen=True, slots=True)
class RemoveDirectory:
    """Remove the directory `path` if it is empty once everything else is done; otherwise it stays."""

    path: Path


Operation = Write | Remove | MakeDirectory | RemoveDirectory
