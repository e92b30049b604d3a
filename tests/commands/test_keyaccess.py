"""Containers that could not read their keys: said in a dry run and in a run, with what helps."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support import Project, Run

FAST = ("--key-type", "p256")
COMPOSE = """\
services:
  api:
    build: ./api
    healthcheck: {test: curl -f http://localhost:8001/}
"""
SERVER = "require('http').createServer((q, r) => r.end()).listen(8001);\n"
NODE = 'FROM node:20\nWORKDIR /app\nCOPY . .\nUSER node\nCMD ["node", "server.js"]\n'
SAID = "its container runs as node and could not read api-key.pem (0600): sudo chown 1000 certs/api-key.pem"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere containers see every file as their own")


def said(project: Project, run: Run, dockerfile: str, *options: str, more: str = "") -> list[str]:
    files = {"api/Dockerfile": dockerfile, "api/server.js": SERVER}
    project({"docker-compose.yml": COMPOSE + more, **files})
    shown, done = run("enable", "--dry-run", *options), run("enable", *options, *FAST)
    lines = [[line.strip() for line in each.out.splitlines() if "could not read" in line] for each in (shown, done)]
    assert lines[0] == lines[1]
    return lines[1]


@pytest.mark.parametrize("options", [(), ("--code",), ("--override",), ("--serve", "preload")])
def test_it_is_said_before_and_after(project: Project, run: Run, options: tuple[str, ...]) -> None:
    (line,) = said(project, run, NODE, *options)
    assert SAID in line
    assert line.endswith("api/Dockerfile:4")
    assert ("--serve auto takes a sidecar" in line) is ("--serve" not in options)


@pytest.mark.parametrize(
    ("dockerfile", "options", "more"),
    [
        (NODE, ("--serve", "auto"), ""),
        (NODE.replace("USER node\n", ""), (), ""),
        (NODE.replace("USER node", "USER root"), (), ""),
        (NODE, (), "    user: root\n"),
        ("USER node\n", (), ""),
    ],
)
def test_nothing_where_the_key_can_be_read(
    project: Project, run: Run, dockerfile: str, options: tuple[str, ...], more: str
) -> None:
    assert said(project, run, dockerfile, *options, more=more) == []


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")
def test_a_key_that_was_given_to_the_user_is_in_order(project: Project, run: Run) -> None:
    directory = project({"docker-compose.yml": COMPOSE, "api/Dockerfile": NODE, "api/server.js": SERVER})
    run("enable", "--all", *FAST)
    os.chown(directory / "certs/api-key.pem", 1000, 1000)
    assert "could not read" not in run("enable", "--dry-run").out


def test_a_client_needs_no_key(project: Project, run: Run) -> None:
    more = "  web:\n    build: ./api\n    environment: [API=http://api:8001]\n"
    (line,) = said(project, run, NODE, more=more)
    assert line.startswith("api:")
