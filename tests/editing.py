"""Editing of small YAML texts, for the tests of `yamledit`: find a node by its path, edit, look at the text."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from aicos_tls.files import TextFile
from aicos_tls.yamledit.apply import apply
from aicos_tls.yamledit.edits import Edit, InsertItem, InsertPair, Replace, SetText, Value
from aicos_tls.yamledit.nodes import Alias, Mapping, Node, Scalar, Sequence
from aicos_tls.yamledit.parse import parse

N = TypeVar("N", Scalar, Sequence, Mapping, Alias)


class Text:
    """A YAML text with its parse."""

    def __init__(self, text: str) -> None:
        self.file = TextFile(Path("x.yml"), text.encode())
        self.stream = parse(self.file)

    def at(self, kind: type[N], *path: str | int) -> N:
        """The node at a path of keys and indices, from the first document; an index of a mapping counts its pairs."""
        node: Node = self.stream.documents[0]
        for step in path:
            node = self._step(node, step)
        assert isinstance(node, kind)
        return node

    @staticmethod
    def _step(node: Node, step: str | int) -> Node:
        if isinstance(node, Sequence) and isinstance(step, int):
            return node.items[step]
        assert isinstance(node, Mapping)
        if isinstance(step, int):
            return node.pairs[step][1]
        return next(value for key, value in node.pairs if isinstance(key, Scalar) and key.value == step)

    def edit(self, *edits: Edit) -> str:
        """The text after edits."""
        return apply(self.file, self.stream, edits).file.text

    def item(self, path: tuple[str | int, ...], *values: Value, index: int | None = None) -> str:
        """The text with items put into a sequence, at its end or before an index."""
        sequence = self.at(Sequence, *path)
        place = len(sequence.items) if index is None else index
        return self.edit(*(InsertItem(sequence, place, value, rank) for rank, value in enumerate(values)))

    def pair(self, path: tuple[str | int, ...], *pairs: tuple[str, Value], index: int | None = None) -> str:
        """The text with pairs put into a mapping, at its end or before an index."""
        mapping = self.at(Mapping, *path)
        place = len(mapping.pairs) if index is None else index
        return self.edit(*(InsertPair(mapping, place, key, value, rank) for rank, (key, value) in enumerate(pairs)))

    def replace(self, path: tuple[str | int, ...], index: int, value: Value, *, flow: bool = False) -> str:
        """The text with the value of a pair replaced."""
        return self.edit(Replace(self.at(Mapping, *path), index, value, flow))

    def set(self, path: tuple[str | int, ...], old: str, new: str) -> str:
        """The text with the first `old` in a scalar's value set to `new`."""
        node = self.at(Scalar, *path)
        start = node.value.index(old)
        return self.edit(SetText(node, start, start + len(old), new))
