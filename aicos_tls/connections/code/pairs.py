"""What a slot gives a value to: `host: 'db'`, `'host' => 'db'`, `cfg.Host = "db"`, `val url: String = "…"`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.connections.code.tree import Group, Text, Word

if TYPE_CHECKING:
    from aicos_tls.connections.code.tree import Node, Slot

_ASSIGNS = frozenset({"=", ":=", "||=", "??=", "+="})
_CONNECTS = frozenset({".", "?.", "::", "->"})
_ROOTS = ("self.", "this.", "cls.", "$this.", "@", "$", ":")


class Pair(Struct, frozen=True):
    """A key, as written but without `self.` and sigils, and the nodes of its value. `annotated`: it has a type."""

    key: str
    at: int
    value: list[Node]
    annotated: bool = False
    literal: bool = False


def pair_of(slot: Slot) -> Pair | None:
    """The pair that a slot is; None where it is only a value."""
    nodes = slot.nodes
    for index, node in enumerate(nodes[:40]):
        if not isinstance(node, Word) or node.kind != "operator":
            continue
        if node.text in _ASSIGNS or (node.text == "=>" and index):
            return _pair(nodes, index, node.text)
        if node.text == ":":
            return _after_colon(nodes, index)
        if node.text == "?" and index + 1 < len(nodes) and _is(nodes[index + 1], ":"):
            return _after_colon(nodes[:index] + nodes[index + 1 :], index)
        if node.text in {"?", "==", "!=", "<=", ">="}:
            return None
    return None


def _is(node: Node, operator: str) -> bool:
    return isinstance(node, Word) and node.text == operator


def _after_colon(nodes: list[Node], index: int) -> Pair | None:
    """`key: value`, or `name: type = value`."""
    for at in range(index + 1, min(len(nodes), index + 24)):
        node = nodes[at]
        if isinstance(node, Word) and node.text in _ASSIGNS:
            found = _pair(nodes[:index] + nodes[at:], index, node.text)
            return Pair(found.key, found.at, found.value, annotated=True) if found else None
    left = nodes[:index]
    if not left or (len(left) > 1 and not all(isinstance(node, Word) and node.kind == "name" for node in left)):
        return None
    return _pair(nodes, index, ":")


def _pair(nodes: list[Node], index: int, operator: str) -> Pair | None:
    left, value = nodes[:index], nodes[index + 1 :]
    if not left or not value:
        return None
    last = left[-1]
    if isinstance(last, Text):
        return Pair(last.plain or "", last.start, value, literal=True)
    if operator == "=>" and not isinstance(last, Word):
        return None
    key, at = _dotted(left)
    return Pair(key, at, value) if key else None


def _dotted(left: list[Node]) -> tuple[str, int]:
    """The dotted name that the nodes before an operator end with: `config.redis.host`; of `x["host"]` it is `host`."""
    if isinstance(left[-1], Group):
        key = _index(left[-1])
        return key, left[-1].start
    names: list[str] = []
    at = left[-1].start
    expects = True
    for node in reversed(left):
        if isinstance(node, Word) and node.kind == "name" and expects:
            names.append(node.text)
            at, expects = node.start, False
        elif isinstance(node, Word) and node.text in _CONNECTS and not expects:
            expects = True
        else:
            break
    return bare_name(".".join(reversed(names))), at


def _index(group: Group) -> str:
    """The text by which something is indexed."""
    nodes = group.slots[0].nodes if group.opener == "[" else []
    return (nodes[0].plain or "") if len(nodes) == 1 and isinstance(nodes[0], Text) else ""


def bare_name(name: str) -> str:
    """A name without what only says whose it is."""
    changed = True
    while changed:
        changed = False
        for root in _ROOTS:
            if name.startswith(root) and len(name) > len(root):
                name, changed = name[len(root) :], True
    return name
