"""Commands on demand: nothing but the one that was asked for is loaded, and the help says the same as if all were."""

from __future__ import annotations

import inspect
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import typer
from typer.main import get_command

from aicos_tls.cli import app, loading

if TYPE_CHECKING:
    from support import Run


@pytest.mark.parametrize("name", app.COMMANDS)
def test_a_command_and_its_line(name: str) -> None:
    command = loading.load(name, app.COMMANDS[name])
    # of a function the line is the short help; a group says it by itself
    assert command.short_help == app.COMMANDS[name] or inspect.cleandoc(command.help) == app.COMMANDS[name]
    assert command.help


def test_the_lines_fit_on_a_terminal(run: Run) -> None:
    shown = run("--help").out.splitlines()
    width = max(map(len, app.COMMANDS))
    assert shown[-len(app.COMMANDS) :] == [f"  {name:<{width}}  {line}" for name, line in app.COMMANDS.items()]


@pytest.mark.parametrize("name", app.COMMANDS)
def test_each_has_help_and_takes_h(name: str, run: Run) -> None:
    done = run(name, "-h")
    assert done.code == 0
    assert done.out.startswith("Usage: ")
    assert f" {name} [OPTIONS]" in done.out.splitlines()[0]


def test_a_slip_of_the_finger(run: Run) -> None:
    done = run("enabl")
    assert (done.code, done.out) == (2, "")
    assert "No such command 'enabl'. Did you mean 'enable'?" in done.err
    assert "Did you mean 'list'?" in run("certs", "lst").err


def test_completion_offers_every_command() -> None:
    command = get_command(app.app)
    found = command.shell_complete(typer.Context(command), "")
    assert {item.value: item.help for item in found} == app.COMMANDS


@pytest.mark.parametrize(
    ("arguments", "loaded"), [(["--version"], []), (["--help"], []), (["enable", "--help"], ["enable"])]
)
def test_only_what_is_asked_for_is_loaded(arguments: list[str], loaded: list[str]) -> None:
    code = (
        "import sys; from aicos_tls.cli.errors import guarded; from aicos_tls.cli.app import COMMANDS;"
        "guarded(sys.argv[1:]); print('LOADED', [c for c in COMMANDS if f'aicos_tls.cli.{c}' in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == f"LOADED {loaded}"
