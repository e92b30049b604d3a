from __future__ import annotations

import errno
import fcntl
import os
from typing import TYPE_CHECKING

import pytest

from aicos_tls import disk
from aicos_tls.errors import TlsError

if TYPE_CHECKING:
    from pathlib import Path


def test_the_state_directory_comes_and_goes(tmp_path: Path) -> None:
    with disk.lock(tmp_path) as locked:
        assert sorted(path.name for path in locked.state.iterdir()) == ["lock", "pid"]
    assert list(tmp_path.iterdir()) == []


def test_what_is_in_the_state_directory_stays(tmp_path: Path) -> None:
    with disk.lock(tmp_path) as locked:
        (locked.state / "record.json").write_bytes(b"{}")
    assert [path.name for path in (tmp_path / ".aicos-tls").iterdir()] == ["record.json"]


def test_a_second_run_is_refused_by_the_number_of_the_first(tmp_path: Path) -> None:
    ready, go = os.pipe(), os.pipe()
    child = os.fork()
    if not child:
        with disk.lock(tmp_path):
            os.write(ready[1], b"x")
            os.read(go[0], 1)
            os._exit(9)  # dies without giving the lock back
    os.read(ready[0], 1)
    with (
        pytest.raises(TlsError, match=rf"another run \(process {child}\) is working on this project"),
        disk.lock(tmp_path),
    ):
        pass
    os.write(go[1], b"x")
    os.waitpid(child, 0)
    assert (tmp_path / ".aicos-tls/pid").read_text() == f"{child}\n"
    with disk.lock(tmp_path):  # the stale one means nothing
        assert (tmp_path / ".aicos-tls/pid").read_text() == f"{os.getpid()}\n"
    for descriptor in (*ready, *go):
        os.close(descriptor)


def test_a_second_run_in_the_same_process(tmp_path: Path) -> None:
    with (
        disk.lock(tmp_path),
        pytest.raises(TlsError, match=f"process {os.getpid()}"),
        disk.lock(tmp_path),
    ):
        pass
    with disk.lock(tmp_path):
        pass


def test_a_number_that_is_none(tmp_path: Path) -> None:
    with disk.lock(tmp_path) as locked:
        (locked.state / "pid").write_bytes(b"nonsense")
        with pytest.raises(TlsError, match="another run is working"), disk.lock(tmp_path):
            pass


def test_no_such_project(tmp_path: Path) -> None:
    with pytest.raises(TlsError, match="cannot be locked: No such file"), disk.lock(tmp_path / "none"):
        pass


def test_a_state_directory_that_is_a_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / ".aicos-tls").symlink_to("elsewhere")
    with pytest.raises(TlsError, match="is no directory"), disk.lock(tmp_path):
        pass


def test_a_state_directory_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / ".aicos-tls").write_bytes(b"")
    with pytest.raises(TlsError, match="is no directory"), disk.lock(tmp_path):
        pass


def test_runs_that_come_and_go_never_meet(tmp_path: Path) -> None:
    def many_runs() -> None:
        done = 0
        while done < 60:
            try:
                with disk.lock(tmp_path):
                    (tmp_path / "alone").touch(exist_ok=False)  # two at a time would fail here
                    (tmp_path / "alone").unlink()
                    done += 1
            except TlsError as error:
                assert "another run" in error.message  # noqa: PT017 - whichever comes second is told so
        os._exit(0)

    children = []
    for _ in range(4):
        child = os.fork()
        if not child:
            try:
                many_runs()
            finally:
                os._exit(1)
        children.append(child)
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0, 0, 0, 0]
    assert list(tmp_path.iterdir()) == []


def test_whether_a_lock_could_be_taken(tmp_path: Path) -> None:
    assert disk.may_lock(tmp_path)
    assert not disk.may_lock(tmp_path / "gone")
    tmp_path.chmod(0o555)
    try:
        assert not disk.may_lock(tmp_path)
    finally:
        tmp_path.chmod(0o755)


def test_who_has_the_certificates_directory_alone_is_seen(tmp_path: Path) -> None:
    """A container that it is mounted in shares nothing else with this machine."""
    certs = tmp_path / "certs"
    certs.mkdir()
    descriptor = os.open(certs, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    try:
        with pytest.raises(TlsError, match="another run is working"), disk.lock_certificates(certs):
            raise AssertionError
    finally:
        os.close(descriptor)
    with disk.lock_certificates(certs):
        pass


def test_a_place_that_is_not_there_cannot_be_locked(tmp_path: Path) -> None:
    with pytest.raises(TlsError, match="cannot be locked"), disk.lock_certificates(tmp_path / "no/certs"):
        raise AssertionError


def test_a_file_system_that_locks_no_directories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOTSUP, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with disk.lock_certificates(tmp_path / "certs"):
        pass
