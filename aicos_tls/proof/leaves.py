"""The difference of two plain values, as the single texts that differ or were added, each with its path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.proof.plain import Tagged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.proof.plain import Plain

_COMMAND_FORMS = ("CMD", "CMD-SHELL", "NONE")


class Absent(Struct, frozen=True):
    """What stands for a value that is not there at all."""


ABSENT = Absent()


class Leaf(Struct, frozen=True):
    """One difference. `path` names keys, and items of lists by their index, or by KEY for an item `KEY=VALUE`."""

    path: tuple[str, ...]
    before: Plain | Absent
    after: Plain | Absent

    @property
    def name(self) -> str:
        """The path in words: `services.api.environment.URL`."""
        return ".".join(self.path)


def leaves(old: Plain | Absent, new: Plain | Absent, path: tuple[str, ...]) -> Iterator[Leaf]:
    """Yield every difference between two values; what was added to a list stands before something that was there."""
    if old == new:
        return
    if isinstance(old, Tagged) and isinstance(new, Tagged) and old.tag == new.tag:
        yield from leaves(old.value, new.value, path)
        return
    nothing = old is None or isinstance(old, Absent)
    if isinstance(new, dict) and new and (nothing or isinstance(old, dict)):
        before = old if isinstance(old, dict) else {}
        for key in (*before, *(key for key in new if key not in before)):
            yield from leaves(before.get(key, ABSENT), new.get(key, ABSENT), (*path, key))
    elif isinstance(new, list) and new and (nothing or isinstance(old, list)) and not _is_test(new):
        yield from _items(old if isinstance(old, list) else [], new, path, old)
    else:
        yield Leaf(path, old, new)


def members(leaf: Leaf) -> list[Leaf]:
    """The differences in a list that `leaves` took for one text; none where it is no list."""
    old, new = leaf.before, leaf.after
    return list(_items(old, new, leaf.path, old)) if isinstance(old, list) and isinstance(new, list) else []


def _is_test(value: list[Plain]) -> bool:
    """Whether it may be a healthcheck's test in list form, which is one text in the eyes of a change."""
    return value[0] in _COMMAND_FORMS


def _items(before: list[Plain], new: list[Plain], path: tuple[str, ...], old: Plain | Absent) -> Iterator[Leaf]:
    if len(before) > len(new):
        yield Leaf(path, old, new)
        return
    at, added = 0, len(new) - len(before)
    for index, item in enumerate(new):
        if added and (at == len(before) or (item != before[at] and before[at] in new[index + 1 :])):
            added -= 1
            previous: Plain | Absent = ABSENT
        else:
            previous = before[at]
            at += 1
        yield from leaves(previous, item, (*path, label(item, index)))


def label(item: Plain, index: int) -> str:
    """How an item of a list is named in a path, as `compose.sites` names it."""
    if isinstance(item, str):
        key, equals, _ = item.partition("=")
        if equals and key.replace(".", "").replace("_", "").replace("-", "").isalnum():
            return key
    return str(index)
