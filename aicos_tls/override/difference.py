"""What an override must hold so that compose merges a service to the wanted one, and what it cannot say.

Compose merges mappings key by key, replaces commands and tests as a whole, and adds up all other lists (compose
specification, "Merge"): an entry of such a list can be added, and no entry can be changed. `!reset` takes a whole
attribute of a service away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from aicos_tls.proof.leaves import ABSENT, Absent, Leaf, leaves
from aicos_tls.proof.merged import target
from aicos_tls.proof.plain import Tagged

if TYPE_CHECKING:
    from aicos_tls.proof.plain import Plain

_ONLY_ADDS = "an override file can add to this list, not change what is in it"
NEVER_READ = "an override file leaves `x-…` blocks as they are; no container reads them"
_ATTRIBUTE = 3
"""Length of the path of an attribute: `services`, the service, its name."""
_SERVICE = 2
"""Length of the path of a service."""
RESET = Tagged("!reset", None)
"""What takes an attribute away that earlier files have (compose specification, "Merge": reset; Compose 2.24)."""
_WHOLE = frozenset({"command", "entrypoint", "test"})


class Delta(Struct, eq=False):
    """What to write, and the differences that have no form, each with the reason."""

    written: dict[str, Plain] = field(default_factory=dict)
    declined: list[tuple[Leaf, str]] = field(default_factory=list)


def delta(old: dict[str, Plain], new: dict[str, Plain], path: tuple[str, ...]) -> Delta:
    """What turns a service, or an entry of the top level, from `old` to `new`."""
    result = Delta()
    for key, value in new.items():
        before = old.get(key, ABSENT)
        if before != value:
            _member(result, before, value, (*path, key))
    if len(path) == _SERVICE:
        result.written |= {key: RESET for key in old if key not in new}
    return result


def _member(result: Delta, before: Plain | Absent, value: Plain, path: tuple[str, ...]) -> None:
    key = path[-1]
    if key.startswith("x-") and len(path) == _ATTRIBUTE:
        _decline(
            result, before, value, path, "an override file leaves `x-…` blocks as they are; no container reads them"
        )
    elif isinstance(value, dict):
        inner = delta(before if isinstance(before, dict) else {}, value, path)
        result.declined += inner.declined
        if inner.written:
            result.written[key] = inner.written
    elif isinstance(value, list) and key not in _WHOLE:
        _list(result, before if isinstance(before, list) else [], value, path)
    else:
        result.written[key] = value


def _list(result: Delta, before: list[Plain], value: list[Plain], path: tuple[str, ...]) -> None:
    """Write what was added to `volumes`, whose order means nothing; everything else cannot be said."""
    kept = {target(item) for item in before}
    added = [item for item in value if path[-1] == "volumes" and isinstance(item, str) and target(item) not in kept]
    if added:
        result.written["volumes"] = [*added]
    _decline(result, before, [item for item in value if item not in added], path, _ONLY_ADDS)


def _decline(result: Delta, before: Plain | Absent, value: Plain, path: tuple[str, ...], reason: str) -> None:
    result.declined += [(leaf, reason) for leaf in leaves(before, value, path)]
