"""Carrying out a set of operations. The order of the steps is the whole point; the package's docstring explains it."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from aicos_tls.disk import durable, guard, journal
from aicos_tls.disk.journal import State
from aicos_tls.disk.prepare import changed, prepare
from aicos_tls.disk.recovery import Recovery, recover
from aicos_tls.errors import InternalError, TlsError, Where
from aicos_tls.files import read_bytes, read_if_there

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aicos_tls.disk.locking import Locked
    from aicos_tls.disk.operations import Operation
    from aicos_tls.disk.prepare import Prepared, Run


def check(operations: Sequence[Operation], project: Path) -> None:
    """Raise `TlsError` for what `commit` would refuse before it writes anything; nothing is written."""
    prepare(operations, project)


def commit(operations: Sequence[Operation], locked: Locked) -> None:
    """Carry out all of `operations`, or none.

    Raises `TlsError` when one of them cannot be carried out or a file is not what the plan expects; everything is then
    as it was. Call `recover` first: an interrupted run must be dealt with before files are read for a plan.
    """
    if journal.load(locked) is not None:
        raise InternalError("commit before recover: there is the journal of an interrupted run")
    run = prepare(operations, locked.project)
    if not run.files and not run.made and not run.emptied and not run.guards:
        return
    try:
        _carry_out(run, locked)
    except BaseException as error:
        # What the journal on the disk says decides which way it goes, exactly as if this process had died.
        outcome = recover(locked)
        if not isinstance(error, OSError):
            raise
        if outcome is not Recovery.COMPLETED:
            raise _failure(error, locked.project) from error
    else:
        with suppress(TlsError):  # the run has happened; what cannot be tidied up now is left to the next one
            recover(locked)


def _carry_out(run: Run, locked: Locked) -> None:
    """All of it up to the point where the run counts as done; what remains is `recover`'s cleaning."""
    journal.save(run.journal, State.STAGING, locked)
    for directory, mode in run.made.items():
        durable.make_directory(directory, mode)
    for path, text in run.guards.items():
        guard.place(path, text)
    durable.flush_directories(each.parent for each in run.guards)
    for file in run.files:
        _stage(file)
    directories = run.journal.directories
    durable.flush_directories(directories)
    journal.save(run.journal, State.SWAPPING, locked)
    for file in run.files:
        _swap(file)
    durable.flush_directories(directories)
    journal.save(run.journal, State.CLEANING, locked)


def _stage(file: Prepared) -> None:
    step = file.step
    if step.new is not None:
        durable.create(step.staged, file.data, file.mode, file.owner)
    if step.old is not None:
        _back_up(file)


def _back_up(file: Prepared) -> None:
    """A second name costs nothing and keeps everything: the inode, times, attributes. A copy where that is refused."""
    step = file.step
    try:
        step.backup.hardlink_to(step.target)
    except OSError as error:
        if error.errno not in durable.NO_HARD_LINKS:
            raise
        status = step.target.stat()
        durable.create(step.backup, read_bytes(step.target)[0], status.st_mode & 0o7777, (status.st_uid, status.st_gid))


def _swap(file: Prepared) -> None:
    step = file.step
    current = read_if_there(step.target)
    if (current.digest if current else None) != step.old:
        raise changed(file.path, there=current is not None, expected=step.old is not None)
    if step.new is None:
        durable.discard(step.target)
    elif step.old is None:
        _name_new(file)
    else:
        step.staged.replace(step.target)


def _name_new(file: Prepared) -> None:
    """Give a new file its name, unless somebody has made one of that name since the look: renaming would replace it."""
    step = file.step
    try:
        durable.name_new(step.staged, step.target)
    except FileExistsError:
        raise changed(file.path, there=True, expected=False) from None


def _failure(error: OSError, project: Path) -> TlsError:
    hint = "free some space and try again; " if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
    where = Where(Path(os.fsdecode(error.filename)).parent if error.filename else project)
    return TlsError(f"cannot be written: {error.strerror}", where=where, hint=f"{hint}nothing has been changed")
