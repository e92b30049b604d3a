"""Puts a sidecar that serves TLS before a service (`--serve`): a service more in the compose file, which is joined.

    api:
      network_mode: service:api-tls
      depends_on: {api-tls: {condition: service_healthy, restart: true}}
    api-tls: {networks: {default: {aliases: [api]}}, ports: ["8001:8001"], command: [serve.sh, …, "8001:18001"], …}

The sidecar owns the network namespace: names, networks, published ports and what else belongs to the network go from
the service to it. It redirects what comes in on the ports of the service to haproxy, and the service starts when that
is healthy. The image of the service, its command and its healthcheck stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping as Data
from collections.abc import Sequence as Row
from typing import TYPE_CHECKING

from msgspec.structs import replace

from aicos_tls.compose.sites import OWN_BLOCK
from aicos_tls.plan.model import Change, Declined, Outcome, Proposal
from aicos_tls.rules.dependencies import depend
from aicos_tls.rules.mount import source
from aicos_tls.rules.placement import NoPlaceError
from aicos_tls.rules.takeover import take
from aicos_tls.yamledit.edits import Copy, Edit, InsertPair, Items, Lines, Pairs, SetText, Value
from aicos_tls.yamledit.nodes import Mapping, Scalar, Sequence, deref

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.compose.model import ComposeFile, Layer, Service
    from aicos_tls.plan.model import FileEdit
    from aicos_tls.rules.context import Context
    from aicos_tls.rules.takeover import Taken
    from aicos_tls.serving.model import Sidecar

ID = "sidecar"
_WHY = "haproxy serves TLS in front of {}"
_JOINS = "it joins the network of the haproxy that serves TLS for it"
_KEYED = frozenset({"environment", "labels"})


def check(context: Context) -> Iterator[Outcome]:
    """Yield for each sidecar its service, and what changes in the service that it stands before."""
    for sidecar in context.sidecars:
        service = context.project.services[sidecar.service]
        try:
            yield from _before(context, service, sidecar)
        except NoPlaceError as error:
            yield Declined(ID, service.name, service.where, f"no sidecar can stand before it: {error}", safe=False)


def _before(context: Context, service: Service, sidecar: Sidecar) -> Iterator[Outcome]:
    """All of it is one proposal in parts that have the same edits: it is done as a whole or not at all."""
    wanting = frozenset({service.name})
    layer = service.first
    for each in service.own_layers:
        context.placement.check_service(each, wanting)
    _check_not_extended(context, service)
    depends = depend(context.placement, layer, sidecar.name, _value(_dependency()), wanting)
    taken = list(take(service, {id(layer.mapping): depends.replaced}))
    joins = _join(context, layer, f"service:{sidecar.name}", wanting)
    edits: list[FileEdit] = [*depends.edits, joins]
    changes = [
        _change(service, f"services.{service.name}.network_mode", "", f"service:{sidecar.name}", _JOINS),
        *(
            _change(service, f"services.{service.name}.depends_on.{sidecar.name}.{key}", "", _text(value), _JOINS)
            for key, value in _dependency().items()
        ),
    ]
    for part in taken:
        edits += [(part.layer.source, edit) for edit in part.edits]
        changes += [_change(service, f"services.{service.name}.{key}", "", "", _JOINS) for key in part.lost]
    for rank, part in enumerate(taken):
        added = _added(context, part, sidecar if rank == 0 else None)
        if added.values:
            edits.append(_insertion(part.layer, sidecar.name, added))
            changes += [
                _change(service, path, "", text, _WHY.format(service.name))
                for path, text in _leaves(added, f"services.{sidecar.name}")
            ]
    linked = list(_links(context, service, sidecar))
    edits += [edit for _, edit in linked]
    changes += [change for change, _ in linked]
    for change in dict.fromkeys(changes):
        yield Proposal(change, tuple(edits), f"    network_mode: service:{sidecar.name}")


def _join(context: Context, layer: Layer, network: str, wanting: frozenset[str]) -> FileEdit:
    """Give a service a `network_mode`: where its networks were, else where its neighbours have it."""
    networks = layer.entries.get("networks")
    if networks is None or networks.inherited or "network_mode" in layer.entries:
        return context.placement.set_key(layer, "network_mode", network, wanting)
    return layer.source, InsertPair(layer.mapping, networks.index, "network_mode", network)


def _check_not_extended(context: Context, service: Service) -> None:
    """Raise `NoPlaceError` where another service takes this one as its base: it would join the same network."""
    for other in context.project.services.values():
        bases = [layer.mapping for layer in other.layers if layer.extended]
        if other is not service and any(own.mapping is base for own in service.own_layers for base in bases):
            raise NoPlaceError(f"{other.name} extends it, and would join the same network")


def _dependency() -> dict[str, object]:
    from aicos_tls.serving.sidecar import DEPENDENCY

    return dict(DEPENDENCY)


def _added(context: Context, part: Taken, sidecar: Sidecar | None) -> Pairs:
    """The sidecar as the file of a definition has it: as a whole in the first one, else what it takes over there."""
    if sidecar is None:
        return Pairs(part.got)
    from aicos_tls.serving.sidecar import service_of

    sidecar = replace(sidecar, certs_source=source(context, part.layer))
    data = {key: _value(value) for key, value in service_of(sidecar).items()}
    own = data.pop(OWN_BLOCK)
    return Pairs((*data.items(), *part.got, (OWN_BLOCK, own)))


def _insertion(layer: Layer, name: str, value: Value) -> tuple[ComposeFile, Edit]:
    """Put a service right behind that of `layer`; raises `NoPlaceError`."""
    place = _services_of(layer)
    if place is None or place.anchor is not None:
        raise NoPlaceError("the services of the file come by an anchor, so that something else may get what is added")
    index = next(
        i for i, (key, _) in enumerate(place.pairs) if isinstance(key, Scalar) and key.value == layer.key.value
    )
    return layer.source, InsertPair(place, index + 1, name, value)


def _services_of(layer: Layer) -> Mapping | None:
    """The mapping `services` that holds a layer itself; None where a merge key brings it."""
    for root in layer.source.roots:
        entry = layer.source.resolver.entries(root).get("services")
        found = deref(entry.value) if entry else None
        if isinstance(found, Mapping) and any(deref(value) is layer.mapping for _, value in found.pairs):
            return found
    return None


def _links(context: Context, service: Service, sidecar: Sidecar) -> Iterator[tuple[Change, FileEdit]]:
    """Yield the changed `links` of other services: the network that they lead to is the sidecar's."""
    for other in context.project.services.values():
        for layer, entry in other.effective("links"):
            items = deref(entry.value)
            for index, item in enumerate(items.items if isinstance(items, Sequence) else ()):
                node = deref(item)
                if not isinstance(node, Scalar) or node.value.partition(":")[0] != service.name:
                    continue
                alias = "" if ":" in node.value else f":{service.name}"
                edit = SetText(node, 0, len(service.name), sidecar.name + alias)
                after = sidecar.name + alias + node.value[len(service.name) :]
                why = f"the network of {service.name} is that of {sidecar.name}"
                path, where = f"services.{other.name}.links.{index}", layer.source.where(node)
                yield Change(ID, other.name, where, path, node.value, after, why), (layer.source, edit)


def _change(service: Service, path: str, before: str, after: str, why: str) -> Change:
    return Change(ID, service.name, service.where, path, before, after, why)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _value(data: object) -> Value:
    """Data to be written: numbers and truth values without quotes."""
    if isinstance(data, Data):
        return Pairs(tuple((str(key), _value(value)) for key, value in data.items()))
    if isinstance(data, Row) and not isinstance(data, str):
        return Items(tuple(map(_value, data)))
    return data if isinstance(data, str) else Copy(Scalar(0, 0, _text(data)), _text(data))


def _leaves(value: Value, path: str) -> Iterator[tuple[str, str]]:
    """Every text in it with its path; items of a list by their index, variables and items `KEY=TEXT` by their key."""
    if isinstance(value, Lines):
        yield from _leaves(value.means, path)
    elif isinstance(value, Pairs):
        for key, inner in value.values:
            yield from _leaves(inner, f"{path}.{key}")
        if not value.values:
            yield path, ""
    elif isinstance(value, Items):
        yield from _items(value, path)
    elif isinstance(value, Copy):
        yield path, "" if value.node.is_null else value.value
    elif isinstance(value, str):
        yield path, value


def _items(value: Items, path: str) -> Iterator[tuple[str, str]]:
    if value.values[:1] == ("CMD",):  # a healthcheck's test is one text in the eyes of a change
        yield path, " ".join(str(word) for word in value.values[1:])
        return
    keyed = path.rpartition(".")[2] in _KEYED
    for index, item in enumerate(value.values):
        text = item if isinstance(item, str) else item.value if isinstance(item, Copy) else ""
        key, equals, rest = text.partition("=")
        if equals and key.replace(".", "").replace("_", "").replace("-", "").isalnum():
            yield f"{path}.{key}", rest if keyed else text
        else:
            yield from _leaves(item, f"{path}.{index}")
    if not value.values:
        yield path, ""
