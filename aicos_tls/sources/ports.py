"""The ports that a service is known to listen on, and those of the host that lead to it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aicos_tls.compose.resolve import text_of, texts_of
from aicos_tls.compose.urls import DEFAULT_PORT
from aicos_tls.plan.references import REWRITABLE
from aicos_tls.yamledit.nodes import Mapping, Sequence, deref

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.compose.model import Service
    from aicos_tls.plan.model import Plan
    from aicos_tls.sources.dockerfile import Stage

_SHORT = re.compile(r"(?:.*:)?(?:(?P<host>\d+):)?(?P<container>\d+)(?:/tcp)?$")


def listening(plan: Plan, service: Service, stage: Stage | None) -> frozenset[int]:
    """Container ports that URLs of the project, `PORT`, `ports`, `expose` or, where those say nothing, EXPOSE name."""
    found = set(_asked(plan, service.name))
    found.update(container for _, container in published(service))
    found.update(
        int(text) for _, entry in service.effective("expose") for text in texts_of(entry.value) if _digits(text)
    )
    variable = service.environment.get("PORT")
    if variable and _digits(value := service.expand(variable.value or "") or ""):
        found.add(int(value))
    if not found and stage is not None:
        for instruction in stage.instructions:
            if instruction.name == "EXPOSE":
                found.update(int(word.partition("/")[0]) for word in instruction.value.split() if _digits(word))
    return frozenset(found)


def _digits(text: str) -> bool:
    return text.partition("/")[0].isdecimal()


def _asked(plan: Plan, name: str) -> Iterator[int]:
    for reference in plan.references:
        if reference.target == name and reference.kind in REWRITABLE:
            port = reference.url.port
            if port is None:
                yield DEFAULT_PORT
            elif port.isdecimal():
                yield int(port)


def published(service: Service) -> Iterator[tuple[int | None, int]]:
    """Yield host port (None when it is chosen by Docker or not known) and container port of each entry of `ports`."""
    for layer, entry in service.effective("ports"):
        node = deref(entry.value)
        for item in map(deref, node.items if isinstance(node, Sequence) else ()):
            if isinstance(item, Mapping):
                parts = layer.source.resolver.entries(item)
                goal = text_of(parts["target"].value) if "target" in parts else None
                host = text_of(parts["published"].value) if "published" in parts else None
                if goal and goal.isdecimal():
                    yield (int(host) if host and host.isdecimal() else None), int(goal)
            elif match := _SHORT.match(service.expand(text_of(item) or "") or ""):
                yield (int(match["host"]) if match["host"] else None), int(match["container"])
