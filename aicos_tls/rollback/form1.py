"""Records in form 1: they hold the changed lines themselves. Read, never written.

What such a record says of a file becomes what this version would have kept of it, under the same rules: of an env file
it may say that an `s` or a port was put in, and nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.rollback import outline
from aicos_tls.rollback.envlines import env_line, insertions
from aicos_tls.rollback.record import FileRecord, Kind, Record
from aicos_tls.rollback.runs import Run
from aicos_tls.rollback.schema import Digest, Head, Mode, Number, Outline, RecordError, checked, converted, with_head
from aicos_tls.rollback.traces import EnvTrace, TextTrace, text_trace

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class _Run(Struct, frozen=True, forbid_unknown_fields=True):
    line: Number
    after: list[str]
    before: list[str]


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    path: str
    kind: Kind
    before: Digest | None
    after: Digest | None
    mode: Mode
    outline: Outline
    runs: list[_Run]


class _Record(Head, frozen=True, forbid_unknown_fields=True):
    files: list[_File]


_DIGESTS = {"text": (True, True), "env": (False, False), "created": (False, True)}
"""Whether a file of each kind has a digest from before the run, and one from after it."""


def record(value: object) -> Record:
    """The record in the parsed JSON `value`; raises `RecordError`."""
    found = converted(value, _Record)
    return with_head(found, [_file(file, f"$.files[{index}]") for index, file in enumerate(found.files)])


def _file(file: _File, place: str) -> FileRecord:
    created = file.kind == "created"
    runs = [_run(run, f"{place}.runs[{index}]") for index, run in enumerate(file.runs)]
    if (file.before is not None, file.after is not None) != _DIGESTS[file.kind] or (created and file.outline):
        raise RecordError(f"this is not what a file of the kind {file.kind} has - at `{place}`")
    if created and (len(runs) > 1 or any(run.line != 1 or run.before for run in runs)):
        raise RecordError(f"a file that was made has lines from before - at `{place}.runs`")
    words = "".join(outline.tokens([line for run in runs for line in run.after], file.path, env=False))
    traces: tuple[TextTrace | EnvTrace, ...] = tuple(map(text_trace, runs))
    if file.kind == "env":
        traces = tuple(_env(run, f"{place}.runs[{index}]") for index, run in enumerate(runs))
    made = FileRecord(
        file.path,
        file.kind,
        file.before,
        file.after,
        int(file.mode, 8),
        words if created else file.outline,
        traces,
    )
    return checked(made, place)


def _run(run: _Run, place: str) -> Run:
    after, before = tuple(_lines(run.after, place)), tuple(_lines(run.before, place))
    if after == before:
        raise RecordError(f"a run changes nothing - at `{place}`")
    return Run(run.line, after, before)


def _lines(texts: Sequence[str], place: str) -> Iterator[bytes]:
    for index, text in enumerate(texts):
        try:
            line = text.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            raise RecordError(f"this is no text - at `{place}`") from None
        if not line or b"\n" in line[:-1] or (index + 1 < len(texts) and not line.endswith(b"\n")):
            raise RecordError(f"this is no single line - at `{place}`")
        yield line


def _env(run: Run, place: str) -> EnvTrace:
    lines = []
    for line, was in zip(run.after, run.before, strict=False):
        if not (found := insertions(was, line)):
            raise RecordError(f"only an `s` or a port is put into an env file - at `{place}`")
        lines.append(env_line(line, found))
    if len(run.after) != len(run.before):
        raise RecordError(f"no line is put into an env file, or taken out of it - at `{place}`")
    return EnvTrace(run.line, tuple(lines))
