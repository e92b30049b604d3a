"""Nodes to plain values, aliases and merge keys resolved: what a text means, without how it is written.

Scalars become their text, or None for null: which of them are numbers is left open, since nothing is computed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

from aicos_tls.yamledit.nodes import Alias, Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from aicos_tls.compose.resolve import Resolver


class Tagged(Struct, frozen=True):
    """A value with a tag: `!reset`, `!override`, or one that compose does not know."""

    tag: str
    value: Plain


Plain: TypeAlias = "str | list[Plain] | dict[str, Plain] | Tagged | None"


class Reader:
    """Reads the values of one file; what an anchor holds is read once, however many aliases repeat it.

    `tagged` tells whether a tag was read so far.
    """

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._anchored: dict[int, Plain] = {}
        self.tagged = False

    def value(self, node: Node) -> Plain:
        """The plain value of a node. Values of anchors are shared: do not change them."""
        if isinstance(node, Alias):
            return self.value(node.target)
        if node.anchor is not None and id(node) in self._anchored:
            return self._anchored[id(node)]
        value = self._inner(node)
        if node.tag is not None and not node.tag.startswith(CORE):
            value = Tagged(node.tag, value)
            self.tagged = True
        if node.anchor is not None:
            self._anchored[id(node)] = value
        return value

    def _inner(self, node: Scalar | Sequence | Mapping) -> Plain:
        if isinstance(node, Scalar):
            return None if node.is_null else node.value
        if isinstance(node, Sequence):
            return [self.value(item) for item in node.items]
        return self.mapping(node)

    def mapping(self, node: Mapping) -> dict[str, Plain]:
        """The values of a mapping by key."""
        return {name: self.value(entry.value) for name, entry in self._resolver.entries(node).items()}


CORE = "tag:yaml.org,2002:"
"""Tags of YAML itself say of which kind a value is, which is left open here."""


def keyed(value: Plain) -> Plain:
    """A list of `KEY=VALUE` as the mapping that it stands for; every other value as it is."""
    if not isinstance(value, list):
        return value
    found: dict[str, Plain] = {}
    for item in value:
        if not isinstance(item, str):
            return value
        key, equals, text = item.partition("=")
        found[key] = text if equals else None
    return found
