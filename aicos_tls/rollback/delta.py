"""The old bytes of a place told by its new ones: what both have is a reference, only what is gone stands in clear.

A change of `http` to `https` in `API_URL=http://bob:secret@api` is kept as "bytes 0 to 12, then bytes 13 to the end": a
record made of such pieces holds no password of an address that was changed, because it stands in the new text, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Piece = bytes | tuple[int, int]
"""Bytes as they are, or offset and length (bytes) of a part of the new text."""

_SHORTEST: Final = 4
"""Shortest part, in bytes, that is worth a reference. Shorter ones say nothing of what stands around them."""
_STEP: Final = 256


def pieces(old: bytes, new: bytes) -> tuple[Piece, ...]:
    """What `old` is made of, as far as possible of parts of `new`; takes time in proportion to both."""
    places: dict[bytes, int] = {}
    for at in range(len(new) - _SHORTEST + 1):
        places.setdefault(new[at : at + _SHORTEST], at)
    found: list[Piece] = []
    at = done = ahead = 0
    while at <= len(old) - _SHORTEST:
        start = old[at : at + _SHORTEST]
        source = ahead if new[ahead : ahead + _SHORTEST] == start else places.get(start)
        if source is None:
            at += 1
            continue
        length = _common(old, at, new, source)
        found += [old[done:at]] * (done < at)
        found.append((source, length))
        at = done = at + length
        ahead = source + length
    return (*found, old[done:]) if done < len(old) else tuple(found)


def _common(old: bytes, at: int, new: bytes, source: int) -> int:
    """How many bytes are the same from there on."""
    length, step = 0, _STEP
    while step:
        part = old[at + length : at + length + step]
        if len(part) == step and part == new[source + length : source + length + step]:
            length += step
        else:
            step //= 2
    return length


def assemble(parts: Iterable[Piece], new: bytes) -> bytes:
    """The old bytes."""
    return b"".join(part if isinstance(part, bytes) else new[part[0] : part[0] + part[1]] for part in parts)


def shown(parts: Sequence[Piece]) -> bytes:
    """The old bytes for a reader who has the new ones: `…` stands for what is the same."""
    return b"".join(part if isinstance(part, bytes) else "…".encode() for part in parts)
