"""Nothing that a stranger wrote reaches a terminal as a control character."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st
from security.bounded import PROGRAM

from aicos_tls.report.visible import visible

if TYPE_CHECKING:
    from support import Project, Run

EVIL = "\x1b]0;x\x07\x9b2J\u202e\u2066\x7f"


@given(st.text())
def test_what_is_shown_has_no_controls(text: str) -> None:
    assert not any(
        (c < " " and c not in "\t\n") or "\x7f" <= c <= "\x9f" or "\u202a" <= c <= "\u202e" for c in visible(text)
    )


def test_colours_stay_where_they_are_wanted() -> None:
    assert visible("\x1b[31mred\x1b[0m\x1b]0;x", colours=True) == "\x1b[31mred\x1b[0m\\x1b]0;x"
    assert visible("\x1b[31m") == "\\x1b[31m"
    assert visible("\u202e") == "\\u202e"


def test_an_error_shows_escapes(run: Run, project: Project) -> None:
    project("services: {a: {build: .}}\n")
    refused = run("enable", "--dry-run", "--only", EVIL)
    assert refused.code == 2
    assert not any(char in refused.err for char in EVIL if not char.isprintable())


def test_a_report_on_a_terminal(project: Project) -> None:
    directory = project('services:\n  a: {build: .}\n  "b\\e[2J\\u202e": {image: redis}\n')
    master, slave = pty.openpty()
    command = [sys.executable, "-c", PROGRAM, "enable", "--dry-run", "--color", "never"]
    child = subprocess.Popen(command, cwd=directory, stdout=slave, stderr=slave)
    os.close(slave)
    seen = b""
    while True:
        try:
            piece = os.read(master, 4096)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        seen += piece
    os.close(master)
    assert child.wait() in (0, 1, 2)
    assert b"\x1b" not in seen
    assert "\u202e".encode() not in seen
    assert b"\\x1b[2J" in seen
