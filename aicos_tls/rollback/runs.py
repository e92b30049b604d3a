"""Lines with their ends, and the runs of lines in which two texts differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.rollback.align import align

if TYPE_CHECKING:
    from collections.abc import Sequence


class Run(Struct, frozen=True):
    """Lines of the text after a run, and what stood in their place before; one of the two may be empty.

    `line` counts from 1 in the text after; with no lines there it is the line that `before` stood in front of.
    """

    line: int
    after: tuple[bytes, ...]
    before: tuple[bytes, ...]

    @property
    def start(self) -> int:
        """Index (from 0) of the first line in the text after."""
        return self.line - 1

    @property
    def end(self) -> int:
        """Index (from 0) behind the last line in the text after."""
        return self.start + len(self.after)


def split(data: bytes) -> list[bytes]:
    r"""The lines of `data` with their ends; only `\\n` ends a line, and the last one may lack it."""
    lines = [line + b"\n" for line in data.split(b"\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines


def differences(after: Sequence[bytes], before: Sequence[bytes]) -> list[Run]:
    """The runs in which two texts differ, from the top; between two of them stands at least one common line."""
    runs: list[Run] = []
    start = before_start = 0
    for common, before_common in (*align(after, before).items(), (len(after), len(before))):
        if common > start or before_common > before_start:
            runs.append(Run(start + 1, tuple(after[start:common]), tuple(before[before_start:before_common])))
        start, before_start = common + 1, before_common + 1
    return runs
