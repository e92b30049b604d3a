"""Whether the record of the last run and the files still agree, so that it can be taken back, and repeated."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls import rollback
from aicos_tls.disk import STATE_DIRECTORY
from aicos_tls.doctor.model import Finding, Severity
from aicos_tls.errors import Where
from aicos_tls.files import read_if_there
from aicos_tls.pki.layout import CA_NAME, certificate_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from aicos_tls.files import TextFile


_WRITTEN = frozenset({"Compose files", "URLs", "Secrets", "Code"})
"""The groups of checks about lines that a run writes: what is wrong there is why record and file differ."""


class Recorded(Struct, frozen=True):
    """What is known of the last run: its record, what taking it back would come to, and what `enable` would change.

    `override` is the override file that docker compose has to read, of all `compose_files` the last one (paths from the
    project directory); `used` says whether it does so by itself.
    """

    directory: Path
    record: rollback.Record | None
    undo: rollback.Undo | None
    would_change: tuple[Path, ...] = ()
    override: Path | None = None
    compose_files: tuple[str, ...] = ()
    used: bool = True


def interrupted(directory: Path) -> Finding:
    """The finding that stands for all others while a run is half done."""
    where = Where(directory / STATE_DIRECTORY)
    text = "a run was interrupted: some files are new and some are not"
    return Finding(
        "run-interrupted", text, "aicos-tls enable, or aicos-tls rollback: either puts things in order", where
    )


def override_gone(override: Path) -> Finding:
    """The finding that stands for all others while everything that the last run wrote is gone."""
    text = "the override file, which has all that TLS needs, is gone"
    return Finding("override-gone", text, "aicos-tls enable --override writes it anew", Where(override))


def check(recorded: Recorded, others: Sequence[Finding]) -> Iterator[Finding]:
    """Yield where record and files differ; what `others` say about a file already is not said twice."""
    faults = {f.where.path for f in others if f.where and f.severity is Severity.FAULT and f.group in _WRITTEN}
    if recorded.record is None:
        where = Where(recorded.directory / STATE_DIRECTORY / rollback.RECORD_NAME)
        text = "there is no record of a run, so nothing can be rolled back"
        yield Finding("record-gone", text, "put .aicos-tls back from your version control, if it was there", where)
    yield from _blocked(recorded, faults)
    yield from _certificates(recorded, {f.where.path for f in others if f.where})
    if recorded.override is not None and not recorded.used:
        yield _unused(recorded.override, recorded.compose_files)
    keys_told = any(f.check == "key-in-image" for f in others)
    for path in () if recorded.undo and recorded.undo.blocked else recorded.would_change:
        if path not in faults and not (keys_told and path.name.endswith(".dockerignore")):
            text = "enable would change this file"
            yield Finding("plan-differs", text, "see: aicos-tls enable --dry-run", Where(path))


def _blocked(recorded: Recorded, told: set[Path]) -> Iterator[Finding]:
    for blocked in recorded.undo.blocked if recorded.undo else ():
        path = recorded.directory / blocked.path
        if isinstance(blocked, rollback.Missing):
            text = "a file that the last run changed is gone"
            yield Finding("record-file-gone", text, f"put it back, or remove {STATE_DIRECTORY}", Where(path))
        elif path not in told:
            text = "a line that was changed for TLS was changed by hand since: it cannot be rolled back"
            todo = "see both sides: aicos-tls rollback --dry-run"
            yield Finding("record-conflict", text, todo, Where(path, blocked.clashes[0].line))


def _certificates(recorded: Recorded, told: set[Path]) -> Iterator[Finding]:
    for certificate in recorded.record.certificates if recorded.record else ():
        path = recorded.directory / certificate.path
        if path in told or not os.path.isfile(path):  # noqa: PTH113 - pathlib raises without permission
            continue
        file = read_if_there(path)
        if file and file.digest != certificate.sha256 and not _renewed(file):
            text = "this is not the certificate that was issued here: `rollback --certs` will keep it"
            yield Finding("record-certificate", text, "nothing, if you put it there", Where(path))


def _renewed(file: TextFile) -> bool:
    """Whether it is the successor of a certificate that was issued here: renewals are not recorded."""
    from aicos_tls.pki.own import is_renewed

    authority = read_if_there(certificate_path(file.path.parent, CA_NAME))
    return authority is not None and is_renewed(file.raw, authority.raw)


def _unused(override: Path, compose_files: tuple[str, ...]) -> Finding:
    text = f"docker compose does not read {override.name} by itself: `docker compose up` would start without TLS"
    files = " ".join(f"-f {name}" for name in compose_files)
    todo = f"write COMPOSE_FILE={':'.join(compose_files)} into .env, or start with: docker compose {files} up -d"
    return Finding("override-unused", text, todo, Where(override))
