"""The node graph of a YAML text: what stands where. Built by `parse`, never changed.

An alias is a node of its own (the graph libraries build repeats the anchored node instead, and the place of the alias
is lost), so that an edit can tell the anchor from those who share it. Offsets are characters into the text of the file.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

Style = Literal["", "'", '"', "|", ">"]
"""How a scalar is written: plain, single quoted, double quoted, literal, folded (YAML 1.2, chapters 7 and 8)."""


class Scalar(Struct, eq=False):
    """A scalar. `start` is where its anchor or tag begins, if it has one; a missing value has start == end."""

    start: int
    end: int
    value: str
    style: Style = ""
    tag: str | None = None
    anchor: str | None = None

    @property
    def is_null(self) -> bool:
        """Whether it is a plain scalar that every YAML version reads as null."""
        return self.style == "" and self.tag is None and self.value in ("", "~", "null", "Null", "NULL")


class Sequence(Struct, eq=False):
    """A sequence; `flow` when it is written with brackets. `end` is the end of its last item, comments excluded."""

    start: int
    end: int
    items: list[Node]
    flow: bool
    tag: str | None = None
    anchor: str | None = None


class Mapping(Struct, eq=False):
    """A mapping as a list of pairs, in order and with its merge keys; `flow` when it is written with braces."""

    start: int
    end: int
    pairs: list[tuple[Node, Node]]
    flow: bool
    tag: str | None = None
    anchor: str | None = None


class Alias(Struct, eq=False):
    """A reference `*name` to an anchored node that stands before it."""

    start: int
    end: int
    name: str
    target: Node


Node: TypeAlias = Scalar | Sequence | Mapping | Alias


def deref(node: Node) -> Scalar | Sequence | Mapping:
    """Return the node itself, or what it is an alias of."""
    while isinstance(node, Alias):
        node = node.target
    return node


class Stream(Struct, eq=False):
    """All documents of a text. `shared` tells whether any alias occurs, `pure` that libyaml does not read it."""

    documents: list[Node]
    shared: bool
    pure: bool = False
