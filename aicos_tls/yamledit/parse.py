"""Text to node graph, by the events of libyaml's parser, or of ruamel's own where libyaml fails.

Over a large corpus of real compose files libyaml refused a few that ruamel's parser reads, so a refusal is only final
when both refuse. Events are used rather than composed nodes because they keep the place of every alias.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NoReturn

from aicos_tls import budgets
from aicos_tls.errors import TlsError
from aicos_tls.yamledit.lines import past_blanks
from aicos_tls.yamledit.nodes import Alias, Mapping, Node, Scalar, Sequence, Stream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.files import TextFile

_HALF = re.compile("[\ud800-\udfff]")
"""Half of a pair of UTF-16: an escape can write it, and no program and no file can be given it."""


def parse(file: TextFile) -> Stream:
    """Parse all documents of `file`; raises `TlsError` with line and column when it is not YAML."""
    from ruamel.yaml.error import YAMLError

    text = file.text
    try:
        return _Builder(file).build(_fast_events(text))
    except YAMLError:
        pass
    try:
        stream = _Builder(file).build(_pure_events(text))
    except YAMLError as error:
        raise _syntax_error(file, error) from None
    stream.pure = True
    return stream


def _fast_events(text: str) -> Iterator[Any]:
    try:
        from ruamel.yaml.cyaml import CParser  # type: ignore[attr-defined]
    except ImportError:
        yield from _pure_events(text)
        return
    parser = CParser(text)
    try:
        while parser.check_event():
            yield parser.get_event()
    finally:
        parser.dispose()


def _pure_events(text: str) -> Iterator[Any]:
    from ruamel.yaml import YAML

    yield from YAML(typ="safe", pure=True).parse(text)


def _syntax_error(file: TextFile, error: Exception) -> TlsError:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    position = getattr(error, "position", None)
    offset = min(mark.index if mark is not None else position or 0, len(file.text))
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be parsed"
    context = getattr(error, "context", None)
    return TlsError(
        f"not valid YAML: {problem}" + (f" ({context})" if context else ""),
        where=file.where(offset),
        hint="`docker compose config` reports the same place",
    )


class _Builder:
    """Puts events together to nodes; keeps the open collections on a stack, so that depth is under control."""

    def __init__(self, file: TextFile) -> None:
        self._file = file
        self._anchors: dict[str, Node] = {}
        self._open: list[tuple[Sequence | Mapping, Node | None]] = []
        self._documents: list[Node] = []
        self._shared = False
        self._count = 0
        """Nodes so far, with those that aliases stand for."""
        self._begun: list[int] = []
        """The count at the start of each open collection."""
        self._sizes: dict[int, int] = {}
        """Nodes of each anchored collection, by identity; the anchors keep them alive."""

    def build(self, events: Iterator[Any]) -> Stream:
        handlers = {
            "MappingStartEvent": self._start,
            "SequenceStartEvent": self._start,
            "MappingEndEvent": self._close,
            "SequenceEndEvent": self._close,
            "AliasEvent": self._alias,
            "DocumentStartEvent": self._document,
        }
        for event in events:
            if self._count > budgets.NODES:
                self._refuse(f"more than {budgets.NODES:,} nodes, what its aliases stand for counted in", event)
            kind = type(event).__name__
            if kind == "ScalarEvent":  # most events are scalars
                self._scalar(event)
            elif handler := handlers.get(kind):
                handler(event)
        return Stream(self._documents, self._shared)

    def _document(self, event: Any) -> None:
        self._anchors = {}
        if len(self._documents) >= budgets.DOCUMENTS:
            self._refuse(f"more than {budgets.DOCUMENTS} documents", event)

    def _refuse(self, message: str, event: Any) -> NoReturn:
        raise TlsError(
            message,
            where=self._file.where(event.start_mark.index),
            hint="split the file, or write it without generating",
        )

    def _scalar(self, event: Any) -> None:
        self._count += 1
        tag, anchor = event.tag, event.anchor
        if event.style == '"' and ("\0" in event.value or _HALF.search(event.value)):
            raise TlsError(
                "a value with a NUL, or with half of a character",
                where=self._file.where(event.start_mark.index),
                hint="no program can be given it: take it out",
            )
        node = Scalar(
            event.start_mark.index, event.end_mark.index, event.value, event.style or "", tag and str(tag), anchor
        )
        if anchor is not None:
            self._anchors[anchor] = node
        self._attach(node)

    def _start(self, event: Any) -> None:
        kind = Mapping if type(event).__name__ == "MappingStartEvent" else Sequence
        start, end = event.start_mark.index, event.end_mark.index
        tag = None if event.tag is None else str(event.tag)
        node = kind(start, end, [], bool(event.flow_style), tag, event.anchor)
        if len(self._open) >= budgets.DEPTH:
            self._refuse(f"nested more than {budgets.DEPTH} levels deep", event)
        self._begun.append(self._count)
        self._count += 1
        if node.anchor is not None:
            self._anchors[node.anchor] = node
        self._open.append((node, None))

    def _close(self, event: Any) -> None:
        node, _ = self._open.pop()
        begun = self._begun.pop()
        if node.anchor is not None:
            self._sizes[id(node)] = self._count - begun
        if node.flow:
            node.end = event.end_mark.index
        elif isinstance(node, Mapping):
            node.end = node.pairs[-1][1].end if node.pairs else node.end
        else:
            node.end = node.items[-1].end if node.items else node.end
        self._attach(node)

    def _alias(self, event: Any) -> None:
        name = event.anchor
        start, end = event.start_mark.index, event.end_mark.index
        target = self._anchors.get(name)
        if target is None:
            raise TlsError(f"alias *{name} without an anchor &{name} before it", where=self._file.where(start))
        if any(node is target for node, _ in self._open):
            raise TlsError(f"alias *{name} stands inside its own anchor", where=self._file.where(start))
        self._shared = True
        self._count += self._sizes.get(id(target), 1)
        self._attach(Alias(start, end, name, target))

    def _attach(self, node: Node) -> None:
        if not self._open:
            self._documents.append(node)
            return
        parent, key = self._open[-1]
        if isinstance(parent, Sequence):
            parent.items.append(node)
        elif key is None:
            self._open[-1] = (parent, node)
        else:
            if node.start == node.end and isinstance(node, Scalar):
                self._settle(key, node)
            parent.pairs.append((key, node))
            self._open[-1] = (parent, None)

    def _settle(self, key: Node, value: Scalar) -> None:
        """Move a missing value to its colon, or to its key without one: parsers may have it at the next token."""
        between = self._file.text[key.end : value.start]
        if ":" not in between:
            value.start = value.end = key.end
        elif "\n" in between or "\r" in between:
            value.start = value.end = past_blanks(self._file.text, key.end) + 1
