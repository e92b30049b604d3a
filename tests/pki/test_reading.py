from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from aicos_tls.pki.keys import EncryptedKeyError, KeyFileError
from aicos_tls.pki.reading import find

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def _without_permission(path: Path) -> Iterator[None]:
    """Takes away the right to read `path`; root has it whatever the mode, so it steps down meanwhile."""
    path.chmod(0)
    own = os.geteuid()
    for parent in list(path.parents)[:3]:
        parent.chmod(0o755)
    os.seteuid(65534 if own == 0 else own)
    try:
        yield
    finally:
        os.seteuid(own)


def _encrypted(_: bytes) -> bytes:
    raise EncryptedKeyError("needs a passphrase")


def _broken(_: bytes) -> bytes:
    raise KeyFileError("nonsense")


def test_a_file_is_parsed_and_its_mode_kept(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    path.chmod(0o640)
    found = find(path, bytes.upper, "")
    assert (found.there, found.mode, found.value, found.problem, found.locked) == (True, 0o640, b"ABC", None, False)


def test_the_value_does_not_show(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"secret")
    assert "secret" not in repr(find(tmp_path / "file", bytes, ""))


def test_what_is_not_there_is_no_problem(tmp_path: Path) -> None:
    found = find(tmp_path / "none", bytes, "")
    assert (found.there, found.problem) == (False, None)


@pytest.mark.parametrize("kind", ["directory", "pipe"])
def test_what_is_no_file_cannot_be_replaced(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x"
    path.mkdir() if kind == "directory" else os.mkfifo(path)
    found = find(path, bytes, "")
    assert found.there
    assert found.problem
    assert not found.problem.replaceable
    assert found.problem.message == ("this is a directory" if kind == "directory" else "this is no regular file")


def test_a_link_to_nothing_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.symlink_to("nowhere")
    found = find(path, bytes, "mend it")
    assert found.there
    assert found.problem
    assert str(found.problem.error()) == f"{path}: no such file (mend it)"


def test_a_file_that_may_not_be_read_is_locked(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"secret")
    with _without_permission(path):
        found = find(path, bytes, "")
    assert found.locked
    assert found.problem
    assert found.problem.message == "cannot be read: Permission denied"


def test_what_cannot_be_parsed_is_a_problem_and_a_passphrase_a_lock(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"abc")
    broken, encrypted = find(path, _broken, "mend it"), find(path, _encrypted, "mend it")
    assert broken.problem
    assert encrypted.problem
    assert (broken.problem.message, broken.locked) == ("nonsense", False)
    assert (encrypted.problem.message, encrypted.locked) == ("needs a passphrase", True)
    assert broken.problem.hint == "mend it"
