"""What keeps a container from running or being well: another one that it depends on, and that died."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.compose.resolve import texts_of
from aicos_tls.yamledit.nodes import Mapping, deref

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.compose.model import Service
    from aicos_tls.live.model import Container
    from aicos_tls.live.stack import Stack
    from aicos_tls.plan.model import Plan


def cause(plan: Plan, stack: Stack, container: Container) -> Container | None:
    """The container at the bottom of it: down or unwell, and nothing that it depends on is; None where all are well."""
    services = plan.project.services
    seen = [container.service]
    found: Container | None = None
    for name in seen:  # it grows while it is walked: what is nearest comes first
        for other in depended(services[name]) if name in services else ():
            if other not in seen:
                seen.append(other)
                found = next((c for c in stack.of(other) if _is_down(c)), found)
    return found


def _is_down(container: Container) -> bool:
    """Whether it does not run, or is not well; one that had a task and did it is as it should be."""
    if container.running:
        return container.health == "unhealthy"
    return not (container.status == "exited" and container.exit_code == 0)


def depended(service: Service) -> Iterator[str]:
    """Yield the services that one needs (compose specification, "depends_on", "network_mode", "links")."""
    for layer, entry in service.effective("depends_on"):
        node = deref(entry.value)
        yield from (layer.source.resolver.mapping(node) if isinstance(node, Mapping) else texts_of(node))
    if service.network_mode.startswith("service:"):
        yield service.network_mode.removeprefix("service:")
    yield from service.links.values()
