"""`enable --repair`: healthchecks that cannot work, in the plan, the record and every form of a run."""

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
    healthcheck:
      test: ["CMD", "curl", "-f", "http://localhost:3001/health"]
  jobs:
    build: ./jobs
    healthcheck:
      test: ["CMD", "curl", "-f", "http://localhost:8001/health"]
  context:
    build: ./context
    healthcheck:
      test: curl -f http://localhost:8005/health || exit 1
"""
SERVER = "const app = require('express')();\napp.listen(3001, () => console.log('up'));\n"
FILES: dict[str, str | bytes] = {
    "docker-compose.yml": COMPOSE,
    "api/Dockerfile": 'FROM node:20-alpine\nWORKDIR /app\nCOPY . .\nCMD ["node", "server.js"]\n',
    "api/package.json": '{"dependencies": {"express": "4"}}\n',
    "api/server.js": SERVER,
    "jobs/Dockerfile": 'FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nCMD ["uvicorn", "main:app", "--port", "8001"]\n',
    "jobs/main.py": "from fastapi import FastAPI\n\napp = FastAPI()\n",
    "context/Dockerfile": 'FROM alpine:3.20\nCOPY service /usr/local/bin/\nCMD ["service"]\n',
    "context/main.go": "package main\n",
}


def checks(directory: Path) -> list[str]:
    return [
        line.strip()
        for line in (directory / "docker-compose.yml").read_text().splitlines()
        if line.strip().startswith("test:")
    ]


def test_a_plain_run_offers_it(project: Project, run: Run) -> None:
    project(FILES)
    out = run("enable", "--dry-run").out
    for image, program in (("node:20-alpine", "node"), ("python:3.11-slim", "python"), ("alpine:3.20", "wget")):
        said = f"its healthcheck cannot work: curl is not in {image}; `aicos-tls enable --repair` lets {program} ask"
        assert said in out
    assert "enable --repair" not in run("enable", "--dry-run", "--repair").out


def test_it_is_written_kept_and_taken_back(project: Project, run: Run) -> None:
    directory = project(FILES)
    before = tree(directory)
    assert run("enable", "--repair", *FAST).code == 0
    node, python, wget = checks(directory)
    assert node.startswith('test: ["CMD", "node", "-e", "require(\'https\').get(\'https://127.0.0.1:3001/health\'')
    assert python.startswith('test: ["CMD", "python", "-c", "import ssl')
    assert wget == 'test: [CMD, wget, "-q", "--no-check-certificate", "-O", /dev/null, "https://127.0.0.1:8005/health"]'
    enabled = tree(directory)
    assert "nothing to do" in run("enable").out
    assert tree(directory) == enabled
    assert run("enable", "--no-repair").code == 0
    assert all("curl" in line for line in checks(directory))
    assert run("rollback", "--certs").code == 0
    assert tree(directory) == before


def test_doctor_is_content_with_it(project: Project, run: Run) -> None:
    project(FILES)
    run("enable", "--repair", *FAST)
    found = {finding["check"] for finding in json.loads(run("doctor", "--format", "json").out)["findings"]}
    assert not {"healthcheck-program", "healthcheck-http", "healthcheck-flag", "plan-differs"} & found


def test_in_an_override(project: Project, run: Run) -> None:
    directory = project(FILES)
    before = tree(directory)
    assert run("enable", "--repair", "--override", *FAST).code == 0
    assert (directory / "docker-compose.yml").read_bytes() == before["docker-compose.yml"]
    assert sum("127.0.0.1" in line for line in (directory / "docker-compose.tls.yml").read_text().splitlines()) == 3
    assert run("rollback", "--certs").code == 0
    assert tree(directory) == before


def test_with_a_change_of_the_code(project: Project, run: Run) -> None:
    directory = project(FILES)
    assert run("enable", "--repair", "--code", *FAST).code == 0
    assert "tls.listen" in (directory / "api/server.js").read_text()
    assert "https://127.0.0.1:3001" in checks(directory)[0]


@pytest.mark.parametrize("way", ["sidecar", "auto"])
def test_within_the_network_of_a_sidecar_it_asks_in_plain(project: Project, run: Run, way: str) -> None:
    directory = project(FILES)
    assert run("enable", "--repair", "--serve", way, *FAST).code == 0
    own = [line for line in checks(directory) if "127.0.0.1" in line]
    schemes = ["https" if "https" in line else "http" for line in own]
    assert schemes == {"sidecar": ["http"] * 3, "auto": ["https", "https", "http"]}[way]
    found = {finding["check"] for finding in json.loads(run("doctor", "--format", "json").out)["findings"]}
    assert not {"healthcheck-program", "healthcheck-http"} & found


def test_doctor_writes_the_line_that_works_before_a_repair(project: Project, run: Run) -> None:
    project(FILES)
    run("enable", "--serve", "sidecar", *FAST)
    findings = json.loads(run("doctor", "--format", "json").out)["findings"]
    todo = [f["todo"] for f in findings if f["check"] == "healthcheck-program"]
    assert len(todo) == 3
    assert all(line.startswith("aicos-tls enable --repair, or write test: ") for line in todo)
    assert all("http://127.0.0.1" in line for line in todo)


def test_a_file_that_asks_for_it(project: Project, run: Run) -> None:
    directory = project({**FILES, "aicos-tls.toml": "repair = true\n"})
    assert run("enable", *FAST).code == 0
    assert all("127.0.0.1" in line for line in checks(directory))
