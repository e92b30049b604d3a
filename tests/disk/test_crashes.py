"""A commit dies, or the disk fails, at every single system call; hardly anything else here matters as much."""

from __future__ import annotations

import errno
import itertools
import os
import shutil
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from faults import CALLS, NEED_SPACE, die_at, fail_at, in_child, with_faults
from hypothesis import given, settings
from hypothesis import strategies as st

from aicos_tls import disk
from aicos_tls.errors import TlsError
from aicos_tls.files import sha256

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Tree = dict[str, tuple[int, bytes | str]]


def plant(project: Path) -> None:
    (project / "shared").mkdir(parents=True)
    (project / "was").mkdir()
    for name, data, mode in (
        ("compose.yml", b"services: {}\r\n", 0o644),
        (".env", b"URL=http://api\n", 0o640),
        ("shared/real.conf", b"proxy_pass http://api;\n", 0o664),
        ("was/old.txt", b"to be removed\n", 0o600),
    ):
        (project / name).write_bytes(data)
        (project / name).chmod(mode)
    (project / "nginx.conf").symlink_to("shared/real.conf")


def operations(project: Path) -> list[disk.Operation]:
    def digest(name: str) -> str:
        return sha256((project / name).read_bytes())

    return [
        disk.MakeDirectory(project / "certs", 0o750),
        disk.KeepFromGit(project / "certs"),
        disk.KeepFromGit(project / "shared", disk.ALL_BUT_RECORD),
        disk.Write(project / "certs/api-key.pem", b"key\n", None, 0o600),
        disk.Write(project / "compose.yml", b"services: {a: {}}\r\n", digest("compose.yml")),
        disk.Write(project / ".env", b"URL=https://api\n", digest(".env"), 0o600),
        disk.Remove(project / "was/old.txt", digest("was/old.txt")),
        disk.RemoveDirectory(project / "was"),
        disk.Write(project / "nginx.conf", b"proxy_pass https://api;\n", digest("nginx.conf")),
        disk.Write(project / ".aicos-tls/record.json", b"{}\n", disk.ANY),
    ]


def run(project: Path, ops: list[disk.Operation]) -> None:
    with disk.lock(project) as locked:
        disk.recover(locked)
        disk.commit(ops, locked)


def recover(project: Path) -> None:
    with disk.lock(project) as locked:
        disk.recover(locked)


def tree(project: Path, *, without: tuple[str, ...] = ()) -> Tree:
    found: Tree = {}
    for path in sorted(project.rglob("*")):
        status = path.lstat()
        name = str(path.relative_to(project))
        if name in without:
            continue
        if path.is_symlink():
            found[name] = (0, str(path.readlink()))
        else:
            found[name] = (stat.S_IMODE(status.st_mode), path.read_bytes() if path.is_file() else "directory")
    return found


def error_of(work: Callable[[], None]) -> TlsError | None:
    try:
        work()
    except TlsError as error:
        return error
    return None


@pytest.fixture
def outcomes(tmp_path: Path) -> tuple[Tree, Tree]:
    project = tmp_path / "model"
    plant(project)
    before = tree(project)
    run(project, operations(project))
    return before, tree(project)


def fresh(tmp_path: Path) -> Path:
    project = tmp_path / "project"
    shutil.rmtree(project, ignore_errors=True)
    plant(project)
    return project


def test_the_model_run_does_what_it_says(outcomes: tuple[Tree, Tree]) -> None:
    before, after = outcomes
    assert after == {
        ".aicos-tls": (0o755, "directory"),
        ".aicos-tls/record.json": (0o644, b"{}\n"),
        ".env": (0o600, b"URL=https://api\n"),
        "certs": (0o750, "directory"),
        "certs/.gitignore": (0o644, b"*\n"),
        "certs/api-key.pem": (0o600, b"key\n"),
        "compose.yml": (0o644, b"services: {a: {}}\r\n"),
        "nginx.conf": (0, "shared/real.conf"),
        "shared": before["shared"],
        "shared/.gitignore": (0o644, b"*\n!/record.json\n"),
        "shared/real.conf": (0o664, b"proxy_pass https://api;\n"),
    }


def test_death_at_every_call_leaves_all_old_or_all_new(tmp_path: Path, outcomes: tuple[Tree, Tree]) -> None:
    seen = set()
    for k in itertools.count(1):
        project = fresh(tmp_path)
        ops = operations(project)
        code = in_child(with_faults(die_at(k), lambda project=project, ops=ops: run(project, ops)))  # type: ignore[misc]
        assert code in (0, 77)
        recover(project)
        assert tree(project) in outcomes, k
        assert not disk.interrupted(project)
        seen.add(tree(project) == outcomes[1])
        if code == 0:
            break
    assert k > 60
    assert seen == {False, True}


@pytest.mark.parametrize("k", [30, 44, 49, 52, 56])
def test_recovery_may_die_at_every_call_too(tmp_path: Path, outcomes: tuple[Tree, Tree], k: int) -> None:
    first = fresh(tmp_path).rename(tmp_path / "first")
    ops = operations(first)
    assert in_child(with_faults(die_at(k), lambda: run(first, ops))) == 77
    recovered = []
    for j in itertools.count(1):
        # The journal knows its directory by inode, so every attempt starts again from the first death.
        shutil.rmtree(first)
        plant(first)
        assert in_child(with_faults(die_at(k), lambda: run(first, ops))) == 77
        code = in_child(with_faults(die_at(j), lambda: recover(first)))
        recover(first)
        recovered.append(tree(first))
        if code == 0:
            break
    assert len(recovered) > 10
    assert all(one in outcomes for one in recovered)
    assert len({str(one) for one in recovered}) == 1, "the way that recovery goes may not depend on its own death"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EIO, errno.EPERM])
def test_failure_at_every_call_changes_nothing(tmp_path: Path, outcomes: tuple[Tree, Tree], number: int) -> None:
    refused = 0
    for k in itertools.count(1):
        project = fresh(tmp_path)
        ops = operations(project)
        faults = fail_at(k, OSError(number, os.strerror(number)))
        error = error_of(with_faults(faults, lambda project=project, ops=ops: run(project, ops)))  # type: ignore[misc]
        assert error is None or error.hint
        refused += error is not None
        expected = outcomes[1] if error is None else outcomes[0]
        if error and not disk.interrupted(project):
            assert tree(project, without=(".aicos-tls", ".aicos-tls/lock", ".aicos-tls/pid")) == expected, k
        recover(project)
        assert tree(project) == expected, k
        if faults.count < k:
            break
    assert refused > 40


@pytest.mark.parametrize(
    ("number", "names"), [(errno.ENOSPC, NEED_SPACE), (errno.EROFS, CALLS)], ids=["full disk", "disk gone"]
)
def test_a_disk_that_goes_and_comes_back(
    tmp_path: Path, outcomes: tuple[Tree, Tree], number: int, names: tuple[str, ...]
) -> None:
    for k in itertools.count(1):
        project = fresh(tmp_path)
        ops = operations(project)
        faults = fail_at(k, OSError(number, os.strerror(number)), names=names, onwards=True)
        error = error_of(with_faults(faults, lambda project=project, ops=ops: run(project, ops)))  # type: ignore[misc]
        if error and names is NEED_SPACE:
            assert tree(project) == outcomes[0], "the way back needs no space"
        recover(project)
        assert tree(project) in outcomes, k
        if faults.count < k:
            break
    assert k > 60


def test_no_hard_links_here(tmp_path: Path, outcomes: tuple[Tree, Tree], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_kwargs: object) -> None:
        raise OSError(errno.EPERM, "no")

    monkeypatch.setattr(os, "link", refuse)
    for k in itertools.count(1):
        project = fresh(tmp_path)
        ops = operations(project)
        code = in_child(with_faults(die_at(k), lambda project=project, ops=ops: run(project, ops)))  # type: ignore[misc]
        recover(project)
        assert tree(project) in outcomes, k
        if code == 0:
            break


def test_an_interrupt_from_the_keyboard_undoes(tmp_path: Path, outcomes: tuple[Tree, Tree]) -> None:
    for k in itertools.count(1):
        project = fresh(tmp_path)
        ops = operations(project)

        faults = fail_at(k, KeyboardInterrupt())
        with suppress(KeyboardInterrupt), faults.installed():
            run(project, ops)
        recover(project)
        assert tree(project) in outcomes, k
        if faults.count < k:
            break


def without_guard(project: Path) -> list[str]:
    """Files beside keys, and temporary copies of keys, that git would take."""
    certs = project / "certs"
    names = [path.name for path in certs.iterdir()] if certs.is_dir() else []
    guarded = ".gitignore" in names and (certs / ".gitignore").read_bytes() == b"*\n"
    return [] if guarded else [name for name in names if name != ".gitignore"]


def removing(project: Path) -> list[disk.Operation]:
    return [disk.Remove(project / "certs/api-key.pem", disk.ANY), disk.RemoveDirectory(project / "certs")]


@pytest.mark.parametrize("kind", ["issued", "removed"])
def test_no_death_leaves_a_key_without_its_guard(tmp_path: Path, kind: str) -> None:
    for k in itertools.count(1):
        project = fresh(tmp_path)
        if kind == "removed":
            run(project, operations(project))
        ops = operations(project) if kind == "issued" else removing(project)
        code = in_child(with_faults(die_at(k), lambda project=project, ops=ops: run(project, ops)))  # type: ignore[misc]
        assert not without_guard(project), k
        recover(project)
        assert not without_guard(project), k
        if code == 0:
            break
    assert k > 20
    assert (project / "certs").exists() == (kind == "issued")


names = st.sampled_from(["a", "b", "ü b", "d/a", "new/a", "new/er/a"])
contents = st.binary(max_size=5)


@settings(max_examples=100, deadline=None)
@given(
    old=st.dictionaries(names.filter(lambda name: "new" not in name), contents),
    new=st.dictionaries(names, st.tuples(contents, st.sampled_from([None, 0o600, 0o755]))),
    gone=st.sets(names),
    k=st.integers(1, 90),
    number=st.sampled_from([errno.ENOSPC, errno.EPERM, errno.EIO]),
    death=st.booleans(),
)
def test_any_set_of_operations_at_any_call(
    tmp_path_factory: pytest.TempPathFactory,
    old: dict[str, bytes],
    new: dict[str, tuple[bytes, int | None]],
    gone: set[str],
    k: int,
    number: int,
    death: bool,  # noqa: FBT001
) -> None:
    project, model = tmp_path_factory.mktemp("any"), tmp_path_factory.mktemp("model")
    for root in (project, model):
        (root / "d").mkdir()
        for name, data in old.items():
            (root / name).write_bytes(data)

    def ops(root: Path) -> list[disk.Operation]:
        return [
            *(disk.MakeDirectory(root / name) for name in ("new", "new/er")),
            *(disk.Write(root / name, data, disk.ANY, mode) for name, (data, mode) in new.items()),
            *(disk.Remove(root / name, disk.ANY) for name in gone - set(new)),
            disk.RemoveDirectory(root / "d"),
        ]

    before = tree(project)
    run(model, ops(model))
    faults = die_at(k) if death else fail_at(k, OSError(number, os.strerror(number)))
    work = with_faults(faults, lambda: run(project, ops(project)))
    if death:
        in_child(work)
        recover(project)
        assert tree(project) in (before, tree(model))
    else:
        error = error_of(work)
        recover(project)
        assert tree(project) == (before if error else tree(model))
