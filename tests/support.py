"""Types and functions that tests import; fixtures are in conftest.py."""

from __future__ import annotations

import itertools
import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn, Protocol

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from aicos_tls.plan.model import Plan

DEMAND = "AICOS_TLS_DEMAND"
"""With this variable set, a test whose program is missing fails: CI has them all, so that no skip hides there."""
_RARE = ("bun", "deno")  # never demanded: no Debian package has them
_SYSTEM = ("/usr/sbin", "/sbin")  # where servers are, and users other than root do not look


@dataclass(frozen=True)
class Ran:
    """What a run of the program came to."""

    code: int
    out: str
    err: str


class Run(Protocol):
    """Run the program in this process: `run("enable", "--dry-run")`."""

    def __call__(self, *arguments: str | Path) -> Ran: ...


class Project(Protocol):
    """Write files into an empty project directory, go there and return it."""

    def __call__(self, files: dict[str, str | bytes] | str) -> Path: ...


def need(program: str) -> str:
    """The path of a program; skips the test that needs it, by its name, where it is missing."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *_SYSTEM])
    found = shutil.which(program, path=path)
    return found or missing(f"needs {program}, which is not installed", demanded=program not in _RARE)


def needs(*programs: str) -> pytest.MarkDecorator:
    """Mark a test, or a module by its `pytestmark`, as needing programs (conftest.py asks for them)."""
    return pytest.mark.needs(*programs)


def missing(reason: str, *, demanded: bool = True) -> NoReturn:
    """Skip a test for want of something of this machine; fail instead where CI demands that it is there."""
    if demanded and os.environ.get(DEMAND):
        pytest.fail(f"{reason} ({DEMAND} is set)", pytrace=False)
    pytest.skip(reason)


_CHANGING = ("open", "write", "fsync", "replace", "link", "unlink", "mkdir", "rmdir", "chmod", "fchmod", "symlink")


def dies_at(step: int, arguments: Sequence[str]) -> bool:
    """Run in a child that ends without a word at its `step`-th call that changes the disk; False if there are fewer."""
    child = os.fork()
    if child == 0:  # no coverage of what is not there any more
        from aicos_tls.cli.errors import guarded

        steps = itertools.count(1)

        def dying(name: str) -> None:
            real = getattr(os, name)

            def call(*args: object, **kwargs: object) -> object:
                changes = name != "open" or (isinstance(args[1], int) and args[1] & os.O_CREAT)
                if changes and next(steps) == step:
                    os._exit(9)
                # flushing takes most of the time and can only be seen to matter when the power fails
                return None if name == "fsync" else real(*args, **kwargs)

            setattr(os, name, call)

        for name in _CHANGING:
            dying(name)
        os._exit(guarded(arguments))
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, 9)
    return code == 9


def work_tree(directory: Path) -> None:
    """Make a directory a git work tree, as far as anybody can tell, without git (gitrepository-layout(5))."""
    for name in ("objects", "refs/heads"):
        (directory / ".git" / name).mkdir(parents=True)
    (directory / ".git/HEAD").write_text("ref: refs/heads/main\n")


def tree(directory: Path) -> dict[str, bytes]:
    """Every file below a directory, git's own excepted."""
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(directory).parts
    }


class PlanOf(Protocol):
    """Write the files of a project and plan it; `compose` is its docker-compose.yml."""

    def __call__(self, files: dict[str, str], **flags: object) -> Plan: ...
