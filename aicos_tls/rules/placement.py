"""Where a new value goes: into which layer of a service, at which place, and what to do when an anchor is shared.

An alias repeats what its anchor holds, so an edit of the anchor is an edit of every service that uses it. When all of
them want the same, the anchor is edited; otherwise the service gets a value of its own that keeps all it inherited.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from aicos_tls.compose.model import REPLACING_TAGS
from aicos_tls.yamledit.edits import Copy, Edit, InsertItem, InsertPair, Items, Pairs, Reference, Replace, Value
from aicos_tls.yamledit.nodes import Alias, Mapping, Node, Scalar, Sequence, deref

if TYPE_CHECKING:
    from collections.abc import Callable

    from aicos_tls.compose.model import ComposeFile, Layer, Project, Service
    from aicos_tls.compose.resolve import Entry

CANONICAL = (
    "image", "build", "platform", "container_name", "hostname", "user", "working_dir", "init", "entrypoint", "command",
    "ports", "expose", "volumes", "environment",
)  # fmt: skip
"""The order of keys in most compose files, for files that give no example."""


class NoPlaceError(Exception):
    """There is no place for a value that would not change another service too. Carries the reason."""


class Placement:
    """Finds places in a project. `copy` gives the value that a copied scalar is to have."""

    def __init__(self, project: Project, copy: Callable[[Scalar], str]) -> None:
        self._project = project
        self._copy = copy
        self._neighbours: dict[int, list[Layer]] = defaultdict(list)
        for service in project.services.values():
            for layer in service.own_layers:
                self._neighbours[id(layer.source)].append(layer)
        self._votes: dict[tuple[int, str], Counter[str]] = {}
        self._kinds: dict[tuple[int, str], Counter[str]] = {}

    def may_edit(self, node: Node, wanting: frozenset[str]) -> bool:
        """Whether every service that uses `node` is among those that want the edit."""
        return self._project.users.get(id(deref(node)), frozenset()) <= wanting

    def _claim(self, layer: Layer, attribute: str, wanting: frozenset[str]) -> None:
        """Raise `NoPlaceError` when the attribute, set in this layer, would count for services that do not want it."""
        if others := self._project.users_of_key(layer.mapping, attribute) - wanting:
            raise NoPlaceError(f"{', '.join(sorted(others))} would get it too, by an alias, a merge key or `extends`")

    def add(
        self, service: Service, attribute: str, values: list[tuple[str, str]], wanting: frozenset[str]
    ) -> list[tuple[ComposeFile, Edit]]:
        """Edits that add `values` to a list or mapping attribute of a service.

        Each value is a key and a text; in a list it is written `KEY=TEXT`, or only the text when the key is empty.
        Raises `NoPlaceError`.
        """
        layer = self.layer(service, attribute)
        entry = layer.entries.get(attribute)
        if entry is None:
            return [self._new_key(layer, attribute, self._fresh(layer, attribute, values), wanting)]
        target = deref(entry.value)
        if isinstance(target, Scalar):
            return [self._in_place_of_null(layer, entry, attribute, values, wanting)]
        if self.may_edit(target, wanting):
            return [(layer.source, edit) for edit in _append(target, values)]
        return [self._own_value(layer, attribute, values, wanting)]

    def _claim_own(self, layer: Layer, attribute: str, entry: Entry, wanting: frozenset[str]) -> None:
        """Raise `NoPlaceError` when a shared value cannot make way for one of the service's own."""
        self._claim(layer, attribute, wanting)
        if not (entry.inherited or isinstance(entry.value, Alias)):
            others = self._project.users.get(id(deref(entry.value)), frozenset()) - wanting
            raise NoPlaceError(f"{', '.join(sorted(others))} would get it too: this is the anchor that it uses")

    def layer(self, service: Service, attribute: str) -> Layer:
        """The own layer that gets an addition: the first that has the attribute and that no later one replaces.

        Raises `NoPlaceError` when the last one resets it: nothing can be said in that layer.
        """
        candidates: list[Layer] = []
        for layer in service.own_layers:
            entry = layer.entries.get(attribute)
            tag = deref(entry.value).tag if entry else None
            if tag in REPLACING_TAGS:
                candidates = []
            if tag != "!reset":
                candidates.append(layer)
        if not candidates:
            raise NoPlaceError(f"`{attribute}` is reset here (!reset)")
        return next((layer for layer in candidates if attribute in layer.entries), candidates[0])

    def _fresh(self, layer: Layer, attribute: str, values: list[tuple[str, str]]) -> Value:
        """A new value in the style that the file uses for this attribute: lists, unless most are mappings."""
        kinds = self._kinds_of(layer.source, attribute)
        if attribute != "volumes" and kinds["Mapping"] > kinds["Sequence"]:
            return Pairs(tuple(values))
        return Items(tuple(_item(key, text) for key, text in values))

    def _new_key(self, layer: Layer, attribute: str, value: Value, wanting: frozenset[str]) -> tuple[ComposeFile, Edit]:
        self._claim(layer, attribute, wanting)
        index = self.index(layer, attribute)
        rank = CANONICAL.index(attribute) if attribute in CANONICAL else len(CANONICAL)
        return layer.source, InsertPair(layer.mapping, index, attribute, value, rank)

    def _in_place_of_null(
        self, layer: Layer, entry: Entry, attribute: str, values: list[tuple[str, str]], wanting: frozenset[str]
    ) -> tuple[ComposeFile, Edit]:
        target = deref(entry.value)
        if not (isinstance(target, Scalar) and target.is_null):
            raise NoPlaceError(f"`{attribute}` is a text, neither a list nor a mapping")
        fresh = self._fresh(layer, attribute, values)
        if entry.inherited:
            return self._new_key(layer, attribute, fresh, wanting)
        self._claim(layer, attribute, wanting)
        return layer.source, Replace(entry.owner, entry.index, fresh)

    def _own_value(
        self, layer: Layer, attribute: str, values: list[tuple[str, str]], wanting: frozenset[str]
    ) -> tuple[ComposeFile, Edit]:
        """A value of its own for a service whose list or mapping belongs to others too."""
        entry = layer.entries[attribute]
        target = deref(entry.value)
        self._claim_own(layer, attribute, entry, wanting)
        alias = entry.value
        if isinstance(target, Mapping):
            if isinstance(alias, Alias):
                kept: tuple[tuple[str, Value], ...] = (("<<", Reference(alias.name)),)
            else:
                names = {key for key, _ in values}
                inherited = layer.source.resolver.entries(target)
                kept = tuple((k, self._copied(e.value)) for k, e in inherited.items() if k not in names)
            value: Value = Pairs((*kept, *values))
        else:
            items = target.items if isinstance(target, Sequence) else []
            value = Items((*(self._copied(i) for i in items), *(_item(k, text) for k, text in values)))
        if entry.inherited:
            return self._new_key(layer, attribute, value, wanting)
        return layer.source, Replace(entry.owner, entry.index, value, flow=isinstance(alias, Alias))

    def set_member(
        self, layer: Layer, attribute: str, member: str, value: Value, wanting: frozenset[str]
    ) -> tuple[ComposeFile, Edit]:
        """Give a mapping attribute of a service a member of its own, keeping what it has or inherits besides."""
        entry = layer.entries.get(attribute)
        if entry is None:
            return self._new_key(layer, attribute, Pairs(((member, value),)), wanting)
        target = deref(entry.value)
        if not isinstance(target, Mapping):
            if isinstance(target, Scalar) and target.is_null and not entry.inherited and entry.value is target:
                return layer.source, Replace(entry.owner, entry.index, Pairs(((member, value),)))
            raise NoPlaceError(f"`{attribute}` is not a mapping")
        if self.may_edit(target, wanting):
            own = [key.value for key, _ in target.pairs if isinstance(key, Scalar)]
            if member in own:
                return layer.source, Replace(target, own.index(member), value, flow=True)
            return layer.source, InsertPair(target, 0, member, value)
        self._claim_own(layer, attribute, entry, wanting)
        if isinstance(entry.value, Alias):
            kept: tuple[tuple[str, Value], ...] = (("<<", Reference(entry.value.name)),)
        else:
            inherited = layer.source.resolver.entries(target)
            kept = tuple((k, self._copied(e.value)) for k, e in inherited.items() if k != member)
        own_value = Pairs((*kept, (member, value)))
        if entry.inherited:
            return self._new_key(layer, attribute, own_value, wanting)
        return layer.source, Replace(entry.owner, entry.index, own_value, flow=isinstance(entry.value, Alias))

    def _copied(self, node: Node) -> Value:
        if isinstance(node, Alias) and not isinstance(node.target, Scalar):
            return Reference(node.name)
        target = deref(node)
        if target.tag is not None:
            raise NoPlaceError(f"a value with the tag {target.tag} cannot be repeated")
        if isinstance(target, Scalar):
            return Copy(target, self._copy(target))
        if isinstance(target, Sequence):
            return Items(tuple(map(self._copied, target.items)))
        return Pairs(tuple((k.value, self._copied(v)) for k, v in target.pairs if isinstance(k, Scalar)))

    def index(self, layer: Layer, attribute: str) -> int:
        """Index at which a service gets a new key: where its neighbours in the file have it.

        Every other service of the file that has the key votes, for each key that it shares with this one, whether the
        new key comes before or after it. Without such neighbours the usual order of keys decides.
        """
        votes = self._votes_on(layer.source, attribute)
        present = [key.value if isinstance(key, Scalar) else "" for key, _ in layer.mapping.pairs]
        if any(votes[key] for key in present):
            scores = [0]
            for key in present:
                scores.append(scores[-1] + votes[key])
            return max(range(len(scores)), key=lambda i: (scores[i], i))
        earlier = CANONICAL[: CANONICAL.index(attribute)] if attribute in CANONICAL else None
        if earlier is None:
            return len(present)
        return max((i + 1 for i, key in enumerate(present) if key in earlier), default=len(present))

    def _votes_on(self, source: ComposeFile, attribute: str) -> Counter[str]:
        if (place := (id(source), attribute)) not in self._votes:
            votes: Counter[str] = Counter()
            for layer in self._neighbours[id(source)]:
                keys = [key.value for key, _ in layer.mapping.pairs if isinstance(key, Scalar)]
                if attribute in keys:
                    at = keys.index(attribute)
                    votes.update(keys[:at])
                    votes.subtract(keys[at + 1 :])
            self._votes[place] = votes
        return self._votes[place]

    def _kinds_of(self, source: ComposeFile, attribute: str) -> Counter[str]:
        if (place := (id(source), attribute)) not in self._kinds:
            self._kinds[place] = Counter(
                type(deref(entry.value)).__name__
                for layer in self._neighbours[id(source)]
                if (entry := layer.entries.get(attribute))
            )
        return self._kinds[place]


def _item(key: str, text: str) -> str:
    return f"{key}={text}" if key else text


def _append(target: Sequence | Mapping, values: list[tuple[str, str]]) -> list[Edit]:
    if isinstance(target, Sequence):
        end = len(target.items)
        return [InsertItem(target, end, _item(key, text), rank) for rank, (key, text) in enumerate(values)]
    end = len(target.pairs)
    return [InsertPair(target, end, key, text, rank) for rank, (key, text) in enumerate(values)]
