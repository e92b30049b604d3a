"""YAML, JSON and TOML as one graph of nodes with their places, for configurations that are only looked at.

JSON is read as YAML, of which it is a part (YAML 1.2.2, 1.2). A TOML text gives no places: a text is taken to stand
where it stands first.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aicos_tls import budgets
from aicos_tls.errors import TlsError
from aicos_tls.yamledit.nodes import Mapping, Node, Scalar, Sequence, deref
from aicos_tls.yamledit.parse import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.files import TextFile

_QUOTED = re.compile(r"\"([^\"\\\n]{1,2048})\"|'([^'\n]{1,2048})'")


def roots(file: TextFile) -> list[Mapping]:
    """The mappings that the documents of a file are; none where it cannot be read."""
    try:
        if file.path.suffix.lower() == ".toml":
            return [_of_toml(file.text)]
        found = map(deref, parse(file).documents)
    except (TlsError, ValueError, RecursionError):
        return []
    return [root for root in found if isinstance(root, Mapping)]


def plain(key: str) -> str:
    """A key as it is compared: `load_balancer`, `loadBalancer` and `LoadBalancer` are one."""
    return key.replace("_", "").replace("-", "").lower()


def pairs(node: Node | None) -> Iterator[tuple[str, Node]]:
    """Yield the keys of a mapping, as they are written, with their values; none for what is no mapping."""
    target = deref(node) if node is not None else None
    for key, value in target.pairs if isinstance(target, Mapping) else ():
        if isinstance(key, Scalar):
            yield key.value, value


def get(node: Node | None, *path: str) -> Node | None:
    """What a path of keys (as `plain` gives them) leads to."""
    for key in path:
        node = next((value for name, value in pairs(node) if plain(name) == key), None)
    return node


def items(node: Node | None) -> list[Node]:
    """The items of a sequence; none for what is none."""
    target = deref(node) if node is not None else None
    return target.items if isinstance(target, Sequence) else []


def text(node: Node | None) -> tuple[str, int]:
    """The text of a scalar and where it stands; an empty one for everything else."""
    target = deref(node) if node is not None else None
    return (target.value, target.start) if isinstance(target, Scalar) else ("", 0)


def mappings(node: Node) -> Iterator[Mapping]:
    """Yield every mapping below a node, itself included, each once."""
    stack, seen = [node], set()
    while stack:
        target = deref(stack.pop())
        if id(target) in seen:
            continue
        seen.add(id(target))
        if isinstance(target, Mapping):
            yield target
            stack.extend(value for _, value in target.pairs)
        elif isinstance(target, Sequence):
            stack.extend(target.items)


def _of_toml(source: str) -> Mapping:
    import tomllib

    places: dict[str, int] = {}
    for match in _QUOTED.finditer(source):
        places.setdefault(match[1] or match[2], match.start())
    found = _node(tomllib.loads(source), places, 0)
    assert isinstance(found, Mapping)  # noqa: S101 - the top of a TOML text is a table
    return found


def _node(value: object, places: dict[str, int], depth: int) -> Scalar | Sequence | Mapping:
    if depth > budgets.DEPTH:
        raise ValueError("nested too deeply")
    if isinstance(value, dict):
        rows: list[tuple[Node, Node]] = [
            (Scalar(0, 0, str(key)), _node(each, places, depth + 1)) for key, each in value.items()
        ]
        return Mapping(0, 0, rows, flow=False)
    if isinstance(value, list):
        return Sequence(0, 0, [_node(each, places, depth + 1) for each in value], flow=False)
    written = str(value).lower() if isinstance(value, bool) else str(value)
    at = places.get(written, 0)
    return Scalar(at, at + len(written), written)
