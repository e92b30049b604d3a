"""The change as a unified diff. Of an env file only the changed lines are shown: the others may be secrets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aicos_tls.report.words import masked
from aicos_tls.rollback.patches import unified

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aicos_tls.report.style import Style
    from aicos_tls.rollback import Kind

CONTEXT = 3


def file_diff(name: str, kind: Kind, now: bytes | None, after: bytes | None) -> str:
    """The diff of one file from what it is to what it will be; `name` is relative to the project."""
    return unified(name, now, after, 0 if kind == "env" else CONTEXT).decode("utf-8", "replace")


def without_secrets(kind: Kind, text: str) -> str:
    """The diff of a file for the eye and for pull requests, where it is not applied.

    An env file of the machine is not in the repository, and a compose file of the repository decides which of its lines
    change: their addresses show no password and no path. Nor does a file that a run makes, such as an override, show
    passwords. What changes in other files stands in the repository anyhow.
    """
    if kind == "env":
        return _PATH.sub(r"\1…", masked(text))
    return masked(text) if kind == "created" else text


_PATH = re.compile(r"(?m)^([-+](?!--|\+\+)[^\n]*?://[^/?#\s]*[/?#])[^\n]+")
"""A changed line up to the path of its first address, and the rest of it."""


def coloured_diff(text: str, style: Style) -> str:
    """A diff with its added and removed lines coloured."""
    return "".join(_line(line, style) for line in text.splitlines(keepends=True))


def _line(line: str, style: Style) -> str:
    body = line.rstrip("\r\n")
    end = line[len(body) :]
    for start, name in (("+++", "file"), ("---", "file"), ("@@", "hunk"), ("+", "added"), ("-", "removed")):
        if body.startswith(start):
            return style(name, body) + end
    return line


def join(diffs: Iterable[str]) -> str:
    """Several diffs one after the other."""
    return "".join(diffs)
