"""Taking a run back, as far as that is pure: for each file of the record, what it would have to hold.

Nothing is written here, and nothing may be written by the caller while `Undo.blocked`: a run is taken back as a whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.errors import InternalError, TlsError
from aicos_tls.files import sha256
from aicos_tls.rollback.merge import merge
from aicos_tls.rollback.runs import split

if TYPE_CHECKING:
    from collections.abc import Callable

    from aicos_tls.rollback.merge import Clash
    from aicos_tls.rollback.record import FileRecord, Record


class Restored(Struct, frozen=True):
    """The exact bytes from before the run; None when there was no file."""

    path: str
    data: bytes | None


class Merged(Struct, frozen=True):
    """The file was edited since: the edits without the run. None when nothing is left of a file that the run made.

    A value that was edited in an env file does not show, and such a file counts as `Restored`; the edit is kept.
    """

    path: str
    data: bytes | None


class Conflict(Struct, frozen=True):
    """The very lines that the run changed were edited since; `clashes` has both sides."""

    path: str
    clashes: tuple[Clash, ...]


class Missing(Struct, frozen=True):
    """A file that the run changed is gone."""

    path: str


Outcome = Restored | Merged | Conflict | Missing


class Undo(Struct, frozen=True):
    """The outcome for each file of a record."""

    outcomes: tuple[Outcome, ...]

    @property
    def blocked(self) -> tuple[Conflict | Missing, ...]:
        """Why nothing can be written; empty when everything can."""
        return tuple(outcome for outcome in self.outcomes if isinstance(outcome, Conflict | Missing))

    @property
    def contents(self) -> dict[str, bytes | None]:
        """What each file would hold, by path; None where there was no file. Only for an undo that is not blocked."""
        if self.blocked:
            raise InternalError(f"the contents of a blocked undo were asked for: {self.blocked[0].path}")
        return {item.path: item.data for item in self.outcomes if isinstance(item, Restored | Merged)}


def undo(record: Record, read: Callable[[str], bytes | None]) -> Undo:
    """Take `record` back. `read` gives the bytes of a path of the record now, None where there is no file."""
    return Undo(tuple(_outcome(file, read(file.path)) for file in record.files))


def _outcome(file: FileRecord, current: bytes | None) -> Outcome:
    if current is None:
        return Restored(file.path, None) if file.kind == "created" else Missing(file.path)
    if sha256(current) == file.before:
        return Restored(file.path, current)
    lines = split(current)
    try:
        merged = merge(file, lines)
    except TlsError as error:
        raise _contradiction(file) from error
    if not isinstance(merged, bytes):
        return Conflict(file.path, merged)
    data = None if file.kind == "created" and not merged else merged
    if file.kind == "env":
        untouched = file.tokens_of(lines) == file.tokens
    else:
        untouched = sha256(current) == file.after
        if untouched and file.before != (None if data is None else sha256(data)):
            raise _contradiction(file)
    return Restored(file.path, data) if untouched else Merged(file.path, data)


def _contradiction(file: FileRecord) -> TlsError:
    return TlsError(
        f"the record contradicts itself about {file.path}",
        hint="it was edited or merged; take one version of it from your version control, whole",
    )
