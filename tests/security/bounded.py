"""The program in a process of its own, with a bound on its time and its memory: what hostile input is given to."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from typing import TYPE_CHECKING

from support import Ran

if TYPE_CHECKING:
    from pathlib import Path

SECONDS = 10
MEMORY = 2**30
"""Bytes of address space."""
PROGRAM = "import sys; from aicos_tls.cli import main; sys.argv[0] = 'aicos-tls'; main()"


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def run_bounded(directory: Path, *arguments: str | Path, seconds: float = SECONDS) -> Ran:
    """Run the program in `directory`; raises `subprocess.TimeoutExpired` past `seconds` of its processor time, at most
    four times as many on the clock, and shows what it said."""

    def limit() -> None:
        _limit()
        resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds) + 1))

    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *(os.fspath(argument) for argument in arguments)],
        cwd=directory,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        check=False,
        timeout=seconds * 4,
        preexec_fn=limit,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )
    return Ran(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))
