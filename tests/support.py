"""Types and functions that tests import; fixtures are in conftest.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Ran:
    """What a run of the program came to."""

    code: int
    out: str
    err: str


class Run(Protocol):
    """Run the program in this process: `run("enable", "--dry-run")`."""

    def __call__(self, *arguments: str | Path) -> Ran: ...


class Project(Protocol):
    """Write files into an empty project directory, go there and return it."""

    def __call__(self, files: dict[str, str | bytes] | str) -> Path: ...


def tree(directory: Path) -> dict[str, bytes]:
    """Every file below a directory, git's own excepted."""
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(directory).parts
    }
