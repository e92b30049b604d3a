"""A project with secrets planted wherever a stranger's file might make this program look, and the law for its runs."""

from __future__ import annotations

import io
import os
import re
import resource
import shutil
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support import Ran

from aicos_tls.cli.errors import guarded

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS = 10
MEMORY = 2**30
"""Bytes of address space."""
PROGRAM = "import sys; from aicos_tls.cli import main; sys.argv[0] = 'aicos-tls'; main()"

SECRETS = {
    "git": "ghs_planted0token0of0ci",
    "env": "planted-unchanged-env-value",
    "outside": "planted-file-beside-the-project",
    "key": "PLANTED+KEY+MATERIAL",
    "neighbour": "planted-value-beside-a-changed-line",
    "address": "planted-password-of-an-address",
    "hook": "planted-token-in-a-path",
    "quotes": "planted-password-in-the-env-file",
    "path": "planted-token-in-the-env-file",
}
IN_CHANGED_LINES = frozenset({"neighbour", "address", "hook"})
"""Those that stand in a compose file, on changed lines or beside them: a diff shows them, and nothing else may."""
IN_ENV_LINES = frozenset({"quotes", "path"})
"""Those that stand on a changed line of the env file: only an exact diff, for a program, shows them."""
COMPOSE = f"""\
services:
  web:
    build: ./api
    environment:
      - API_URL=http://bob:{SECRETS["address"]}@api:8001/hook/{SECRETS["hook"]}
      - JWT_SECRET={SECRETS["neighbour"]}
      - QUOTES=${{QUOTES_URL}}
  api:
    build: ./api
    ports: ["8001:8001"]
    environment:
      TOKEN: {SECRETS["neighbour"]}
"""
ENV = f"PRIVATE={SECRETS['env']}\nQUOTES_URL=http://bob:{SECRETS['quotes']}@api:8001/{SECRETS['path']}\nPAYMENT_URL=https://bank.example\n"
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("enable", "--dry-run"),
    ("enable", "--dry-run", "--format", "markdown"),
    ("enable", "--dry-run", "--format", "json", "--code", "--serve", "auto"),
    ("enable", "--dry-run", "--override"),
    ("rollback", "--dry-run", "--certs"),
    ("rollback", "--dry-run", "--format", "json"),
    ("doctor", "-v"),
    ("doctor", "--format", "markdown"),
    ("code", "status"),
    ("code", "apply", "--dry-run"),
    ("explain", "api"),
    ("certs", "list"),
    ("enable", "--key-type", "p256"),
    ("certs", "issue", "--key-type", "p256", "--force"),
    ("rollback", "--certs"),
)
"""Every command that needs no engine, those that write last."""


def plant(directory: Path) -> Path:
    """The project `directory`/p in git, and what lies around it."""
    project = directory / "p"
    (project / "api").mkdir(parents=True)
    (directory / "out").mkdir()
    (directory / "out/private.txt").write_text(
        f"URL=http://bob:{SECRETS['outside']}@hosted:8001/{SECRETS['outside']}\nX={SECRETS['outside']}\n"
    )
    (directory / "out/ca-key.pem").write_text(f"{SECRETS['key']}\n")
    (project / "docker-compose.yml").write_text(COMPOSE)
    (project / "api/Dockerfile").write_text("FROM node:20-alpine\nCOPY . .\nCMD node server.js\n")
    (project / "api/server.js").write_text("require('http').createServer((a, b) => b.end('x')).listen(8001)\n")
    (project / ".env").write_text(ENV)
    (project / ".env").chmod(0o600)
    (project / ".gitignore").write_text(".env\n")
    subprocess.run(["git", "init", "-q"], cwd=project, check=True)
    config = project / ".git/config"
    config.write_text(f'{config.read_text()}[http]\n\textraheader = "AUTHORIZATION: basic {SECRETS["git"]}"\n')
    return project


def bounded(project: Path, *arguments: str) -> Ran:
    """Run the program in a process of its own; raises `subprocess.TimeoutExpired`."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))

    environment = {**os.environ, "PYTHONIOENCODING": "utf-8", "COLUMNS": "200"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        cwd=project,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        check=False,
        timeout=SECONDS * 4,
        preexec_fn=limit,
        env=environment,
    )
    return Ran(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))


def here(project: Path, *arguments: str) -> Ran:
    """The same in this process, which is faster and has no bounds."""
    out, err, before = io.StringIO(), io.StringIO(), Path.cwd()
    os.chdir(project)
    try:
        with redirect_stdout(out), redirect_stderr(err):
            code = guarded(list(arguments))
    finally:
        os.chdir(before)
    return Ran(code, out.getvalue(), err.getvalue())


def around(project: Path) -> dict[str, Any]:
    """What must stay as it is, whatever a run does: everything beside the project, and git's own files."""
    places = [project.parent / "out", project / ".git"]
    return {
        os.fspath(path): path.read_bytes() if path.is_file() and not path.is_symlink() else path.is_dir()
        for place in places
        for path in sorted(place.rglob("*"))
    }


def obeys_the_law(project: Path, *arguments: str, run: Callable[..., Ran] = here) -> Ran:
    """Run a command: exit code 0, 1 or 2, nothing written around the project, no secret said, no control character."""
    before = around(project)
    ran = run(project, *arguments)
    said = ran.out + ran.err
    assert ran.code in (0, 1, 2), said
    assert around(project) == before, arguments
    may = IN_CHANGED_LINES if "--dry-run" in arguments else frozenset()
    may |= IN_ENV_LINES if "json" in arguments else frozenset()
    assert {name for name, secret in SECRETS.items() if secret in said} <= may, (arguments, said)
    assert not CONTROL.search(said), (arguments, said)
    state_is_safe(project)
    return ran


def state_is_safe(project: Path) -> None:
    """What git would take of the state directory and of the certificates holds no secret and no key."""
    if (project / ".gitignore").is_fifo():
        return  # git itself waits for it
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--others", "--cached", "--exclude-standard"],
        cwd=project,
        capture_output=True,
        check=True,
    )
    names = [name for name in listed.stdout.decode().split("\0") if name]
    assert not [name for name in names if name.endswith("-key.pem") or "/.aicos-tls-" in f"/{name}"], names
    for name in names:
        if name.startswith(".aicos-tls/") and (project / name).is_file() and not (project / name).is_symlink():
            data = (project / name).read_bytes()
            assert not [secret for secret in SECRETS.values() if secret.encode() in data], name


def snapshot(project: Path) -> dict[str, bytes]:
    """Every file of the project but git's."""
    return {
        path.relative_to(project).as_posix(): path.read_bytes()
        for path in sorted(project.rglob("*"))
        if path.is_file() and not path.is_symlink() and ".git" not in path.relative_to(project).parts
    }


def has_git() -> bool:
    """Whether git can be run."""
    return shutil.which("git") is not None
