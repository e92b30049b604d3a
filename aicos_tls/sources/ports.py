"""The ports that a service is known to listen on, and those of the host that lead to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls import budgets
from aicos_tls.compose.resolve import text_of, texts_of
from aicos_tls.compose.urls import DEFAULT_PORT
from aicos_tls.plan.checks import ports_asked
from aicos_tls.plan.references import REWRITABLE
from aicos_tls.sources.dockerfile import image_healthcheck
from aicos_tls.yamledit.nodes import Mapping, Sequence, deref

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from aicos_tls.compose.model import Service
    from aicos_tls.plan.model import Plan
    from aicos_tls.sources.dockerfile import Stage


def listening(plan: Plan, service: Service, stage: Stage | None) -> frozenset[int]:
    """Container ports that the project is known to use.

    Those in URLs of the project and in what else asks it, `ports`, `expose`, `PORT` and the healthcheck; where these
    say nothing, EXPOSE.
    """
    found = set(_asked(plan, service.name))
    if server := plan.servers.get(service.name):
        found.update(server.ports)
    image = image_healthcheck(stage) if stage else None
    found.update(ports_asked(service, image.test if image else None))
    found.update(declared(service))
    if variable := service.environment.get("PORT"):
        found.update(_numbers([service.expand(variable.value or "") or ""]))
    if not found and stage is not None:
        exposed = (instruction for instruction in stage.instructions if instruction.name == "EXPOSE")
        found.update(_numbers(word for instruction in exposed for word in instruction.value.split()))
    return frozenset(found)


def declared(service: Service) -> frozenset[int]:
    """The container ports in `ports` and `expose`."""
    exposed = _numbers(text for _, entry in service.effective("expose") for text in texts_of(entry.value))
    return frozenset((*(container for _, container in published(service)), *exposed))


def _numbers(texts: Iterable[str]) -> Iterator[int]:
    """Yield the ports that are plain numbers, with or without a protocol."""
    for text in texts:
        if (port := budgets.number(text.partition("/")[0])) is not None:
            yield port


def _asked(plan: Plan, name: str) -> Iterator[int]:
    for reference in plan.references:
        if reference.target == name and reference.kind in REWRITABLE:
            port = reference.url.port
            if port is None:
                yield DEFAULT_PORT
            elif (number := budgets.number(port)) is not None:
                yield number


def published(service: Service) -> Iterator[tuple[int | None, int]]:
    """Yield host port (None when it is chosen by Docker or not known) and container port of each entry of `ports`."""
    for layer, entry in service.effective("ports"):
        node = deref(entry.value)
        for item in map(deref, node.items if isinstance(node, Sequence) else ()):
            if isinstance(item, Mapping):
                parts = layer.source.resolver.entries(item)
                goal = budgets.number(text_of(parts["target"].value) if "target" in parts else None)
                host = text_of(parts["published"].value) if "published" in parts else None
                if goal is not None:
                    yield budgets.number(host), goal
            else:
                yield from _short(service.expand(text_of(item) or "") or "")


def _short(text: str) -> Iterator[tuple[int | None, int]]:
    """Read `[[ADDRESS:]HOST:]CONTAINER[/PROTOCOL]`; ranges say nothing (specification, "ports", short syntax)."""
    ports, _, protocol = text.partition("/")
    before, _, container = ports.rpartition(":")
    host = before.rpartition(":")[2]
    if (number := budgets.number(container)) is not None and protocol in ("", "tcp"):
        yield budgets.number(host), number
