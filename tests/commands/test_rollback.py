"""`rollback` where something of the last run is not here: env files of a clone, half of a run, the record."""

from __future__ import annotations

import itertools
import json
import os
from typing import TYPE_CHECKING

from support import tree

from aicos_tls import disk
from aicos_tls.cli.errors import guarded

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from support import Project, Run

COMPOSE = """\
services:
  api:
    build: .
    healthcheck: {test: curl http://localhost:1}
  web:
    build: .
    environment:
      - API_URL=${API_URL}
      - OTHER=http://api:1
"""
FILES: dict[str, str | bytes] = {"docker-compose.yml": COMPOSE, ".env": "API_URL=http://api:8001\nX=secret\n"}
FIRST = ("enable", "--no-certs", "-q")


def test_a_clone_has_no_env_file(project: Project, run: Run) -> None:
    directory = project(FILES)
    assert run(*FIRST).code == 0
    (directory / ".env").unlink()
    shown = run("rollback", "--dry-run")
    assert shown.code == 0
    assert ".env: is not here, as git does not have it" in shown.out
    assert json.loads(run("rollback", "--dry-run", "--format", "json").out)["absent"] == [".env"]
    done = run("rollback")
    assert done.code == 0
    assert ".env: is not here" in done.out
    assert "secret" not in done.out
    assert tree(directory) == {"docker-compose.yml": COMPOSE.encode()}


def test_any_other_file_that_is_gone_stops_it(project: Project, run: Run) -> None:
    directory = project(FILES)
    assert run(*FIRST).code == 0
    (directory / ".env").unlink()
    (directory / "docker-compose.yml").unlink()
    before = tree(directory)
    assert run("rollback").code == 2
    assert tree(directory) == before


def interrupted(step: int) -> bool:
    """An `enable` that ends without a word at its `step`-th rename or removal; False when it has fewer."""
    child = os.fork()
    if child == 0:  # no coverage of what is not there any more
        steps = itertools.count(1)

        def dying(name: str) -> None:
            real = getattr(os, name)

            def call(*args: object, **kwargs: object) -> None:
                if next(steps) == step:
                    os._exit(9)
                real(*args, **kwargs)

            setattr(os, name, call)

        dying("replace")
        dying("unlink")
        os._exit(guarded([*FIRST, "--mount-path", "/run/tls"]))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


def test_a_dry_run_says_what_an_interrupted_run_makes_it_do(project: Project, run: Run) -> None:
    said = set()
    for step in itertools.count(1):
        directory = project(FILES)
        if not interrupted(step):
            break
        if not disk.interrupted(directory):
            run("rollback")
            continue
        before = tree(directory)
        shown = run("rollback", "--dry-run")
        found = json.loads(run("rollback", "--dry-run", "--format", "json").out)["interrupted"]
        assert shown.code == 0
        assert "an earlier run was interrupted: " in shown.out
        assert tree(directory) == before  # it looks
        assert run("rollback").code == (0 if found["recovery"] == "completed" else 2)  # with nothing left to take back
        changed = {name for name, text in tree(directory).items() if before.get(name) != text}
        assert found["recovery"] == "completed" or changed <= {*found["files"]}
        assert {name for name in found["files"] if not name.startswith(".aicos")} <= changed
        assert tree(directory) == {name: str(text).encode() for name, text in FILES.items()}
        said.add(found["recovery"])
    assert said == {"nothing", "undone", "completed"}


def test_a_journal_that_is_not_ours_is_refused_in_a_dry_run(project: Project, run: Run) -> None:
    directory = project(FILES)
    (directory / ".aicos-tls").mkdir()
    (directory / ".aicos-tls/journal.json").write_text("{}")
    assert run("rollback", "--dry-run").code == 2
    assert disk.forecast(directory.parent) is None


def test_a_rollback_that_finds_nothing_leaves_nothing(project: Project, run: Run) -> None:
    directory = project(FILES)
    assert run("rollback").code == 2
    assert run("rollback", "--certs").code == 2
    assert tree(directory) == {name: str(text).encode() for name, text in FILES.items()}
    assert not (directory / ".aicos-tls").exists()


def test_a_lock_that_a_killed_run_left_goes_with_a_rollback_that_finds_nothing(project: Project, run: Run) -> None:
    directory = project(FILES)
    child = os.fork()
    if child == 0:
        held = disk.lock(directory)
        held.__enter__()
        os._exit(9)
    os.waitpid(child, 0)
    assert {path.name for path in (directory / ".aicos-tls").iterdir()} == {"lock", "pid"}
    assert run("rollback").code == 2
    assert not (directory / ".aicos-tls").exists()


def test_certificates_are_looked_at_again_with_the_lock(
    project: Project, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the first look and the lock another run enables the project: what it issued stays."""
    directory = project(COMPOSE)
    assert run("enable", "--key-type", "p256", "-q").code == 0
    assert run("rollback").code == 0
    real = disk.lock

    def late(where: Path) -> object:
        monkeypatch.setattr(disk, "lock", real)
        assert run("enable", "--key-type", "p256", "-q").code == 0
        return real(where)

    monkeypatch.setattr(disk, "lock", late)
    assert run("rollback", "--certs").code == 0  # of the run that came between, which issued none
    assert tree(directory)["docker-compose.yml"] == COMPOSE.encode()
    assert (directory / "certs/ca-key.pem").exists()


def test_the_certificates_directory_is_locked(project: Project, run: Run) -> None:
    """It may be shared with another project."""
    directory = project(COMPOSE)
    assert run("enable", "--key-type", "p256", "-q").code == 0
    assert run("rollback").code == 0
    before = tree(directory)
    with disk.lock_certificates(directory / "certs"):
        refused = run("rollback", "--certs")
    assert refused.code == 2
    assert "another run is working on the certificates here" in refused.err
    assert tree(directory) == before
    assert run("rollback", "--certs").code == 0
    assert tree(directory) == {"docker-compose.yml": COMPOSE.encode()}


def test_what_is_enabled_already_needs_no_writable_directory(project: Project, run: Run) -> None:
    directory = project(COMPOSE)
    assert run("enable", "--key-type", "p256", "-q").code == 0
    before = tree(directory)
    directory.chmod(0o555)
    try:
        again = run("enable")
        assert (again.code, again.err) == (0, "")
        assert run("enable", "--mount-path", "/run/tls").code == 2
        assert run("enable", "--only", "web").code == 2
    finally:
        directory.chmod(0o755)
    assert tree(directory) == before
