"""Files of trusted certificates that the run writes: theirs and the CA's (`aicos_tls.serving.bundles`).

They follow the CA: `enable` and `certs issue` write them anew when it is another one. The record has them among the
certificates, so that `rollback --certs` takes them away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls import disk, files, rollback
from aicos_tls.commands.directories import keeping
from aicos_tls.commands.project import Prepared, certs_directory, relative
from aicos_tls.commands.records import CODE_SERVICES
from aicos_tls.errors import TlsError, Where
from aicos_tls.pki import CA_NAME

if TYPE_CHECKING:
    from pathlib import Path

    from aicos_tls.pki.issuing import Issued
    from aicos_tls.rollback import Record


def texts(prepared: Prepared, issued: Issued | None) -> dict[Path, bytes]:
    """The files to be there, by path; without a CA as yet, they hold theirs alone. Raises `TlsError`."""
    if not prepared.bundles:
        return {}
    directory = certs_directory(prepared)
    own = _authority(directory / f"{CA_NAME}-cert.pem", issued)
    return {directory / bundle.name: bundle.theirs.encode() + own for bundle in prepared.bundles}


def _authority(path: Path, issued: Issued | None) -> bytes:
    """The CA's certificate: the one that is made now, else the one that is there."""
    for new in issued.new_files if issued else ():
        if new.path == path:
            return new.data
    there = files.read_if_there(path)
    return there.raw if there else b""


def operations(prepared: Prepared, wanted: dict[Path, bytes]) -> list[disk.Operation]:
    """What writes those that are not there, or are not as they should be. Raises `TlsError` for a file of others."""
    known = {c.path for c in prepared.record.certificates} if prepared.record else set()
    found: list[disk.Operation] = []
    for path, data in wanted.items():
        there = files.read_if_there(path)
        if there is not None and there.raw == data:
            continue
        if there is not None and relative(prepared.directory, path) not in known:
            raise TlsError("this file is in the way: the run would write it", where=Where(path), hint="move it away")
        found.append(disk.Write(path, data, there.digest if there else None))
    return [*keeping(certs_directory(prepared)), *found] if found else []


def recorded(prepared: Prepared, wanted: dict[Path, bytes]) -> list[rollback.Certificate]:
    """What the record has of them."""
    return [
        rollback.Certificate(relative(prepared.directory, path), files.sha256(data)) for path, data in wanted.items()
    ]


def may_have_bundles(record: Record | None) -> bool:
    """Whether the last run looked at sources, and so may have written such files."""
    return record is not None and bool(record.policy.get("serve") or record.policy.get(CODE_SERVICES))
