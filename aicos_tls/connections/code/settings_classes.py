"""Python classes whose fields are variables: `class Settings(BaseSettings): api_url: str = "http://api:8080"`.

Sources: pydantic-settings, "Environment variable names" (case does not count; `env_prefix`; an alias goes without it),
and pydantic 1, "Settings management" (`Field(…, env=…)`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.connections.code.pairs import pair_of
from aicos_tls.connections.code.tree import Group, Text, Word

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.connections.code.pairs import Pair
    from aicos_tls.connections.code.tree import Slot

_BASE = re.compile(r"(Base)?Settings$|^(BaseConfig|AutoConfig)$")
_ALIASES = ("validation_alias", "alias", "env")
_PREFIXES = ("env_prefix",)


class Field(Struct, frozen=True):
    """A field of such a class, and the variable that gives it its value. `exact`: no prefix goes before the name."""

    pair: Pair
    variable: str


def fields(root: Group, text: str) -> Iterator[Field]:
    """Yield the fields of all classes of settings in a module."""
    slots = root.slots
    for index, slot in enumerate(slots):
        if _is_settings(slot):
            own = _column(text, slot)
            body = slots[index + 1 :]
            end = next((at for at, each in enumerate(body) if each.nodes and _column(text, each) <= own), len(body))
            yield from _of_class(body[:end])


def _is_settings(slot: Slot) -> bool:
    nodes = slot.nodes
    if len(nodes) < 3 or not isinstance(nodes[0], Word) or nodes[0].text != "class":  # noqa: PLR2004 - class, name, bases
        return False
    bases = nodes[2]
    if not isinstance(bases, Group):
        return False
    return any(isinstance(w, Word) and _BASE.search(w.text) for each in bases.slots for w in each.nodes)


def _column(text: str, slot: Slot) -> int:
    at = slot.nodes[0].start
    return at - text.rfind("\n", 0, at) - 1


def _of_class(slots: list[Slot]) -> Iterator[Field]:
    pairs = [pair for slot in slots if (pair := pair_of(slot)) is not None]
    prefix = ""
    for pair in pairs:
        for each in (pair, *_inner(pair)):
            if each.key in _PREFIXES and isinstance(each.value[0], Text):
                prefix = each.value[0].plain or ""
    for pair in pairs:
        names = {each.key: each.value[0] for each in _inner(pair)}
        alias = next((names[key] for key in _ALIASES if key in names), None)
        if isinstance(alias, Text):
            yield Field(pair, alias.plain or "")
        elif "." not in pair.key:
            yield Field(pair, prefix + pair.key)


def _inner(pair: Pair) -> list[Pair]:
    """The named arguments of the call that a value is."""
    groups = [node for node in pair.value if isinstance(node, Group)]
    return [inner for group in groups for slot in group.slots if (inner := pair_of(slot)) is not None]
