"""Private keys stay out of build contexts: in the plan, the diff, the record and the way back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from support import tree

if TYPE_CHECKING:
    from support import Project, Run

FAST = ("--key-type", "p256")
COMPOSE = """\
services:
  api:
    build: .
    healthcheck: {test: [CMD, curl, -f, "http://localhost:8001/health"]}
  web:
    build: ./web
    environment: [API_URL=http://api:8001]
"""
FILES: dict[str, str | bytes] = {
    "docker-compose.yml": COMPOSE,
    "Dockerfile": "FROM a\nCOPY . .\n",
    "web/Dockerfile": "FROM a\nCOPY . .\n",
    "package.json": "{}\n",
}


@pytest.mark.parametrize("form", [(), ("--override",)])
@pytest.mark.parametrize("ignore", [None, "node_modules"])
def test_it_is_written_and_taken_back(project: Project, run: Run, form: tuple[str, ...], ignore: str | None) -> None:
    directory = project({**FILES, **({".dockerignore": ignore} if ignore else {})})
    before = tree(directory)
    shown = run("enable", *form, "--dry-run").out
    assert "+certs/" in shown
    assert "keys kept out of its image" in shown
    assert tree(directory) == before
    assert run("enable", *form, *FAST).code == 0
    after = (directory / ".dockerignore").read_text()
    assert after == (f"{ignore}\ncerts/\n" if ignore else "certs/\n")
    assert not (directory / "web/.dockerignore").exists()
    assert "nothing to do" in run("enable", *form).out
    assert (directory / ".dockerignore").read_text() == after
    taken = run("rollback", "--certs")
    assert taken.code == 0
    assert tree(directory) == before


def test_what_was_added_since_stays(project: Project, run: Run) -> None:
    directory = project(FILES)
    run("enable", *FAST)
    with (directory / ".dockerignore").open("a") as file:
        file.write("tmp\n")
    out = run("rollback").out
    assert (directory / ".dockerignore").read_text() == "tmp\n"
    assert "docker build no longer ignores them" in out


def test_json_has_the_change(project: Project, run: Run) -> None:
    project(FILES)
    data = json.loads(run("enable", "--dry-run", "--format", "json").out)
    (change,) = [each for each in data["changes"] if each["rule"] == "dockerignore"]
    assert (change["service"], change["after"], change["file"]) == ("api", "certs/", ".dockerignore")


def test_output_leaves_it_alone(project: Project, run: Run) -> None:
    directory = project(FILES)
    assert run("enable", "--output", "out.yml").code == 0
    assert not (directory / ".dockerignore").exists()


def test_nothing_in_scope_adds_nothing(project: Project, run: Run) -> None:
    directory = project({"docker-compose.yml": "services: {db: {image: postgres}}\n"})
    run("enable", *FAST)
    assert not (directory / ".dockerignore").exists()
