"""The declared changes, and whether a difference is one of them. Each is ticked off when it was seen."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec.structs import replace

from aicos_tls.compose.entries import split_short_mount
from aicos_tls.proof.leaves import ABSENT, Absent, Leaf

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from aicos_tls.compose.model import Project
    from aicos_tls.plan.model import Change

_TEXTS = frozenset({"urls", "schemes"})
"""Rules that change part of a text that was there. All others declare the whole value."""


def bases(project: Project) -> dict[str, tuple[str, ...]]:
    """For each service the services of the project that it extends: a change of these is a change of it, too."""
    return {
        name: tuple(layer.name for layer in service.layers if layer.extended and layer.name in project.services)
        for name, service in project.services.items()
    }


class Declared:
    """The changes of a plan by their paths; `extended` is what `bases` gives."""

    def __init__(self, changes: Iterable[Change], extended: Mapping[str, tuple[str, ...]] | None = None) -> None:
        self.changes = list(changes)
        self._extended = extended or {}
        self.seen: set[Change] = set()
        self._by_path: dict[str, list[Change]] = defaultdict(list)
        self._by_place: dict[str, list[Change]] = defaultdict(list)
        self._by_service: dict[str, list[Change]] = defaultdict(list)
        for change in self.changes:
            self._by_service[change.service].append(change)
            self._by_path[change.path].append(change)
            parent, _, last = change.path.rpartition(".")
            if last.isdecimal():  # an item of a list that is compared as a mapping
                self._by_place[parent].append(change)

    def explains(self, leaf: Leaf) -> bool:
        """Whether a change with the path of `leaf` makes just this difference."""
        return any(self._any(self._at(each), each) for each in self._inherited(leaf))

    def explains_anywhere(self, leaf: Leaf) -> bool:
        """Whether any change makes this difference, wherever: for anchors that stand outside of services."""
        return self.explains(leaf) or self._any(self.changes, leaf)

    def explains_in_service(self, leaf: Leaf) -> bool:
        """Whether a change of the service that `leaf` is in makes it, or one that belongs to no service.

        For models that name the places within a service in another way.
        """
        if leaf.path[:1] != ("services",):
            return self.explains_anywhere(leaf)
        services = (*(each.path[1] for each in self._inherited(leaf)), "")
        return any(self._any(self._by_service[name], leaf) for name in services)

    def mounted(self, service: str) -> frozenset[str]:
        """The places in the container at which a service gets a mount, itself or by what it extends."""
        names = (service, *self._extended.get(service, ()))
        mounts = (change.after for name in names for change in self._by_service[name] if change.rule == "mount")
        return frozenset(split_short_mount(mount)[1] for mount in mounts)

    def adds(self, service: str) -> bool:
        """Whether a service as a whole is new."""
        return any(
            change.rule == "sidecar" and change.path.startswith(f"services.{service}.") for change in self.changes
        )

    def unseen(self) -> list[Change]:
        """The changes that made no difference so far."""
        return [change for change in self.changes if change not in self.seen]

    def _inherited(self, leaf: Leaf) -> Iterator[Leaf]:
        """The difference, and the same one in each service that this one extends."""
        yield leaf
        if leaf.path[:1] == ("services",):
            for name in self._extended.get(leaf.path[1], ()):
                yield replace(leaf, path=("services", name, *leaf.path[2:]))

    def _at(self, leaf: Leaf) -> Iterator[Change]:
        yield from self._by_path.get(leaf.name, ())
        if leaf.path[2:3] == ("volumes",):
            content = [part for part in leaf.path[3:] if part == "content"]
            yield from self._by_path.get(".".join((*leaf.path[:3], *content)), ())
        yield from self._by_place.get(".".join(leaf.path[:-1]), ())

    def _any(self, candidates: Iterable[Change], leaf: Leaf) -> bool:
        whole: list[Change] = []
        parts: list[Change] = []
        for change in candidates:
            (parts if change.rule in _TEXTS else whole).append(change)
        found = [change for change in whole if _is_whole(change, leaf)] or _parts(parts, leaf)
        self.seen.update(found)
        return bool(found)


def _is_whole(change: Change, leaf: Leaf) -> bool:
    key = change.path.rpartition(".")[2]
    after, before = text(leaf.after), text(leaf.before)
    if change.rule == "sidecar" and not change.after:  # what the service hands over, or an empty value of the sidecar
        return leaf.after in (ABSENT, None, "", [], {})
    if after == change.after:
        # what stands in the image, and not in the model, is before an override of its healthcheck
        return before == change.before or (change.rule == "healthcheck" and not before)
    item = before in ("", key, f"{key}={change.before}")  # of a list of `KEY=VALUE`
    return change.rule == "variables" and after == f"{key}={change.after}" and item


def text(value: object) -> str | None:
    """A value as changes show it: nothing as an empty text, a test by its words without the keyword before them."""
    if value is None or isinstance(value, Absent):
        return ""
    if isinstance(value, list):
        words = value[1:] if value[:1] in (["CMD"], ["CMD-SHELL"]) else value
        return " ".join(word for word in words if isinstance(word, str))
    return value if isinstance(value, str) else None


def _parts(candidates: list[Change], leaf: Leaf) -> list[Change]:
    """The changes that together make one text of the other; none when they do not."""
    if not candidates or not isinstance(leaf.before, str) or not isinstance(leaf.after, str):
        return []
    pairs = sorted({(change.before, change.after) for change in candidates}, key=lambda pair: -len(pair[0]))
    used = rewritten(leaf.before, leaf.after, pairs)
    return [change for change in candidates if (change.before, change.after) in (used or ())]


def rewritten(old: str, new: str, pairs: list[tuple[str, str]]) -> set[tuple[str, str]] | None:
    """The pairs that replaced parts of `old` to give `new`; None when they do not account for every difference."""
    used: set[tuple[str, str]] = set()
    at = there = 0
    while True:
        stop = min((place for one, _ in pairs if (place := old.find(one, at)) >= 0), default=len(old))
        length = stop - at
        if old[at:stop] != new[there : there + length]:
            return None
        at, there = stop, there + length
        if stop == len(old):
            return used if there == len(new) else None
        for one, other in pairs:
            if old.startswith(one, at) and new.startswith(other, there):
                used.add((one, other))
                at, there = at + len(one), there + len(other)
                break
        else:
            if old[at] != new[there : there + 1]:
                return None
            at, there = at + 1, there + 1
