"""The way back as unified diffs, for people who do not have this tool at hand or would rather read what goes.

`patch` covers ordinary files, with three lines of context, and is accepted by `git apply` and `patch -p1` in the
directory of the compose file. `env_patch` covers env files without any context, since the lines beside a changed one
are nobody's business; `patch -p1` takes it as it is, git wants `git apply --unidiff-zero`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from aicos_tls.rollback.runs import differences, split

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from aicos_tls.rollback.record import FileChange
    from aicos_tls.rollback.runs import Run

_CONTEXT: Final = 3
_NO_NEWLINE: Final = b"\n\\ No newline at end of file\n"


def patch(changes: Iterable[FileChange]) -> bytes:
    """The patch from the new to the old bytes of all files but env files; empty when there are none."""
    return _patch([change for change in changes if change.kind != "env"], _CONTEXT)


def env_patch(changes: Iterable[FileChange]) -> bytes:
    """The same for env files; no unchanged line is in it. Empty when there are none."""
    return _patch([change for change in changes if change.kind == "env"], 0)


def _patch(changes: Sequence[FileChange], context: int) -> bytes:
    changed = sorted((change for change in changes if change.before != change.after), key=lambda change: change.path)
    return b"".join(unified(change.path, change.after, change.before, context) for change in changed)


def unified(path: str, one: bytes | None, other: bytes | None, context: int) -> bytes:
    """The diff from `one` to `other` with `context` lines around each change; None stands for no file at all."""
    lines = split(one or b"")
    names = [b"/dev/null" if data is None else _name(f"{side}/{path}") for side, data in (("a", one), ("b", other))]
    hunks = [_render(hunk, lines, context) for hunk in _hunks(differences(lines, split(other or b"")), context)]
    return b"".join([b"--- ", names[0], b"\n+++ ", names[1], b"\n", *hunks])


def _name(path: str) -> bytes:
    """As git writes it: in quotes when it has control characters, with a tab behind it when it has blanks."""
    if any(character < " " or character in '"\\\x7f' for character in path):
        escaped = "".join(
            f"\\{ord(character):03o}" if character < " " or character in '"\\\x7f' else character for character in path
        )
        path = f'"{escaped}"'
    return path.encode("utf-8", "surrogateescape") + (b"\t" if " " in path else b"")


class _Hunk(Struct, frozen=True):
    """Runs that stand so close that their contexts touch; `shift` is what the lines before them gained going back."""

    runs: list[Run]
    shift: int


def _hunks(runs: Sequence[Run], context: int) -> list[_Hunk]:
    hunks: list[_Hunk] = []
    shift = 0
    for run in runs:
        if not hunks or run.start - hunks[-1].runs[-1].end > 2 * context:
            hunks.append(_Hunk([], shift))
        hunks[-1].runs.append(run)
        shift += len(run.before) - len(run.after)
    return hunks


def _render(hunk: _Hunk, after: Sequence[bytes], context: int) -> bytes:
    start = max(0, hunk.runs[0].start - context)
    end = min(len(after), hunk.runs[-1].end + context)
    gain = sum(len(run.before) - len(run.after) for run in hunk.runs)
    head = f"@@ -{_range(start, end - start)} +{_range(start + hunk.shift, end - start + gain)} @@\n"
    body: list[bytes] = []
    for run in hunk.runs:
        body += [_line(b" ", line) for line in after[start : run.start]]
        body += [_line(b"-", line) for line in run.after]
        body += [_line(b"+", line) for line in run.before]
        start = run.end
    body += [_line(b" ", line) for line in after[start:end]]
    return b"".join([head.encode("ascii"), *body])


def _range(start: int, length: int) -> str:
    """An empty range is named by the line in front of it (POSIX diff -u)."""
    return f"{start + 1 if length else start},{length}"


def _line(sign: bytes, line: bytes) -> bytes:
    return sign + line if line.endswith(b"\n") else sign + line + _NO_NEWLINE
