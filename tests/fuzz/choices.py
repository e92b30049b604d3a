"""Decisions out of bytes: what a fuzzer changes to try something else. It runs out of them into the first choice."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")


class Choices:
    """Takes one byte for each decision; when none is left every decision is the first."""

    def __init__(self, data: bytes) -> None:
        self._left = iter(data)

    def below(self, limit: int) -> int:
        """A number from 0 to `limit` - 1, at most 255."""
        return next(self._left, 0) % max(limit, 1)

    def place(self, limit: int) -> int:
        """A number from 0 to `limit` - 1, for places in something that may be long."""
        return (next(self._left, 0) + 256 * next(self._left, 0)) % max(limit, 1)

    def pick(self, values: Sequence[T]) -> T:
        """One of `values`."""
        return values[self.below(len(values))]


def divided(data: bytes) -> tuple[Choices, bytes]:
    """The decisions and the text of an input: a NUL, which no text has, stands between them."""
    before, nul, text = data.partition(b"\0")
    return (Choices(before), text) if nul else (Choices(b""), data)
