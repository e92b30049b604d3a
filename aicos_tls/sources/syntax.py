"""Syntax trees of sources, by tree-sitter: exact spans, in characters of the text, and trees even of broken files.

The grammar of a language does not depend on the Python that runs this program: a service may be written for 3.8 or for
a newer one than ours, and Go has no parser in Python at all. Loaded only when a source is looked at.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_CHARACTERS = 1_000_000
"""Sources longer than this are generated; they are not looked at."""

Language = Literal["python", "go"]


@dataclass(eq=False, slots=True)
class Node:
    """A node of a syntax tree. `start` and `end` are characters of the text; `role` is its field in its parent."""

    kind: str
    start: int
    end: int
    named: bool
    role: str | None
    parent: Node | None
    children: list[Node] = field(default_factory=list)

    def child(self, role: str) -> Node | None:
        """The child with that role."""
        return next((child for child in self.children if child.role == role), None)

    @property
    def parts(self) -> list[Node]:
        """The named children, without comments."""
        return [child for child in self.children if child.named and child.kind != "comment"]

    def walk(self) -> Iterator[Node]:
        """Yield this node and all below it, in the order of the text."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            stack.extend(reversed(node.children))

    def ancestors(self) -> Iterator[Node]:
        """Yield the nodes around this one, innermost first."""
        node = self.parent
        while node is not None:
            yield node
            node = node.parent


@dataclass(frozen=True)
class Tree:
    """The tree of a text. `broken` is the character at which the text stops being the language, or None."""

    text: str
    root: Node
    broken: int | None

    def of(self, node: Node) -> str:
        """The text of a node."""
        return self.text[node.start : node.end]

    def line_end(self, at: int) -> int:
        """The end of the line of the character at `at`, before its newline."""
        end = self.text.find("\n", at)
        if end < 0:
            return len(self.text)
        return end - 1 if end > at and self.text[end - 1] == "\r" else end

    def indentation(self, at: int) -> str:
        """The blanks at the beginning of the line of the character at `at`."""
        start = self.text.rfind("\n", 0, at) + 1
        line = self.text[start : self.line_end(start)]
        return line[: len(line) - len(line.lstrip())]

    def begins_line(self, at: int) -> bool:
        """Whether only blanks are before the character at `at` in its line."""
        return not self.text[self.text.rfind("\n", 0, at) + 1 : at].strip()


def parse(text: str, language: Language) -> Tree:
    """Parse a source."""
    data = text.encode("utf-8")
    tree = _parser(language).parse(data)
    offsets = None if len(data) == len(text) else _offsets(text)
    root = _convert(tree.walk(), offsets)
    broken = None
    if tree.root_node.has_error:
        errors = (
            node for node in root.walk() if node.kind == "ERROR" or (node.start == node.end and not node.children)
        )
        broken = next((node.start for node in errors), 0)
    return Tree(text, root, broken)


def _parser(language: Language) -> Any:
    from tree_sitter import Language as Grammar
    from tree_sitter import Parser

    if language == "python":
        from tree_sitter_python import language as grammar
    else:
        from tree_sitter_go import language as grammar
    return Parser(Grammar(grammar()))


def _offsets(text: str) -> list[int]:
    """For each byte of the UTF-8 of `text`, and its end, the character it belongs to."""
    found: list[int] = []
    for index, character in enumerate(text):
        found += [index] * len(character.encode("utf-8"))
    return [*found, len(text)]


def _convert(cursor: Any, offsets: list[int] | None) -> Node:
    def node(parent: Node | None) -> Node:
        raw = cursor.node
        start, end = raw.start_byte, raw.end_byte
        if offsets is not None:
            start, end = offsets[start], offsets[end]
        made = Node(raw.type, start, end, raw.is_named, cursor.field_name, parent)
        if parent is not None:
            parent.children.append(made)
        return made

    root = current = node(None)
    while True:
        if cursor.goto_first_child():
            current = node(current)
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return root
            current = current.parent or root
        current = node(current.parent)
