"""What lets a run be taken back: a record of the lines it changed, a way back through it, and the same as a patch.

Pure: bytes in, bytes out. Reading the files and writing the results is for the caller, which also makes `enable` on an
enabled project possible: the original texts are computed in memory, and the new plan is made from those.

The record may be committed. It holds the lines that changed, as they were and as they are, and of the unchanged lines
only an outline (see `outline`): no key, no secret, no line of an env file that was not changed. For the same reason
an env file has no digest in the record (with everything else known, a digest confirms a guessed password), and its
hunks stand in a patch of their own that has no context lines.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aicos_tls.rollback.location import locate
    from aicos_tls.rollback.merge import Clash
    from aicos_tls.rollback.patches import env_patch, patch
    from aicos_tls.rollback.record import Certificate, FileChange, FileRecord, Kind, Record, make_record
    from aicos_tls.rollback.schema import from_json, to_json
    from aicos_tls.rollback.undoing import Conflict, Merged, Missing, Outcome, Restored, Undo, undo

_HOME = {
    "Certificate": "aicos_tls.rollback.record",
    "Clash": "aicos_tls.rollback.merge",
    "Conflict": "aicos_tls.rollback.undoing",
    "FileChange": "aicos_tls.rollback.record",
    "FileRecord": "aicos_tls.rollback.record",
    "Kind": "aicos_tls.rollback.record",
    "Merged": "aicos_tls.rollback.undoing",
    "Missing": "aicos_tls.rollback.undoing",
    "Outcome": "aicos_tls.rollback.undoing",
    "Record": "aicos_tls.rollback.record",
    "Restored": "aicos_tls.rollback.undoing",
    "Undo": "aicos_tls.rollback.undoing",
    "env_patch": "aicos_tls.rollback.patches",
    "from_json": "aicos_tls.rollback.schema",
    "locate": "aicos_tls.rollback.location",
    "make_record": "aicos_tls.rollback.record",
    "patch": "aicos_tls.rollback.patches",
    "to_json": "aicos_tls.rollback.schema",
    "undo": "aicos_tls.rollback.undoing",
}
"""Where each name is defined. Modules are loaded when they are first asked for: a dry run needs few of them."""

ENV_PATCH_NAME = "rollback-env.patch"
"""File name, in the state directory, of `env_patch`: for `patch -p1`, or `git apply --unidiff-zero`."""
PATCH_NAME = "rollback.patch"
"""File name, in the state directory, of `patch`: for `git apply` or `patch -p1` beside the compose file."""
RECORD_NAME = "record.json"
"""File name, in the state directory, of the record."""


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(name)
    return getattr(import_module(_HOME[name]), name)


__all__ = [
    "ENV_PATCH_NAME",
    "PATCH_NAME",
    "RECORD_NAME",
    "Certificate",
    "Clash",
    "Conflict",
    "FileChange",
    "FileRecord",
    "Kind",
    "Merged",
    "Missing",
    "Outcome",
    "Record",
    "Restored",
    "Undo",
    "env_patch",
    "from_json",
    "locate",
    "make_record",
    "patch",
    "to_json",
    "undo",
]
