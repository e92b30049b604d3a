"""`enable --output`: a patched copy, and everything else stays as it is."""

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
ONE = """\
services:
  api:
    build: .
    healthcheck: {test: curl http://localhost:1}
  web:
    build: .
    environment: ["API_URL=http://api:1"]
"""
DRY = pytest.mark.parametrize("dry", [(), ("--dry-run",)], ids=["write", "dry run"])


def test_the_copy_is_what_enable_would_write(project: Project, run: Run) -> None:
    directory = project(ONE)
    dry = run("enable", "--dry-run", "--output", "new.yml", "--exit-code")
    assert (dry.code, tree(directory)) == (1, {"docker-compose.yml": ONE.encode()})
    assert "will be issued" not in dry.out
    done = run("enable", "--output", "new.yml", "--exit-code")
    assert done.code == 1
    assert set(tree(directory)) == {"docker-compose.yml", "new.yml"}
    copy = (directory / "new.yml").read_bytes()
    run("enable", *FAST)
    assert (directory / "docker-compose.yml").read_bytes() == copy


def test_what_is_said_is_true_of_the_copy(project: Project, run: Run) -> None:
    project(ONE)
    out = run("enable", "--output", "new.yml").out
    assert out.splitlines()[1] == "patched copy written to new.yml"
    assert "start with it: docker compose -f new.yml up -d" in out
    assert "aicos-tls certs issue" in out
    assert "rollback" not in out


def test_the_command_to_start_a_copy_elsewhere_works(project: Project, run: Run, compose: Path) -> None:
    directory = project({"docker-compose.yml": ONE, "more.yml": "services: {web: {user: '1'}}\n", "deploy/x": ""})
    out = run("enable", "docker-compose.yml", "more.yml", "--output", "deploy/new.yml").out
    (line,) = [line for line in out.splitlines() if "start with it: " in line]
    words = line.split("docker compose ")[1].removesuffix("up -d").split()
    assert words == ["--project-directory", ".", "-f", "deploy/new.yml", "-f", "more.yml"]
    done = subprocess.run([compose, *words, "config", "--format", "json"], capture_output=True, text=True, check=True)
    web = json.loads(done.stdout)["services"]["web"]
    assert (web["user"], web["volumes"][0]["source"]) == ("1", str(directory / "certs"))


def test_an_enabled_project_can_be_copied(project: Project, run: Run) -> None:
    directory = project(ONE)
    run("enable", *FAST)
    assert run("enable", "--output", "new.yml").code == 0
    assert (directory / "new.yml").read_bytes() == (directory / "docker-compose.yml").read_bytes()


@DRY
def test_gitignore_is_not_touched_and_not_shown(aicos: Path, run: Run, dry: tuple[str, ...]) -> None:
    before = tree(aicos)
    shown = run("enable", "--output", "new.yml", "--format", "json", *dry)
    assert [file["path"] for file in json.loads(shown.out)["files"]] == ["docker-compose.yml"]
    after = tree(aicos)
    assert after.pop("new.yml", b"") or dry
    assert after == before


@DRY
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--output", "docker-compose.yml"), "docker-compose.yml: this file is part of the project"),
        (("--output", "sub/../docker-compose.yml"), "this file is part of the project"),
        (("--output", "nowhere/new.yml"), "nowhere: no such directory"),
        (("--output", "new.yml", "--override"), "--output and --override exclude each other"),
    ],
)
def test_what_is_refused(
    project: Project, run: Run, dry: tuple[str, ...], arguments: tuple[str, ...], message: str
) -> None:
    directory = project({"docker-compose.yml": ONE, "sub/x": ""})
    before = tree(directory)
    refused = run("enable", *arguments, *dry)
    assert (refused.code, refused.out, message in refused.err) == (2, "", True)
    assert len(refused.err.splitlines()) == 2
    assert tree(directory) == before


@DRY
def test_other_files_that_must_change_are_named(project: Project, run: Run, dry: tuple[str, ...]) -> None:
    directory = project(
        {"docker-compose.yml": ONE.replace("http://api:1", "${API_URL}"), ".env": "API_URL=http://api:1\n"}
    )
    before = tree(directory)
    refused = run("enable", "--output", "new.yml", *dry)
    assert refused.code == 2
    assert ".env must change too, which one output file cannot hold" in refused.err
    assert tree(directory) == before


def test_a_directory_is_no_file(project: Project, run: Run) -> None:
    directory = project(ONE)
    refused = run("enable", "--output", directory)
    assert (refused.code, "this is a directory" in refused.err) == (2, True)
