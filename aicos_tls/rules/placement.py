"""Where a new value goes: into which layer of a service, at which place, and what to do when an anchor is shared.

An alias repeats what its anchor holds, so an edit of the anchor is an edit of every service that uses it. When all of
them want the same, the anchor is edited; otherwise the service gets a value of its own that keeps all it inherited.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.compose.model import REPLACING_TAGS
from aicos_tls.compose.resolve import MERGE
from aicos_tls.rules.habits import Habits, rank
from aicos_tls.yamledit.edits import Copy, Edit, InsertItem, InsertPair, Items, Pairs, Reference, Replace, Value
from aicos_tls.yamledit.nodes import Alias, Mapping, Node, Scalar, Sequence, deref

if TYPE_CHECKING:
    from collections.abc import Callable

    from aicos_tls.compose.model import ComposeFile, Layer, Project, Service
    from aicos_tls.compose.resolve import Entry


class NoPlaceError(Exception):
    """There is no place for a value that would not change another service too. Carries the reason."""


class Placement:
    """Finds places in a project. `copy` gives the value that a copied scalar is to have."""

    def __init__(self, project: Project, copy: Callable[[Scalar], str]) -> None:
        self._sharing = project.sharing
        self._copy = copy
        self._habits = Habits(project)

    def may_edit(self, node: Node, wanting: frozenset[str]) -> bool:
        """Whether every service that uses `node` is among those that want the edit, and it stands for one thing."""
        return self._sharing.users.get(id(deref(node)), set()) <= wanting and self._sharing.is_one_thing(node)

    def add(
        self, service: Service, attribute: str, values: list[tuple[str, str]], wanting: frozenset[str]
    ) -> list[tuple[ComposeFile, Edit]]:
        """Edits that add `values` to a list or mapping attribute of a service.

        Each value is a key and a text; in a list it is written `KEY=TEXT`, or only the text when the key is empty.
        Raises `NoPlaceError`.
        """
        layer = layer_for(service, attribute)
        entry = layer.entries.get(attribute)
        if entry is None:
            return [self._new_key(layer, attribute, self._fresh(layer, attribute, values), wanting)]
        target = deref(entry.value)
        if isinstance(target, Scalar):  # null: `check_service` has refused every other text
            fresh = self._fresh(layer, attribute, values)
            if entry.inherited or not self.may_edit(entry.owner, wanting):
                return [self._new_key(layer, attribute, fresh, wanting)]
            return [(layer.source, Replace(entry.owner, entry.index, fresh))]
        if self.may_edit(target, wanting):
            if _is_bare(entry) and self.may_edit(entry.owner, wanting):
                filled = Pairs(tuple(values)) if isinstance(target, Mapping) else _listed(values)
                return [(layer.source, Replace(entry.owner, entry.index, filled))]
            return [(layer.source, edit) for edit in _append(target, values)]
        return [self._own_value(layer, attribute, self._extended(layer, entry, values), wanting)]

    def set_member(
        self, layer: Layer, attribute: str, member: str, value: Value, wanting: frozenset[str]
    ) -> tuple[ComposeFile, Edit]:
        """Give a mapping attribute of a service a member of its own, keeping what it has or inherits besides."""
        entry = layer.entries.get(attribute)
        fresh = Pairs(((member, value),))
        if entry is None:
            return self._new_key(layer, attribute, fresh, wanting)
        target = deref(entry.value)
        if isinstance(target, Scalar) and target.is_null:
            if entry.inherited or not self.may_edit(entry.owner, wanting):
                return self._new_key(layer, attribute, fresh, wanting)
            return layer.source, Replace(entry.owner, entry.index, fresh)
        if not isinstance(target, Mapping):
            raise NoPlaceError(f"`{attribute}` is not a mapping")
        if self.may_edit(target, wanting):
            own = [key.value for key, _ in target.pairs if isinstance(key, Scalar)]
            if member in own:
                self._check_anchor(target.pairs[own.index(member)][1], member, wanting)
                return layer.source, Replace(target, own.index(member), value, flow=True)
            return layer.source, InsertPair(target, _after_merges(target), member, value)
        kept = self._kept(layer, entry, target, {member})
        return self._own_value(layer, attribute, Pairs((*kept, (member, value))), wanting)

    def set_key(self, layer: Layer, attribute: str, value: Value, wanting: frozenset[str]) -> tuple[ComposeFile, Edit]:
        """Give a service a key that it lacks, or has without a value."""
        entry = layer.entries.get(attribute)
        if entry is None or entry.inherited or not self.may_edit(entry.owner, wanting):
            return self._new_key(layer, attribute, value, wanting)
        return layer.source, Replace(entry.owner, entry.index, value)

    def _new_key(self, layer: Layer, attribute: str, value: Value, wanting: frozenset[str]) -> tuple[ComposeFile, Edit]:
        self.check_service(layer, wanting)
        index = self._habits.index(layer, attribute)
        return layer.source, InsertPair(layer.mapping, index, attribute, value, rank(attribute))

    def _own_value(
        self, layer: Layer, attribute: str, value: Value, wanting: frozenset[str]
    ) -> tuple[ComposeFile, Edit]:
        """Put a value of its own in place of an alias, or over what a merge key brings."""
        self.check_service(layer, wanting)
        entry = layer.entries[attribute]
        if entry.inherited:
            return self._new_key(layer, attribute, value, wanting)
        self._check_anchor(entry.value, attribute, wanting)
        return layer.source, Replace(entry.owner, entry.index, value, flow=isinstance(value, Pairs))

    def _check_anchor(self, value: Node, name: str, wanting: frozenset[str]) -> None:
        """Raise `NoPlaceError` for a value that is to be replaced, but is the anchor of what others use."""
        if not isinstance(value, Alias) and not self.may_edit(value, wanting):
            raise NoPlaceError(f"{self._others(value, wanting)} `{name}` (by the anchor on it)")

    def check_service(self, layer: Layer, wanting: frozenset[str]) -> None:
        """Raise `NoPlaceError` when a service that does not want an edit shares a definition."""
        if not self.may_edit(layer.mapping, wanting):
            raise NoPlaceError(f"{self._others(layer.mapping, wanting)} the whole service (by an anchor or `extends`)")

    def _others(self, node: Node, wanting: frozenset[str]) -> str:
        """Who shares a node."""
        others = ", ".join(sorted(self._sharing.users[id(node)] - wanting))
        return f"{others}, which must not change, shares" if others else "something else, which must not change, shares"

    def _fresh(self, layer: Layer, attribute: str, values: list[tuple[str, str]]) -> Value:
        """A new value in the style that the file uses for this attribute: lists, unless most are mappings."""
        if attribute != "volumes" and self._habits.writes_mappings(layer.source, attribute):
            return Pairs(tuple(values))
        return _listed(values)

    def _extended(self, layer: Layer, entry: Entry, values: list[tuple[str, str]]) -> Value:
        """What a shared list or mapping holds, and `values`."""
        target = deref(entry.value)
        if isinstance(target, Mapping):
            return Pairs((*self._kept(layer, entry, target, {key for key, _ in values}), *values))
        items = target.items if isinstance(target, Sequence) else []
        return Items((*(self._copied(item) for item in items), *(_item(key, text) for key, text in values)))

    def _kept(self, layer: Layer, entry: Entry, target: Mapping, but: set[str]) -> tuple[tuple[str, Value], ...]:
        """What a service keeps of a shared mapping: all of it by a merge key, or member by member without `but`."""
        if isinstance(entry.value, Alias):
            return (("<<", Reference(entry.value)),)
        inherited = layer.source.resolver.entries(target)
        return tuple((key, self._copied(each.value)) for key, each in inherited.items() if key not in but)

    def _copied(self, node: Node) -> Value:
        if isinstance(node, Alias) and not isinstance(node.target, Scalar):
            return Reference(node)
        target = deref(node)
        if target.tag is not None:
            raise NoPlaceError(f"a value with the tag {target.tag} cannot be repeated")
        if isinstance(target, Scalar):
            return Copy(target, self._copy(target))
        if isinstance(target, Sequence):
            return Items(tuple(map(self._copied, target.items)))
        return Pairs(tuple((k.value, self._copied(v)) for k, v in target.pairs if isinstance(k, Scalar)))


def layer_for(service: Service, attribute: str) -> Layer:
    """The own layer that gets an addition: the first one, unless a later one replaces what earlier ones have.

    Not the one that has the attribute already: an override file is often for one machine only.
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
        raise NoPlaceError(f"`{attribute}` is taken away by !reset, with all that is added to it")
    return candidates[0]


def _is_bare(entry: Entry) -> bool:
    """Whether a value is `[]` or `{}` within brackets: then it is written anew, with the quotes of its neighbours.

    In a JSON file everything has to be quoted; empty brackets alone do not show it.
    """
    value = entry.value
    if not isinstance(value, Sequence | Mapping) or entry.inherited or not entry.owner.flow:
        return False
    if value.tag is not None or value.anchor is not None:
        return False
    return not (value.items if isinstance(value, Sequence) else value.pairs)


def _after_merges(mapping: Mapping) -> int:
    """Index after the merge keys that a mapping begins with."""
    keys = [isinstance(key, Scalar) and key.value == MERGE for key, _ in mapping.pairs]
    return keys.index(False) if False in keys else len(keys)


def _listed(values: list[tuple[str, str]]) -> Items:
    return Items(tuple(_item(key, text) for key, text in values))


def _item(key: str, text: str) -> str:
    return f"{key}={text}" if key else text


def _append(target: Sequence | Mapping, values: list[tuple[str, str]]) -> list[Edit]:
    if isinstance(target, Sequence):
        end = len(target.items)
        return [InsertItem(target, end, _item(key, text), at) for at, (key, text) in enumerate(values)]
    end = len(target.pairs)
    return [InsertPair(target, end, key, text, at) for at, (key, text) in enumerate(values)]
