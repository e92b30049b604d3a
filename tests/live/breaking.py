"""Puts one fault into the small stack, waits until it shows, and takes it out again."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from live.seeds import COMPOSE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from live.seeds import Fault
    from live.stacks import Stack

PATIENCE = 40
"""Seconds in which a container must have come to what it will be."""
OFTEN = 4
"""Restarts after which the engine waits for more than a second until the next: it doubles 100 ms each time."""


@contextmanager
def broken(stack: Stack, fault: Fault) -> Iterator[None]:
    """The stack with a fault, until everything in it has come to what it will be; and as it was before."""
    files = (stack.directory / COMPOSE, *(stack.directory / "certs").iterdir())
    kept = {path: (path.read_bytes(), path.stat().st_mode) for path in files}
    if fault.run or not fault.again:
        steady(stack)  # what was there before stays
    try:
        if fault.files:
            fault.files(stack.directory)
        stack.override = {"services": fault.settings} if fault.settings else {}
        if not fault.run:
            anew(stack, fault.again)
        else:
            fault.run(stack)
        steady(stack)
        yield
    finally:
        stack.override = {}
        for path, (data, mode) in kept.items():
            path.write_bytes(data)
            path.chmod(mode)
        anew(stack, fault.again)


def anew(stack: Stack, services: tuple[str, ...]) -> None:
    """New containers for services, at once: those that were there need not say goodbye."""
    if services:
        words = ["up", "-d", "--no-build", "--no-deps", "--force-recreate", "--timeout", "0", "--pull", "never"]
        stack.compose(*words, *services)


def steady(stack: Stack) -> None:
    """Wait until no container is about to change: it is healthy or not, has stopped, or is started again and again."""
    form = "{{.State.Status}} {{if .State.Health}}{{.State.Health.Status}}{{end}} {{.RestartCount}}"
    deadline = time.monotonic() + PATIENCE
    while True:
        containers = stack.compose("ps", "--all", "--quiet").stdout.split()
        states = [
            line.split(" ")
            for line in stack.engine.docker("inspect", "--format", form, *containers).stdout.splitlines()
        ]
        if len(states) == len(containers) and all(map(_is_steady, states)):
            return
        assert time.monotonic() < deadline, states
        time.sleep(0.1)  # an engine says nothing by itself that could be waited for


def _is_steady(state: list[str]) -> bool:
    status, health, restarts = state
    if int(restarts):
        return status == "restarting" and int(restarts) >= OFTEN
    return health != "starting" if status == "running" else status != "removing"
