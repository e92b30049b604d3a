"""What a run wrote, as data: enough to take it back, and nothing that may not be committed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from aicos_tls.errors import InternalError
from aicos_tls.files import sha256
from aicos_tls.rollback import outline
from aicos_tls.rollback.location import wrong_path
from aicos_tls.rollback.runs import split
from aicos_tls.rollback.traces import env_traces, text_traces

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aicos_tls.rollback.traces import Trace

Kind = Literal["text", "env", "created"]
"""An ordinary file, one whose unchanged lines must not be seen, or one that was not there before."""


class FileChange(Struct, frozen=True):
    """One file of a run. `path` is POSIX and relative to the project; `before` is None exactly for "created"."""

    path: str
    kind: Kind
    before: bytes | None
    after: bytes
    mode: int = 0o644


class FileRecord(Struct, frozen=True):
    """What is kept of one changed file. `before` and `after` are SHA-256; an env file has none."""

    path: str
    kind: Kind
    before: str | None
    after: str | None
    mode: int
    outline: str
    """The tokens of all lines of the text after."""
    traces: tuple[Trace, ...]

    @property
    def tokens(self) -> list[str]:
        """One token for each line of the text after."""
        return outline.divide(self.outline)

    def tokens_of(self, lines: Iterable[bytes]) -> list[str]:
        """The tokens that these lines have in this file."""
        return outline.tokens(lines, self.path, env=self.kind == "env")


class Certificate(Struct, frozen=True):
    """An issued certificate: its file (POSIX, as configured) and the SHA-256 of that file. Never of a key."""

    path: str
    sha256: str


class Record(Struct, frozen=True):
    """One run. `policy` is made of JSON values; `names` maps services to the short names that were chosen for them."""

    tool: str
    policy: dict[str, Any]
    names: dict[str, str]
    certificates: tuple[Certificate, ...]
    files: tuple[FileRecord, ...]


def make_record(
    changes: Iterable[FileChange],
    *,
    tool: str,
    policy: Mapping[str, object],
    names: Mapping[str, str],
    certificates: Iterable[Certificate] = (),
) -> Record:
    """The record of a run of the version `tool`; files that did not change are left out, the order is by path."""
    changed = [change for change in changes if change.before != change.after]
    return Record(
        tool,
        json.loads(json.dumps(dict(policy), allow_nan=False)),
        dict(names),
        tuple(sorted(certificates, key=lambda certificate: certificate.path)),
        tuple(sorted((_file(change) for change in changed), key=lambda file: file.path)),
    )


def _file(change: FileChange) -> FileRecord:
    if (change.before is None) != (change.kind == "created") or wrong_path(change.path):
        raise InternalError(f"no such change can be recorded: {change.kind} {change.path}")
    before = change.before or b""
    env = change.kind == "env"
    return FileRecord(
        change.path,
        change.kind,
        None if env or change.before is None else sha256(before),
        None if env else sha256(change.after),
        change.mode,
        "".join(outline.tokens(split(change.after), change.path, env=env)),
        env_traces(change.after, before) if env else text_traces(change.after, before),
    )
