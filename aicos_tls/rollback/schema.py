r"""The record as JSON: written so that it reads and compares well, read with distrust.

A record may come from a repository that somebody else wrote, or from a merge that went wrong. Whatever is not exactly
what this version writes is refused. Lines that are not UTF-8 survive as lone surrogates (PEP 383), written `\\udcxx`.
"""

from __future__ import annotations

import json
import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast, get_args

from aicos_tls.errors import TlsError, Where
from aicos_tls.rollback import outline
from aicos_tls.rollback.location import is_inside
from aicos_tls.rollback.record import Certificate, FileRecord, Kind, Record
from aicos_tls.rollback.runs import Run

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

T = TypeVar("T")

SCHEMA: Final = 1
"""Version of the form of the record; a change that older versions of the tool would misread makes it one more."""

_DIGEST = re.compile(r"[0-9a-f]{64}")
_MODE = re.compile(r"[0-7]{4}")
_OUTLINE = re.compile(rf"(?:[A-Za-z0-9_-]{{{outline.TOKEN_LENGTH}}})*")


class _InvalidError(ValueError):
    """The place in the record that is not as it must be."""


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
    return {
        "path": file.path,
        "kind": file.kind,
        "before": file.before,
        "after": file.after,
        "mode": f"{file.mode:04o}",
        "outline": file.outline,
        "runs": [{"line": run.line, "after": _text(run.after), "before": _text(run.before)} for run in file.runs],
    }


def _text(lines: Sequence[bytes]) -> list[str]:
    return [line.decode("utf-8", "surrogateescape") for line in lines]


def from_json(data: bytes, path: Path) -> Record:
    """The record in `data`, read from `path`; raises `TlsError` for anything but a record that this version wrote."""
    try:
        value = json.loads(data.decode("ascii"), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise _refusal("it is not JSON, or not all of it", path) from None
    if isinstance(value, dict) and type(value.get("schema")) is int and value["schema"] > SCHEMA:
        raise TlsError(
            f"the record was written by a newer version (form {value['schema']}, this one knows {SCHEMA})",
            where=Where(path),
            hint="upgrade aicos-tls, then roll back",
        )
    try:
        return _record(value)
    except _InvalidError as error:
        raise _refusal(str(error), path) from None


def _refusal(what: str, path: Path) -> TlsError:
    return TlsError(
        f"the record cannot be used: {what}",
        where=Where(path),
        hint="take it from your version control, or undo the run with the patch beside it",
    )


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _record(value: object) -> Record:
    data = _object(value, "the record", ("schema", "tool", "policy", "names", "certificates", "files"))
    if type(data["schema"]) is not int or data["schema"] != SCHEMA:
        raise _InvalidError("its schema is unknown")
    files = tuple(_list(data["files"], "files", _file))
    if len({file.path for file in files}) < len(files):
        raise _InvalidError("files names one path twice")
    return Record(
        _string(data["tool"], "tool"),
        _mapping(data["policy"], "policy"),
        {name: _string(short, "names") for name, short in _mapping(data["names"], "names").items()},
        tuple(_list(data["certificates"], "certificates", _certificate)),
        files,
    )


def _certificate(value: object) -> Certificate:
    data = _object(value, "a certificate", ("path", "sha256"))
    return Certificate(_string(data["path"], "a certificate's path"), _matching(data["sha256"], "sha256", _DIGEST))


def _file(value: object) -> FileRecord:
    data = _object(value, "a file", ("path", "kind", "before", "after", "mode", "outline", "runs"))
    path = _string(data["path"], "a path")
    if not is_inside(path):
        raise _InvalidError(f"the path {path!r} leads out of the project")
    if data["kind"] not in get_args(Kind):
        raise _InvalidError(f"the kind of {path} is unknown")
    file = FileRecord(
        path,
        cast("Kind", data["kind"]),
        _digest(data["before"], path),
        _digest(data["after"], path),
        int(_matching(data["mode"], f"the mode of {path}", _MODE), 8),
        _matching(data["outline"], f"the outline of {path}", _OUTLINE),
        tuple(_list(data["runs"], f"the runs of {path}", _run)),
    )
    _check_file(file)
    return file


def _check_file(file: FileRecord) -> None:
    digests = {"text": (True, True), "env": (False, False), "created": (False, True)}[file.kind]
    if (file.before is not None, file.after is not None) != digests or (file.kind == "created" and file.outline):
        raise _InvalidError(f"{file.path} has what a file of its kind does not have")
    if file.kind == "created" and any(run.line != 1 or run.before for run in file.runs):
        raise _InvalidError(f"{file.path} was there before the run that created it")
    length = len(file.tokens)
    if any(run.end > length or run.line < 1 for run in file.runs) or any(
        second.start <= first.end for first, second in pairwise(file.runs)
    ):
        raise _InvalidError(f"the runs of {file.path} overlap or lie outside of it")


def _run(value: object) -> Run:
    data = _object(value, "a run", ("line", "after", "before"))
    if type(data["line"]) is not int:
        raise _InvalidError("a line is no whole number")
    run = Run(data["line"], _lines(data["after"]), _lines(data["before"]))
    if run.after == run.before:
        raise _InvalidError("a run changes nothing")
    return run


def _lines(value: object) -> tuple[bytes, ...]:
    lines = _list(value, "the lines of a run", _line)
    if any(not line.endswith(b"\n") for line in lines[:-1]):
        raise _InvalidError("a line has no end")
    return tuple(lines)


def _line(value: object) -> bytes:
    try:
        line = _string(value, "a line").encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise _InvalidError("a line is no text") from None
    if not line or b"\n" in line[:-1]:
        raise _InvalidError("a line is no single line")
    return line


def _digest(value: object, path: str) -> str | None:
    return None if value is None else _matching(value, f"the digest of {path}", _DIGEST)


def _matching(value: object, what: str, pattern: re.Pattern[str]) -> str:
    text = _string(value, what)
    if not pattern.fullmatch(text):
        raise _InvalidError(f"{what} is malformed")
    return text


def _string(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise _InvalidError(f"{what} is no text")
    return value


def _list(value: object, what: str, item: Callable[[object], T]) -> list[T]:
    if not isinstance(value, list):
        raise _InvalidError(f"{what} is no list")
    return [item(one) for one in value]


def _mapping(value: object, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _InvalidError(f"{what} is no object")
    return value


def _object(value: object, what: str, keys: Sequence[str]) -> dict[str, Any]:
    data = _mapping(value, what)
    if set(data) != set(keys):
        raise _InvalidError(f"{what} does not have exactly {', '.join(keys)}")
    return data
