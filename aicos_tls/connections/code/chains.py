"""Chains of names, calls and indexes: `os.environ.get("X")`, `new Redis(…)`, `env::var("X").unwrap_or(…)`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.connections.code.tree import Group, Text, Word

if TYPE_CHECKING:
    from aicos_tls.connections.code.tree import Node

_CONNECTS = frozenset({".", "?.", "::", "->", "&."})
_GENERIC = 12
"""Nodes that `<…>` between a name and its call may hold."""


class Chain(Struct):
    """`base` is a text, a word or a bracket; `steps` are the names and brackets after it, in order."""

    base: Node
    steps: list[Node]

    @property
    def name(self) -> str:
        """The dotted name that the chain begins with, up to its first bracket."""
        names = [self.base.text] if isinstance(self.base, Word) else []
        for step in self.steps:
            if not isinstance(step, Word):
                break
            names.append(step.text)
        return ".".join(names)

    @property
    def rest(self) -> list[Node]:
        """The steps after that name."""
        for index, step in enumerate(self.steps):
            if not isinstance(step, Word):
                return self.steps[index:]
        return []


def chains(nodes: list[Node], connects: frozenset[str] = _CONNECTS) -> list[Chain]:
    """The chains among nodes that no operator joins."""
    found: list[Chain] = []
    index = 0
    while index < len(nodes):
        node = nodes[index]
        index += 1
        if isinstance(node, Word) and node.kind == "operator":
            continue
        chain = Chain(node, [])
        index = _steps(chain, nodes, index, connects)
        found.append(chain)
    return found


def _steps(chain: Chain, nodes: list[Node], index: int, connects: frozenset[str]) -> int:
    """Take what belongs to a chain, from `index` on; where it ends."""
    while index < len(nodes):
        node = nodes[index]
        before = chain.steps[-1] if chain.steps else chain.base
        follows = nodes[index + 1] if index + 1 < len(nodes) else None
        if isinstance(node, Group) and _may_follow(node, before):
            chain.steps.append(node)
        elif isinstance(node, Text) and isinstance(before, Text):
            chain.steps.append(node)  # texts that stand side by side are one
        elif isinstance(node, Word) and node.text in connects and follows is not None:
            if isinstance(follows, Word) and follows.kind == "name":
                chain.steps.append(follows)
                index += 1
            elif not isinstance(follows, Group):
                break
        elif isinstance(node, Word) and node.text == "!" and isinstance(follows, Group | None):
            pass  # a macro of Rust, or TypeScript's "not null"
        elif isinstance(node, Word) and node.text == "<" and (after := past_generic(nodes, index)):
            index = after - 1
        else:
            break
        index += 1
    return index


def _may_follow(group: Group, before: Node) -> bool:
    """Whether a bracket after a node calls it, or takes a part of it."""
    if isinstance(before, Text):
        return group.opener == "["
    return not isinstance(before, Word) or before.kind == "name"


def past_generic(nodes: list[Node], index: int) -> int:
    """The index of the call behind `<…>`; 0 where none is."""
    for at in range(index + 1, min(index + _GENERIC, len(nodes) - 1)):
        node, follows = nodes[at], nodes[at + 1]
        if isinstance(node, Word) and node.text == ">" and isinstance(follows, Group) and follows.opener == "(":
            return at + 1
    return 0
