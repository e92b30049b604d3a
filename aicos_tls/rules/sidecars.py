"""Puts a sidecar that serves TLS before a service (`--serve`): two services more in the compose file.

    api-tls-init: {network_mode: "service:api", cap_add: [NET_ADMIN, NET_RAW], command: [redirect.sh, "8001:18001"], …}
    api-tls: {network_mode: "service:api", command: [serve.sh, …], volumes: [./certs:/app/certs:ro], …}

Both stand in the network namespace of the service. The first runs once and redirects what comes in on the port to
haproxy; the second is haproxy. The service itself, its image, its command and its healthcheck stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping as Data
from collections.abc import Sequence as Row
from typing import TYPE_CHECKING

from msgspec.structs import replace

from aicos_tls.plan.model import Change, Declined, Outcome, Proposal
from aicos_tls.rules.mount import source
from aicos_tls.yamledit.edits import InsertPair, Items, Pairs, Value
from aicos_tls.yamledit.nodes import Mapping, Scalar, deref

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.compose.model import Layer
    from aicos_tls.rules.context import Context
    from aicos_tls.serving.model import Sidecar

ID = "sidecar"
_WHY = "haproxy serves TLS in the network namespace of {}"


def check(context: Context) -> Iterator[Outcome]:
    """Yield the two services of each sidecar."""
    for sidecar in context.sidecars:
        yield from _added(context, sidecar)


def _added(context: Context, sidecar: Sidecar) -> Iterator[Outcome]:
    from aicos_tls.serving.sidecar import services

    service = context.project.services[sidecar.service]
    layer = service.first
    sidecar = replace(sidecar, certs_source=source(context, layer))
    place = _services_of(layer)
    if place is None or place.anchor is not None:
        reason = "the services of the file come by an anchor, so that something else may get what is added"
        yield Declined(ID, service.name, service.where, reason, safe=False)
        return
    index = next(
        i for i, (key, _) in enumerate(place.pairs) if isinstance(key, Scalar) and key.value == layer.key.value
    )
    for rank, (name, data) in enumerate(services(sidecar).items()):
        edit = InsertPair(place, index + 1, name, _value(data), rank)
        for path, text in _leaves(data, f"services.{name}"):
            change = Change(ID, service.name, service.where, path, "", text, _WHY.format(service.name))
            yield Proposal(change, ((layer.source, edit),))


def _services_of(layer: Layer) -> Mapping | None:
    """The mapping `services` that holds a layer itself; None where a merge key brings it."""
    for root in layer.source.roots:
        entry = layer.source.resolver.entries(root).get("services")
        found = deref(entry.value) if entry else None
        if isinstance(found, Mapping) and any(deref(value) is layer.mapping for _, value in found.pairs):
            return found
    return None


def _value(data: object) -> Value:
    if isinstance(data, Data):
        return Pairs(tuple((str(key), _value(value)) for key, value in data.items()))
    if isinstance(data, Row) and not isinstance(data, str):
        return Items(tuple(map(_value, data)))
    return str(data)


def _leaves(data: object, path: str) -> Iterator[tuple[str, str]]:
    """Every text in it with its path; items of a list by their index, those of `KEY=VALUE` by their key."""
    if isinstance(data, Data):
        for key, value in data.items():
            yield from _leaves(value, f"{path}.{key}")
    elif isinstance(data, Row) and not isinstance(data, str):
        for index, item in enumerate(data):
            key, equals, value = str(item).partition("=")
            yield (f"{path}.{key}", value) if equals else (f"{path}.{index}", str(item))
    else:
        yield path, str(data)
