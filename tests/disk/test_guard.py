from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from aicos_tls import disk
from aicos_tls.disk import guard
from aicos_tls.errors import TlsError

if TYPE_CHECKING:
    from pathlib import Path

    from aicos_tls.disk import Operation


def run(project: Path, *operations: Operation) -> None:
    with disk.lock(project) as locked:
        disk.commit(operations, locked)


def keys(project: Path) -> tuple[Operation, ...]:
    certs = project / "certs"
    return (
        disk.MakeDirectory(certs),
        disk.KeepFromGit(certs),
        disk.Write(certs / "api-key.pem", b"key", disk.ANY, 0o600),
    )


def test_it_is_made_once_and_goes_with_the_directory(tmp_path: Path) -> None:
    certs = tmp_path / "certs"
    run(tmp_path, *keys(tmp_path))
    assert (certs / ".gitignore").read_bytes() == b"*\n"
    inode = (certs / ".gitignore").stat().st_ino
    run(tmp_path, *keys(tmp_path))
    assert (certs / ".gitignore").stat().st_ino == inode
    run(tmp_path, disk.RemoveDirectory(certs))
    assert certs.exists(), "there is a key in it"
    run(tmp_path, disk.Remove(certs / "api-key.pem", disk.ANY), disk.RemoveDirectory(certs))
    assert not certs.exists()


def test_it_is_all_that_a_run_may_have_to_do(tmp_path: Path) -> None:
    (tmp_path / "certs").mkdir()
    run(tmp_path, disk.KeepFromGit(tmp_path / "certs"))
    assert (tmp_path / "certs/.gitignore").exists()


@pytest.mark.parametrize("text", [b"mine\n", b"", None])
def test_one_of_the_persons_stays(tmp_path: Path, text: bytes | None) -> None:
    """None: a link, which is followed in no direction."""
    certs = tmp_path / "certs"
    certs.mkdir()
    own = certs / ".gitignore"
    if text is None:
        (tmp_path / "there").write_bytes(guard.ALL)
        own.symlink_to("../there")
    else:
        own.write_bytes(text)
    run(tmp_path, *keys(tmp_path))
    run(tmp_path, disk.Remove(certs / "api-key.pem", disk.ANY), disk.RemoveDirectory(certs))
    assert own.read_bytes() == (guard.ALL if text is None else text)


def test_that_of_the_state_directory_goes_when_it_is_alone(tmp_path: Path) -> None:
    state = tmp_path / ".aicos-tls"
    run(tmp_path, disk.KeepFromGit(state, disk.ALL_BUT_RECORD), disk.Write(state / "record.json", b"{}", disk.ANY))
    assert sorted(path.name for path in state.iterdir()) == [".gitignore", "record.json"]
    run(tmp_path, disk.Remove(state / "record.json", disk.ANY))
    assert not state.exists()


def test_nothing_is_written_among_gits_own_files(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "x").symlink_to(".git")
    for path in (".git/config", "x/config"):
        with pytest.raises(TlsError, match="lies among git's own files"):
            run(tmp_path, disk.Write(tmp_path / path, b"", disk.ANY))
