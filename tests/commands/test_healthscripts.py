"""Healthchecks that run a script: what `enable` says of it, and changes in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support import tree

if TYPE_CHECKING:
    from support import Project, Run

FAST = ("--key-type", "p256")
COMPOSE = """\
services:
  api:
    build: ./api
    healthcheck: {test: [CMD, node, healthcheck.js]}
  box:
    build: ./box
    healthcheck: {test: [CMD, /opt/alive.sh]}
  web:
    build: ./web
    environment: [API=http://api:3001, BOX=http://box:8002]
"""
FILES: dict[str, str | bytes] = {
    "docker-compose.yml": COMPOSE,
    "api/Dockerfile": 'FROM node:20-alpine\nWORKDIR /app\nCOPY . .\nCMD ["node", "server.js"]\n',
    "api/server.js": "require('http').createServer((q, r) => r.end()).listen(3001);\n",
    "api/healthcheck.js": (
        "const http = require('http');\n"
        "const done = (code) => process.exit(code);\n"
        "http.get('http://localhost:3001/health', (r) => done(r.statusCode > 399)).on('error', () => done(1));\n"
    ),
    "box/Dockerfile": 'FROM alpine:3.20\nCOPY alive.sh /opt/\nCMD ["/box"]\n',
    "box/alive.sh": "#!/bin/sh\nwget -q http://localhost:8002/ || exit 1\n",
    "web/Dockerfile": 'FROM node:20\nCOPY . .\nCMD ["node", "x.js"]\n',
    "web/x.js": "1\n",
}
SCRIPT = "its healthcheck runs this script, which asks"


def test_it_is_named_with_its_place(project: Project, run: Run) -> None:
    project(FILES)
    out = run("enable", "--dry-run").out
    assert f"api: {SCRIPT} http://localhost:3001/health: aicos-tls code apply api, or ask https://" in out
    assert "api/healthcheck.js:3" in out
    assert f"box: {SCRIPT} http://localhost:8002/: aicos-tls code apply box, or ask https://" in out
    assert "box/alive.sh:2" in out


def test_it_changes_with_the_code(project: Project, run: Run) -> None:
    box = {  # what serves no TLS stays plain, and its healthcheck with it
        "box/Dockerfile": 'FROM python:3.11-alpine\nCOPY . /opt/\nCMD ["python", "/opt/main.py"]\n',
        "box/main.py": "import uvicorn\n\nuvicorn.run(lambda *_: None, port=8002)\n",
    }
    directory = project({**FILES, **box})
    before = tree(directory)
    out = run("enable", "--code", *FAST).out
    assert SCRIPT not in out
    assert (
        "wget -q --no-check-certificate https://localhost:8002/ || exit 1" in (directory / "box/alive.sh").read_text()
    )
    assert "tls.get(" in (directory / "api/healthcheck.js").read_text()
    run("rollback", "--certs")
    assert tree(directory) == before


@pytest.mark.parametrize("options", [("--serve", "auto"), ("--serve", "sidecar")])
def test_nothing_to_do_where_plain_is_answered_within(project: Project, run: Run, options: tuple[str, ...]) -> None:
    project(FILES)
    assert SCRIPT not in run("enable", "--dry-run", *options).out


def test_a_script_that_is_nowhere_is_named(project: Project, run: Run) -> None:
    project({**FILES, "box/Dockerfile": "FROM alpine:3.20\n"})
    assert "box: its healthcheck runs /opt/alive.sh, which is no file of the project" in run("enable", "--dry-run").out
