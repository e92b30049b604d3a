"""What lets a run be taken back: a record of the lines it changed, a way back through it, and the same as a patch.

Pure: bytes in, bytes out. Reading the files and writing the results is for the caller, which also makes `enable` on an
enabled project possible: the original texts are computed in memory, and the new plan is made from those.

The record may be committed, and is the only file here that may: it holds no value that stands in the files, no key, no
line of an env file. Of changed lines it has digests, and what is gone of the old ones (see `traces`); of the others an
outline (see `outline`). An env file has no digest at all: with everything else known, one confirms a guessed password.
The patches are for people; they hold lines as they are, so they stay out of git and have the modes of their sources.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aicos_tls.rollback.envlines import insertions
    from aicos_tls.rollback.location import locate, wrong_path
    from aicos_tls.rollback.merge import Clash
    from aicos_tls.rollback.patches import env_patch, patch
    from aicos_tls.rollback.record import Certificate, FileChange, FileRecord, Kind, Record, make_record
    from aicos_tls.rollback.schema import MAX_BYTES, SCHEMA, from_json, refusal, to_json
    from aicos_tls.rollback.undoing import Conflict, Merged, Missing, Outcome, Restored, Undo, undo

_HOME = {
    "Certificate": "aicos_tls.rollback.record",
    "Clash": "aicos_tls.rollback.merge",
    "Conflict": "aicos_tls.rollback.undoing",
    "FileChange": "aicos_tls.rollback.record",
    "FileRecord": "aicos_tls.rollback.record",
    "Kind": "aicos_tls.rollback.record",
    "MAX_BYTES": "aicos_tls.rollback.schema",
    "Merged": "aicos_tls.rollback.undoing",
    "Missing": "aicos_tls.rollback.undoing",
    "Outcome": "aicos_tls.rollback.undoing",
    "Record": "aicos_tls.rollback.record",
    "Restored": "aicos_tls.rollback.undoing",
    "SCHEMA": "aicos_tls.rollback.schema",
    "Undo": "aicos_tls.rollback.undoing",
    "env_patch": "aicos_tls.rollback.patches",
    "from_json": "aicos_tls.rollback.schema",
    "insertions": "aicos_tls.rollback.envlines",
    "locate": "aicos_tls.rollback.location",
    "make_record": "aicos_tls.rollback.record",
    "patch": "aicos_tls.rollback.patches",
    "refusal": "aicos_tls.rollback.schema",
    "to_json": "aicos_tls.rollback.schema",
    "undo": "aicos_tls.rollback.undoing",
    "wrong_path": "aicos_tls.rollback.location",
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
    "MAX_BYTES",
    "PATCH_NAME",
    "RECORD_NAME",
    "SCHEMA",
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
    "insertions",
    "locate",
    "make_record",
    "patch",
    "refusal",
    "to_json",
    "undo",
    "wrong_path",
]
