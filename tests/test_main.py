"""The ways to start the program."""

from __future__ import annotations

import runpy
import subprocess
import sys

import pytest

from aicos_tls import __version__


def test_python_m_aicos_tls(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["aicos_tls", "--version"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("aicos_tls", run_name="__main__")
    assert (ended.value.code, capsys.readouterr().out) == (0, f"aicos-tls {__version__}\n")


def test_importing_it_starts_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_module("aicos_tls.__main__")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("arguments", "code"), [(["explain"], 0), (["explain", "nobody"], 2), ([], 2)])
def test_the_exit_code_is_that_of_the_process(arguments: list[str], code: int) -> None:
    done = subprocess.run([sys.executable, "-m", "aicos_tls", *arguments], check=False, capture_output=True, text=True)
    assert done.returncode == code
    assert "Traceback" not in done.stderr


def test_the_help_names_how_it_was_started() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "aicos_tls", "enable", "--help"], check=True, capture_output=True, text=True
    )
    assert done.stdout.startswith("Usage: python -m aicos_tls enable ")
