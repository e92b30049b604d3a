"""One more entry in `depends_on`, whose short form (a list of names) has no place for a condition.

A list becomes the mapping that it stands for: `[db]` is `{db: {condition: service_started}}` (compose specification,
"depends_on", short syntax).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.compose.resolve import text_of
from aicos_tls.yamledit import extent
from aicos_tls.yamledit.edits import Edit, InexpressibleError, InsertPair, Lines, Pairs, Value
from aicos_tls.yamledit.lines import column
from aicos_tls.yamledit.nodes import Sequence, deref

if TYPE_CHECKING:
    from aicos_tls.compose.model import ComposeFile, Layer
    from aicos_tls.compose.resolve import Entry
    from aicos_tls.rules.placement import Placement

KEY = "depends_on"
_STARTED = "condition: service_started"


class Dependency(Struct, frozen=True):
    """The edits that add it, and indexes of pairs of the service's mapping that are written anew."""

    edits: tuple[tuple[ComposeFile, Edit], ...]
    replaced: tuple[int, ...] = ()


def depend(placement: Placement, layer: Layer, name: str, how: Value, wanting: frozenset[str]) -> Dependency:
    """Make the service of `layer` depend on the service `name`; raises `NoPlaceError`."""
    entry = layer.entries.get(KEY)
    there = deref(entry.value) if entry else None
    if entry is None or not isinstance(there, Sequence):
        return Dependency((placement.set_member(layer, KEY, name, how, wanting),))
    placement.check_service(layer, wanting)
    names = dict.fromkeys(text for text in map(text_of, there.items) if text is not None)
    started = Pairs((("condition", "service_started"),))
    value: Value = Pairs(((name, how), *((other, started) for other in names if other != name)))
    if not entry.inherited and isinstance(how, Pairs):
        value = _as_lines(layer, entry, there, name, how, value)
    index = len(layer.mapping.pairs) if entry.inherited else entry.index
    replaced = () if entry.inherited else (entry.index,)
    return Dependency(((layer.source, InsertPair(layer.mapping, index, KEY, value)),), replaced)


def _as_lines(layer: Layer, entry: Entry, there: Sequence, name: str, how: Pairs, means: Value) -> Value:
    """The lines of a list in block style, each item turned into a key, comments and all."""
    text = layer.source.file.text
    if there.flow or entry.value is not there or there.anchor is not None:
        return means
    try:
        head, *rest = extent.lines(text, entry.owner, entry.index)
    except InexpressibleError:
        return means
    if not head.startswith(f"{KEY}:"):  # comments above it
        return means
    key_column = column(text, entry.key.start)
    at = column(text, there.start) - key_column
    shift = "" if at else "  "
    deeper = " " * (at + len(shift))
    lines = [head, f"{deeper}{name}:", *(f"{deeper}  {key}: {_plain(value)}" for key, value in how.values)]
    for line in rest:
        item = line[at:] if not line[:at].strip() else ""
        if item.startswith("- "):
            word, blank, comment = item[2:].strip().partition(" ")
            lines += [f"{deeper}{word.strip(chr(34) + chr(39))}:{blank}{comment}".rstrip(), f"{deeper}  {_STARTED}"]
        else:
            lines.append(shift + line if line else line)
    return Lines(tuple(lines), means)


def _plain(value: Value) -> str:
    return value if isinstance(value, str) else getattr(value, "value", "")
