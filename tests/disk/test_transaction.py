from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aicos_tls import disk
from aicos_tls.errors import InternalError, TlsError
from aicos_tls.files import sha256

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")


def commit(project: Path, *operations: disk.Operation) -> None:
    with disk.lock(project) as locked:
        disk.recover(locked)
        disk.commit(operations, locked)


def refused(project: Path, *operations: disk.Operation) -> TlsError:
    """The error; and nothing may have changed, not even for an instant that leaves a trace."""
    before = {path: (path.lstat().st_ino, path.lstat().st_mtime_ns) for path in project.rglob("*")}
    with pytest.raises(TlsError) as caught:
        commit(project, *operations)
    assert {path: (path.lstat().st_ino, path.lstat().st_mtime_ns) for path in project.rglob("*")} == before
    return caught.value


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_nothing_to_do_leaves_no_trace(tmp_path: Path) -> None:
    commit(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_mode_stays_and_a_new_file_gets_0644_whatever_the_umask(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"1")
    (tmp_path / "old").chmod(0o2751)
    umask = os.umask(0o077)
    try:
        commit(
            tmp_path,
            disk.MakeDirectory(tmp_path / "certs", 0o755),
            disk.MakeDirectory(tmp_path / "certs/deep", 0o775),
            disk.Write(tmp_path / "old", b"2", sha256(b"1")),
            disk.Write(tmp_path / "certs/deep/new", b"3", None),
        )
    finally:
        os.umask(umask)
    assert mode(tmp_path / "old") == 0o2751
    assert mode(tmp_path / "certs/deep/new") == 0o644
    assert mode(tmp_path / "certs") == 0o755
    assert mode(tmp_path / "certs/deep") == 0o775


@pytest.mark.parametrize("existing", [True, False])
def test_a_key_is_never_wider_than_0600(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, existing: bool) -> None:  # noqa: FBT001
    modes: list[int] = []
    real = {name: getattr(os, name) for name in ("open", "fchmod", "write", "fsync", "replace", "fchown")}

    def watch(name: str) -> None:
        def call(*args: object, **kwargs: object) -> object:
            result = real[name](*args, **kwargs)
            modes.extend(mode(path) for path in tmp_path.glob("*key.pem"))
            modes.extend(mode(path) for path in tmp_path.glob(".aicos-tls-*"))
            return result

        monkeypatch.setattr(os, name, call)

    key = tmp_path / "api-key.pem"
    if existing:
        key.write_bytes(b"old")
        key.chmod(0o600)
    for name in real:
        watch(name)
    umask = os.umask(0)
    try:
        commit(tmp_path, disk.Write(key, b"secret", disk.ANY, 0o600))
    finally:
        os.umask(umask)
    assert len(modes) > 5
    assert set(modes) == {0o600}


@as_root
def test_owner_and_group_stay(tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_bytes(b"1")
    os.chown(file, 1234, 4321)
    commit(tmp_path, disk.Write(file, b"2", sha256(b"1")))
    assert (file.stat().st_uid, file.stat().st_gid) == (1234, 4321)
    assert file.read_bytes() == b"2"


@as_root
def test_owner_that_cannot_be_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def deny(*_args: object) -> None:
        raise PermissionError

    file = tmp_path / "f"
    file.write_bytes(b"1")
    os.chown(file, 1234, 4321)
    monkeypatch.setattr(os, "fchown", deny)
    with pytest.raises(TlsError, match="user 1234, group 4321"):
        commit(tmp_path, disk.Write(file, b"2", disk.ANY))
    assert [path.name for path in tmp_path.iterdir()] == ["f"]
    assert file.read_bytes() == b"1"


@as_root
def test_somebody_who_is_not_root(tmp_path: Path) -> None:
    """The refusals by `access(2)`, which root never meets."""
    commit(tmp_path)  # loads what is loaded late, while this process may still read it
    tmp_path.chmod(0o777)
    (tmp_path / "f").write_bytes(b"1")
    closed = tmp_path / "closed"
    closed.mkdir()
    child = os.fork()
    if not child:
        code = 1
        try:
            os.setgid(65534)
            os.setuid(65534)
            with pytest.raises(TlsError, match="f: is read-only"):
                commit(tmp_path, disk.Write(tmp_path / "f", b"2", disk.ANY))
            with pytest.raises(TlsError, match="closed: the directory is read-only"):
                commit(tmp_path, disk.Write(closed / "g", b"2", None))
            with pytest.raises(TlsError, match="closed: the project cannot be locked: Permission denied"):
                commit(closed)
            commit(tmp_path, disk.Write(tmp_path / "mine", b"2", None))
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["closed", "f", "mine"]


def test_a_symlink_stays_one(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/real").write_bytes(b"1")
    (tmp_path / "middle").symlink_to("sub/real")
    (tmp_path / "link").symlink_to("middle")
    commit(tmp_path, disk.Write(tmp_path / "link", b"2", sha256(b"1")))
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "middle").is_symlink()
    assert (tmp_path / "sub/real").read_bytes() == b"2"
    assert [path.name for path in (tmp_path / "sub").iterdir()] == ["real"]


def test_a_symlink_that_leads_out_is_refused_a_plain_path_is_not(tmp_path: Path) -> None:
    project, outside = tmp_path / "p", tmp_path / "outside"
    project.mkdir()
    outside.write_bytes(b"1")
    (project / "link").symlink_to(outside)
    error = refused(project, disk.Write(project / "link", b"2", disk.ANY))
    assert "leads out of the project" in error.message
    commit(project, disk.Write(outside, b"3", disk.ANY))
    assert outside.read_bytes() == b"3"


@pytest.mark.parametrize("target", ["nowhere", "loop"])
def test_a_symlink_that_leads_nowhere(tmp_path: Path, target: str) -> None:
    (tmp_path / "loop").symlink_to(target)
    assert "leads nowhere" in refused(tmp_path, disk.Write(tmp_path / "loop", b"2", disk.ANY)).message


def test_a_symlink_is_not_removed(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"1")
    (tmp_path / "link").symlink_to("f")
    assert "not removed" in refused(tmp_path, disk.Remove(tmp_path / "link", disk.ANY)).message


def test_a_hard_link_is_broken(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"1")
    (tmp_path / "other").hardlink_to(tmp_path / "f")
    commit(tmp_path, disk.Write(tmp_path / "f", b"2", sha256(b"1")))
    assert (tmp_path / "f").read_bytes() == b"2"
    assert (tmp_path / "other").read_bytes() == b"1"


@pytest.mark.parametrize(
    ("there", "expected", "words"),
    [
        (b"1", sha256(b"0"), "was changed since it was read"),
        (None, sha256(b"0"), "was removed since it was read"),
        (b"1", None, "exists already and is not overwritten"),
    ],
)
def test_a_file_that_is_not_what_was_planned_on(
    tmp_path: Path, there: bytes | None, expected: str | None, words: str
) -> None:
    if there is not None:
        (tmp_path / "b").write_bytes(there)
    (tmp_path / "a").write_bytes(b"a")
    error = refused(tmp_path, disk.Write(tmp_path / "a", b"2", disk.ANY), disk.Write(tmp_path / "b", b"2", expected))
    assert str(error).startswith(f"{tmp_path / 'b'}: {words}")


@pytest.mark.parametrize("replaced", [True, False])
def test_an_edit_during_the_run_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, replaced: bool) -> None:  # noqa: FBT001
    """An editor may write in place or rename over; in both cases the edit is seen right before the swap."""
    first, second = tmp_path / "a", tmp_path / "b"
    first.write_bytes(b"1")
    second.write_bytes(b"1")
    real = os.replace

    def edit_meanwhile(source: Path, target: Path) -> None:
        real(source, target)
        if target == first and first.read_bytes() == b"2":
            if replaced:
                second.unlink()
            second.write_bytes(b"edited")

    monkeypatch.setattr(os, "replace", edit_meanwhile)
    with pytest.raises(TlsError, match="b: was changed since it was read"):
        commit(tmp_path, *(disk.Write(path, b"2", sha256(b"1")) for path in (first, second)))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": b"1", "b": b"edited"}


def test_remove_of_what_is_gone(tmp_path: Path) -> None:
    commit(tmp_path, disk.Remove(tmp_path / "f", disk.ANY))
    assert "was removed" in refused(tmp_path, disk.Remove(tmp_path / "f", sha256(b""))).message


def test_directories(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir(mode=0o700)
    (tmp_path / "full").mkdir()
    (tmp_path / "full/x").write_bytes(b"")
    (tmp_path / "outer/inner").mkdir(parents=True)
    commit(
        tmp_path,
        disk.MakeDirectory(tmp_path / "there", 0o755),
        disk.RemoveDirectory(tmp_path / "full"),
        disk.RemoveDirectory(tmp_path / "outer"),
        disk.RemoveDirectory(tmp_path / "outer/inner"),
        disk.RemoveDirectory(tmp_path / "never was"),
    )
    assert mode(tmp_path / "there") == 0o700
    assert sorted(path.name for path in tmp_path.iterdir()) == ["full", "there"]


def test_a_directory_where_a_file_is(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"")
    assert "no directory" in refused(tmp_path, disk.MakeDirectory(tmp_path / "f")).message
    assert "no directory" in refused(tmp_path, disk.Write(tmp_path / "f/g", b"", None)).message
    assert "directory" in refused(tmp_path, disk.Write(tmp_path, b"", disk.ANY)).message


def test_read_only_file(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"1")
    (tmp_path / "f").chmod(0o444)
    assert "is read-only" in refused(tmp_path, disk.Write(tmp_path / "f", b"2", disk.ANY)).message
    assert "is read-only" in refused(tmp_path, disk.Remove(tmp_path / "f", disk.ANY)).message


def test_read_only_directory(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d").chmod(0o555)
    assert "the directory is read-only" in refused(tmp_path, disk.Write(tmp_path / "d/f", b"", None)).message
    assert "the directory is read-only" in refused(tmp_path, disk.MakeDirectory(tmp_path / "d/e")).message
    assert "the directory is read-only" in refused(tmp_path / "d").message
    assert list((tmp_path / "d").iterdir()) == []


def test_one_file_under_two_names(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"1")
    (tmp_path / "link").symlink_to("f")
    error = refused(tmp_path, disk.Write(tmp_path / "f", b"2", disk.ANY), disk.Write(tmp_path / "link", b"3", disk.ANY))
    assert "is the same file as" in error.message


def cannot_tidy_up(_locked: disk.Locked) -> None:
    raise TlsError("no")


def test_commit_before_recover_is_a_bug(tmp_path: Path) -> None:
    with disk.lock(tmp_path) as locked:
        (tmp_path / "f").write_bytes(b"1")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("aicos_tls.disk.transaction.recover", cannot_tidy_up)
            disk.commit([disk.Write(tmp_path / "f", b"2", disk.ANY)], locked)
        with pytest.raises(InternalError, match="before recover"):
            disk.commit([], locked)
        assert disk.recover(locked) is disk.Recovery.COMPLETED
    assert (tmp_path / "f").read_bytes() == b"2"


def test_a_file_system_that_flushes_no_directories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.fsync

    def fsync(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(22, "Invalid argument")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    commit(tmp_path, disk.Write(tmp_path / "f", b"1", None))
    assert (tmp_path / "f").read_bytes() == b"1"


names = st.sampled_from(["a", "b", "ü b", "d/a", "d/e/a"])
contents = st.binary(max_size=5)


@settings(max_examples=60, deadline=None)
@given(old=st.dictionaries(names, contents), new=st.dictionaries(names, contents), gone=st.sets(names))
def test_any_set_of_operations(
    tmp_path_factory: pytest.TempPathFactory, old: dict[str, bytes], new: dict[str, bytes], gone: set[str]
) -> None:
    project = tmp_path_factory.mktemp("any")
    (project / "d/e").mkdir(parents=True)
    for name, data in old.items():
        (project / name).write_bytes(data)
    gone = gone - set(new)
    commit(
        project,
        *(disk.Write(project / name, data, sha256(old[name]) if name in old else None) for name, data in new.items()),
        *(disk.Remove(project / name, disk.ANY) for name in gone),
    )
    left = {str(path.relative_to(project)): path.read_bytes() for path in project.rglob("*") if path.is_file()}
    assert left == {name: data for name, data in (old | new).items() if name not in gone}


def test_a_disk_that_takes_a_few_bytes_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: real(descriptor, bytes(data)[:3]))
    commit(tmp_path, disk.Write(tmp_path / "f", b"more than three bytes", None))
    assert (tmp_path / "f").read_bytes() == b"more than three bytes"


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="asks Linux for the name of a descriptor")
def test_everything_is_flushed_before_the_journal_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What matters when the power fails, and cannot be seen otherwise: the order of names and flushes."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/f").write_bytes(b"1")
    journal = tmp_path / ".aicos-tls/journal.json"
    trace: list[str] = []
    real_fsync, real_replace, real_unlink = os.fsync, os.replace, os.unlink

    def name(path: Path) -> str:
        return "staged" if path.suffix == ".new" and path.name != "journal.json.new" else path.name

    def fsync(descriptor: int) -> None:
        trace.append(f"flush {name(Path(f'/proc/self/fd/{descriptor}').readlink())}")
        real_fsync(descriptor)

    def replace(source: Path, target: Path) -> None:
        real_replace(source, target)
        trace.append(f"is {json.loads(target.read_bytes())['state']}" if target == journal else f"rename {target.name}")

    def unlink(path: Path) -> None:
        if path.exists():
            trace.append(f"remove {name(path) if path.suffix != '.old' else 'backup'}")
        real_unlink(path)

    with disk.lock(tmp_path) as locked, monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        patch.setattr(os, "replace", replace)
        patch.setattr(os, "unlink", unlink)
        disk.commit([disk.Write(tmp_path / "sub/f", b"2", disk.ANY)], locked)
    saved = ["flush journal.json.new", "is {}", "flush .aicos-tls"]
    assert trace == [
        *("flush journal.json.new", "is staging", f"flush {tmp_path.name}", "flush .aicos-tls"),
        *("flush staged", "flush sub"),
        *(step.format("swapping") for step in saved),
        *("rename f", "flush sub"),
        *(step.format("cleaning") for step in saved),
        *("remove backup", "flush sub", "remove journal.json", "flush .aicos-tls"),
    ]
