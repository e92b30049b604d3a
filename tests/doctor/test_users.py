"""Whom a container runs as, and what that user may read."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from aicos_tls.sources.users import User

if TYPE_CHECKING:
    from pathlib import Path

    from doctor_seeds import Examine
    from support import Project, Run


@pytest.mark.parametrize(
    ("user", "owner", "mode", "may"),
    [
        (User("root", "0"), (1000, 1000), 0o600, True),
        (User("root", "0", powerless=True), (1000, 1000), 0o600, False),
        (User("root", "0", powerless=True), (0, 0), 0o600, True),
        (User("node", "1000"), (1000, 0), 0o600, True),
        (User("node", "1000"), (1000, 0), 0o040, False),  # the owner's bits count, not the group's (POSIX)
        (User("node", "1000"), (0, 0), 0o600, False),
        (User("node", "1000"), (0, 0), 0o644, True),
        (User("node", "1000", "1000"), (0, 1000), 0o640, True),
        (User("node", "1000", "5"), (0, 1000), 0o640, False),
        (User("node", "1000", "5", frozenset({"1000"})), (0, 1000), 0o640, True),
        (User("node", "1000"), (0, 1000), 0o640, None),  # the group is not known
        (User("app", ""), (1000, 1000), 0o600, None),
        (User("app", ""), (0, 0), 0o600, False),  # whatever its id, it is not root's
        (User("app", ""), (0, 0), 0o640, False),
    ],
)
def test_who_may_read(tmp_path: Path, user: User, owner: tuple[int, int], mode: int, may: bool | None) -> None:  # noqa: FBT001
    file = tmp_path / "key"
    file.touch()
    os.chown(file, *owner)
    file.chmod(mode)
    assert user.may_read(file.stat()) is may


COMPOSE = """\
services:
  api:
    build: .
    USER
    healthcheck: {test: curl -f http://localhost:80}
"""


@pytest.mark.parametrize(
    ("written", "dockerfile", "said"),
    [
        ("user: root", "FROM node:20\n", ""),
        ("user: node", "FROM node:20\n", 'sudo chown 1000 certs/api-key.pem, or in the service: user: "0"'),
        ('user: "1000:1000"', "FROM node:20\n", "sudo chgrp 1000 certs/api-key.pem && chmod 640 certs/api-key.pem"),
        ("user: ${WHO:-1234}", "FROM node:20\n", "sudo chown 1234"),
        ('group_add: ["0"]', "FROM node:20\nUSER node\n", "sudo chown 1000"),
        ("init: true", "FROM node:20\nUSER node\nUSER root\n", ""),
        ("init: true", "FROM node:20 AS a\nUSER node\nFROM node:20\nCOPY --from=a . .\n", ""),
        ("init: true", "FROM python:3\nRUN adduser -D -u 7000 app && ls\nUSER app\n", "sudo chown 7000"),
        ("init: true", "FROM python:3\nRUN useradd app\nUSER app\n", "give app an id"),
        ("cap_drop: [ALL]", "FROM node:20\n", ""),
        ("cap_add: [DAC_OVERRIDE]\n    cap_drop: [ALL]", "FROM node:20\n", ""),
    ],
)
def test_users_of_projects(project: Project, run: Run, written: str, dockerfile: str, said: str) -> None:
    files = {"docker-compose.yml": COMPOSE.replace("USER", written), "Dockerfile": f"{dockerfile}RUN curl -V\n"}
    project({name: text.encode() for name, text in files.items()})
    assert run("enable", "--key-type", "p256", "--include", "api").code == 0
    shown = run("doctor").out
    assert ("[key-user]" in shown) is bool(said)
    assert said in shown


def test_a_group_that_reads_the_key_of_another_user_is_in_order(shop: Path, examine: Examine) -> None:
    path = shop / "docker-compose.yml"
    path.write_text(path.read_text().replace("    build: ./api\n", '    build: ./api\n    user: "1000:1000"\n'))
    key = shop / "certs/api-key.pem"
    os.chown(key, 0, 1000)
    key.chmod(0o640)
    assert not {"key-mode", "key-user"} & {finding.check for finding in examine().findings}
