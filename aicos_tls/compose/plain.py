"""The model as plain data: what each service comes to once merge keys are resolved and its own layers are merged.

Only what a service says itself: what it extends is compared where it stands. Used to prove a plan, and to write it
down as an override file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from aicos_tls.compose.entries import variables
from aicos_tls.yamledit.nodes import Mapping, Node, Scalar, deref

if TYPE_CHECKING:
    from aicos_tls.compose.model import ComposeFile, Layer, Project
    from aicos_tls.compose.resolve import Resolver

Data: TypeAlias = "str | list[Data] | dict[str, Data] | None"

_ADDED_UP = frozenset({"volumes"})


def data(node: Node, resolver: Resolver) -> Data:
    """A node as plain data; scalars as text, null as None."""
    target = deref(node)
    if isinstance(target, Scalar):
        return None if target.is_null else target.value
    if isinstance(target, Mapping):
        return {key: data(entry.value, resolver) for key, entry in resolver.entries(target).items()}
    return [data(item, resolver) for item in target.items]


def services(project: Project) -> dict[str, dict[str, Data]]:
    """Each service as its own layers define it: variables by name, volumes added up, of the rest the last."""
    found: dict[str, dict[str, Data]] = {}
    for service in project.services.values():
        merged: dict[str, Data] = {}
        for layer in service.own_layers:
            for name, value in _layer(layer).items():
                merged[name] = _merged(name, merged.get(name), value)
        found[service.name] = merged
    return found


def _layer(layer: Layer) -> dict[str, Data]:
    resolver = layer.source.resolver
    found: dict[str, Data] = {}
    for name, entry in layer.entries.items():
        if name == "environment":
            found[name] = {v.key: v.value for v in variables(layer, entry.value)}
        else:
            found[name] = data(entry.value, resolver)
    return found


def _merged(name: str, before: Data, value: Data) -> Data:
    if isinstance(before, dict) and isinstance(value, dict):
        return {**before, **value}
    if name in _ADDED_UP and isinstance(before, list) and isinstance(value, list):
        return [*before, *value]
    return value


def contents(source: ComposeFile) -> dict[str, Data]:
    """The top level of a file but for its services, document by document (the last one wins)."""
    found: dict[str, Data] = {}
    for root in source.roots:
        for name, entry in source.resolver.entries(root).items():
            if name in ("configs", "secrets"):
                found[name] = data(entry.value, source.resolver)
    return found
