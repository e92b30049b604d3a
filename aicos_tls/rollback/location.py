"""Where a path of the record may lead: into the project and nowhere else, whatever a record says that others wrote."""

from __future__ import annotations

import os
from pathlib import Path

from aicos_tls.errors import TlsError, Where


def is_inside(path: str) -> bool:
    """Whether `path` is relative, in POSIX form, with no component that is empty, `.` or `..`."""
    return "\0" not in path and not any(part in ("", ".", "..") for part in path.split("/"))


def locate(project: Path, path: str) -> Path:
    """The file `path` of the project; raises `TlsError` when it is outside, be it by a symbolic link on the way.

    To be asked before a file is changed, too: what lies outside could not be rolled back.
    """
    file = project / path
    if not is_inside(path) or not Path(os.path.realpath(file)).is_relative_to(os.path.realpath(project)):
        raise TlsError(
            "leads out of the project, where nothing is changed or rolled back",
            where=Where(file),
            hint="run beside the file that it leads to, or replace the link with a copy",
        )
    return file
