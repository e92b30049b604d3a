"""Empty directories that Docker makes in source folders: said when they will come, and gone after a rollback."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from support import tree

if TYPE_CHECKING:
    from pathlib import Path

    from support import Project, Run

FAST = ("--key-type", "p256", "--all")
COMPOSE = """\
services:
  api:
    build: ./api
    volumes:
      VOLUMES
    healthcheck: {test: curl -f http://localhost:8001/}
"""


def made(project: Project, volumes: str) -> Path:
    compose = COMPOSE.replace("VOLUMES", "\n      ".join(f"- {volume}" for volume in volumes.split()))
    return project({"docker-compose.yml": compose, "api/Dockerfile": "FROM node:20\n", "api/src/a.js": "1\n"})


def recorded(directory: Path) -> list[str]:
    policy = json.loads((directory / ".aicos-tls/record.json").read_text())["policy"]
    return list(policy.get("mount_points", []))


@pytest.mark.parametrize(
    ("volumes", "options", "points"),
    [
        ("./api:/app", (), ["api/certs"]),
        ("./api:/app:ro /app/node_modules data:/app/data", (), ["api/certs"]),
        ("./api/:/app/", (), ["api/certs"]),
        ("${HERE:-./api}:/app", (), ["api/certs"]),
        ("./api:/", (), ["api/app/certs", "api/app"]),
        ("./api:/app", ("--mount-path", "/app/tls/keys"), ["api/tls/keys", "api/tls"]),
        ("./api:/app", ("--mount-path", "/run/certs"), []),
        ("./api:/app code:/app/certs", (), []),
        ("code:/app", (), []),
        ("./api:/app certs:/app/certs", (), []),
        ("./api/src/a.js:/app", (), []),
        ("./gone:/app", (), []),
        ("$NOWHERE:/app", (), []),
        (".:/app", (), []),
        ("..:/app", (), []),
    ],
)
def test_what_will_be_made(
    project: Project, run: Run, volumes: str, options: tuple[str, ...], points: list[str]
) -> None:
    directory = made(project, volumes)
    if volumes.startswith("."):
        (directory / "certs").mkdir()
    out = run("enable", *options, *FAST).out
    assert recorded(directory) == points
    for point in points:
        assert f"Docker makes an empty {point} to mount the certificates at" in out


def test_it_goes_with_the_rollback(project: Project, run: Run) -> None:
    directory = made(project, "./api:/")
    before = tree(directory)
    run("enable", *FAST)
    (directory / "api/app/certs").mkdir(parents=True)
    run("enable", "--exclude", "api", *FAST)  # a later run does not forget what an earlier one brought about
    assert recorded(directory) == ["api/app/certs", "api/app"]
    shown = run("rollback", "--dry-run").out
    assert "api/app/certs: would be removed (empty, Docker made it to mount the certificates at)" in shown
    assert run("rollback", "--certs").code == 0
    assert tree(directory) == before
    assert sorted(path.name for path in (directory / "api").iterdir()) == ["Dockerfile", "src"]


def test_what_holds_something_stays(project: Project, run: Run) -> None:
    directory = made(project, "./api:/")
    run("enable", *FAST)
    (directory / "api/app/certs").mkdir(parents=True)
    (directory / "api/app/mine").touch()
    run("rollback")
    assert [path.name for path in (directory / "api/app").iterdir()] == ["mine"]


def test_what_was_there_before_stays(project: Project, run: Run) -> None:
    directory = made(project, "./api:/app")
    (directory / "api/certs").mkdir()
    assert "Docker makes" not in run("enable", *FAST).out
    run("rollback")
    assert (directory / "api/certs").is_dir()


def test_a_record_is_not_believed_about_other_directories(project: Project, run: Run) -> None:
    directory = made(project, "./api:/app")
    run("enable", *FAST)
    record = directory / ".aicos-tls/record.json"
    data = json.loads(record.read_text())
    outside = directory.parent / "certs"
    (directory / "empty").mkdir()
    (directory / "api/certs").symlink_to(directory / "empty")
    outside.mkdir()
    data["policy"]["mount_points"] = ["empty", "../certs", "api/certs", "nothing/certs"]
    record.write_text(json.dumps(data))
    run("rollback")
    assert (directory / "empty").is_dir()
    assert (directory / "api/certs").is_symlink()
    assert outside.is_dir()
