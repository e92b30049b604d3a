"""The editor: an edit gives a text that parses to the same with just that edit, everything else to the byte, or none.

What is the same is judged by PyYAML, which shares no code with the editor's parsers; where PyYAML does not read the
text, only the bytes are. An input is choices of edits, a NUL, and a text.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from fuzz import compose_loader
from fuzz.choices import Choices, divided

from aicos_tls.errors import TlsError
from aicos_tls.files import TextFile
from aicos_tls.yamledit.apply import apply, set_text
from aicos_tls.yamledit.edits import (
    Copy,
    InexpressibleError,
    InsertItem,
    InsertPair,
    Items,
    Pairs,
    Reference,
    RemovePairs,
    Replace,
    SetText,
)
from aicos_tls.yamledit.nodes import Alias, Mapping, Node, Scalar, Sequence
from aicos_tls.yamledit.parse import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.yamledit.edits import Edit, Value
    from aicos_tls.yamledit.nodes import Stream

TOKENS = (*compose_loader.TOKENS, *(chr(kind) + chr(node) + "\0" for kind in range(5) for node in (1, 3, 9)))
TEXTS = (
    "http://api:8001", "TLS_ENABLED=true", "", "s", "yes", "0x1F", "null", "a: b", " # c", "- x", "'", '"', "a\nb", "\\",
    "{", "é💚", " lead", "trail ", "#", "&a", "*a", "!t", "x" * 200, "%", "@", "1:30", "~", "line\n", "?", "|",
)  # fmt: skip
ANY = "\0"
"""Stands for a tag or a value that may be any."""
_KINDS = 5
_LARGEST = 3_000
"""Nodes, aliases put in, up to which a text is compared."""


class _Loader(yaml.SafeLoader):
    """The pure parser, and no limits on what is a key: documents are compared as nodes."""


def seeds() -> Iterator[bytes]:
    """Yield compose files, each with another kind of edit at another place."""
    for number, text in enumerate(compose_loader.seeds()):
        yield (
            bytes([number % _KINDS, number % 23, 0, 1 + number % 29, number % 7]).replace(b"\0", b"\x17") + b"\0" + text
        )


def check(data: bytes) -> None:
    """Make an edit, or several insertions, in a text."""
    choices, raw = divided(data)
    file = TextFile(Path("x.yml"), raw)
    try:
        stream = parse(file)
    except TlsError:
        return
    assert file.encode(file.text) == raw
    assert apply(file, stream, []).file is file
    edits = list(_edits(choices, stream))
    if not edits:
        return
    try:
        after = apply(file, stream, edits).file
    except InexpressibleError:
        return
    assert after.bom == file.bom
    if len(edits) == 1:
        _only_there(edits[0], file.text, after.text)
    _means(edits, stream, file.text, after.text)


# -- which edits -------------------------------------------------------------------------------------------------------


def _edits(choices: Choices, stream: Stream) -> Iterator[Edit]:
    nodes = list(_nodes(stream))
    kind = choices.below(_KINDS + 1)
    if kind < _KINDS:
        if edit := _edit(choices, kind, nodes):
            yield edit
        return
    seen: set[tuple[int, str]] = set()
    for rank in range(2 + choices.below(4)):
        edit = _edit(choices, choices.below(3), nodes, rank)
        if isinstance(edit, SetText | InsertItem | InsertPair):
            target = edit.node if isinstance(edit, SetText) else getattr(edit, "mapping", None) or edit.sequence  # type: ignore[union-attr]
            mark = (id(target), getattr(edit, "key", "") if not isinstance(edit, InsertItem) else str(rank))
            if mark not in seen:
                seen.add(mark)
                yield edit


def _nodes(stream: Stream) -> Iterator[Node]:
    pending: list[Node] = list(reversed(stream.documents))
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, Sequence):
            pending += reversed(node.items)
        elif isinstance(node, Mapping):
            pending += [part for pair in reversed(node.pairs) for part in reversed(pair)]


def _edit(choices: Choices, kind: int, nodes: list[Node], rank: int = 0) -> Edit | None:  # noqa: PLR0911 - a kind each
    wanted = (Scalar, Sequence, Mapping, Mapping, Mapping)[kind]
    fitting = [node for node in nodes if isinstance(node, wanted)]
    if not fitting:
        return None
    node = fitting[choices.place(len(fitting))]
    if isinstance(node, Scalar):
        start = choices.place(len(node.value) + 1)
        end = start + choices.below(min(len(node.value) - start, 9) + 1)
        return SetText(node, start, end, choices.pick(TEXTS))
    if isinstance(node, Sequence):
        return InsertItem(node, choices.place(len(node.items) + 1), _value(choices, nodes), rank)
    assert isinstance(node, Mapping)
    keys = {key.value for key, _ in node.pairs if isinstance(key, Scalar)}
    if kind == 2:
        key = choices.pick(("NEW", "volumes", "a b", "yes", "#k", "é", "1", "k: v"))
        return (
            None
            if key in keys
            else InsertPair(node, choices.place(len(node.pairs) + 1), key, _value(choices, nodes), rank)
        )
    if not node.pairs:
        return None
    index = choices.place(len(node.pairs))
    if kind == 3:
        return Replace(node, index, _value(choices, nodes), bool(choices.below(2)))
    last = min(index + choices.below(3), len(node.pairs) - 1)
    indexes = tuple(range(index, last + 1))
    return RemovePairs(node, indexes) if len(indexes) < len(node.pairs) else None


def _value(choices: Choices, nodes: list[Node], depth: int = 0) -> Value:
    kind = choices.below(6 if depth < 2 else 2)
    scalars = [node for node in nodes if isinstance(node, Scalar)]
    aliases = [node for node in nodes if isinstance(node, Alias)]
    if kind == 2 and scalars:
        node = scalars[choices.place(len(scalars))]
        return Copy(node, node.value + choices.pick(("", "s", ":80")) if not node.is_null else "")
    if kind == 3 and aliases:
        return Reference(aliases[choices.place(len(aliases))])
    if kind == 4:
        return Items(tuple(_value(choices, nodes, depth + 1) for _ in range(choices.below(4))))
    if kind == 5:
        return Pairs(tuple((f"k{n}", _value(choices, nodes, depth + 1)) for n in range(choices.below(4))))
    return choices.pick(TEXTS)


# -- what may differ ---------------------------------------------------------------------------------------------------


def _only_there(edit: Edit, before: str, after: str) -> None:
    """The texts are the same up to the edit and from its end on."""
    head = len(os.path.commonprefix([before, after]))
    rest = os.path.commonprefix([before[head:][::-1], after[head:][::-1]])
    start, end = head, len(before) - len(rest)
    if isinstance(edit, SetText):
        assert edit.node.start <= start <= end <= edit.node.end or start == end
    elif isinstance(edit, RemovePairs):
        assert head + len(rest) == len(after), "something was put in"
    elif start < end:
        node = edit.sequence if isinstance(edit, InsertItem) else edit.mapping
        assert node.start <= start, "something before was changed"
        assert not before[node.end : end].strip(), "something behind was changed"


def _means(edits: list[Edit], stream: Stream, before: str, after: str) -> None:
    """PyYAML reads the new text as it reads the old one, with the edits made.

    Not where a byte order mark stands within the text: libyaml and Go's parser let one begin a line, PyYAML does not.
    """
    if "\ufeff" in before:
        return
    try:
        old = list(yaml.compose_all(before, _Loader))
    except (yaml.YAMLError, ValueError):
        return
    if sum(map(_size, old)) > _LARGEST or any(node is None for node in old):
        return
    mine, its = list(_nodes(stream)), list(_walk(old))
    if [type(node).__name__[:3] for node in mine if not isinstance(node, Alias)] != [
        type(node).__name__[:3] for node, one in zip(its, mine, strict=False) if not isinstance(one, Alias)
    ]:
        return  # read in another way: `[a:]`
    twins = {id(one): other for one, other in zip(mine, its, strict=True)}
    new = list(yaml.compose_all(after, _Loader))
    _made(edits, twins)
    assert len(old) == len(new)
    for wanted, found in zip(old, new, strict=True):
        _same(wanted, found)


def _walk(roots: list[Any]) -> Iterator[Any]:
    """Yield the nodes as `_nodes` does: what an alias stands for again, but not what is in it."""
    pending, seen = list(reversed(roots)), set()
    while pending:
        node = pending.pop()
        yield node
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            pending += reversed(node.value)
        elif isinstance(node, yaml.MappingNode):
            pending += [part for pair in reversed(node.value) for part in reversed(pair)]


def _size(node: Any) -> int:
    """The nodes of a graph with aliases put in."""
    known: dict[int, int] = {}

    def size(each: Any) -> int:
        if id(each) not in known:
            known[id(each)] = 1 + sum(map(size, _members(each)))
        return known[id(each)]

    return size(node)


def _members(node: Any) -> list[Any]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _made(edits: list[Edit], twins: dict[int, Any]) -> None:
    """Make the edits in PyYAML's graph."""
    texts: dict[int, list[SetText]] = {}
    inserted: dict[int, list[InsertItem | InsertPair]] = {}
    for edit in edits:
        if isinstance(edit, SetText):
            texts.setdefault(id(edit.node), []).append(edit)
        elif isinstance(edit, InsertItem | InsertPair):
            inserted.setdefault(id(edit.sequence if isinstance(edit, InsertItem) else edit.mapping), []).append(edit)
        elif isinstance(edit, Replace):
            pairs = twins[id(edit.mapping)].value
            pairs[edit.index] = (pairs[edit.index][0], _node(edit.value, twins))
        else:
            twin = twins[id(edit.mapping)]
            twin.value = [pair for index, pair in enumerate(twin.value) if index not in edit.indexes]
    for target, changes in texts.items():
        twin = twins[target]
        twin.value, twin.tag = set_text(changes[0].node.value, changes), ANY
    for target, additions in inserted.items():
        for edit in sorted(additions, key=lambda each: (each.index, each.rank), reverse=True):
            twins[target].value.insert(edit.index, _addition(edit, twins))


def _addition(edit: InsertItem | InsertPair, twins: dict[int, Any]) -> Any:
    if isinstance(edit, InsertItem):
        return _node(edit.value, twins)
    return yaml.ScalarNode(ANY, edit.key), _node(edit.value, twins)


def _node(value: Value, twins: dict[int, Any]) -> Any:
    """What a value is to be read as."""
    if isinstance(value, str):
        return yaml.ScalarNode("tag:yaml.org,2002:str", value)
    if isinstance(value, Reference):
        return twins[id(value.alias)]
    if isinstance(value, Items):
        return yaml.SequenceNode(ANY, [_node(item, twins) for item in value.values])
    if isinstance(value, Pairs):
        return yaml.MappingNode(ANY, [(yaml.ScalarNode(ANY, key), _node(item, twins)) for key, item in value.values])
    assert isinstance(value, Copy)
    return yaml.ScalarNode(ANY, ANY if value.node.is_null and not value.value else value.value)


def _same(wanted: Any, found: Any) -> None:
    assert type(wanted) is type(found), f"{wanted} is read as {found}"
    assert wanted.tag in (ANY, found.tag), f"{wanted} is read as {found}"
    if isinstance(wanted, yaml.ScalarNode):
        assert wanted.value in (ANY, found.value), f"{wanted} is read as {found}"
        return
    inner, there = _members(wanted), _members(found)
    assert len(inner) == len(there), f"{wanted} is read as {found}"
    for one, other in zip(inner, there, strict=True):
        _same(one, other)
