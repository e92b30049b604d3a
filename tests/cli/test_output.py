"""Colour and progress: for terminals, and only there."""

from __future__ import annotations

import errno
import io
import os
import pty
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from aicos_tls.cli.errors import guarded

if TYPE_CHECKING:
    from pathlib import Path

    from support import Project, Run

PROGRAM = (sys.executable, "-m", "aicos_tls")
FAST = ("--key-type", "p256")
ONE = """\
x-aicos-tls: {all: true, exclude: [db]}
services:
  api:
    build: .
    healthcheck: {test: curl http://localhost:1}
  db:
    image: postgres:16
"""
SGR = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


def on_a_terminal(*arguments: str, stdout: bool = True, stderr: bool = True) -> tuple[str, str]:
    """What the program writes to standard output and standard error, each a terminal of its own or a pipe."""
    ends = [pty.openpty() if terminal else os.pipe() for terminal in (stdout, stderr)]
    with subprocess.Popen([*PROGRAM, *arguments], stdout=ends[0][1], stderr=ends[1][1]) as running:
        for _, child in ends:
            os.close(child)
        texts = [_everything(parent) for parent, _ in ends]
        assert running.wait() == 0
    return texts[0], texts[1]


def _everything(end: int) -> str:
    found = b""
    with open(end, "rb", buffering=0) as stream:
        while True:
            try:
                some = stream.read(4096)
            except OSError:  # Linux says EIO when the other side of a terminal is closed
                break
            if not some:
                break
            found += some
    return found.decode()


class TestColour:
    """`--color` over NO_COLOR (https://no-color.org) over the terminal."""

    @pytest.mark.parametrize("form", ["text", "diff"])
    def test_it_changes_nothing_but_the_colour(self, form: str, project: Project, run: Run) -> None:
        project(ONE)
        plain = run("enable", "--dry-run", "--format", form)
        coloured = run("enable", "--dry-run", "--format", form, "--color", "always")
        assert coloured.out != plain.out == SGR.sub("", coloured.out)
        assert "\x1b[32m+      - TLS_ENABLED=true\x1b[0m\n" in coloured.out
        assert run("enable", "--dry-run", "--format", form, "--color", "never").out == plain.out

    @pytest.mark.parametrize("form", ["json", "markdown"])
    def test_what_programs_read_has_none(self, form: str, project: Project, run: Run) -> None:
        project(ONE)
        assert "\x1b" not in run("enable", "--dry-run", "--format", form, "--color", "always").out

    @pytest.mark.parametrize(
        "arguments",
        [("explain",), ("explain", "api"), ("explain", "urls"), ("certs", "issue", *FAST), ("code", "status")],
    )
    def test_every_command_has_it(self, arguments: tuple[str, ...], project: Project, run: Run) -> None:
        project(ONE)
        coloured = run(*arguments, "--color", "always").out
        assert "\x1b[" in coloured
        assert not SGR.sub("", coloured).count("\x1b")

    def test_a_terminal_has_it_and_a_pipe_has_not(self, project: Project) -> None:
        project(ONE)
        assert "\x1b[32m" in on_a_terminal("enable", "--dry-run")[0]
        assert "\x1b" not in on_a_terminal("enable", "--dry-run", stdout=False)[0]

    @pytest.mark.parametrize(
        ("name", "value", "wanted"),
        [("NO_COLOR", "1", False), ("NO_COLOR", "", True), ("TERM", "dumb", False), ("TERM", "xterm", True)],
    )
    def test_the_environment_has_a_say(
        self, *, name: str, value: str, wanted: bool, project: Project, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        project(ONE)
        monkeypatch.setenv(name, value)
        assert ("\x1b[1m" in on_a_terminal("explain")[0]) == wanted

    def test_the_option_has_the_last_word(self, project: Project, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        project(ONE)
        monkeypatch.setenv("NO_COLOR", "1")
        assert "\x1b[1m" in run("explain", "--color", "always").out
        assert "\x1b" not in on_a_terminal("explain", "--color", "never")[0]


class TestProgress:
    """A bar for keys, which take seconds; on standard error, so that the report can be piped."""

    @pytest.mark.parametrize("command", [("enable",), ("certs", "issue")])
    def test_a_terminal_sees_it_and_it_goes_away(self, command: tuple[str, ...], project: Project) -> None:
        directory = project(ONE)
        out, err = on_a_terminal(*command, "--key-type", "rsa2048", stdout=False)
        assert "making keys" not in out
        assert re.search(r"making keys .*0/2", err)
        assert err.endswith("\x1b[2K")  # ECMA-48, 8.3.41: the line of the bar is erased
        assert (directory / "certs/api-key.pem").exists()

    def test_nothing_of_it_without_a_terminal(self, project: Project) -> None:
        project(ONE)
        assert on_a_terminal("enable", *FAST, stderr=False)[1] == ""

    @pytest.mark.parametrize("option", [("--quiet",), ("--format", "json"), ("--no-certs",)])
    def test_nothing_of_it_when_not_wanted(self, option: tuple[str, ...], project: Project) -> None:
        project(ONE)
        assert on_a_terminal("enable", *FAST, *option)[1] == ""

    def test_nothing_of_it_when_every_key_is_there(self, project: Project) -> None:
        project(ONE)
        assert "making keys" in on_a_terminal("certs", "issue", *FAST)[1]
        assert "making keys" not in on_a_terminal("certs", "issue", *FAST)[1]


def test_a_terminal_without_unicode_gets_question_marks(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    directory = project(ONE.replace("build: .", "build: . # 🎉"))
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    done = subprocess.run(
        [*PROGRAM, "enable", "--dry-run"], capture_output=True, check=True, text=True, encoding="ascii"
    )
    assert "     build: . # ?\n" in done.stdout
    assert (done.stderr, directory.parent) == ("", tmp_path)


def test_the_bar_is_told_each_key(project: Project, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    project(ONE)
    monkeypatch.setattr("aicos_tls.cli.output.sys.stderr.isatty", lambda: True)
    shown = run("certs", "issue", *FAST)
    assert shown.code == 0
    assert "making keys" in shown.err
    assert "making keys" not in shown.out


class Full(io.StringIO):
    """A stream of which nothing more can be written."""

    def write(self, _: str) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_report_that_cannot_be_written_is_said(
    project: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    project(ONE)
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", Full())
        code = guarded(["explain"])
    assert code == 2
    assert "the output cannot be written: No space left on device" in capsys.readouterr().err
