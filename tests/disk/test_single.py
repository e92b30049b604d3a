"""One file outside of any project: whole or not at all, and nothing left beside it."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from aicos_tls import disk
from aicos_tls.errors import TlsError

if TYPE_CHECKING:
    from pathlib import Path


def test_a_new_file_and_its_replacement(tmp_path: Path) -> None:
    path = tmp_path / "x.prom"
    disk.put(path, b"one", 0o600, replace=False)
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"one", 0o600)
    with pytest.raises(TlsError, match="exists already"):
        disk.put(path, b"two", 0o600, replace=False)
    disk.put(path, b"two", 0o644, replace=True)
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"two", 0o644)
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    mine, path = tmp_path / "mine", tmp_path / "x"
    mine.write_text("mine")
    path.symlink_to(mine)
    disk.put(path, b"x", 0o644, replace=True)
    assert (mine.read_text(), path.is_symlink()) == ("mine", False)


def test_what_a_killed_run_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / ".x.aicos-tls-new").write_text("half")
    disk.put(tmp_path / "x", b"x", 0o644, replace=False)
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_no_directory(tmp_path: Path) -> None:
    with pytest.raises(TlsError, match="cannot be written: No such file"):
        disk.put(tmp_path / "none/x", b"x", 0o644, replace=True)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EROFS])
@pytest.mark.parametrize("name", ["write", "fsync", "replace", "fchmod"])
def test_a_disk_that_fails_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, number: int
) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"old")

    def fail(*_args: object, **_kwargs: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, name, fail)
    with pytest.raises(TlsError, match="cannot be written"):
        disk.put(path, b"new", 0o644, replace=True)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_where_there_are_no_hard_links_and_no_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_kwargs: object) -> None:
        raise OSError(errno.EPERM, "no")

    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr("fcntl.flock", refuse)
    disk.put(tmp_path / "x", b"one", 0o644, replace=False)
    with pytest.raises(TlsError, match="exists already"):
        disk.put(tmp_path / "x", b"two", 0o644, replace=False)
    assert (tmp_path / "x").read_bytes() == b"one"
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_a_link_that_is_refused_for_another_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_kwargs: object) -> None:
        raise OSError(errno.EIO, "no")

    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(TlsError, match="cannot be written"):
        disk.put(tmp_path / "x", b"one", 0o644, replace=False)
    assert list(tmp_path.iterdir()) == []


def test_a_caller_that_holds_the_lock_does_not_wait_for_itself(tmp_path: Path) -> None:
    certs = tmp_path / "certs"
    certs.mkdir()
    with disk.lock_certificates(certs):
        disk.put(certs / "x", b"x", 0o644, replace=True, held=True)
    assert (certs / "x").read_bytes() == b"x"
