"""The tree of a source: texts, words and brackets. One shape for all languages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

Kind = Literal["name", "number", "operator"]


class Word(Struct):
    """A name, a number or an operator, at a character of the source."""

    kind: Kind
    text: str
    start: int


class Text(Struct):
    """A string literal: its pieces, texts (with their place) and embedded expressions, in order.

    `mark` is what stands before and as its quote (`f"`, `%w[`). One that does not end is `broken`: it says nothing.
    """

    mark: str
    start: int
    end: int
    parts: list[tuple[str, int] | Group]
    broken: bool = False

    @property
    def plain(self) -> str | None:
        """Its text, where it has no embedded expression."""
        found = [part[0] for part in self.parts if isinstance(part, tuple)]
        return "".join(found) if len(found) == len(self.parts) and not self.broken else None


class Slot(Struct):
    """What stands between two commas of a bracket; slots of one statement have the same number."""

    statement: int
    nodes: list[Node]


class Group(Struct):
    """What is in a pair of brackets, or the whole source (`opener` is empty)."""

    opener: str
    start: int
    slots: list[Slot]
    end: int = 0

    def walk(self) -> Iterator[Group]:
        """Yield this group and all within it, those within embedded expressions, too, outermost first."""
        stack = [self]
        while stack:
            group = stack.pop()
            yield group
            for slot in group.slots:
                for node in slot.nodes:
                    if isinstance(node, Group):
                        stack.append(node)
                    elif isinstance(node, Text):
                        stack.extend(part for part in node.parts if isinstance(part, Group))


Node = Word | Text | Group
