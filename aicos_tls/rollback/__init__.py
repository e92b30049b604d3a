"""What lets a run be taken back: a record of the lines it changed, a way back through it, and the same as a patch.

Pure: bytes in, bytes out. Reading the files and writing the results is for the caller, which also makes `enable` on an
enabled project possible: the original texts are computed in memory, and the new plan is made from those.

The record may be committed. It holds the lines that changed, as they were and as they are, and of the unchanged lines
only an outline (see `outline`): no key, no secret, no line of an env file that was not changed. For the same reason
an env file has no digest in the record (with everything else known, a digest confirms a guessed password), and its
hunks stand in a patch of their own that has no context lines.
"""

from aicos_tls.rollback.location import locate
from aicos_tls.rollback.merge import Clash
from aicos_tls.rollback.patch import env_patch, patch
from aicos_tls.rollback.record import Certificate, FileChange, FileRecord, Kind, Record, make_record
from aicos_tls.rollback.schema import from_json, to_json
from aicos_tls.rollback.undo import Conflict, Merged, Missing, Outcome, Restored, Undo, undo

ENV_PATCH_NAME = "rollback-env.patch"
"""File name, in the state directory, of `env_patch`: for `patch -p1`, or `git apply --unidiff-zero`."""
PATCH_NAME = "rollback.patch"
"""File name, in the state directory, of `patch`: for `git apply` or `patch -p1` beside the compose file."""
RECORD_NAME = "record.json"
"""File name, in the state directory, of the record."""

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
