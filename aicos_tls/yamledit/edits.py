"""What can be done to a YAML text: a closed set of edits as data, and the values that they bring in.

Edits name nodes of a parsed stream; how they become splices is `place`'s business, and that they did just what they
say is proved by `apply`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

if TYPE_CHECKING:
    from aicos_tls.yamledit.nodes import Alias, Mapping, Scalar, Sequence


class Copy(Struct, frozen=True):
    """A scalar like `node` but for its value: what was plain stays plain, what was quoted stays quoted."""

    node: Scalar
    value: str


class Reference(Struct, frozen=True):
    """Another alias of what `alias` is one of."""

    alias: Alias


class Items(Struct, frozen=True):
    """A sequence to be written."""

    values: tuple[Value, ...]


class Pairs(Struct, frozen=True):
    """A mapping to be written; keys are text, `<<` is the merge key."""

    values: tuple[tuple[str, Value], ...]


class Lines(Struct, frozen=True):
    """The value of a key of a mapping in block style, written by these lines, its key and comments among them.

    They are written as they are, less the indentation of the key. `means` is what they have to be read as, and what is
    written instead where there are brackets around.
    """

    texts: tuple[str, ...]
    means: Value


Value: TypeAlias = "str | Copy | Reference | Items | Pairs | Lines"
"""A `str` is always written so that it is read back as a string, quoted where it has to be."""


class SetText(Struct, frozen=True):
    """Replace `node.value[start:end]` by `text`; the way in which the scalar is written stays."""

    node: Scalar
    start: int
    end: int
    text: str


class InsertItem(Struct, frozen=True):
    """Put `value` before the item at `index`, or at the end; of several at one place, the lower rank comes first."""

    sequence: Sequence
    index: int
    value: Value
    rank: int = 0


class InsertPair(Struct, frozen=True):
    """Put `key: value` before the pair at `index`, or at the end.

    Of several at one place, the lower rank comes first.
    """

    mapping: Mapping
    index: int
    key: str
    value: Value
    rank: int = 0


class Replace(Struct, frozen=True):
    """Put `value` in place of the whole value of a pair of `mapping`, in flow style when `flow`."""

    mapping: Mapping
    index: int
    value: Value
    flow: bool = False


class RemovePairs(Struct, frozen=True):
    """Take pairs out of a mapping, with the comments right above their keys and those within their values.

    At least one stays or is put in. `indexes` ascend, and no other edit takes pairs out of this mapping.
    """

    mapping: Mapping
    indexes: tuple[int, ...]


Edit: TypeAlias = SetText | InsertItem | InsertPair | Replace | RemovePairs


class Splice(Struct, frozen=True, order=True):
    """`text[start:end]` becomes `replacement`. `rank` orders insertions at one place."""

    start: int
    end: int
    rank: tuple[int, ...]
    replacement: str


class InexpressibleError(Exception):
    """An edit has no form in this text that would keep all the rest. The caller declines it with this reason."""
