"""What docker compose refuses and no edit can be trusted on: said before anything is planned.

Not a validator: only what would make this program misread the file. Compose's own parser refuses each of these too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.compose.resolve import MERGE
from aicos_tls.errors import TlsError
from aicos_tls.yamledit.nodes import Mapping, Node, Scalar, Sequence, deref

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.compose.model import ComposeFile, Layer

_KINDS: dict[str, tuple[str, tuple[type, ...]]] = {
    "volumes": ("a list", (Sequence,)),
    "environment": ("a list or a mapping", (Sequence, Mapping)),
}
_HINT = "docker compose refuses this file too"


def check(source: ComposeFile) -> None:
    """Raise `TlsError` for a document that is no mapping, a key that stands twice, a merge of what is no mapping."""
    for document in source.stream.documents:
        target = deref(document)
        if not isinstance(target, Mapping) and not (isinstance(target, Scalar) and target.is_null):
            kind = "a list" if isinstance(target, Sequence) else "a text"
            raise TlsError(f"this is no compose file: it holds {kind}, not a mapping", where=source.where(document))
        for mapping in _mappings(document):
            _check_keys(source, mapping)


def check_service(layer: Layer) -> None:
    """Raise `TlsError` for an attribute of a service of a kind that it cannot have."""
    for name, (kind, types) in _KINDS.items():
        entry = layer.entries.get(name)
        if entry is None:
            continue
        target = deref(entry.value)
        empty = isinstance(target, Scalar) and (target.is_null or target.tag == "!reset")
        if not empty and not isinstance(target, types):
            where = layer.source.where(entry.value)
            raise TlsError(f"`{name}` of service {layer.name} is not {kind}", where=where, hint=_HINT)


def _mappings(node: Node) -> Iterator[Mapping]:
    pending = [node]
    while pending:
        current = pending.pop()
        if isinstance(current, Sequence):
            pending += reversed(current.items)
        elif isinstance(current, Mapping):
            yield current
            pending += [part for pair in reversed(current.pairs) for part in reversed(pair)]


def _check_keys(source: ComposeFile, mapping: Mapping) -> None:
    seen: dict[str, Scalar] = {}
    for key, value in mapping.pairs:
        if not isinstance(key, Scalar):
            continue
        if key.value == MERGE and key.style == "":
            target = deref(value)
            merged = list(map(deref, target.items)) if isinstance(target, Sequence) else [target]
            if not all(isinstance(part, Mapping) for part in merged):
                raise TlsError("`<<` merges something that is not a mapping", where=source.where(value), hint=_HINT)
        first = seen.setdefault(key.value, key)
        if first is not key:
            raise TlsError(
                f"the key {key.value!r} stands here for the second time (first in line {source.where(first).line})",
                where=source.where(key),
                hint=f"{_HINT}: remove one of them",
            )
