"""What the README promises holds today: the diff, the commands of the cheat sheet, the import order."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from live.fakes import FakeDocker, container
from test_architecture import SPINE

if TYPE_CHECKING:
    from support import Project, Run

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()

STACK = """\
services:
  backend:
    build: ./backend
    environment:
      - LOG_LEVEL=info
      - INTEGRATIONS_URL=http://integrations:8006
      # Secrets come from .env
      - JWT_SECRET=${JWT_SECRET}
    volumes:
      - backend-data:/app/data
    healthcheck:
      test: ["CMD", "curl", "-f", "http://localhost:3001/api/health"]
      interval: 30s
  integrations:
    build: ./integrations
  api: {build: ./api}
  web: {build: ./web}
  legacy: {build: ./legacy}
  grafana: {image: grafana/grafana}
volumes:
  backend-data:
"""


def test_the_diff_of_one_service(project: Project, run: Run) -> None:
    project(STACK)
    shown = re.search(r"```diff\n(.*?)```", README, re.DOTALL)
    assert shown
    out = run("enable", "--dry-run", "--format", "diff", "--only", "backend", "--only", "integrations").out
    hunk = [line for line in out.splitlines() if not line.startswith(("---", "+++", "@@"))]
    body = "\n".join(hunk)
    assert shown.group(1).strip("\n") in body


COMMANDS = sorted(
    {
        command
        for line in README.splitlines()
        if line.startswith("| ")
        for command in re.findall(r"`(aicos-tls [^`]+)`", line)
    }
)


def test_the_cheat_sheet_is_there() -> None:
    assert len(COMMANDS) >= 18


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_the_cheat_sheet_runs(
    command: str, project: Project, run: Run, compose: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project(
        {
            "docker-compose.yml": STACK,
            "a.yml": STACK,
            "backend/Dockerfile": "FROM node:20\nCOPY . .\nCMD node app.js\n",
            "b.yml": "services: {web: {environment: {A: b}}}\n",
        }
    )
    words = shlex.split(command)[1:]
    fast = ["--key-type", "p256"]
    looked_after = words[0] == "certs" and words[1] != "issue"
    if words[0] == "rollback" or looked_after or words[:2] == ["code", "apply"]:
        assert run("enable", *fast).code == 0
    if words[:2] == ["certs", "restore"]:
        assert run("certs", "backup", words[2]).code == 0
    if "--check-with-compose" in words:
        monkeypatch.setenv("DOCKER_COMPOSE", str(compose))
    if words[0] == "enable" or words[:2] == ["certs", "issue"]:
        words += fast
    if words[0] in ("verify", "learn") or "--restart" in words:  # containers that are healthy, and answer nothing
        fake = FakeDocker(tmp_path / "bin")
        fake.runs(*(container(name) for name in ("backend", "integrations", "api", "web", "legacy")))
        for name, value in {**fake.environment, "COMPOSE_PROJECT_NAME": "shop"}.items():
            monkeypatch.setenv(name, value)
    if words[0] == "learn":
        words[1:1] = ["--seconds", "0.1"]
        script = Path("smoke-tests.sh")
        script.write_text("#!/bin/sh\n")
        script.chmod(0o755)
    if (words[0] == "learn" or "--sniff" in words) and os.geteuid():
        pytest.skip("only root may sniff")
    done = run(*words)
    finds = {"--exit-code", "--strict", "--require"}.intersection(words) or words[0] in ("doctor", "verify")
    # nothing is in order in these projects
    assert done.code == (1 if finds else 0), done.err


def test_the_import_order_is_the_one_that_is_held() -> None:
    order = re.search(r"`(budgets < errors < files < .*?)`", README, re.DOTALL)
    assert order
    named = [part.strip() for part in order.group(1).split("<")]
    assert named[:-2] == [part for part in SPINE if part not in ("healthchecks", "proof")]
