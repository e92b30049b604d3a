"""All commands on hostile projects: each ends by itself, with 0, 1 or 2, and gives nothing away (see `planted`)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from security.planted import COMMANDS, COMPOSE, bounded, here, obeys_the_law, plant
from support import needs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = needs("git")


def added(text: str) -> Callable[[Path], None]:
    """Something at the end of the compose file: more of the service `api`, or another one."""

    def change(project: Path) -> None:
        (project / "docker-compose.yml").write_text(f"{COMPOSE}{text}")

    return change


def linked(name: str, target: str) -> Callable[[Path], None]:
    """A link in the project, in place of what is there."""

    def change(project: Path) -> None:
        (project / name).unlink(missing_ok=True)
        (project / name).symlink_to(target)

    return change


def fifo(name: str) -> Callable[[Path], None]:
    """A named pipe that nobody writes to."""

    def change(project: Path) -> None:
        (project / name).unlink(missing_ok=True)
        os.mkfifo(project / name)

    return change


def environment_of_others(project: Path) -> None:
    """A file of variables beside the project: a service is called as the host of a secret address in it."""
    added("  hosted:\n    build: ./api\n    env_file: ../out/private.txt\n")(project)


def no_compose_file_at_all(project: Path) -> None:
    (project / "docker-compose.yml").write_bytes(os.urandom(4000))


STRANGERS: dict[str, Callable[[Path], None]] = {
    "an env_file outside": environment_of_others,
    "an env_file of git": added("    env_file: .git/config\n"),
    "an env_file that is a key": added("    env_file: ../out/ca-key.pem\n"),
    "an env_file that is a device": added("    env_file: /dev/zero\n"),
    "an env_file that is a process": added("    env_file: /proc/self/environ\n"),
    "a build outside": added("  x:\n    build: ../out\n"),
    "a build of git": added("  x:\n    build: .git\n"),
    "a build of everything": added("  x:\n    build: /\n"),
    "a Dockerfile outside": added("  x:\n    build: {context: ., dockerfile: ../out/private.txt}\n"),
    "an included secret": added("include: [../out/private.txt]\n"),
    "an extended secret": added("    extends: {file: ../out/private.txt, service: x}\n"),
    "a mounted secret": added("    volumes: ['../out/private.txt:/etc/nginx/nginx.conf']\n"),
    "a linked .env": linked(".env", "../out/private.txt"),
    "a linked .env of git": linked(".env", ".git/config"),
    "a linked compose file": linked("docker-compose.yml", "../out/private.txt"),
    "a linked compose file of git": linked("docker-compose.yml", ".git/config"),
    "linked settings": linked("aicos-tls.toml", "../out/private.txt"),
    "settings of git": linked("aicos-tls.toml", ".git/config"),
    "linked sources": linked("api/server.js", "../../out/private.txt"),
    "a linked .gitignore": linked(".gitignore", "../out/private.txt"),
    "linked certificates": linked("certs", "../out"),
    "a pipe for .env": fifo(".env"),
    "a pipe for settings": fifo("aicos-tls.toml"),
    "a pipe for a source": fifo("api/server.js"),
    "a pipe for .gitignore": fifo(".gitignore"),
    "no compose file at all": no_compose_file_at_all,
}


@pytest.mark.parametrize("stranger", STRANGERS.values(), ids=STRANGERS)
def test_every_command_obeys_the_law(tmp_path: Path, stranger: Callable[[Path], None]) -> None:
    project = plant(tmp_path)
    stranger(project)
    obeys_the_law(project, *COMMANDS[0], run=bounded)  # if this hangs or grows, so would the others
    for arguments in COMMANDS:
        obeys_the_law(project, *arguments)


def test_the_honest_project_goes_the_whole_way(tmp_path: Path) -> None:
    """The law is not kept by doing nothing."""
    project = plant(tmp_path)
    codes = {arguments: obeys_the_law(project, *arguments).code for arguments in COMMANDS[:-3]}
    writing = {arguments: here(project, *arguments).code for arguments in COMMANDS[-3:]}
    assert set(writing.values()) == {0}
    assert [arguments for arguments, code in codes.items() if code not in (0, 1)] == [
        ("enable", "--dry-run", "--override"),  # a password of an env file is not repeated
        ("rollback", "--dry-run", "--certs"),
        ("rollback", "--dry-run", "--format", "json"),
        ("code", "apply", "--dry-run"),
        ("certs", "list"),
    ]
