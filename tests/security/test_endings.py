"""Runs that end otherwise than they should, and places that do not do what is asked of them."""

from __future__ import annotations

import errno
import itertools
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from security.bounded import PROGRAM
from security.planted import here
from support import needs, tree

from aicos_tls import disk
from aicos_tls.cli.errors import guarded

if TYPE_CHECKING:
    from support import Project, Run

COMPOSE = """\
services:
  api:
    build: .
    healthcheck: {test: curl http://localhost:1}
  web:
    build: .
    environment: {API_URL: "http://api:1"}
"""
FIRST = ("enable", "--no-certs", "-q")
HELD = """
import os, sys
from aicos_tls.disk import transaction
real = transaction._swap
def held(*args):
    print("held", flush=True)
    sys.stdin.read(1)
    return real(*args)
transaction._swap = held
sys.argv = ["aicos-tls", *sys.argv[1:]]
from aicos_tls.cli import main
main()
"""
"""The program, which stops where everything is staged and nothing is in place, until something is written to it."""


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)], ids=["terminated", "interrupted"]
)
def test_a_signal_takes_back_what_was_begun(project: Project, number: signal.Signals, code: int) -> None:
    directory = project(COMPOSE)
    child = subprocess.Popen(
        [sys.executable, "-c", HELD, *FIRST], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert child.stdout
    assert child.stdout.readline() == b"held\n"
    assert (directory / ".aicos-tls/journal.json").exists()
    child.send_signal(number)
    _, err = child.communicate()
    assert (child.returncode, err) == (code, b"aicos-tls: interrupted; nothing half done was left behind\n")
    assert tree(directory) == {"docker-compose.yml": COMPOSE.encode()}
    assert not (directory / ".aicos-tls").exists()


def test_a_second_signal_does_not_disturb_the_way_back(project: Project) -> None:
    directory = project(COMPOSE)
    child = subprocess.Popen(
        [sys.executable, "-c", HELD, *FIRST], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert child.stdout
    child.stdout.readline()
    for _ in range(5):
        child.send_signal(signal.SIGTERM)
    child.communicate()
    assert child.returncode == 143
    assert tree(directory) == {"docker-compose.yml": COMPOSE.encode()}


def test_sigterm_before_anything_is_begun(project: Project) -> None:
    """The signal comes while a plan is made."""
    directory = project(COMPOSE)
    code = PROGRAM.replace("main()", "os.kill(os.getpid(), signal.SIGTERM); main()").replace(
        "import sys", "import os, signal, sys; from aicos_tls.commands import holding"
    )
    early = subprocess.run([sys.executable, "-c", code, *FIRST], capture_output=True, check=False)
    assert early.returncode == -signal.SIGTERM  # the program has not yet asked to be told
    assert tree(directory) == {"docker-compose.yml": COMPOSE.encode()}


def test_a_directory_that_is_a_mount_point_blocks_nobody(
    project: Project, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The certificates directory is mounted: rmdir(2) says EBUSY."""
    directory = project(COMPOSE)
    assert run("enable", "--key-type", "p256", "-q").code == 0
    real = Path.rmdir

    def busy(path: Path) -> None:
        if path.name == "certs":
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), os.fspath(path))
        real(path)

    monkeypatch.setattr(Path, "rmdir", busy)
    assert run("rollback", "--certs").code == 0
    assert (directory / "certs").is_dir()
    assert not disk.interrupted(directory)
    for command in (("enable", "--key-type", "p256", "-q"), ("rollback", "--certs")):
        assert run(*command).code == 0
    assert tree(directory) == {"docker-compose.yml": COMPOSE.encode()}


def dies_at(step: int, *arguments: str) -> bool:
    """Run in a child that ends without a word before its `step`-th rename, link or removal."""
    child = os.fork()
    if child == 0:  # no coverage of what is not there any more
        steps = itertools.count(1)

        def dying(name: str) -> None:
            real = getattr(os, name)

            def call(*args: object, **kwargs: object) -> None:
                if next(steps) == step:
                    os._exit(9)
                real(*args, **kwargs)

            setattr(os, name, call)

        for name in ("replace", "link", "unlink"):
            dying(name)
        os._exit(guarded(arguments))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


@pytest.mark.parametrize("output", ["tls.yml", "elsewhere/tls.yml"])
def test_an_interrupted_output_can_be_finished(project: Project, run: Run, output: str) -> None:
    command = ("enable", "--no-certs", "-q", "--output", output)
    for step in itertools.count(1):
        directory = project(COMPOSE)
        (directory / "elsewhere").mkdir(exist_ok=True)
        more = dies_at(step, *command)
        done = run(*command)
        assert (done.code, done.err) == (0, "")
        assert "TLS_ENABLED" in (directory / output).read_text()
        assert {*tree(directory)} == {"docker-compose.yml", output}
        (directory / output).unlink()
        if not more:
            break
    assert step > 5


@needs("git")
@pytest.mark.parametrize("link", ["certs", "certs/runtime"])
def test_certificates_that_are_linked_out_of_a_project_in_git(tmp_path: Path, link: str) -> None:
    project, out = tmp_path / "p", tmp_path / "out"
    out.mkdir()
    (project / link).parent.mkdir(parents=True)
    (project / link).symlink_to(out)
    (project / "docker-compose.yml").write_text(COMPOSE)
    subprocess.run(["git", "init", "-q"], cwd=project, check=True)
    for arguments in (
        ("enable", "--dry-run"),
        ("enable", "--key-type", "p256"),
        ("enable", "--key-type", "p256", "--serve", "auto"),
        ("certs", "issue", "--key-type", "p256"),
        ("certs", "list"),
        ("doctor",),
        ("rollback", "--certs"),
    ):
        ran = here(project, *arguments)
        assert ran.code in (0, 1, 2), ran.err
        assert list(out.iterdir()) == [], arguments


@pytest.mark.parametrize("length", [200, 245, 252, 253, 255])
@pytest.mark.parametrize("attribute", ["service", "file", "dockerfile", "env_file"])
def test_long_names_on_real_writes(project: Project, run: Run, length: int, attribute: str) -> None:
    """255 bytes are the most that a file system takes; an override file is called after the compose file."""
    name = "n" * length
    files: dict[str, str | bytes] = {"docker-compose.yml": COMPOSE}
    if attribute == "service":
        files["docker-compose.yml"] = COMPOSE.replace("  web:", f"  {name}:")
    elif attribute == "file":
        files = {f"{name[:-4]}.yml": COMPOSE}
    elif attribute == "dockerfile":
        text = COMPOSE.replace("build: .\n    env", f"build: {{context: ., dockerfile: {name}}}\n    env")
        files = {
            "docker-compose.yml": text,
            name: "FROM node:20\nCOPY . .\nCMD node s.js\n",
            "s.js": "fetch('http://api:1')\n",
        }
    else:
        files = {
            "docker-compose.yml": COMPOSE.replace("{API_URL: ", f"{{}}\n    env_file: {name}\n    labels: {{l: "),
            name: "API_URL=http://api:1\n",
        }
    directory = project(files)
    before = tree(directory)
    named = [each for each in files if each.endswith(".yml")][:1]
    for more in ((), ("--code",), ("--override",)):
        ran = run("enable", *named, "--key-type", "p256", "--all", "-q", *more)
        assert ran.code in (0, 2), ran.err
        if ran.code:
            assert "is a bug" not in ran.err
        else:
            assert run("rollback", *named, "--certs").code == 0
        assert tree(directory) == before, more
