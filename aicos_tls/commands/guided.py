"""The guide's rotation in one command: stop, regenerate, restart. There is an outage; `certs rotate-ca` has none.

Everything that has a certificate stops before a file changes, so nobody runs with half of the old and half of the new.
Whatever happens in between, what was stopped is started again, servers before their clients.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.commands.enabled import as_enabled
from aicos_tls.live.docker import Docker
from aicos_tls.live.stack import check_own, look, project_name
from aicos_tls.live.waiting import healthy_again
from aicos_tls.serving.reloading import in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from aicos_tls.live.model import Container


def stopped_meanwhile(
    named: Sequence[Path],
    services: Sequence[str],
    flags: Mapping[str, object],
    work: Callable[[], None],
    *,
    wait: float,
    project: str = "",
    environment: Mapping[str, str],
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[str, ...]:
    """Stop the running containers that have certificates (of `services` alone, if any are named), do the `work`, start
    them again; returns the services, in the order in which they were started.

    Each has `wait` seconds to become healthy before its clients are started. Raises `TlsError`, also for a stack that
    does not run; what was stopped runs again then, unless the engine refuses.
    """  # noqa: D205 - one thought
    prepared = as_enabled(named, environment, flags)
    docker = Docker(environment)
    docker.engine()
    name = project_name(prepared.plan.project, project, environment)
    stack = look(docker, name)
    check_own(docker, stack, prepared.plan.project, named=bool(project))
    short_names = prepared.plan.short_names
    mine = [c.service for c in prepared.plan.certificates if not services or {c.service, c.short_name} & set(services)]
    order = in_order(mine, [(edge.client, edge.server) for edge in prepared.plan.edges])
    running = [c for service in order for c in stack.of(service) if c.running and service in short_names]
    halted: list[Container] = []
    try:
        for container in reversed(running):
            progress(f"stopping {container.service}")
            halted.append(container)
            docker.ask("stop", container.id)
        work()
    finally:
        for container in reversed(halted):
            progress(f"starting {container.service}")
            docker.ask("start", container.id)
            healthy_again(docker, name, container, wait, progress)
    return tuple(dict.fromkeys(container.service for container in running))
