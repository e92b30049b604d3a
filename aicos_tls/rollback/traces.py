"""What a record keeps of each run of changed lines: enough to know the new lines and to make the old ones of them.

Neither form holds a value that it could do without. Of a text the new lines are known by a digest, and the old ones are
told by them (see `delta`). Of an env file, whose values are nobody's business and which is not in git as the others
are, not even a digest is kept (see `envlines`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.errors import InternalError, TlsError
from aicos_tls.files import sha256
from aicos_tls.rollback import delta
from aicos_tls.rollback.envlines import EnvLine, env_line, insertions
from aicos_tls.rollback.runs import Run, differences, split

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aicos_tls.rollback.delta import Piece


class Lines(Struct, frozen=True):
    """Some lines, by their number and the SHA-256 of their bytes."""

    count: int
    sha256: str

    def are(self, lines: Sequence[bytes]) -> bool:
        """Whether these are the lines."""
        return len(lines) == self.count and sha256(b"".join(lines)) == self.sha256


class TextTrace(Struct, frozen=True):
    """A run of a text: from `line` on (from 1, in the new text) it wrote `wrote`, where `was` stood before."""

    line: int
    wrote: Lines
    was: Lines
    pieces: tuple[Piece, ...]

    @property
    def count(self) -> int:
        """How many lines were written."""
        return self.wrote.count

    @property
    def was_count(self) -> int:
        """How many lines stood there before."""
        return self.was.count

    def undone(self, lines: Sequence[bytes]) -> tuple[bytes, ...] | None:
        """The lines from before; None when `lines` are not those that the run wrote. `TlsError` for false pieces."""
        if not self.wrote.are(lines):
            return None
        old = tuple(split(delta.assemble(self.pieces, b"".join(lines))))
        if not self.was.are(old):
            raise TlsError("the record contradicts itself", hint="take one version of it from your version control")
        return old

    def stood(self, lines: Sequence[bytes]) -> bool:
        """Whether `lines` are those from before."""
        return self.was.are(lines)

    def shown(self) -> tuple[bytes, ...]:
        """The lines from before as far as the record has them; `…` stands for what the new ones have, too.

        Nothing where it has no more than that.
        """
        has_words = any(isinstance(piece, bytes) and piece.strip() for piece in self.pieces)
        return tuple(split(delta.shown(self.pieces))) if has_words else ()


class EnvTrace(Struct, frozen=True):
    """A run of an env file: each of its lines, from `line` on (from 1)."""

    line: int
    lines: tuple[EnvLine, ...]

    @property
    def count(self) -> int:
        """How many lines were changed."""
        return len(self.lines)

    @property
    def was_count(self) -> int:
        """As many lines stood there before."""
        return len(self.lines)

    def undone(self, lines: Sequence[bytes]) -> tuple[bytes, ...] | None:
        """The lines from before; None when `lines` are not those that the run wrote."""
        pairs = zip(self.lines, lines, strict=False)
        old = tuple(found for mine, line in pairs if (found := mine.undone(line)) is not None)
        return old if len(old) == len(lines) == len(self.lines) else None

    def stood(self, lines: Sequence[bytes]) -> bool:
        """Whether `lines` are those from before."""
        return len(lines) == len(self.lines) and all(m.was(n) for m, n in zip(self.lines, lines, strict=True))

    def shown(self) -> tuple[bytes, ...]:
        """The names; values are not for showing."""
        return tuple(line.name + "…\n".encode() for line in self.lines)


Trace = TextTrace | EnvTrace


def text_traces(new: bytes, old: bytes) -> tuple[TextTrace, ...]:
    """The traces of a text that was `old` and is `new`."""
    return tuple(map(text_trace, differences(split(new), split(old))))


def text_trace(run: Run) -> TextTrace:
    """The trace of one run of lines."""
    new, old = b"".join(run.after), b"".join(run.before)
    return TextTrace(
        run.line,
        Lines(len(run.after), sha256(new)),
        Lines(len(run.before), sha256(old)),
        delta.pieces(old, new),
    )


def env_traces(new: bytes, old: bytes) -> tuple[EnvTrace, ...]:
    """The traces of an env file; raises `InternalError` for a change that no rule makes of one."""
    after, before = split(new), split(old)
    changed: list[tuple[int, EnvLine]] = []
    for number, (line, was) in enumerate(zip(after, before, strict=False), 1):
        if line != was:
            inserted = insertions(was, line)
            if not inserted:
                raise InternalError(f"no such change of an env file can be recorded: line {number}")
            changed.append((number, env_line(line, inserted)))
    if len(after) != len(before):
        raise InternalError("no such change of an env file can be recorded: lines were added or removed")
    return tuple(grouped(changed))


def grouped(lines: Sequence[tuple[int, EnvLine]]) -> Iterator[EnvTrace]:
    """Yield lines that follow each other as one run; `lines` are numbered from 1 and rising."""
    group: list[EnvLine] = []
    for index, (number, line) in enumerate(lines):
        group.append(line)
        if index + 1 == len(lines) or lines[index + 1][0] != number + 1:
            yield EnvTrace(number - len(group) + 1, tuple(group))
            group = []
