"""What a service hands over to the container whose network it joins: its names, networks and published ports.

A service with `network_mode: service:NAME` may have no networks, ports, host name or name servers of its own (compose
specification, "network_mode"; the engine refuses the rest). What it has of these is taken out of it and given to the
container it joins, in the same words and file by file, so that files which are merged are merged as before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.compose.resolve import text_of
from aicos_tls.rules.placement import NoPlaceError
from aicos_tls.yamledit import extent
from aicos_tls.yamledit.edits import Copy, Edit, InexpressibleError, InsertPair, Items, Lines, Pairs, RemovePairs, Value
from aicos_tls.yamledit.nodes import Alias, Mapping, Node, Scalar, Sequence, deref

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.compose.model import Layer, Service
    from aicos_tls.compose.resolve import Entry

_LISTS = frozenset(
    {"networks", "ports", "expose", "extra_hosts", "dns", "dns_search", "dns_opt", "links", "external_links"}
)
_TEXTS = frozenset({"hostname", "domainname", "mac_address"})
ATTRIBUTES = _LISTS | _TEXTS
"""What the engine refuses of a container that joins the network of another one (moby, `runconfig`: conflicts)."""


class Taken(Struct, frozen=True, eq=False):
    """Of one definition of a service: what it loses, and what the container it joins gets in the same file."""

    layer: Layer
    edits: tuple[Edit, ...]
    lost: tuple[str, ...]
    got: tuple[tuple[str, Value], ...]


def take(service: Service, also_lost: dict[int, tuple[int, ...]]) -> Iterator[Taken]:
    """Yield what each definition hands over, in the order of the layers; the first own one always.

    `also_lost` are indexes of further pairs to be taken out, by the identity of their mapping. Raises `NoPlaceError`
    where something cannot be handed over.
    """
    names = [service.name, *_container_name(service)]
    known: set[str] = set()
    for layer in service.layers:
        entries = {key: entry for key, entry in layer.entries.items() if key in ATTRIBUTES}
        if layer.extended:
            if entries:
                raise NoPlaceError(f"it gets `{next(iter(entries))}` by `extends`, and cannot hand it over")
            continue
        got = [(key, _handed_over(layer, key, entry, names, known)) for key, entry in entries.items()]
        own = [entry for entry in entries.values() if not entry.inherited]
        indexes = sorted({*(entry.index for entry in own), *also_lost.get(id(layer.mapping), ())})
        edits: list[Edit] = [RemovePairs(layer.mapping, tuple(indexes))] if indexes else []
        empty = [key for key, entry in entries.items() if entry.inherited]
        if len(indexes) == len(layer.mapping.pairs) and not empty:  # a mapping without any pair would be none
            empty = list(entries)[-1:]
        edits += [
            InsertPair(layer.mapping, len(layer.mapping.pairs), key, Items(()) if key in _LISTS else "")
            for key in empty
        ]
        if layer is service.first and not any("networks" in each.entries for each in service.own_layers):
            got = [("networks", Pairs((("default", _aliases(names, ())),))), *got]
        yield Taken(layer, tuple(edits), tuple(entries), tuple(got))


def _container_name(service: Service) -> list[str]:
    """Its `container_name` as it is written: other containers reach it by that name, too."""
    found = service.attribute("container_name")
    text = text_of(found[1].value) if found else None
    return [text] if text and text != service.name else []


def _handed_over(layer: Layer, key: str, entry: Entry, names: list[str], known: set[str]) -> Value:
    if key == "networks":
        return _networks(layer, entry.value, names, known)
    means = repeated(entry.value)
    if entry.inherited or _has_alias(entry.value):
        return means
    try:
        return Lines(extent.lines(layer.source.file.text, entry.owner, entry.index), means)
    except InexpressibleError:
        return means


def _networks(layer: Layer, node: Node, names: list[str], known: set[str]) -> Value:
    """The networks, on each of which the container is known by the names of the service."""
    target = deref(node)
    if target.tag is not None:
        raise NoPlaceError(f"its `networks` have the tag {target.tag}")
    members: list[tuple[str, Node | None]]
    if isinstance(target, Mapping):
        members = [(name, deref(each.value)) for name, each in layer.source.resolver.entries(target).items()]
    else:
        items = target.items if isinstance(target, Sequence) else []
        members = [(text, None) for text in map(text_of, items) if text is not None]
    pairs: list[tuple[str, Value]] = []
    for name, value in members or [("default", None)]:
        new = () if name in known else tuple(names)
        known.add(name)
        entries = layer.source.resolver.entries(value) if isinstance(value, Mapping) else {}
        rest = tuple((key, repeated(each.value)) for key, each in entries.items() if key != "aliases")
        there = deref(entries["aliases"].value) if "aliases" in entries else None
        old = tuple(there.items) if isinstance(there, Sequence) else ()
        pairs.append((name, Pairs((*rest, *_aliases(list(new), old).values))))
    return Pairs(tuple(pairs))


def _aliases(names: list[str], there: tuple[Node, ...]) -> Pairs:
    """`aliases: [NAMES]` besides those that are there; nothing where there are none of both."""
    texts = [text_of(node) for node in there]
    items = (*map(repeated, there), *(name for name in names if name not in texts))
    return Pairs((("aliases", Items(items)),)) if items else Pairs(())


def repeated(node: Node) -> Value:
    """A value to be written again as it is, aliases resolved; raises `NoPlaceError` for one with a tag."""
    target = deref(node)
    if target.tag is not None:
        raise NoPlaceError(f"a value with the tag {target.tag} cannot be repeated")
    if isinstance(target, Scalar):
        return Copy(target, target.value)
    if isinstance(target, Sequence):
        return Items(tuple(map(repeated, target.items)))
    return Pairs(tuple((key.value, repeated(value)) for key, value in target.pairs if isinstance(key, Scalar)))


def _has_alias(node: Node) -> bool:
    """Whether there is an alias or an anchor in it: its lines would mean something else, or nothing, elsewhere."""
    if isinstance(node, Alias) or node.anchor is not None:
        return True
    if isinstance(node, Sequence):
        return any(map(_has_alias, node.items))
    return isinstance(node, Mapping) and any(_has_alias(value) for _, value in node.pairs)
