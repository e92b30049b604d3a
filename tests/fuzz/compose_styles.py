"""The planner over compose files in random styles: the bytes of the fuzzer are what the grammar of `compose_texts` draws.

Bytes alone seldom come to services that ask each other through anchors, quotes and brackets; the grammar always does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from compose_texts import texts
from fuzz import enabling
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKENS = ("\0\0\0\0", "\1\1\1\1", "\1\0\1\0", "\xff\xff")


def seeds() -> Iterator[bytes]:
    """Yield a few buffers: there is no way from a text to the bytes that draw it."""
    yield from (bytes([n]) * 512 for n in (0, 1, 2, 3, 5, 7))
    yield from (bytes((n * step) % 256 for n in range(1024)) for step in (1, 3, 7, 31, 97))


@given(st.sampled_from(["", "\1", "\2", "\3", "\4", "\5"]), texts())
def _law(flags: str, text: bytes) -> None:
    enabling.check(flags.encode() + b"\0" + text)


def check(data: bytes) -> None:
    """Draw a text from `data` and hold it to the laws."""
    cast("Any", _law).hypothesis.fuzz_one_input(data)
