r"""The record as JSON: written so that it reads and compares well, read with distrust.

A record may come from a repository that somebody else wrote, or from a merge that went wrong. Whatever is not exactly
what this program writes is refused, with its place in the file. Bytes that are not UTF-8 survive as lone surrogates
(PEP 383), written `\\udcxx`. Form 1, which held the changed lines themselves, is still read (see `form1`).
"""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta, Struct

from aicos_tls.errors import TlsError, Where
from aicos_tls.rollback import delta, outline
from aicos_tls.rollback.envlines import INSERTION, EnvLine
from aicos_tls.rollback.location import wrong_path
from aicos_tls.rollback.record import Certificate, FileRecord, Record
from aicos_tls.rollback.traces import EnvTrace, Lines, TextTrace, grouped

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

SCHEMA: Final = 2
"""Version of the form of the record; a change that older versions of the tool would misread makes it one more."""
MAX_BYTES: Final = 4 * 1024 * 1024
"""Largest record that is read or written: that of 200,000 changed lines."""

LARGEST_FILE: Final = 32 * 1024 * 1024
"""Bytes that the lines from before may come to: no file that is changed is so large."""

Digest = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
Mode = Annotated[str, Meta(pattern=r"\A[0-7]{4}\Z")]
Outline = Annotated[str, Meta(pattern=rf"\A(?:[A-Za-z0-9_-]{{{outline.TOKEN_LENGTH}}})*\Z")]
Number = Annotated[int, Meta(ge=1, le=MAX_BYTES)]
Count = Annotated[int, Meta(ge=0, le=MAX_BYTES)]
Short = Annotated[str, Meta(max_length=4096, pattern=r"\A[^\x00-\x1f\x7f-\x9f]*\Z")]
"""A name or a value of the policy: text without control characters."""
PolicyValue = bool | int | Short | list[Short] | None
_CERTIFICATES = "cert|node-extra-ca-certs|ssl-cert-file|curl-ca-bundle|requests-ca-bundle"
CertificateName = Annotated[
    str, Meta(max_length=4096, pattern=rf"\A(?:[^\x00]*/)?[A-Za-z0-9._-]+-(?:{_CERTIFICATES})\.pem\Z")
]


class RecordError(ValueError):
    """What in the record is not as it must be, with its place (JSON path)."""


class _Lines(Struct, frozen=True, forbid_unknown_fields=True):
    lines: Count
    sha256: Digest


class _Run(Struct, frozen=True, forbid_unknown_fields=True):
    line: Number
    wrote: _Lines
    was: _Lines
    pieces: list[str | tuple[Count, Number]]


class _EnvLine(Struct, frozen=True, forbid_unknown_fields=True):
    line: Number
    name: str
    inserted: Annotated[list[tuple[Count, str]], Meta(min_length=1)]


class _Text(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="text"):
    path: str
    before: Digest
    after: Digest
    mode: Mode
    outline: Outline
    runs: list[_Run]


class _Env(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="env"):
    path: str
    mode: Mode
    outline: Outline
    lines: list[_EnvLine]


class _Created(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="created"):
    path: str
    after: Digest
    mode: Mode
    outline: Outline


class _Certificate(Struct, frozen=True, forbid_unknown_fields=True):
    path: CertificateName
    sha256: Digest


class Head(Struct, frozen=True, forbid_unknown_fields=True):
    """What both forms have."""

    schema: int
    tool: Short
    policy: dict[Short, PolicyValue]
    names: dict[Short, Annotated[str, Meta(max_length=255, pattern=r"\A[A-Za-z0-9._-]+\Z")]]
    certificates: list[_Certificate]


class _Record(Head, frozen=True, forbid_unknown_fields=True):
    files: list[_Text | _Env | _Created]


def to_json(record: Record) -> bytes:
    """The record as ASCII JSON with a final newline; the same record gives the same bytes."""
    data = {
        "schema": SCHEMA,
        "tool": record.tool,
        "policy": record.policy,
        "names": record.names,
        "certificates": [{"path": item.path, "sha256": item.sha256} for item in record.certificates],
        "files": [_file_data(file) for file in record.files],
    }
    return json.dumps(data, indent=1).encode("ascii") + b"\n"


def _file_data(file: FileRecord) -> dict[str, object]:
    head: dict[str, object] = {"path": file.path, "kind": file.kind}
    tail = {"mode": f"{file.mode:04o}", "outline": file.outline}
    if file.kind == "created":
        return {**head, "after": file.after, **tail}
    if file.kind == "env":
        lines = [
            {
                "line": trace.line + index,
                "name": _text(line.name),
                "inserted": [[at, _text(what)] for at, what in line.inserted],
            }
            for trace in file.traces
            if isinstance(trace, EnvTrace)
            for index, line in enumerate(trace.lines)
        ]
        return {**head, **tail, "lines": lines}
    runs = [
        {
            "line": trace.line,
            "wrote": {"lines": trace.wrote.count, "sha256": trace.wrote.sha256},
            "was": {"lines": trace.was.count, "sha256": trace.was.sha256},
            "pieces": [_text(piece) if isinstance(piece, bytes) else list(piece) for piece in trace.pieces],
        }
        for trace in file.traces
        if isinstance(trace, TextTrace)
    ]
    return {**head, "before": file.before, "after": file.after, **tail, "runs": runs}


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def from_json(data: bytes, path: Path) -> Record:
    """The record in `data`, read from `path`; raises `TlsError` for anything but a record that this program wrote."""
    try:
        return _any_form(_parsed(data), path)
    except RecordError as error:
        raise refusal(str(error), path) from None


def refusal(what: str, path: Path) -> TlsError:
    """The error for a record that cannot be used, and what to do."""
    return TlsError(
        f"the record cannot be used: {what}",
        where=Where(path),
        hint="take it from your version control; if you did not write it, have a look at who did",
    )


def _parsed(data: bytes) -> Any:
    if len(data) > MAX_BYTES:
        raise RecordError(f"it is larger than {MAX_BYTES // 2**20} MiB")
    try:
        return json.loads(data.decode("ascii"), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise RecordError("it is not JSON, or not all of it") from None


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _any_form(value: Any, path: Path) -> Record:
    form = value.get("schema") if isinstance(value, dict) else None
    if type(form) is int and form > SCHEMA:
        raise TlsError(
            f"the record was written by a newer version (form {form}, this one knows {SCHEMA})",
            where=Where(path),
            hint="upgrade aicos-tls, then roll back",
        )
    if type(form) is int and form == 1:
        from aicos_tls.rollback.form1 import record

        return record(value)
    if form != SCHEMA or type(form) is not int:
        raise RecordError("its schema is unknown - at `$.schema`")
    found = converted(value, _Record)
    files = [_file(file, f"$.files[{index}]") for index, file in enumerate(found.files)]
    return with_head(found, files)


Wire = TypeVar("Wire")


def converted(value: object, form: type[Wire]) -> Wire:
    """The parsed JSON as `form`; raises `RecordError` with the place of the first thing that is wrong."""
    try:
        return msgspec.convert(value, form)
    except (msgspec.ValidationError, RecursionError, ValueError) as error:
        raise RecordError(str(error)) from None


def with_head(head: Head, files: Iterable[FileRecord]) -> Record:
    """The record of the parts that all forms share, and of `files`. Raises `RecordError`."""
    listed = tuple(files)
    if len({file.path for file in listed}) < len(listed):
        raise RecordError("one path stands there twice - at `$.files`")
    for index, file in enumerate(listed):
        if reason := wrong_path(file.path):
            raise RecordError(f"{file.path!r} {reason} - at `$.files[{index}].path`")
    return Record(
        head.tool,
        dict(head.policy),
        dict(head.names),
        tuple(Certificate(item.path, item.sha256) for item in head.certificates),
        listed,
    )


def _file(file: _Text | _Env | _Created, place: str) -> FileRecord:
    if isinstance(file, _Created):
        length = len(outline.divide(file.outline))
        lines, nothing = Lines(length, file.after), Lines(0, EMPTY)
        traces: tuple[TextTrace | EnvTrace, ...] = (TextTrace(1, lines, nothing, ()),) if length else ()
        return FileRecord(file.path, "created", None, file.after, int(file.mode, 8), file.outline, traces)
    if isinstance(file, _Env):
        env = _env_traces(file, place)
        return checked(FileRecord(file.path, "env", None, None, int(file.mode, 8), file.outline, env), place)
    runs = tuple(_trace(run, f"{place}.runs[{index}]") for index, run in enumerate(file.runs))
    made = FileRecord(file.path, "text", file.before, file.after, int(file.mode, 8), file.outline, runs)
    return checked(made, place)


EMPTY: Final = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
"""SHA-256 of nothing."""


def checked(file: FileRecord, place: str) -> FileRecord:
    """The file, whose runs lie in it, one behind the other; else `RecordError`."""
    length = len(file.tokens)
    ends = [(trace.line, trace.line + trace.count) for trace in file.traces]
    if any(end > length + 1 for _, end in ends) or any(then[0] <= end for (_, end), then in pairwise(ends)):
        raise RecordError(f"the runs overlap or lie outside of the file - at `{place}`")
    return file


def _trace(run: _Run, place: str) -> TextTrace:
    pieces: list[delta.Piece] = []
    for index, piece in enumerate(run.pieces):
        try:
            pieces.append(piece.encode("utf-8", "surrogateescape") if isinstance(piece, str) else piece)
        except UnicodeEncodeError:
            raise RecordError(f"this is no text - at `{place}.pieces[{index}]`") from None
    if sum(len(piece) if isinstance(piece, bytes) else piece[1] for piece in pieces) > LARGEST_FILE:
        raise RecordError(f"the lines from before would be larger than any file - at `{place}.pieces`")
    if run.wrote == run.was:
        raise RecordError(f"a run changes nothing - at `{place}`")
    return TextTrace(
        run.line, Lines(run.wrote.lines, run.wrote.sha256), Lines(run.was.lines, run.was.sha256), tuple(pieces)
    )


def _env_traces(file: _Env, place: str) -> tuple[EnvTrace, ...]:
    found: list[tuple[int, EnvLine]] = []
    for index, line in enumerate(file.lines):
        here = f"{place}.lines[{index}]"
        try:
            name = line.name.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            raise RecordError(f"this is no text - at `{here}.name`") from None
        if outline.env_name(name) != name or (found and line.line <= found[-1][0]):
            raise RecordError(f"this is no name of a variable, or the lines do not rise - at `{here}`")
        if any(not INSERTION.fullmatch(text) for _, text in line.inserted):
            raise RecordError(f"only an `s` or a port is put into an env file - at `{here}.inserted`")
        columns = [column for column, _ in line.inserted]
        if columns != sorted(set(columns)) or columns[0] < len(name):
            raise RecordError(f"the columns do not rise, or lie in the name - at `{here}.inserted`")
        found.append((line.line, EnvLine(name, tuple((at, text.encode()) for at, text in line.inserted))))
    return tuple(grouped(found))
