"""Mappings as compose sees them: merge keys (`<<`) resolved, and for every value who owns it.

Merge keys: own keys win over merged ones, earlier sources over later ones (https://yaml.org/type/merge.html).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from aicos_tls.yamledit.nodes import Mapping, Node, Scalar, Sequence, deref

if TYPE_CHECKING:
    from collections.abc import Iterator

MERGE = "<<"


class Entry(Struct, frozen=True):
    """The value of one key: `owner.pairs[index]` is where it is written; `inherited` when a merge key brings it."""

    key: Scalar
    value: Node
    owner: Mapping
    index: int
    inherited: bool = False


class Resolver:
    """Resolves the mappings of one file, each once."""

    def __init__(self) -> None:
        self._cache: dict[int, tuple[Mapping, dict[str, Entry]]] = {}

    def entries(self, mapping: Mapping) -> dict[str, Entry]:
        """Entries by key: own ones in their order, then those that merge keys bring."""
        if known := self._cache.get(id(mapping)):
            return known[1]
        own: dict[str, Entry] = {}
        sources: list[Mapping] = []
        for index, (key, value) in enumerate(mapping.pairs):
            if not isinstance(key, Scalar):
                continue
            if key.value == MERGE and key.style == "":
                sources += merge_sources(value)
            else:
                own.setdefault(key.value, Entry(key, value, mapping, index))
        for source in sources:
            for name, entry in self.entries(source).items():
                own.setdefault(name, replace(entry, inherited=True))
        self._cache[id(mapping)] = (mapping, own)  # the mapping is kept, so that its id stays its own
        return own

    def mapping(self, node: Node | None) -> dict[str, Entry]:
        """Entries of a node that may be an alias, or no mapping at all: then none."""
        if node is None:
            return {}
        target = deref(node)
        return self.entries(target) if isinstance(target, Mapping) else {}


def merge_sources(node: Node) -> Iterator[Mapping]:
    """Yield the mappings that the value of a merge key names."""
    target = deref(node)
    if isinstance(target, Mapping):
        yield target
    elif isinstance(target, Sequence):
        for item in target.items:
            yield from merge_sources(item)


def text_of(node: Node | None) -> str | None:
    """Return the text of a scalar that is not null, through aliases; None for everything else."""
    if node is None:
        return None
    target = deref(node)
    return target.value if isinstance(target, Scalar) and not target.is_null else None


def texts_of(node: Node | None) -> list[str]:
    """Return the text of a scalar, or those of the scalars in a sequence."""
    if node is None:
        return []
    target = deref(node)
    members = target.items if isinstance(target, Sequence) else [target]
    return [text for text in map(text_of, members) if text is not None]
