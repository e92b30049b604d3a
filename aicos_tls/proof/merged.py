"""Services as compose merges them from their layers (compose specification, "Merge"), as plain values.

Mappings are merged key by key, lists are added up, volumes by their place in the container; commands and tests are
replaced as a whole. `!reset` removes, `!override` replaces.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.compose.entries import split_short_mount
from aicos_tls.proof.plain import Plain, Reader, Tagged, keyed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aicos_tls.compose.model import Layer, Project, Service

KEYED = {("environment",), ("labels",), ("annotations",), ("build", "args"), ("build", "labels"), ("deploy", "labels")}
"""Attributes that are a mapping or a list of `KEY=VALUE`."""
_REPLACED = {("command",), ("entrypoint",), ("healthcheck", "test")}
_STARTED: dict[str, Plain] = {"condition": "service_started"}
"""What the short form of `depends_on` means (compose specification, "depends_on")."""
_PARTS = {"build": ("args", "labels"), "deploy": ("labels",)}


class Readers:
    """One reader for each file of a project. `repeats` tells whether a list with a variable twice was read so far."""

    def __init__(self, project: Project) -> None:
        self._readers = {id(source): Reader(source.resolver) for source in project.files}
        self.repeats = False

    def written(self, layer: Layer) -> dict[str, Plain]:
        """A layer as it is written; without `extends`, which is resolved, and with `depends_on` as a mapping."""
        found = self._readers[id(layer.source)].mapping(layer.mapping)
        found.pop("extends", None)
        if isinstance(names := found.get("depends_on"), list):
            found["depends_on"] = {name: dict(_STARTED) for name in names if isinstance(name, str)}
        return found

    def layer(self, layer: Layer) -> dict[str, Plain]:
        """A layer with lists of `KEY=VALUE` as mappings."""
        written = self.written(layer)
        environment = written.get("environment")
        found = normal(written)
        variables = found.get("environment")
        if isinstance(environment, list) and isinstance(variables, dict) and len(environment) > len(variables):
            self.repeats = True
        return found

    def service(self, service: Service) -> dict[str, Plain]:
        """A service as its layers make it."""
        layers = [self.layer(layer) for layer in service.layers]
        plain = len(layers) == 1 and not self._readers[id(service.first.source)].tagged
        return layers[0] if plain else merge(layers)

    def source(self, source: object) -> Reader:
        """The reader of a file."""
        return self._readers[id(source)]


def normal(service: dict[str, Plain]) -> dict[str, Plain]:
    """A service with lists of `KEY=VALUE` as mappings. The argument's top level is changed, its values are not."""
    for (name,) in (("environment",), ("labels",), ("annotations",)):
        if isinstance(value := service.get(name), list):
            service[name] = keyed(value)
    for name, parts in _PARTS.items():
        value = service.get(name)
        if isinstance(value, dict) and any(isinstance(value.get(part), list) for part in parts):
            service[name] = {key: keyed(inner) if key in parts else inner for key, inner in value.items()}
    return service


def merge(layers: Iterable[dict[str, Plain]]) -> dict[str, Plain]:
    """The service that layers make, lowest precedence first."""
    result: dict[str, Plain] = {}
    for layer in layers:
        merged = _merge(result, layer, ())
        assert isinstance(merged, dict)  # noqa: S101 - a mapping with a mapping is one
        result = merged
    return result


def _merge(old: Plain, new: Plain, path: tuple[str, ...]) -> Plain:
    if isinstance(new, Tagged):
        return None if new.tag == "!reset" else _merge(None, keyed(new.value) if path in KEYED else new.value, path)
    if isinstance(new, dict):
        return _mapping(old if isinstance(old, dict) else {}, new, path)
    if isinstance(new, list) and path == ("volumes",):
        return _volumes(old if isinstance(old, list) else [], new)
    if isinstance(new, list) and isinstance(old, list) and path not in _REPLACED:
        return [*old, *(item for item in new if item not in old)]
    return old if new is None else new


def _mapping(old: dict[str, Plain], new: dict[str, Plain], path: tuple[str, ...]) -> Plain:
    found = dict(old)
    for key, value in new.items():
        if isinstance(value, Tagged) and value.tag == "!reset":
            found.pop(key, None)
        elif path in KEYED:  # a variable without a value is one that is passed through
            found[key] = value.value if isinstance(value, Tagged) else value
        else:
            inner = keyed(value) if (*path, key) in KEYED else value
            found[key] = _merge(found.get(key), inner, (*path, key))
    return found


def _volumes(old: list[Plain], new: list[Plain]) -> list[Plain]:
    """Of two mounts at one place the later one counts."""
    found = {target(item): item for item in old}
    found.update((target(item), item) for item in new)
    return list(found.values())


def target(mount: Plain) -> str:
    """The place in the container of an entry of `volumes`."""
    place = mount.get("target") if isinstance(mount, dict) else mount
    text = place if isinstance(place, str) else ""
    return (text if isinstance(mount, dict) else split_short_mount(text)[1]).rstrip("/") or "/"
