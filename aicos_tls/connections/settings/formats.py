"""Texts to settings: keys with dots, values as they are written. What cannot be read says nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls import budgets
from aicos_tls.compose import dotenv
from aicos_tls.connections.code.grammars import GRAMMARS, HOCON
from aicos_tls.connections.code.lexing import tree
from aicos_tls.connections.code.pairs import pair_of
from aicos_tls.connections.code.tree import Group, Text, Word
from aicos_tls.errors import TlsError, Where
from aicos_tls.yamledit.nodes import Mapping, Scalar, Sequence, deref
from aicos_tls.yamledit.parse import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aicos_tls.connections.code.grammars import Grammar
    from aicos_tls.connections.code.tree import Node as Leaf
    from aicos_tls.files import TextFile
    from aicos_tls.yamledit.nodes import Node

LONGEST = 500_000
"""Characters of a file of settings."""
_PROPERTY = re.compile(
    r"^[ \t]*(?P<key>[^\s#!=:][^\s=:]{0,200})[ \t]*[=:][ \t]*(?P<value>[^\n]*(?<=\\)\n[^\n]*|[^\n]*)", re.MULTILINE
)
_LINE = re.compile(
    r"^[ \t]*(?:\[\[?(?P<section>[^\]\n]{1,200})\]|(?P<key>[A-Za-z_][\w.\-]{0,200})[ \t]*[=:][ \t]*(?P<value>[^\n]*))",
    re.MULTILINE,
)
_EMBEDDED_RUBY = re.compile(r"<%=(?P<code>[^\n]{0,500}?)-?%>|<%[^=\n][^\n]{0,500}?%>")


class Setting(Struct, frozen=True):
    """A setting: its key (`spring.data.redis.host`), its value as written, and its place."""

    key: str
    value: str
    where: Where


Document = list[Setting]


def yaml(file: TextFile) -> list[Document]:
    """The documents of a YAML file, merge keys put in."""
    try:
        stream = parse(file)
    except TlsError:
        return []
    found: list[Document] = []
    for document in stream.documents[: budgets.DOCUMENTS]:
        settings: Document = []
        if document is not None:
            _flatten(document, file, settings)
        found.append(settings)
    return found


def _flatten(root: Node, file: TextFile, settings: Document) -> None:
    stack: list[tuple[str, Node, int]] = [("", root, 0)]
    while stack and len(settings) < budgets.NODES // 10:
        path, node, depth = stack.pop()
        node = deref(node)
        if isinstance(node, Scalar):
            settings.append(Setting(path, node.value, file.where(node.start)))
        elif depth < budgets.DEPTH // 2:
            stack += [(key, value, depth + 1) for key, value in reversed([*_children(path, node)])]


def _children(path: str, node: Mapping | Sequence) -> Iterator[tuple[str, Node]]:
    if isinstance(node, Sequence):
        yield from ((f"{path}[{index}]", item) for index, item in enumerate(node.items))
        return
    own = {deref(key).value for key, _ in node.pairs if isinstance(deref(key), Scalar)}  # type: ignore[union-attr]
    for key, value in node.pairs:
        name = deref(key)
        if not isinstance(name, Scalar):
            continue
        if name.value == "<<":
            merged = deref(value)
            for each in merged.items if isinstance(merged, Sequence) else [merged]:
                mapping = deref(each)
                if isinstance(mapping, Mapping):
                    yield from ((k, v) for k, v in _children(path, mapping) if k.rpartition(".")[2] not in own)
        else:
            yield (f"{path}.{name.value}" if path else name.value), value


def properties(file: TextFile) -> list[Document]:
    """Java's properties; `#---` begins another document (Spring Boot, "Working With Multi-Document Files")."""
    found: list[Document] = [[]]
    text = file.text
    breaks = [match.start() for match in re.finditer(r"^[#!]---[ \t]*$", text, re.MULTILINE)]
    for match in _PROPERTY.finditer(text):
        while breaks and match.start() > breaks[0]:
            breaks.pop(0)
            found.append([])
        value = re.sub(r"\\\n[ \t]*", "", match["value"]).strip().replace("\\:", ":").replace("\\=", "=")
        found[-1].append(Setting(match["key"], value, file.where(match.start("key"))))
    return found


def lines(file: TextFile) -> list[Document]:
    """TOML and ini, as far as they are `[section]` and `key = value`; a list on one line is its items."""
    found: Document = []
    section = ""
    for match in _LINE.finditer(file.text):
        if match["section"]:
            section = match["section"].strip().strip("\"'")
            continue
        key = f"{section}.{match['key']}" if section else match["key"]
        value = match["value"].strip()
        items = re.findall(r"\"([^\"\n]*)\"|'([^'\n]*)'", value) if value[:1] in {"[", "{"} else []
        if value[:1] in {'"', "'"}:
            value = value[1:].partition(value[0])[0]
        elif not items:
            value = re.split(r"\s[#;]", value, maxsplit=1)[0].strip()
        for each in [a or b for a, b in items] or [value]:
            found.append(Setting(key, each, file.where(match.start("key"))))
    return [found]


def environment(file: TextFile) -> list[Document]:
    """A `.env` file."""
    try:
        values = dotenv.EnvFile(file).values
    except TlsError:
        return []
    return [[Setting(b.key, values.get(b.key, b.value), file.where(b.start)) for b in dotenv.parse(file.text)]]


def json(file: TextFile) -> list[Document]:
    """JSON, with the comments and commas that .NET and others allow."""
    return _by_tree(file, GRAMMARS["js"])


def hocon(file: TextFile) -> list[Document]:
    """HOCON (Play, Akka): `db { url = "…" }`; a later value goes before an earlier one."""
    return _by_tree(file, HOCON)


def _by_tree(file: TextFile, grammar: Grammar) -> list[Document]:
    found: Document = []
    stack: list[tuple[str, Group]] = [("", tree(file.text, grammar))]
    while stack:
        path, group = stack.pop()
        index = 0
        for slot in group.slots:
            pair = pair_of(slot)
            nodes = pair.value if pair else slot.nodes
            key = f"{path}.{pair.key}" if path and pair else (pair.key if pair else path)
            if pair is None and isinstance(nodes[0] if nodes else None, Word) and isinstance(nodes[-1], Group):
                name = ".".join(node.text for node in nodes[:-1] if isinstance(node, Word) and node.kind == "name")
                key = f"{path}.{name}" if path else name
            elif group.opener == "[":
                key, index = f"{path}[{index}]", index + 1
            stack += [(key, node) for node in nodes if isinstance(node, Group)]
            if value := _scalar(nodes):
                found.append(Setting(key, value, file.where(nodes[0].start)))
    return [sorted(found, key=lambda each: each.where)]


def _scalar(nodes: list[Leaf]) -> str:
    """The text that nodes are; `${?NAME}` of HOCON is a placeholder."""
    if not nodes:
        return ""
    first = nodes[0]
    if isinstance(first, Text):
        return first.plain or ""
    if isinstance(first, Word) and first.text == "$" and len(nodes) > 1 and isinstance(nodes[1], Group):
        names = [n.text for s in nodes[1].slots for n in s.nodes if isinstance(n, Word) and n.kind == "name"]
        return "${" + ".".join(names) + "}"
    return first.text if isinstance(first, Word) and len(nodes) == 1 else ""


def with_ruby(file: TextFile, evaluate: Callable[[str], str]) -> TextFile:
    """A YAML file with its `<%= … %>` put in, on the lines where they stand (Rails)."""
    if "<%" not in file.text:
        return file

    def put_in(match: re.Match[str]) -> str:
        return evaluate(match["code"]) if match["code"] is not None else ""

    return type(file)(file.path, _EMBEDDED_RUBY.sub(put_in, file.text).encode(), file.mode, file.real)
