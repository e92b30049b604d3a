"""The services that a verification is about, and waiting until their containers run and are healthy."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from aicos_tls.errors import TlsError
from aicos_tls.live.stack import look

if TYPE_CHECKING:
    from collections.abc import Callable

    from aicos_tls.live.docker import Docker
    from aicos_tls.live.model import Container
    from aicos_tls.live.stack import Stack
    from aicos_tls.plan.model import Plan

AGAIN = 1.0
"""Seconds between two looks at a stack that is waited for."""


def settled(docker: Docker, stack: Stack, plan: Plan, wait: float, progress: Callable[[str], None]) -> Stack:
    """The stack once every service in scope runs and is healthy, or after `wait` seconds as it is then."""
    end = time.monotonic() + wait
    while pending := [name for name in in_scope(plan) if not _well(plan, stack, name)]:
        left = end - time.monotonic()
        if left <= 0:
            break
        progress(f"waiting for {', '.join(pending)} ({left:.0f} s)")
        time.sleep(min(AGAIN, left))
        stack = look(docker, stack.project)
    return stack


def healthy_again(
    docker: Docker, project: str, container: Container, wait: float, progress: Callable[[str], None]
) -> None:
    """Wait until a container that was restarted runs and is healthy; raises `TlsError` after `wait` seconds."""
    end = time.monotonic() + wait
    while True:
        found = next((c for c in look(docker, project).containers if c.id == container.id), None)
        if found and found.settled:
            return
        left = end - time.monotonic()
        if left <= 0:
            raise TlsError(
                f"{container.service} is not healthy {wait:.0f} s after its restart; nothing else was restarted",
                hint=f"docker compose logs {container.service}; then the same command again",
            )
        progress(f"waiting for {container.service} ({left:.0f} s)")
        time.sleep(min(AGAIN, left))


def in_scope(plan: Plan) -> list[str]:
    """The services that the plan touches."""
    return [decision.service for decision in plan.decisions.values() if decision.in_scope]


def _well(plan: Plan, stack: Stack, name: str) -> bool:
    """Whether nothing of a service has to be waited for."""
    containers = stack.of(name)
    if not containers:
        return plan.project.services[name].attribute("profiles") is not None
    return all(c.settled or ended_well(plan, c) for c in containers)


def ended_well(plan: Plan, container: Container) -> bool:
    """Whether it had one task and has done it, as migrations do."""
    return container.service not in plan.servers and container.status == "exited" and container.exit_code == 0
