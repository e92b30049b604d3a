"""The one kind of error that a user is meant to see, and places in files. Imports nothing of the project.

Everything that can go wrong because of the input or the situation is raised as `TlsError`: what is wrong, where
(file, line, column) and what to do about it. Whatever else escapes is a bug. `cli` turns both into exit codes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from pathlib import Path


class Where(Struct, frozen=True, order=True):
    """A place in a file: line and column count from 1; 0 means that the file as a whole is meant."""

    path: Path
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        """`path:line:column`, as compilers and editors write it."""
        parts = [str(self.path)]
        if self.line:
            parts.append(str(self.line))
            if self.column:
                parts.append(str(self.column))
        return ":".join(parts)


class TlsError(Exception):
    """The input or the situation does not allow it (exit code 2). Nothing has been changed."""

    def __init__(self, message: str, *, where: Where | None = None, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        """One line: `where: message (hint)`, with the parts that there are."""
        place = f"{self.where}: " if self.where else ""
        return f"{place}{self.message}" + (f" ({self.hint})" if self.hint else "")


class InternalError(Exception):
    """A promise of this program to itself was broken (exit code 3): a bug. Nothing has been written.

    `service` is the one that it is about and `where` its place, so that the rest can go on without it.
    """

    def __init__(self, message: str, *, service: str = "", where: Where | None = None) -> None:
        super().__init__(message)
        self.service = service
        self.where = where
