"""What a command that writes holds from its first look to its last byte: the lock of the project.

A plan is made of what was read, so nothing may be read before the lock is held: between a look and a later lock another
run can change the files and the record, and the plan would take that back half. What was interrupted is put in order
first: half of it would pass for the person's own. A command that only looks (`--dry-run`) holds nothing.
"""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from aicos_tls import disk
from aicos_tls.compose.discovery import select
from aicos_tls.errors import TlsError, Where

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from aicos_tls.commands.project import Prepared


@contextmanager
def holding(named: Sequence[Path], environment: Mapping[str, str]) -> Iterator[disk.Locked]:
    """Hold the lock of the project of the compose files; raises `TlsError` when another run has it."""
    with disk.lock(select(named, environment).files[0].parent) as locked:
        disk.recover(locked)
        yield locked


@contextmanager
def holding_output(named: Sequence[Path], environment: Mapping[str, str], output: Path) -> Iterator[disk.Locked]:
    """Hold the lock of the directory of `output`, and that of the project, which is read, where it may be written."""
    project = select(named, environment).files[0].parent
    same = os.path.realpath(project) == os.path.realpath(output.parent)
    if not output.parent.is_dir():
        raise TlsError("no such directory", where=Where(output.parent), hint="make it first")
    with ExitStack() as held:
        if not same and os.access(project, os.W_OK):
            disk.recover(held.enter_context(disk.lock(project)))
        locked = held.enter_context(disk.lock(output.parent))
        disk.recover(locked)
        yield locked


def still_the_same(prepared: Prepared, locked: disk.Locked) -> None:
    """Refuse a project that turned out to be in another directory than the one whose lock is held."""
    if os.path.realpath(prepared.directory) != os.fspath(locked.project):
        raise TlsError(
            "COMPOSE_FILE in .env was changed at this moment",
            where=Where(prepared.directory),
            hint="run the command again",
        )
