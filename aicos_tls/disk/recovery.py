"""What becomes of a run that was interrupted: it is undone, or, once every file was new, tidied up.

Undoing never overwrites what somebody wrote in the meantime: a target that holds neither the bytes from before the
run nor those of the run stops everything until a person has looked.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from aicos_tls.disk import durable, guard, journal
from aicos_tls.disk.journal import State
from aicos_tls.disk.state import STATE_DIRECTORY
from aicos_tls.errors import TlsError, Where
from aicos_tls.files import read_if_there

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from aicos_tls.disk.journal import Step
    from aicos_tls.disk.locking import Locked


_STAYS: Final = frozenset({errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT, errno.ENOTDIR, errno.EBUSY})
"""Not empty (POSIX allows both numbers), gone already, no directory any more, or a mount point: not ours to remove."""


class Recovery(StrEnum):
    """What `recover` did."""

    NOTHING = "nothing"
    """There was no interrupted run."""
    UNDONE = "undone"
    """Every file is as before the interrupted run."""
    COMPLETED = "completed"
    """Every file is as the interrupted run wanted it."""


class Forecast(Struct, frozen=True):
    """What `recover` would do, and the files that it would write or remove for it."""

    recovery: Recovery
    files: tuple[Path, ...] = ()


def forecast(project: Path) -> Forecast | None:
    """What is to be put in order after an interrupted run; None when there was none. Reads only.

    Raises `TlsError` for a journal that cannot be used, as `recover` does.
    """
    if not interrupted(project):
        return None
    found = journal.load(journal.place(project))
    if found is None:
        return Forecast(Recovery.NOTHING)
    plan, state = found
    if state is State.CLEANING:
        return Forecast(Recovery.COMPLETED)
    back = [step for step in plan.steps if _is_new(step)] if state is State.SWAPPING else []
    return Forecast(Recovery.UNDONE, tuple(step.target for step in back))


def interrupted(project: Path) -> bool:
    """Whether a run on `project` was interrupted, so that `recover` has something to do or to tidy up. Reads only."""
    return any((project / STATE_DIRECTORY / name).exists() for name in (journal.NAME, journal.NEXT))


def recover(locked: Locked) -> Recovery:
    """Undo or complete the interrupted run, if there is one; safe to interrupt and to repeat.

    Raises `TlsError` when the journal cannot be used, a file was changed by hand since, or the disk refuses; the
    journal then stays, and so does every backup.
    """
    try:
        return _recover(locked)
    except OSError as error:
        raise TlsError(
            f"an interrupted run cannot be dealt with: {error.strerror}",
            where=Where(locked.state / journal.NAME),
            hint="solve this, then run the command again: it continues there",
        ) from error


def _recover(locked: Locked) -> Recovery:
    found = journal.load(locked)
    if found is None:
        journal.remove(locked)
        return Recovery.NOTHING
    plan, state = found
    if state is State.SWAPPING:
        _restore(plan.steps)
    for step in plan.steps:
        durable.discard(step.backup)  # first: without it a step counts as taken back
        durable.discard(step.staged)
    if state is State.CLEANING:
        _remove_empty(plan.emptied)
    else:
        for each in plan.guards:  # after the temporary keys that they kept from git
            guard.withdraw(each)
        _remove_empty(reversed(plan.made))
    durable.flush_directories(plan.directories)
    journal.remove(locked)
    return Recovery.COMPLETED if state is State.CLEANING else Recovery.UNDONE


def _restore(steps: Iterable[Step]) -> None:
    """Give every target that is new its old content."""
    pending = [step for step in steps if _is_new(step)]
    for step in pending:
        _refuse_if_edited(step)
    for step in reversed(pending):
        if step.old is None:
            durable.discard(step.target)
        else:
            # When both names still mean one file this does nothing (POSIX rename); the backup is discarded later.
            step.backup.replace(step.target)


def _is_new(step: Step) -> bool:
    """Whether the swap of `step` happened and has not been taken back by an earlier attempt.

    The swap uses up the temporary file, the way back uses up the backup. A file that was to be removed and is there
    has not been removed yet, or was made again by somebody: either way it stays.
    """
    if step.new is None:
        swapped = not os.path.lexists(step.target)
    else:  # a new file has both names for an instant
        swapped = not os.path.lexists(step.staged) or (step.old is None and _same(step.staged, step.target))
    return swapped and (step.old is None or os.path.lexists(step.backup))


def _same(one: Path, other: Path) -> bool:
    with suppress(FileNotFoundError):
        return os.path.samestat(one.lstat(), other.lstat())
    return False


def _refuse_if_edited(step: Step) -> None:
    current = read_if_there(step.target)
    if current is None or current.digest in (step.old, step.new):
        return
    if step.old is None:
        hint = "an interrupted run was about to create it; move it away, then run the command again"
    else:
        hint = f"the bytes from before are in {step.backup}; put the right ones in place, remove that, run again"
    raise TlsError("was changed after a run that was interrupted", where=Where(step.target), hint=hint)


def _remove_empty(directories: Iterable[Path]) -> None:
    """Remove those of `directories` that are empty: somebody may have put something into the others."""
    for directory in directories:
        guard.withdraw_last(directory)
        try:
            directory.rmdir()
        except OSError as error:
            if error.errno not in _STAYS:
                raise
