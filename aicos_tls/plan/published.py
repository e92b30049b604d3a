"""Which ports of the machine lead to which service (compose specification, "ports"; short and long syntax)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aicos_tls import budgets
from aicos_tls.compose.resolve import text_of
from aicos_tls.yamledit.nodes import Mapping, Node, Sequence, deref

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.compose.model import Layer, Project, Service

_SHORT = re.compile(r"(?:.*:)?(?P<first>\d+)(?:-(?P<last>\d+))?:\d+(?:-\d+)?(?:/tcp)?", re.ASCII)
_RANGE = re.compile(r"(?P<first>\d+)(?:-(?P<last>\d+))?", re.ASCII)


def published_ports(project: Project) -> dict[int, str]:
    """Port of the machine to the service that it leads to, the first one where several ask for it."""
    found: dict[int, str] = {}
    for service in project.services.values():
        for port in ports_of(service):
            found.setdefault(port, service.name)
    return found


def ports_of(service: Service) -> Iterator[int]:
    """Yield the ports of the machine that a service is published at, where they are known."""
    for layer, entry in service.effective("ports"):
        target = deref(entry.value)
        for item in target.items if isinstance(target, Sequence) else []:
            text, pattern = _published(layer, item)
            match = pattern.fullmatch(service.expand(text) or "")
            if match:
                first = budgets.number(match["first"])
                last = budgets.number(match["last"]) if match["last"] else first
                if first is not None and last is not None:
                    yield from range(first, last + 1)


def publishes(service: Service) -> bool:
    """Whether any port of a service is published, at whatever port of the machine."""
    return any(
        isinstance(target := deref(entry.value), Sequence) and target.items for _, entry in service.effective("ports")
    )


def _published(layer: Layer, item: Node) -> tuple[str, re.Pattern[str]]:
    target = deref(item)
    if isinstance(target, Mapping):
        parts = layer.source.resolver.entries(target)
        return (text_of(parts["published"].value) or "" if "published" in parts else ""), _RANGE
    return text_of(item) or "", _SHORT
