"""Sidecars of a running stack: whether each stands before the service that the plan puts it before.

A service joins the network namespace of its sidecar when it starts. One that was started before its sidecar's present
namespace was made is in an older one, which has no network any more: nobody reaches it, in plain or over TLS.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aicos_tls.live.model import Check, State
from aicos_tls.plan.model import joined_networks

if TYPE_CHECKING:
    from aicos_tls.live.model import Container
    from aicos_tls.live.stack import Stack
    from aicos_tls.plan.model import Plan

ID = "sidecar"
VARIABLE = "TLS_SERVICE"
"""The variable of a sidecar that names the service it stands before (`templates/sidecar/serve.sh`)."""


def sidecars(plan: Plan) -> dict[str, str]:
    """The services that have a sidecar by the plan, each with its sidecar's name."""
    return joined_networks(plan.changes)


def stands_before(stack: Stack, container: Container) -> str:
    """The service that a container answers for on the network: that of a sidecar is the one it stands before."""
    service = container.environment.get(VARIABLE, "")
    ours = service and container.service.startswith(f"{service}-tls") and stack.of(service)
    return service if ours else container.service


def check(stack: Stack, container: Container, sidecar: str) -> Check:
    """Whether a container of a service has its sidecar before it, running, healthy and with the same network."""
    service = container.service
    before = next(iter(stack.of(sidecar)), None)
    logs = f"docker compose logs {sidecar}"
    if before is None:
        todo = f"docker compose up -d --build {service}"
        return Check(ID, State.FAILED, f"its sidecar {sidecar} has no container", todo)
    if not before.running:
        words = f"its sidecar {sidecar} is {before.status} (exit code {before.exit_code}): the ports are closed"
        return Check(ID, State.FAILED, words, f"docker compose up -d {service}; {logs}")
    if container.network_of != before.id:
        words = f"it was not started behind its sidecar {sidecar}"
        return Check(ID, State.FAILED, words, f"docker compose up -d {service}")
    if container.running and _time(before.started) > _time(container.started):
        words = f"its sidecar {sidecar} was restarted after it, and it is cut off from the network"
        return Check(ID, State.FAILED, words, f"docker compose restart {service}")
    if before.health == "unhealthy":
        said = f": {before.health_output[:160]}" if before.health_output else ""
        return Check(ID, State.FAILED, f"its sidecar {sidecar} is unhealthy{said}", logs)
    return Check(ID, State.OK, f"its sidecar {sidecar} stands before it")


def _time(text: str) -> datetime:
    """A time of the engine, whose fractions of a second have nine digits or less (RFC 3339)."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
