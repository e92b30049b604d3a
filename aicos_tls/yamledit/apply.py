"""The one place where a YAML text is changed: splice, parse again, and prove that just the edits happened.

The proof walks the old and the new node graph together. Every node, key, tag, anchor and alias that no edit names must
be there again with the same value, written plain or not as before; every edit must be there exactly once.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from aicos_tls.errors import InternalError, TlsError
from aicos_tls.yamledit.edits import (
    Copy,
    Edit,
    InexpressibleError,
    InsertItem,
    InsertPair,
    Items,
    Lines,
    Pairs,
    Reference,
    RemovePairs,
    Replace,
    SetText,
    Splice,
    Value,
)
from aicos_tls.yamledit.manner import survey
from aicos_tls.yamledit.nodes import Alias, Mapping, Node, Scalar, Sequence, Stream, deref
from aicos_tls.yamledit.parse import parse
from aicos_tls.yamledit.place import Page
from aicos_tls.yamledit.render import reads_as_string

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from aicos_tls.files import TextFile


class Edited(Struct, frozen=True, eq=False):
    """A file after its edits, and the parse that proved them."""

    file: TextFile
    stream: Stream


def apply(file: TextFile, stream: Stream, edits: Iterable[Edit]) -> Edited:
    """Return `file`, of which `stream` is the parse, with `edits` made; no edits give the file as it is.

    Equal edits count once. Raises `InexpressibleError` when the edits have no form in this text, `InternalError` when
    they contradict each other.
    """
    unique = _behind_removed(list(dict.fromkeys(edits)))
    if not unique:
        return Edited(file, stream)
    expected = _Expected.of(file, unique)
    page = Page(file.text, survey(file.text, stream), file.newline)
    text = splice(file.text, [s for edit, nth in _numbered(unique) for s in page.splices(edit, nth)])
    result = replace(file, raw=file.encode(text))
    try:
        parsed = parse(result)
    except TlsError as error:
        raise InexpressibleError(f"the result would not be YAML: {error.message}") from error
    if parsed.pure and not stream.pure:  # docker compose's parser is a translation of libyaml's
        raise InexpressibleError("the result would be YAML for some parsers only")
    _prove(expected, stream, parsed)
    return Edited(result, parsed)


def _behind_removed(edits: list[Edit]) -> list[Edit]:
    """The edits, with insertions before a pair that is taken out moved behind it."""
    removed = {(id(edit.mapping), index) for edit in edits if isinstance(edit, RemovePairs) for index in edit.indexes}
    if not removed:
        return edits
    moved: list[Edit] = []
    for edit in edits:
        if isinstance(edit, InsertPair):
            index = edit.index
            while (id(edit.mapping), index) in removed:
                index += 1
            moved.append(replace(edit, index=index))
        else:
            moved.append(edit)
    return moved


def _numbered(edits: list[Edit]) -> Iterator[tuple[Edit, int]]:
    """Yield each edit with its number among the insertions at the same place, in the order of their ranks."""
    counts: Counter[tuple[int, int]] = Counter()
    for edit in sorted(edits, key=lambda e: e.rank if isinstance(e, InsertItem | InsertPair) else 0):
        if isinstance(edit, InsertItem | InsertPair):
            place = (id(edit.sequence if isinstance(edit, InsertItem) else edit.mapping), edit.index)
            yield edit, counts[place]
            counts[place] += 1
        else:
            yield edit, 0


def splice(text: str, splices: Iterable[Splice]) -> str:
    """Apply splices to `text`, whatever their order; raises `InternalError` when two overlap."""
    pieces: list[str] = []
    at = 0
    for piece in sorted(set(splices)):
        if piece.start < at:
            raise InternalError(f"two changes overlap at character {piece.start}")
        pieces += (text[at : piece.start], piece.replacement)
        at = piece.end
    return "".join([*pieces, text[at:]])


def _prove(expected: _Expected, before: Stream, after: Stream) -> None:
    if len(before.documents) != len(after.documents):
        raise InexpressibleError("the number of documents would change")
    for old, new in zip(before.documents, after.documents, strict=True):
        expected.compare(old, new)


class _Expected(Struct, eq=False):
    """The edits by the node they name, and for each anchored node that was compared its counterpart."""

    file: TextFile
    anchored: dict[int, Node] = field(default_factory=dict)
    texts: dict[int, list[SetText]] = field(default_factory=lambda: defaultdict(list))
    items: dict[int, list[InsertItem]] = field(default_factory=lambda: defaultdict(list))
    pairs: dict[int, list[InsertPair]] = field(default_factory=lambda: defaultdict(list))
    replaced: dict[tuple[int, int], Replace] = field(default_factory=dict)
    removed: set[tuple[int, int]] = field(default_factory=set)

    @classmethod
    def of(cls, file: TextFile, edits: list[Edit]) -> _Expected:
        self = cls(file)
        for edit in edits:
            if isinstance(edit, SetText):
                self.texts[id(edit.node)].append(edit)
            elif isinstance(edit, InsertItem):
                self.items[id(edit.sequence)].append(edit)
            elif isinstance(edit, InsertPair):
                self.pairs[id(edit.mapping)].append(edit)
            elif isinstance(edit, RemovePairs):
                self.removed.update((id(edit.mapping), index) for index in edit.indexes)
            else:
                place = (id(edit.mapping), edit.index)
                if place in self.replaced:
                    raise InternalError("one value is replaced twice")
                self.replaced[place] = edit
        return self

    def compare(self, old: Node, new: Node) -> None:
        """Raise `InexpressibleError` unless `new` is `old` with the edits made."""
        if isinstance(old, Alias) and isinstance(new, Alias):
            if not self._same_target(old, new):
                raise self._unexpected(old)
            return
        if isinstance(old, Alias) or isinstance(new, Alias) or old.anchor != new.anchor or old.tag != new.tag:
            raise self._unexpected(old)
        if old.anchor is not None:
            self.anchored[id(old)] = new
        if isinstance(old, Scalar) and isinstance(new, Scalar):
            plain = (old.style == "", old.is_null) == (new.style == "", new.is_null)
            if not plain or new.value != set_text(old.value, self.texts.get(id(old), ())):
                raise self._unexpected(old)
        elif isinstance(old, Sequence) and isinstance(new, Sequence):
            self._sequence(old, new)
        elif isinstance(old, Mapping) and isinstance(new, Mapping):
            self._mapping(old, new)
        else:
            raise self._unexpected(old)

    def _same_target(self, old: Alias, new: Alias) -> bool:
        """Whether `new` names what `old` names: the anchor of a name is the last one before the alias."""
        return old.name == new.name and self.anchored.get(id(old.target)) is new.target

    def _sequence(self, old: Sequence, new: Sequence) -> None:
        inserted = sorted(self.items.get(id(old), ()), key=lambda e: e.rank)
        wanted: list[Node | InsertItem] = []
        for index in range(len(old.items) + 1):
            wanted += [edit for edit in inserted if edit.index == index]
            wanted += old.items[index : index + 1]
        if len(wanted) != len(new.items) or old.flow != new.flow:
            raise self._unexpected(old)
        for item, actual in zip(wanted, new.items, strict=True):
            if not isinstance(item, InsertItem):
                self.compare(item, actual)
            elif not self._is(item.value, actual):
                raise self._unexpected(old)

    def _mapping(self, old: Mapping, new: Mapping) -> None:
        inserted = sorted(self.pairs.get(id(old), ()), key=lambda e: e.rank)
        wanted: list[int | InsertPair] = []
        for index in range(len(old.pairs) + 1):
            wanted += [edit for edit in inserted if edit.index == index]
            kept = index < len(old.pairs) and (id(old), index) not in self.removed
            wanted += [index] if kept else []
        if len(wanted) != len(new.pairs) or old.flow != new.flow:
            raise self._unexpected(old)
        for member, (key, actual) in zip(wanted, new.pairs, strict=True):
            if isinstance(member, int):
                self._pair(old, member, key, actual)
            elif not (isinstance(key, Scalar) and key.value == member.key and self._is(member.value, actual)):
                raise self._unexpected(old)

    def _pair(self, old: Mapping, index: int, key: Node, actual: Node) -> None:
        self.compare(old.pairs[index][0], key)
        edit = self.replaced.get((id(old), index))
        if edit is None:
            self.compare(old.pairs[index][1], actual)
        elif not self._is(edit.value, actual):
            raise self._unexpected(old)

    def _is(self, value: Value, node: Node) -> bool:
        """Whether `node` is what `value` was meant to become."""
        if isinstance(value, Lines):
            return self._is(value.means, deref(node))
        if isinstance(value, Reference):
            return isinstance(node, Alias) and self._same_target(value.alias, node)
        if isinstance(value, Items):
            return isinstance(node, Sequence) and self._all(value.values, node.items)
        if isinstance(value, Pairs):
            keys = [key for key, _ in value.values]
            return (
                isinstance(node, Mapping)
                and keys == [key.value for key, _ in node.pairs if isinstance(key, Scalar)]
                and self._all([item for _, item in value.values], [item for _, item in node.pairs])
            )
        return _is_text(value, node)

    def _all(self, values: Iterable[Value], nodes: list[Node]) -> bool:
        expected = list(values)
        return len(expected) == len(nodes) and all(map(self._is, expected, nodes))

    def _unexpected(self, node: Node) -> InexpressibleError:
        line, _ = self.file.lines.position(node.start)
        return InexpressibleError(f"the result would differ from what is meant, near line {line}")


def _is_text(value: str | Copy, node: Node) -> bool:
    if not isinstance(node, Scalar) or node.tag is not None or node.anchor is not None:
        return False
    if isinstance(value, Copy):
        return node.is_null if value.node.is_null and not value.value else node.value == value.value
    return node.value == value and (node.style != "" or reads_as_string(value, flow=False))


def set_text(value: str, edits: Iterable[SetText]) -> str:
    """Apply edits within a scalar to its value."""
    return splice(value, [Splice(e.start, e.end, (0,), e.text) for e in edits])
