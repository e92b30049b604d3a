"""Where a path of the record may lead: into the project and nowhere else, whatever a record says that others wrote."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from aicos_tls.errors import TlsError, Where

CLOSED: Final = frozenset({".git", ".aicos-tls"})
"""Directories (in lower case) in which nothing is ever changed: git runs what is written in its own."""
_LONGEST: Final = 4096
"""Longest path in bytes: PATH_MAX of Linux."""


def wrong_path(path: str) -> str:
    """Why a file of that name (POSIX, relative to the project) is none that a run changes; empty when it may be one."""
    parts = path.split("/")
    if "\0" in path or any(part in ("", ".", "..") for part in parts):
        return _OUT
    if len(path.encode("utf-8", "surrogateescape")) > _LONGEST:
        return "is longer than any path"
    closed = next((part for part in parts if part.lower() in CLOSED), "")
    return f"lies in {closed}, where nothing is changed or rolled back" if closed else ""


def locate(project: Path, path: str) -> Path:
    """The file `path` of the project; raises `TlsError` when it is outside, be it by a symbolic link on the way.

    To be asked before a file is changed, too: what lies outside could not be rolled back.
    """
    file = project / path
    reason = wrong_path(path)
    if reason != _OUT:
        root, real = os.path.realpath(project), os.path.realpath(file)
        inside = Path(real).is_relative_to(root)
        reason = (reason or wrong_path(os.path.relpath(real, root))) if inside else _OUT
    if reason:
        hint = "run beside the file that it leads to, or replace the link with a copy" if reason == _OUT else ""
        raise TlsError(reason, where=Where(file), hint=hint)
    return file


_OUT: Final = "leads out of the project, where nothing is changed or rolled back"
