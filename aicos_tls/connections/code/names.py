"""The names of a source, and of the other sources of its service: which values they are given."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from aicos_tls.connections.code.lexing import tree
from aicos_tls.connections.code.pairs import pair_of
from aicos_tls.connections.code.settings_classes import fields
from aicos_tls.connections.code.tree import Group, Text, Word
from aicos_tls.connections.code.values import MOST, Origin, Piece, Value

if TYPE_CHECKING:
    from aicos_tls.connections.code.expressions import Evaluator
    from aicos_tls.connections.code.grammars import Grammar
    from aicos_tls.connections.code.tree import Node
    from aicos_tls.connections.code.variables import Variables

_GIVEN = 3
"""Values that a name may be given before nothing is said of it."""
_COMMON = frozenset(
    [
        "host",
        "port",
        "url",
        "uri",
        "addr",
        "address",
        "name",
        "value",
        "default",
        "base",
        "config",
        "options",
        "path",
        "scheme",
    ]
)
_SETS_DEFAULT = re.compile(r"(?i)^(setdefault|set_default|bindenv)$")
_PREFIX = re.compile(r"(?i)^(setenvprefix)$")
_PREFIX_KEYS = frozenset({"env_prefix", "envvar_prefix"})
_SHORTEST = 5


class Names:
    """The names of one source."""

    def __init__(self, text: str, grammar: Grammar, variables: Variables) -> None:
        root = tree(text, grammar)
        self.fields = [*fields(root, text)] if grammar.language == "Python" and "Settings" in text else []
        low = text.lower()
        self._has_prefix = "prefix" in low
        self._has_defaults = "setdefault" in low or "set_default" in low or "bindenv" in low
        self.root, self.grammar, self.variables = root, grammar, variables
        self.elsewhere: list[Names] = []
        self._known: dict[str, list[Value]] = {}
        self._busy: set[str] = set()
        self.overridden: dict[int, str] = {}
        """By the place of what a settings class gives a field: the value that the environment has for it."""

    @cached_property
    def given(self) -> dict[str, list[tuple[int, list[Node]]]]:
        """By dotted name, whole and by its last one and two parts: the values, with the place of the key."""
        found: dict[str, list[tuple[int, list[Node]]]] = {}
        stack: list[tuple[Group, str]] = [(self.root, "")]
        while stack:
            group, path = stack.pop()
            for slot in group.slots:
                pair = pair_of(slot)
                inner = path
                if pair is not None and pair.key:
                    inner = f"{path}.{pair.key}" if path else pair.key
                    for name in _spellings(inner):
                        found.setdefault(name, []).append((pair.at, pair.value))
                elif annotated := _annotated(slot.nodes):
                    found.setdefault(annotated[0].text, []).append((annotated[0].start, [annotated[1]]))
                stack += [(node, inner) for node in slot.nodes if isinstance(node, Group)]
        return found

    @cached_property
    def defaults(self) -> dict[str, list[Node]]:
        """By key: what `SetDefault("key", …)` gives a setting."""
        found: dict[str, list[Node]] = {}
        for group in self.root.walk() if self._has_defaults else ():
            for slot in group.slots:
                for name, call in zip(slot.nodes, slot.nodes[1:], strict=False):
                    if isinstance(name, Word) and isinstance(call, Group) and _SETS_DEFAULT.match(name.text):
                        key = call.slots[0].nodes[:1]
                        if key and isinstance(key[0], Text) and len(call.slots) > 1:
                            found[(key[0].plain or "").lower()] = call.slots[1].nodes
        return found

    def prefixes(self) -> list[str]:
        """What the names of variables begin with, by this source."""
        found: list[str] = []
        for group in self.root.walk() if self._has_prefix else ():
            for slot in group.slots:
                pair = pair_of(slot)
                if pair is not None and pair.key in _PREFIX_KEYS and isinstance(pair.value[0], Text):
                    found.append(pair.value[0].plain or "")
                for name, call in zip(slot.nodes, slot.nodes[1:], strict=False):
                    if isinstance(name, Word) and isinstance(call, Group) and _PREFIX.match(name.text):
                        first = call.slots[0].nodes[:1]
                        found += [first[0].plain or ""] if first and isinstance(first[0], Text) else []
        return found

    def default(self, key: str, evaluator: Evaluator, depth: int) -> list[Value]:
        """What a setting is by default, by this source."""
        nodes = self.defaults.get(key.lower())
        return evaluator.values(nodes, depth - 1) if nodes else []

    def values(self, name: str, evaluator: Evaluator, depth: int) -> list[Value]:
        """What a dotted name may stand for."""
        for spelling in _lookups(name):
            if found := self._of(spelling, evaluator, depth):
                return found
        return []

    def _of(self, name: str, evaluator: Evaluator, depth: int) -> list[Value]:
        if name in self._known:
            return self._known[name]
        if name in self._busy:
            return []
        self._busy.add(name)
        used = set(evaluator.used)
        given = self.given.get(name, [])
        found: list[Value] = []
        for at, nodes in given if len(given) <= _GIVEN else ():
            override = self.overridden.get(at)
            if override is not None:
                found.append(Value((Piece(override, at, Origin.ENVIRONMENT),)))
                continue
            found += [value for value in evaluator.values(nodes, depth - 1) if value.known]
        evaluator.used.intersection_update(used)
        evaluator.used.update(used)
        if any(value.pieces[0].origin is Origin.ENVIRONMENT for value in found if value.pieces):
            found = [value for value in found if not value.in_code] or found
        self._known[name] = found[:MOST] or self._elsewhere(name)
        self._busy.discard(name)
        return self._known[name]

    def _elsewhere(self, name: str) -> list[Value]:
        """What other sources of the service give a name, where it is one that says something."""
        last = name.rpartition(".")[2]
        if (last.lower() in _COMMON and "." not in name) or (len(last) < _SHORTEST and "." not in name):
            return []
        for other in self.elsewhere:
            if other is not self and 0 < len(other.given.get(name, [])) <= 1:
                from aicos_tls.connections.code.expressions import Evaluator

                found = other._of(name, Evaluator(other), 8)  # noqa: SLF001 - of the same class
                return [Value(tuple(_moved(p) for p in value.pieces), value.tls) for value in found]
        return []


def _moved(piece: Piece) -> Piece:
    """A piece of another source: its place is not one of this source."""
    return Piece(piece.text, -1, Origin.ENVIRONMENT if piece.origin is Origin.CODE else piece.origin)


def _spellings(path: str) -> set[str]:
    parts = path.split(".")
    return {path, ".".join(parts[-2:]), parts[-1]}


def _lookups(name: str) -> list[str]:
    """The names to look for: the whole, then its last parts where they are no common words."""
    parts = name.split(".")
    found = [name]
    if len(parts) > 2:  # noqa: PLR2004
        found.append(".".join(parts[-2:]))
    if len(parts) > 1 and parts[-1].lower() not in _COMMON:
        found.append(parts[-1])
    return found


def _annotated(nodes: list[Node]) -> tuple[Word, Text] | None:
    """The field that Spring's `@Value("${api.host:api}") String host` gives a value to, and its text."""
    colon = next((i for i, node in enumerate(nodes) if isinstance(node, Word) and node.text == ":"), len(nodes))
    last = nodes[colon - 1] if colon > 3 else None  # noqa: PLR2004
    names = [index for index, node in enumerate(nodes[:12]) if isinstance(node, Word) and node.text == "Value"]
    if not names or not isinstance(last, Word):
        return None
    call = nodes[names[0] + 1] if names[0] + 1 < len(nodes) else None
    inner = call.slots[0].nodes if isinstance(call, Group) else []
    if len(inner) == 1 and isinstance(inner[0], Text) and last.kind == "name":
        return last, inner[0]
    return None
