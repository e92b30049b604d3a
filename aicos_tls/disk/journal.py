"""What a run is about to do, written down so that the next run can tell how far it came.

The journal exists from before the first temporary file until after the last one. It is replaced as a whole, never
appended to, so a reader sees one state or the other. It names its project by path, device and inode: a journal that
came with a copied or cloned directory speaks of other files, and following it would move them.
"""

from __future__ import annotations

import json
import os
import re
import stat
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct, to_builtins

from aicos_tls.disk import durable
from aicos_tls.disk.guard import NAME as GUARD
from aicos_tls.disk.state import STATE_DIRECTORY
from aicos_tls.errors import TlsError, Where
from aicos_tls.files import read_bytes

if TYPE_CHECKING:
    from aicos_tls.disk.locking import Locked

NAME: Final = "journal.json"
NEXT: Final = "journal.json.new"
_SCHEMA: Final = 1
_MAX_BYTES: Final = 16 * 1024 * 1024
"""Largest journal that is read: that of 20,000 files."""
_OUTSIDE: Final = ("-cert.pem", "-key.pem")
"""How the names of files end that a run may write outside of the project, where `--certs-dir` leads."""
_TEMPORARY = re.compile(r"\.aicos-tls-[0-9a-f]{8}-\d+\.(new|old)")
_DIGEST = re.compile(r"[0-9a-f]{64}")


class State(StrEnum):
    """How far a run came."""

    STAGING = "staging"
    """No target has been touched."""
    SWAPPING = "swapping"
    """Every temporary file and backup is complete; some targets may be new."""
    CLEANING = "cleaning"
    """Every target is new."""


class Step(Struct, frozen=True):
    """What happens to one file. `old` and `new` are SHA-256, None where there is no file before or after."""

    target: Path
    old: str | None
    new: str | None
    staged: Path
    backup: Path


class Journal(Struct, frozen=True):
    """All steps of a run, in their order."""

    steps: tuple[Step, ...]
    made: tuple[Path, ...] = ()
    """Directories that the run makes, parents first."""
    emptied: tuple[Path, ...] = ()
    """Directories that go at the end if they are empty, children first."""
    guards: tuple[Path, ...] = ()
    """Files that keep directories from git: made before all others."""

    @property
    def directories(self) -> set[Path]:
        """Every directory whose entries the run changes."""
        files = (*(step.target for step in self.steps), *self.made, *self.emptied, *self.guards)
        return {path.parent for path in files}


def save(journal: Journal, state: State, locked: Locked) -> None:
    """Write the journal durably. Raises `OSError`; the file then holds the one before or this one, whole."""
    head = {"schema": _SCHEMA, "state": state, "project": _identity(locked)}
    text = json.dumps({**head, **to_builtins(journal, enc_hook=str)}, indent=1)
    durable.discard(locked.state / NEXT)
    durable.create(locked.state / NEXT, text.encode("ascii"), 0o600)
    (locked.state / NEXT).replace(locked.state / NAME)
    # the first time, the state directory itself may be new
    durable.flush_directories([locked.state, locked.project] if state is State.STAGING else [locked.state])


def remove(locked: Locked) -> None:
    """Remove the journal durably, with what an interrupted `save` may have left."""
    durable.discard(locked.state / NEXT)
    durable.discard(locked.state / NAME)
    durable.flush_directories([locked.state])


class Place(Struct, frozen=True):
    """Where the journal of a project is looked for, without the lock: to say what is in it."""

    project: Path

    @property
    def state(self) -> Path:
        """The state directory of the project."""
        return self.project / STATE_DIRECTORY


def place(project: Path) -> Place:
    """The place of the journal of the directory `project`."""
    return Place(Path(os.path.realpath(project)))


def load(locked: Locked | Place) -> tuple[Journal, State] | None:
    """The journal that there is, or None; raises `TlsError` for one that this program did not write here.

    It is input like any other file of a repository. Only this program's own is followed: a plain file that nobody else
    may read or write, as no checkout makes one, with the identity of the directory, about files that a run may change.
    """
    path = locked.state / NAME
    if not os.path.lexists(path):
        return None
    status = path.lstat()
    if stat.S_ISREG(status.st_mode) and not status.st_mode & 0o077 and status.st_size <= _MAX_BYTES:
        with suppress(ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return _parse(json.loads(read_bytes(path)[0]), locked)
    raise TlsError(
        "the journal of an interrupted run cannot be used: it is damaged, or was copied from another directory",
        where=Where(path),
        hint="compare the files of the project with your version control, then remove the journal",
    )


def _identity(locked: Locked | Place) -> list[object]:
    status = locked.project.stat()
    return [os.fspath(locked.project), status.st_dev, status.st_ino]


def _parse(data: Any, locked: Locked | Place) -> tuple[Journal, State]:
    if data["schema"] != _SCHEMA or data["project"] != _identity(locked):
        raise ValueError(data["project"])
    journal = Journal(
        tuple(_step(entry, locked.project) for entry in data["steps"]),
        tuple(_absolute(entry) for entry in data["made"]),
        tuple(_absolute(entry) for entry in data["emptied"]),
        tuple(_guard(entry) for entry in data.get("guards", ())),
    )
    return journal, State(data["state"])


def _step(entry: Any, project: Path) -> Step:
    step = Step(
        _absolute(entry["target"]),
        _digest(entry["old"]),
        _digest(entry["new"]),
        _absolute(entry["staged"]),
        _absolute(entry["backup"]),
    )
    for temporary in (step.staged, step.backup):
        if temporary.parent != step.target.parent or not _TEMPORARY.fullmatch(temporary.name):
            raise ValueError(temporary)
    if not step.target.is_relative_to(project) and not step.target.name.endswith(_OUTSIDE):
        raise ValueError(step.target)
    return step


def _guard(value: str) -> Path:
    path = _absolute(value)
    if path.name != GUARD:
        raise ValueError(value)
    return path


def _absolute(value: str) -> Path:
    """A path as a run writes it: absolute, in its shortest form, without a link on the way, not among git's files."""
    path = Path(value)
    if not path.is_absolute() or os.path.normpath(value) != value or "\0" in value or ".git" in path.parts:
        raise ValueError(value)
    if os.path.realpath(path.parent) != os.fspath(path.parent):
        raise ValueError(value)
    return path


def _digest(value: str | None) -> str | None:
    if value is not None and not _DIGEST.fullmatch(value):
        raise ValueError(value)
    return value
