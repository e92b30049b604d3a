"""The record of the last run, read as what it is: a file that anybody who can push a branch may have written.

`rollback` refuses what no run can have written by its form. Here it is held against the project: what it says of
settings goes through the same checks as other settings, and a file is taken back only where digests prove every byte,
or where the compose files that are there name it as one that a run may change. So a record cannot have anything
written, shown or removed that its author could not have put into the branch as well.
"""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from aicos_tls import disk, rollback
from aicos_tls.errors import TlsError, Where
from aicos_tls.files import read_if_there
from aicos_tls.plan.certsdir import leads_out
from aicos_tls.plan.policy import Policy, setting

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aicos_tls.rollback import Record, Undo

COMPOSE_FILE = "compose_file"
"""Under this name the record has the main compose file of the run, relative to the project directory."""
COMPOSE_FILES = "compose_files"
"""Under this name the record has the compose files of the run, relative to the project directory."""
CODE_SERVICES = "code_services"
"""Under this name the record has the services whose code was changed: a later run keeps it."""


def state_path(directory: Path, name: str) -> Path:
    """A file of the state directory (`.aicos-tls`)."""
    return directory / disk.STATE_DIRECTORY / name


def load_record(directory: Path) -> Record | None:
    """Read the record of the last run; None when there is none. Raises `TlsError` for one that cannot be used."""
    path = state_path(directory, rollback.RECORD_NAME)
    for part, is_right in ((path.parent, stat.S_ISDIR), (path, stat.S_ISREG)):
        if os.path.lexists(part) and not is_right(part.lstat().st_mode):
            raise rollback.refusal("this is a link, or no file or directory", part)
    file = read_if_there(path)
    if file is None:
        return None
    record = rollback.from_json(file.raw, path)
    _check_policy(record, path)
    _check_certificates(directory, record, path)
    return record


def is_outdated(directory: Path) -> bool:
    """Whether the record of the last run, which can be used, is in an older form."""
    file = read_if_there(state_path(directory, rollback.RECORD_NAME))
    return file is not None and json.loads(file.raw)["schema"] != rollback.SCHEMA


def _check_policy(record: Record, path: Path) -> None:
    """Hold the settings against what they may be."""
    known = set(Policy.__struct_fields__)
    for key, value in record.policy.items():
        if key in known and value is not None:
            try:
                setting(key, value, Where(path))
            except TlsError as error:
                raise rollback.refusal(f"{error.message} - at `$.policy.{key}`", path) from None
        texts = [value] if key == COMPOSE_FILE else value if key in (COMPOSE_FILES, CODE_SERVICES) else []
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise rollback.refusal(f"this is no list of names - at `$.policy.{key}`", path)
        for text in texts if key != CODE_SERVICES else ():
            if reason := _wrong_compose_file(str(text)):
                raise rollback.refusal(f"{text!r} {reason} - at `$.policy.{key}`", path)


def _wrong_compose_file(text: str) -> str:
    """Compose files may stand beside and above the project: `-f ../base.yml`. They are only read."""
    name = text
    while name.startswith("../"):
        name = name.removeprefix("../")
    return rollback.wrong_path(name.removeprefix("/"))


def _check_certificates(directory: Path, record: Record, path: Path) -> None:
    """Refuse certificates that lie neither in the recorded certificates directory nor in the project."""
    certs = record.policy.get("certs_dir")
    own = Path(os.path.normpath(directory / certs)) if isinstance(certs, str) else None
    for index, certificate in enumerate(record.certificates):
        inside = not rollback.wrong_path(certificate.path)
        if not inside and Path(os.path.normpath(directory / certificate.path)).parent != own:
            what = f"{certificate.path!r} does not lie in the certificates directory"
            raise rollback.refusal(f"{what} - at `$.certificates[{index}].path`", path)


def undone(directory: Path, record: Record) -> Undo:
    """Take the record back in memory. Raises `TlsError` for a record that says more than a run can have written."""
    from aicos_tls.commands.admission import Admission

    def read(name: str) -> bytes | None:
        file = read_if_there(rollback.locate(directory, name))
        return file.raw if file else None

    found = rollback.undo(record, read)
    Admission(directory, record, state_path(directory, rollback.RECORD_NAME)).check(found, read)
    return found


def settings_of(
    record: Record | None, directory: Path, flags: Mapping[str, object], names: Sequence[str] = Policy.__struct_fields__
) -> dict[str, object]:
    """The settings `names` of the last run, with the `flags` of this one over them.

    Raises `TlsError` for a certificates directory outside of the project that no flag asks for.
    """
    policy = record.policy if record else {}
    found = {
        name: tuple(value) if isinstance(value := policy[name], list) else value
        for name in names
        if policy.get(name) not in (None, [], False)
    }
    certs = found.get("certs_dir")
    if "certs_dir" not in flags and isinstance(certs, str) and leads_out(directory, certs):
        raise TlsError(
            f"the record has the certificates in {certs}, outside of the project",
            where=Where(state_path(directory, rollback.RECORD_NAME)),
            hint=f"a file of the repository cannot ask for that; if it is right: --certs-dir {certs}",
        )
    return {**found, **flags}


def recorded_run(directory: Path, flags: Mapping[str, object]) -> tuple[list[Path], dict[str, object]]:
    """The compose files and the settings of the last run, to plan it again. Raises `TlsError` when there is none."""
    record = load_record(directory)
    if record is None:
        raise TlsError(
            "TLS is not enabled here",
            where=Where(directory),
            hint="`aicos-tls enable --code` changes the compose file and the code in one",
        )
    return compose_files(directory, record), settings_of(record, directory, flags)


def compose_files(directory: Path, record: Record) -> list[Path]:
    """The compose files of the last run; none where the record does not say."""
    named = record.policy.get(COMPOSE_FILES)
    return [directory / name for name in named] if isinstance(named, list) else []
