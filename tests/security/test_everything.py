"""Hostile projects, each with all commands, and the law that holds for them.

Each command ends within 10 s and 1 GiB with 0, 1 or 2, and no traceback; nothing is written around the project; no
planted secret stands in any output or in what git would take; no control character reaches a report.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from security import everything
from security.hostile import PROJECTS
from security.planted import CONTROL, SECRETS, around, plant, state_is_safe
from security.test_budgets import write
from security.test_strangers import STRANGERS
from support import needs

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = needs("git")

REPRESENTATIVE = frozenset(
    {
        "urls-in-one-value", "dollars", "port-4400", "dotenv-doubling", "from-cyclic", "dockerfile-surrogate",
        "package-json-deep", "shell-nested", "an env_file that is a device", "a linked .env of git",
        "linked certificates", "linked sources", "a pipe for a source", "no compose file at all",
    }
)  # fmt: skip
"""One of each kind, for a quick run; the others are `exhaustive`."""
LARGE = {"services-2000-linked": 60, "services-20000": 60, "services-prefix": 60, "variables-20000": 60}
"""Seconds for projects that are only large, and nothing else: thousands of services, each with a way to serve."""
IN_FILES = frozenset({"neighbour", "address", "hook"})
"""What stands in a compose file may be shown in a diff."""
NAMES = [*PROJECTS, *STRANGERS]


def ran(project: Path, seconds: int = everything.SECONDS) -> Iterator[tuple[tuple[str, ...], int, str, str]]:
    """What became of every command; fails where one did not end by itself."""
    here = Path(__file__).resolve()
    environment = {**os.environ, "DOCKER_HOST": "unix:///nowhere.sock", "PYTHONPATH": os.fspath(here.parents[2])}
    done = subprocess.run(
        [sys.executable, here.with_name("everything.py"), str(seconds)],
        cwd=project, env=environment, capture_output=True, stdin=subprocess.DEVNULL, text=True, check=False,
    )  # fmt: skip
    lines = done.stdout.splitlines()
    stopped = everything.COMMANDS[len(lines) : len(lines) + 1]
    assert done.returncode == 0, (done.returncode, stopped, done.stderr[-1000:])
    for line in lines:
        arguments, code, out, err = json.loads(line)
        yield tuple(arguments), code, out, err


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in REPRESENTATIVE else pytest.mark.exhaustive) for name in NAMES]
)
def test_every_command_obeys_the_law(tmp_path: Path, name: str) -> None:
    project = plant(tmp_path)
    if name in PROJECTS:
        write(project, PROJECTS[name])
    else:
        STRANGERS[name](project)
    before = around(project)
    beside = {path.name for path in tmp_path.iterdir()}
    for arguments, code, out, err in ran(project, LARGE.get(name, everything.SECONDS)):
        assert code in (0, 1, 2), (arguments, err[-2000:])
        assert "Traceback" not in err, arguments
        told = {secret for secret, value in SECRETS.items() if value in out + err}
        exact = "--dry-run" in arguments or "show" in arguments
        may = (IN_FILES if exact else frozenset()) | ({"quotes", "path"} if "json" in arguments else frozenset())
        assert told <= may, (arguments, told)
        assert not CONTROL.search(out if "json" not in arguments else ""), arguments
        assert not CONTROL.search(err), arguments
    assert around(project) == before
    assert {path.name for path in tmp_path.iterdir()} == beside
    state_is_safe(project)


def test_the_representatives_are_there() -> None:
    assert set(NAMES) >= REPRESENTATIVE


def test_the_honest_project_goes_the_whole_way(tmp_path: Path) -> None:
    """The law is not kept by doing nothing."""
    codes = {arguments: code for arguments, code, _, _ in ran(plant(tmp_path))}
    refused = {arguments for arguments, code in codes.items() if code == 2}
    assert refused == {
        ("enable", "--dry-run", "--override", "--all"),  # a password of an env file is not repeated
        ("enable", *everything.ISSUE, "--override"),
        ("enable", "--no-certs", "--output", "patched.yml"),  # .env must change, too
        ("certs", "list"),
        ("verify",),  # no engine
    }
