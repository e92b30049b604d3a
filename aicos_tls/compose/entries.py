"""What is in a service's `environment` and `volumes`, entry by entry, whatever way it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.compose.resolve import text_of
from aicos_tls.yamledit.nodes import Mapping, Node, Scalar, Sequence, deref

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.compose.model import Layer
    from aicos_tls.compose.resolve import Entry
    from aicos_tls.errors import Where


class Variable(Struct, frozen=True):
    """One variable in `environment`: `node` holds its value from character `offset` on; None when it has no value.

    `entry` is there when the variables are written as a mapping.
    """

    key: str
    value: str | None
    layer: Layer
    node: Scalar
    offset: int
    entry: Entry | None = None

    @property
    def where(self) -> Where:
        """The place of the value, or of the key that has none."""
        return self.layer.source.where(self.node)


class Mount(Struct, frozen=True):
    """One entry of `volumes`."""

    source: str
    target: str
    layer: Layer
    node: Node


def variables(layer: Layer, node: Node) -> Iterator[Variable]:
    """Yield the variables of an `environment` value: a list of `KEY=VALUE`, or a mapping."""
    target = deref(node)
    if isinstance(target, Sequence):
        for item in map(deref, target.items):
            if isinstance(item, Scalar) and not item.is_null:
                key, equals, value = item.value.partition("=")
                yield Variable(key, value if equals else None, layer, item, len(key) + 1 if equals else len(key))
    elif isinstance(target, Mapping):
        for name, entry in layer.source.resolver.entries(target).items():
            scalar = deref(entry.value)
            if isinstance(scalar, Scalar):
                missing = scalar.is_null
                text, node = (None, entry.key) if missing else (scalar.value, scalar)
                yield Variable(name, text, layer, node, 0, entry)


def mounts(layer: Layer, node: Node) -> Iterator[Mount]:
    """Yield the entries of a `volumes` value of a service, in short or long syntax."""
    target = deref(node)
    if not isinstance(target, Sequence):
        return
    for item in target.items:
        inner = deref(item)
        if isinstance(inner, Mapping):
            parts = layer.source.resolver.entries(inner)
            source = text_of(parts["source"].value) if "source" in parts else None
            goal = text_of(parts["target"].value) if "target" in parts else None
            yield Mount(source or "", (goal or "").rstrip("/") or "/", layer, item)
        elif isinstance(inner, Scalar) and not inner.is_null:
            source, goal = split_short_mount(inner.value)
            yield Mount(source, goal.rstrip("/") or "/", layer, item)


def split_short_mount(text: str) -> tuple[str, str]:
    """Source and target of a mount in short syntax, `[SOURCE:]TARGET[:MODE]`.

    A drive letter is no source of its own.
    """
    parts, depth = [""], 0
    for at, char in enumerate(text):
        if text.startswith("${", at):
            depth += 1
        elif char == "}" and depth:
            depth -= 1
        drive = at == 1 and text[0].isalpha() and text[2:3] in ("\\", "/")
        if char == ":" and not depth and not drive:
            parts.append("")
        else:
            parts[-1] += char
    return ("", parts[0]) if len(parts) == 1 else (parts[0], parts[1])
