"""`--override` and `--check-with-compose` as a person uses them."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest
from support import tree

if TYPE_CHECKING:
    from pathlib import Path

    from support import Project, Run

FAST = ("--key-type", "p256")
NAME = "docker-compose.tls.yml"


def text(directory: Path) -> dict[str, bytes]:
    """The files of a project without certificates and record."""
    return {name: data for name, data in tree(directory).items() if not name.startswith(("certs/", ".aicos-tls/"))}


def test_the_compose_file_stays_and_rollback_removes_the_override(aicos: Path, run: Run) -> None:
    before = text(aicos)
    dry = run("enable", "--override", "--dry-run")
    assert f"--- /dev/null\n+++ b/{NAME}" in dry.out
    assert text(aicos) == before
    done = run("enable", "--override", *FAST)
    assert done.code == 0
    assert f"docker compose -f docker-compose.yml -f {NAME} up -d" in done.out
    assert f"COMPOSE_FILE=docker-compose.yml:{NAME}" in done.out
    after = text(aicos)
    assert {name for name in after if after[name] != before.get(name)} == {NAME, ".gitignore"}
    assert run("rollback").code == 0
    assert text(aicos) == before


def test_once_more_is_nothing_also_when_compose_is_told_about_it(
    aicos: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("enable", "--override", *FAST)
    before = tree(aicos)
    for named in ((), ("docker-compose.yml",), ("docker-compose.yml", NAME)):
        again = run("enable", *named, "--override", *FAST)
        assert (again.code, "nothing to do" in again.out) == (0, True)
    monkeypatch.setenv("COMPOSE_FILE", f"docker-compose.yml:{NAME}")
    assert run("enable", "--override", "--dry-run", "--exit-code").code == 0
    assert tree(aicos) == before
    alone = run("enable", NAME, "--override")
    assert (alone.code, "made by aicos-tls" in alone.err) == (2, True)


def test_in_place_and_override_take_turns(aicos: Path, run: Run) -> None:
    before = text(aicos)
    run("enable", "--override", *FAST)
    override = text(aicos)
    run("enable", *FAST)
    in_place = text(aicos)
    assert NAME not in in_place
    assert in_place["docker-compose.yml"] != before["docker-compose.yml"]
    run("enable", "--override", *FAST)
    assert text(aicos) == override
    run("rollback")
    assert text(aicos) == before


def test_the_policy_may_ask_for_it(project: Project, run: Run) -> None:
    one = "services:\n  api:\n    build: .\nx-aicos-tls:\n  override: true\n  all: true\n"
    directory = project(one)
    assert run("enable", "--no-certs").code == 0
    assert (directory / NAME).exists()
    assert (directory / "docker-compose.yml").read_text() == one


def test_output_and_override_exclude_each_other(aicos: Path, run: Run) -> None:
    refused = run("enable", "--override", "--output", "new.yml")
    assert (refused.code, "exclude each other" in refused.err) == (2, True)
    assert not (aicos / "new.yml").exists()


def test_compose_starts_with_it(aicos: Path, run: Run, compose: Path) -> None:
    run("enable", "--override", *FAST)
    done = subprocess.run(
        [compose, "-f", "docker-compose.yml", "-f", NAME, "config", "--format", "json"],
        cwd=aicos,
        capture_output=True,
        text=True,
        check=True,
    )
    backend = json.loads(done.stdout)["services"]["aicos-backend"]
    assert backend["environment"]["NL_PARSER_URL"] == "https://aicos-nl-parser:8003"
    assert backend["volumes"][-1]["source"] == str(aicos / "certs")


@pytest.mark.parametrize("option", [(), ("--override",)])
def test_compose_is_asked(option: tuple[str, ...], aicos: Path, run: Run, compose: Path) -> None:
    check: tuple[str | Path, ...] = ("--check-with-compose", "--compose-command", compose, *option)
    shown = run("enable", "--dry-run", *check)
    assert shown.code == 0
    assert f"{compose}: accepts the project before and after" in shown.out
    data = json.loads(run("enable", "--dry-run", "--format", "json", *check).out)
    assert data["second_opinion"] == {"command": str(compose), "state": "agrees", "message": None}
    assert data["override"] == (NAME if option else None)
    assert run("enable", *FAST, *check).code == 0
    assert run("enable", *FAST, *check).code == 0
    assert (aicos / NAME).exists() == bool(option)


def test_the_output_file_is_checked_too(aicos: Path, run: Run, compose: Path) -> None:
    done = run("enable", "--output", "new.yml", "--check-with-compose", "--compose-command", compose)
    assert (done.code, (aicos / "new.yml").exists()) == (0, True)


def test_without_compose_the_check_is_refused(aicos: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    before = tree(aicos)
    monkeypatch.setenv("DOCKER_COMPOSE", "/nowhere/docker-compose")
    refused = run("enable", "--check-with-compose")
    assert (refused.code, "/nowhere/docker-compose cannot be run" in refused.err) == (2, True)
    assert tree(aicos) == before


def test_what_compose_rejects_already_is_said_and_done(project: Project, run: Run, compose: Path) -> None:
    project("services:\n  api:\n    build: .\n    no_such_key: 1\n")
    done = run("enable", "--no-certs", "--check-with-compose", "--compose-command", compose)
    assert done.code == 0
    assert "rejects the project as it is" in done.out


def test_what_compose_rejects_only_then_is_not_written(project: Project, run: Run, tmp_path: Path) -> None:
    one = "services:\n  api:\n    build: .\n"
    directory = project(one)
    picky = tmp_path / "picky"
    picky.write_text(
        "#!/bin/sh\n[ $1 = version ] && echo 2.40 && exit\n"
        "grep -q TLS_ENABLED \"$2\" && echo 'no TLS here' >&2 || echo '{}'\n"
    )
    picky.chmod(0o755)
    for extra in ((), ("--dry-run",), ("--output", "new.yml")):
        refused = run("enable", "--no-certs", "--check-with-compose", "--compose-command", picky, *extra)
        assert refused.code == 2
        assert f"{picky} rejects what it would be: no TLS here; nothing was written" in refused.err
    assert text(directory) == {"docker-compose.yml": one.encode()}
