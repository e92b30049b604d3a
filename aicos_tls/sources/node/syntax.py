"""JavaScript and TypeScript as syntax trees, with places counted in characters as everywhere in this program.

The grammars are tree-sitter's (`tree-sitter-javascript` reads JSX too). Its offsets are bytes of UTF-8; `Syntax` turns
them into characters. What cannot be parsed without an error is not changed: a tree with a hole proves nothing.
"""

from __future__ import annotations

from array import array
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Language, Node

    from aicos_tls.errors import Where
    from aicos_tls.files import TextFile

TYPESCRIPT = frozenset({".ts", ".mts", ".cts"})
EXTENSIONS = frozenset({".js", ".mjs", ".cjs", ".jsx", ".tsx"}) | TYPESCRIPT

_WRAPPERS = frozenset(
    {"parenthesized_expression", "await_expression", "as_expression", "satisfies_expression", "non_null_expression"}
)


class Syntax:
    """The tree of one file."""

    def __init__(self, file: TextFile) -> None:
        from tree_sitter import Parser

        self.file = file
        self.text = file.text
        self._bytes = self.text.encode("utf-8")
        self.root = Parser(_language(file.path.suffix.lower())).parse(self._bytes).root_node

    @cached_property
    def _characters(self) -> array[int] | None:
        """The character that each byte belongs to; None when they are the same."""
        if len(self._bytes) == len(self.text):
            return None
        table = array("L", [0]) * (len(self._bytes) + 1)
        at = 0
        for number, character in enumerate(self.text):
            size = len(character.encode("utf-8"))
            for byte in range(at, at + size):
                table[byte] = number
            at += size
        table[at] = len(self.text)
        return table

    def offset(self, byte: int) -> int:
        """The character at a byte."""
        return byte if self._characters is None else self._characters[byte]

    def start(self, node: Node) -> int:
        """First character of a node."""
        return self.offset(node.start_byte)

    def end(self, node: Node) -> int:
        """The character after a node."""
        return self.offset(node.end_byte)

    def source(self, node: Node) -> str:
        """A node as it is written."""
        return self.text[self.start(node) : self.end(node)]

    def where(self, node: Node) -> Where:
        """The place of a node."""
        return self.file.where(self.start(node))

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """All named nodes in the order of the text."""
        return tuple(_walk(self.root))

    def of(self, *types: str) -> Iterator[Node]:
        """Yield the nodes of these types."""
        return (node for node in self.nodes if node.type in types)

    def problem(self) -> Where | None:
        """Where the text cannot be parsed; None when it can."""
        if not self.root.has_error:
            return None
        for node in _walk(self.root, every=True):
            if node.is_error or node.is_missing:
                return self.where(node)
        return self.where(self.root)


def _walk(root: Node, *, every: bool = False) -> Iterator[Node]:
    """Yield the named nodes, or `every` one, in the order of the text."""
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(node.children if every else node.named_children))


def _language(suffix: str) -> Language:
    from tree_sitter import Language

    if suffix in TYPESCRIPT or suffix == ".tsx":
        import tree_sitter_typescript

        tsx = suffix == ".tsx"
        return Language(tree_sitter_typescript.language_tsx() if tsx else tree_sitter_typescript.language_typescript())
    import tree_sitter_javascript

    return Language(tree_sitter_javascript.language())


def bare(node: Node) -> Node:
    """An expression without `await`, brackets and what TypeScript says about its type."""
    while node.type in _WRAPPERS and node.named_children:
        node = node.named_children[0]
    return node


def child(node: Node, name: str) -> Node:
    """A child that the grammar promises."""
    found = node.child_by_field_name(name)
    assert found is not None, f"{node.type} without {name}"  # noqa: S101 - a promise of the grammar
    return found


def arguments(call: Node) -> list[Node]:
    """The arguments of a call or a `new`, without comments."""
    found = call.child_by_field_name("arguments")
    if found is None or found.type != "arguments":
        return []
    return [node for node in found.named_children if node.type != "comment"]


def callee(call: Node) -> Node:
    """What a call calls or a `new` makes."""
    return bare(child(call, "function" if call.type == "call_expression" else "constructor"))


def method(call: Node, syntax: Syntax) -> tuple[Node, str] | None:
    """Object and name of a method call `object.name(…)`; None for other calls."""
    function = callee(call)
    if function.type != "member_expression":
        return None
    return child(function, "object"), syntax.source(child(function, "property"))


def properties(node: Node, syntax: Syntax) -> dict[str, Node]:
    """The properties of an object literal by name; a shorthand stands for itself. Spreads are left out."""
    found: dict[str, Node] = {}
    for part in node.named_children:
        if part.type == "pair":
            found[syntax.source(child(part, "key")).strip("\"'")] = child(part, "value")
        elif part.type == "shorthand_property_identifier":
            found[syntax.source(part)] = part
        elif part.type == "method_definition":
            found[syntax.source(child(part, "name"))] = part
    return found


def has_spread(node: Node) -> bool:
    """Whether an object literal takes over the properties of another object."""
    return any(part.type == "spread_element" for part in node.named_children)


def parents(node: Node) -> Iterator[Node]:
    """Yield the nodes around a node, from the inside."""
    at = node.parent
    while at is not None:
        yield at
        at = at.parent
