from __future__ import annotations

import errno
import json
import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from aicos_tls import disk
from aicos_tls.errors import TlsError
from aicos_tls.files import sha256

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose run died with every file swapped and the journal not yet at its last state."""
    project = tmp_path / "p"
    project.mkdir()
    (project / "a").write_bytes(b"old")
    (project / "gone").write_bytes(b"old")
    real = os.replace
    journals = []

    def die(source: Path, target: Path) -> None:
        if target.name == "journal.json":
            journals.append(target)
            if len(journals) == 3:
                os._exit(77)
        real(source, target)

    child = os.fork()
    if not child:
        os.replace = die  # type: ignore[assignment]
        with disk.lock(project) as locked:
            disk.commit(
                [
                    disk.Write(project / "a", b"new", sha256(b"old")),
                    disk.Write(project / "b", b"new", None),
                    disk.Remove(project / "gone", sha256(b"old")),
                ],
                locked,
            )
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 77
    assert disk.interrupted(project)
    return project


def recover(project: Path) -> disk.Recovery:
    with disk.lock(project) as locked:
        return disk.recover(locked)


def contents(project: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in project.iterdir() if path.is_file()}


def test_nothing_to_recover(tmp_path: Path) -> None:
    assert not disk.interrupted(tmp_path)
    assert recover(tmp_path) is disk.Recovery.NOTHING
    assert list(tmp_path.iterdir()) == []


def test_undone(project: Path) -> None:
    assert contents(project)["a"] == b"new"
    assert recover(project) is disk.Recovery.UNDONE
    assert contents(project) == {"a": b"old", "gone": b"old"}
    assert recover(project) is disk.Recovery.NOTHING
    assert sorted(path.name for path in project.iterdir()) == ["a", "gone"]


def test_a_file_that_was_edited_since_stops_everything(project: Path) -> None:
    (project / "a").write_bytes(b"edited")
    with pytest.raises(
        TlsError, match=r"/a: was changed after a run that was interrupted \(the bytes from before"
    ) as caught:
        recover(project)
    assert contents(project)["a"] == b"edited"
    assert contents(project)["b"] == b"new"
    backup = next(path for path in project.glob(".aicos-tls-*.old") if str(path) in caught.value.hint)
    backup.unlink()  # what the hint says
    assert recover(project) is disk.Recovery.UNDONE
    assert contents(project) == {"a": b"edited", "gone": b"old"}


def test_a_new_file_that_was_edited_since_stops_everything(project: Path) -> None:
    (project / "b").write_bytes(b"edited")
    with pytest.raises(TlsError, match=r"/b: was changed after a run.*move it away"):
        recover(project)
    (project / "b").rename(project / "mine")
    assert recover(project) is disk.Recovery.UNDONE
    assert contents(project) == {"a": b"old", "gone": b"old", "mine": b"edited"}


def test_a_file_that_was_deleted_since_comes_back(project: Path) -> None:
    (project / "a").unlink()
    assert recover(project) is disk.Recovery.UNDONE
    assert contents(project) == {"a": b"old", "gone": b"old"}


def test_a_removed_file_that_was_made_again_stays(project: Path) -> None:
    (project / "gone").write_bytes(b"made again")
    assert recover(project) is disk.Recovery.UNDONE
    assert contents(project) == {"a": b"old", "gone": b"made again"}


def test_a_disk_that_refuses(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", refuse)
        with pytest.raises(TlsError, match="cannot be dealt with: Input/output error"):
            recover(project)
    assert recover(project) is disk.Recovery.UNDONE


def test_a_directory_that_cannot_be_tidied_up_keeps_its_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    (tmp_path / "d").mkdir()
    with disk.lock(tmp_path) as locked, monkeypatch.context() as patch:
        patch.setattr(os, "rmdir", refuse)
        disk.commit([disk.RemoveDirectory(tmp_path / "d")], locked)
    assert recover(tmp_path) is disk.Recovery.COMPLETED
    assert list(tmp_path.iterdir()) == []


def elsewhere(project: Path) -> None:
    """The journal of a copied directory."""
    shutil.copytree(project, project.with_name("copy"))
    shutil.move(project, project.with_name("moved"))
    project.with_name("copy").rename(project)


def with_journal(change: Callable[[Any], object]) -> Callable[[Path], None]:
    def damage(project: Path) -> None:
        path = project / ".aicos-tls/journal.json"
        data = json.loads(path.read_bytes())
        change(data)
        path.write_text(json.dumps(data))

    return damage


def moved(step: dict[str, str], directory: str) -> dict[str, str]:
    """A step of the same names in another directory."""
    return {key: f"{directory}/{step[key].rpartition('/')[2]}" for key in ("target", "staged", "backup")}


def with_step(**values: object) -> Callable[[Path], None]:
    return with_journal(lambda data: data["steps"][0].update(values))


@pytest.mark.parametrize(
    "damage",
    [
        elsewhere,
        lambda project: (project / ".aicos-tls/journal.json").write_bytes(b"{"),
        lambda project: (project / ".aicos-tls/journal.json").write_bytes(b"\xff"),
        lambda project: (project / ".aicos-tls/journal.json").write_bytes(b"[]"),
        lambda project: (project / ".aicos-tls/journal.json").write_bytes(b"[" * 100_000),
        with_journal(lambda data: data.update(schema=2)),
        with_journal(lambda data: data.update(state="unheard of")),
        with_journal(lambda data: data.pop("steps")),
        with_journal(lambda data: data.update(made=["relative"])),
        with_journal(lambda data: data.update(made=[1])),
        with_journal(lambda data: data.update(made=["/a/../b"])),
        with_journal(lambda data: data.update(emptied=["/a/.git/b"])),
        with_journal(lambda data: data.update(guards=["/etc/passwd"])),
        with_journal(lambda data: data["steps"][0].update(moved(data["steps"][0], "/etc"))),
        with_journal(lambda data: data.update(made=["/proc/self/cwd/x/y"])),
        lambda project: (project / ".aicos-tls/journal.json").chmod(0o644),
        with_step(old="123"),
        with_step(new=5),
        with_step(backup="/etc/passwd"),
        with_step(staged="/tmp/.aicos-tls-00000000-0.new"),  # noqa: S108
        with_step(target="../a"),
    ],
)
def test_a_journal_that_is_not_of_this_place_is_not_followed(project: Path, damage: Callable[[Path], None]) -> None:
    damage(project)
    before = contents(project)
    with pytest.raises(TlsError, match=r"journal.json: the journal of an interrupted run cannot be used"):
        recover(project)
    assert contents(project) == before
