"""The journal: whatever is in it, nothing is changed but files that a run may change, and recovery ends in an answer.

`@P` in an input is the project's directory, `@O` one beside it. Everything beside the project stays as it is, but for
what a run writes outside of it, too, where `--certs-dir` leads: certificates, temporary files, an empty directory.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from aicos_tls import disk
from aicos_tls.disk import journal
from aicos_tls.errors import TlsError

if TYPE_CHECKING:
    from collections.abc import Iterator

_DIGESTS = ("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "0" * 64)
_STEP = {
    "target": "@P/a",
    "old": _DIGESTS[0],
    "new": _DIGESTS[1],
    "staged": "@P/.aicos-tls-01234567-0.new",
    "backup": "@P/.aicos-tls-01234567-0.old",
}
TOKENS = (
    "@P", "@O", "@I", "@P/a", "@P/sub/b", "@O/ca-key.pem", "@O/precious", "@P/link/precious", "@P/.git/config", "/../",
    ".aicos-tls-01234567-0.new", ".aicos-tls-01234567-0.old", "-cert.pem", "-key.pem", ".gitignore", '"steps"', '"made"',
    '"emptied"', '"guards"', '"target"', '"old"', '"new"', '"staged"', '"backup"', '"state"', '"staging"', '"swapping"',
    '"cleaning"', '"schema"', '"project"', "null", "[]", "{}", "[[]]", "1", *(f'"{digest}"' for digest in _DIGESTS),
    "\\u0000", "\\udc80", "\\ud800", "@P/.aicos-tls-01234567-0.new", "@O/.aicos-tls-01234567-0.old", "@P/.gitignore",
)  # fmt: skip


def seeds() -> Iterator[bytes]:
    """Yield journals of each state, for files in the project and beside it."""
    outside = {key: value.replace("@P", "@O") for key, value in _STEP.items()} | {"target": "@O/ca-key.pem"}
    linked = {key: value.replace("@P", "@P/link") for key, value in _STEP.items()}
    made = {"made": ["@P/sub"], "emptied": ["@P/empty", "@O/empty"], "guards": ["@P/.gitignore"]}
    for state in ("staging", "swapping", "cleaning"):
        for steps in ([_STEP], [_STEP | {"old": None}], [_STEP | {"new": None}], [outside], [linked], []):
            yield json.dumps({"schema": 1, "state": state, "project": "@I", "steps": steps, **made}).encode()


@cache
def _scratch() -> Path:
    directory = Path(os.path.realpath(tempfile.mkdtemp(prefix="journal-")))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    return directory


def check(data: bytes) -> None:
    """Put a journal in a project and recover."""
    root = _laid()
    project, outside = root / "p", root / "o"
    locked = disk.Locked(project)
    identity = json.dumps([os.fspath(project), project.stat().st_dev, project.stat().st_ino]).encode()
    text = data.replace(b'"@I"', identity).replace(b"@P", os.fsencode(project)).replace(b"@O", os.fsencode(outside))
    path = locked.state / journal.NAME
    path.write_bytes(text)
    path.chmod(0o600)
    before = _contents(root)
    empty = {path for path in before if path.is_dir() and not any(path.iterdir())}
    try:
        disk.recover(locked)
    except TlsError as error:
        assert error.message
    gone = [path for path, content in before.items() if _contents(root).get(path) != content]
    for path in gone:
        inside = path.is_relative_to(project) and ".git" not in path.parts
        assert inside or path.name.endswith(("-key.pem", "-cert.pem", ".new", ".old")) or path in empty, path
    assert (outside / "precious").read_bytes() == b"abc"
    assert (project / ".git/config").read_bytes() == b"abc"


def _laid() -> Path:
    """The directory with the project and what lies beside it, as they are before each recovery."""
    root = _scratch()
    if (root / "p").exists():
        shutil.rmtree(root / "p")
        shutil.rmtree(root / "o")
    for name in ("p/.aicos-tls", "p/.git", "p/sub", "p/empty", "o/empty"):
        (root / name).mkdir(parents=True)
    for name in ("p/a", "p/sub/b", "p/.git/config", "o/precious", "o/ca-key.pem", "p/.aicos-tls-01234567-0.old"):
        (root / name).write_bytes(b"abc")
    (root / "p/link").symlink_to(root / "o")
    return root


def _contents(root: Path) -> dict[Path, bytes]:
    """Every file, and a mark for every directory."""
    return {path: path.read_bytes() if path.is_file() else b"" for path in root.rglob("*") if path.name != journal.NAME}
