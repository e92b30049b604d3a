"""A project as the run planned it that enabled it: what is looked at later is what was done then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls import planner
from aicos_tls.commands.project import Prepared, prepare
from aicos_tls.commands.records import load_record, settings_of
from aicos_tls.compose.discovery import select
from aicos_tls.compose.load import load
from aicos_tls.errors import TlsError
from aicos_tls.plan.policy import resolve

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


def as_enabled(
    named: Sequence[Path],
    environment: Mapping[str, str],
    given: Mapping[str, object],
    *,
    code: Sequence[str] | None = None,
) -> Prepared:
    """The project, planned with the settings of the run that enabled it and those that are `given`. Raises `TlsError`.

    Where that run cannot be undone in memory, because its lines were edited since, it is planned as it stands. `code`
    is as for `prepare`.
    """
    selection = select(named, environment)
    directory = selection.files[0].parent
    record = load_record(directory)
    flags = settings_of(record, directory, given)
    try:
        return prepare(named, flags, environment, code=code)
    except TlsError:
        if record is None:
            raise
    project = load(selection.files)
    return Prepared(directory, selection, planner.plan(project, resolve(project, flags), dict(record.names)), record)
