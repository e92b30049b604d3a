"""Certificate and key change as a pair: whoever looks, whenever, and wherever the program dies."""

from __future__ import annotations

import errno
import itertools
import os
import shutil
import stat
from functools import partial
from typing import TYPE_CHECKING

import pytest
from faults import CALLS, Faults, die_at, fail_at, in_child, with_faults

from aicos_tls import disk
from aicos_tls.disk import pairs
from aicos_tls.disk.pairs import PairFile
from aicos_tls.errors import TlsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAMES = ("api-key.pem", "api-cert.pem")
LIVE = "api/live"


def files(text: str, name: str = "api") -> list[PairFile]:
    return [PairFile(f"{name}-{part}.pem", f"{text} {part}\n".encode(), mode) for part, mode in MODES]


MODES = (("key", 0o600), ("cert", 0o644))


def replace(certs: Path, *texts: str, keep: int = 3) -> None:
    for text in texts:
        disk.replace_pairs(certs, {"api": files(text)}, keep=keep)


def look(certs: Path, name: str = "api") -> str:
    """What both files say, as somebody reads them by their names; `none` where neither is there."""
    there = [certs / f"{name}-{part}.pem" for part in ("key", "cert")]
    texts = [path.read_text().split()[0] if path.exists() else "none" for path in there]
    return texts[0] if texts[0] == texts[1] else f"{texts[0]} and {texts[1]}"


def left(certs: Path) -> list[str]:
    """What else than pairs, versions and the guard is there."""
    home = certs / ".versions"
    strange = [str(path.relative_to(certs)) for path in certs.iterdir() if path.name.startswith(".")]
    return strange + [path.name for path in home.rglob("*") if path.name.endswith(".new")]


@pytest.fixture
def certs(tmp_path: Path) -> Path:
    """A pair of plain files, as they are issued at first."""
    directory = tmp_path / "certs"
    directory.mkdir()
    for file in files("old"):
        (directory / file.name).write_bytes(file.data)
        (directory / file.name).chmod(file.mode)
    return directory


def test_plain_files_become_links_to_a_version(certs: Path) -> None:
    replace(certs, "new")
    assert look(certs) == "new"
    assert {name: str((certs / name).readlink()) for name in NAMES} == {
        name: f".versions/{LIVE}/{name}" for name in NAMES
    }
    assert pairs.versions(certs, "api") == (1, 2)
    assert (pairs.live(certs, "api"), (certs / ".versions/api/1/api-key.pem").read_text()) == (2, "old key\n")
    assert [stat.S_IMODE((certs / name).stat().st_mode) for name in NAMES] == [0o600, 0o644]
    assert (certs / ".versions/.gitignore").read_bytes() == b"*\n"
    assert left(certs) == [".versions"]


def test_the_last_versions_are_kept(certs: Path) -> None:
    replace(certs, "a", "b", "c", "d")
    assert (look(certs), len(pairs.versions(certs, "api"))) == ("d", 3)
    replace(certs, "e", keep=1)
    assert len(pairs.versions(certs, "api")) == 1
    assert pairs.live(certs, "api") == pairs.versions(certs, "api")[0]


def test_nothing_asked_for_leaves_no_trace(certs: Path) -> None:
    disk.replace_pairs(certs, {})
    assert sorted(path.name for path in certs.iterdir()) == sorted(NAMES)


def test_a_pair_that_is_new(certs: Path) -> None:
    disk.replace_pairs(certs, {"web": files("first", "web")})
    assert (look(certs, "web"), look(certs)) == ("first", "old")


def test_mode_and_owner_stay(certs: Path) -> None:
    (certs / "api-key.pem").chmod(0o640)
    if os.geteuid() == 0:
        os.chown(certs / "api-key.pem", 4711, 4712)
    before = (certs / "api-key.pem").stat()
    replace(certs, "new", "newer")
    after = (certs / "api-key.pem").stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files of others")
def test_what_root_makes_can_be_removed_by_the_owner_of_the_directory(certs: Path) -> None:
    os.chown(certs, 4711, 4712)
    replace(certs, "new")
    assert {path.stat().st_uid for path in (certs / ".versions", certs / ".versions/api/2")} == {4711}


def test_files_put_in_the_place_of_links_count(certs: Path) -> None:
    replace(certs, "new")
    for file in files("mine"):
        (certs / file.name).unlink()
        (certs / file.name).write_bytes(file.data)
    replace(certs, "newer")
    assert look(certs) == "newer"
    assert [look_at(certs, version) for version in pairs.versions(certs, "api")] == ["new", "mine", "newer"]


def look_at(certs: Path, version: int) -> str:
    return (certs / f".versions/api/{version}/api-cert.pem").read_text().split()[0]


def test_a_link_of_somebody_else_is_left_alone(certs: Path, tmp_path: Path) -> None:
    shutil.move(certs / "api-cert.pem", tmp_path / "elsewhere.pem")
    (certs / "api-cert.pem").symlink_to(tmp_path / "elsewhere.pem")
    with pytest.raises(TlsError, match="is a link that was not made here"):
        replace(certs, "new")
    assert (tmp_path / "elsewhere.pem").read_text() == "old cert\n"
    assert not (certs / ".versions").exists()


def test_what_is_no_file_is_left_alone(certs: Path) -> None:
    (certs / "api-cert.pem").unlink()
    (certs / "api-cert.pem").mkdir()
    with pytest.raises(TlsError, match="is no regular file"):
        replace(certs, "new")


def test_a_link_to_no_version_is_said(certs: Path) -> None:
    replace(certs, "new")
    (certs / f".versions/{LIVE}").unlink()
    (certs / f".versions/{LIVE}").symlink_to("../../elsewhere")
    with pytest.raises(TlsError, match="leads to no version"):
        replace(certs, "newer")


def test_a_file_beside_the_pair_has_no_name(certs: Path) -> None:
    extra = PairFile("note.json", b"{}", 0o644, named=False)
    disk.replace_pairs(certs, {"api": [*files("new"), extra]})
    assert not (certs / "note.json").exists()
    assert (certs / f".versions/{LIVE}/note.json").read_bytes() == b"{}"
    disk.recover_pairs(certs)
    assert not (certs / "note.json").exists()


def test_flat_again(certs: Path) -> None:
    (certs / "api-key.pem").chmod(0o640)
    replace(certs, "new")
    disk.flatten(certs, "api")
    assert look(certs) == "new"
    assert sorted(path.name for path in certs.iterdir()) == sorted(NAMES)
    assert not (certs / "api-key.pem").is_symlink()
    assert stat.S_IMODE((certs / "api-key.pem").stat().st_mode) == 0o640
    disk.flatten(certs, "api")
    assert look(certs) == "new"


def test_flat_again_beside_another_pair_and_a_file_of_ones_own(certs: Path) -> None:
    disk.replace_pairs(certs, {"api": files("new"), "web": files("first", "web")})
    (certs / "api-cert.pem").unlink()
    (certs / "api-cert.pem").write_text("mine cert\n")
    disk.flatten(certs, "api")
    assert (look(certs), look(certs, "web")) == ("new and mine", "first")
    assert pairs.versions(certs, "web") == (2,)


def test_own_links_are_told_from_others(certs: Path) -> None:
    replace(certs, "new")
    assert disk.is_own_link(certs / "api-key.pem")
    (certs / "other.pem").symlink_to(".versions/api/live/api-key.pem")
    assert not disk.is_own_link(certs / "other.pem")
    assert not disk.is_own_link(certs / ".versions/.gitignore")


def test_versions_of_what_is_not_there(tmp_path: Path) -> None:
    assert (pairs.versions(tmp_path, "x"), pairs.live(tmp_path, "x")) == ((), None)
    disk.recover_pairs(tmp_path)


def test_who_removed_both_names_meant_it(certs: Path) -> None:
    replace(certs, "new")
    for name in NAMES:
        (certs / name).unlink()
    disk.recover_pairs(certs)
    assert look(certs) == "none"


def test_recovering_needs_a_version_that_is_there(certs: Path) -> None:
    replace(certs, "new")
    shutil.rmtree(certs / ".versions/api/2")
    disk.recover_pairs(certs)
    assert (certs / "api-key.pem").is_symlink()


def test_another_owner_that_cannot_be_given(certs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "chown", refuse)
    replace(certs, "new")
    assert look(certs) == "new"


def nothing(_certs: Path) -> None:
    """A pair of plain files, as it is issued."""


def renewed(certs: Path) -> None:
    replace(certs, "a", "b", "old")


def removed(certs: Path) -> None:
    for name in NAMES:
        (certs / name).unlink()


def mine(certs: Path) -> None:
    """Files of somebody's own in the place of the links."""
    replace(certs, "a")
    removed(certs)
    for file in files("old"):
        (certs / file.name).write_bytes(file.data)


def new(certs: Path) -> None:
    replace(certs, "new")


def flat(certs: Path) -> None:
    disk.flatten(certs, "api")


PLANS: dict[str, tuple[Callable[[Path], None], Callable[[Path], None], set[str]]] = {
    "plain": (nothing, new, {"old", "new"}),
    "linked": (renewed, new, {"old", "new"}),
    "none": (removed, new, {"none", "new"}),
    "flat": (renewed, flat, {"old"}),
    "mine": (mine, new, {"old", "new"}),
}


def fresh(tmp_path: Path, before: Callable[[Path], None]) -> Path:
    directory = tmp_path / "again"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    for file in files("old"):
        (directory / file.name).write_bytes(file.data)
    before(directory)
    return directory


@pytest.mark.parametrize("plan", PLANS)
def test_no_reader_sees_a_mix_at_any_call(tmp_path: Path, plan: str) -> None:
    before, work, allowed = PLANS[plan]
    certs = fresh(tmp_path, before)
    seen: list[str] = []
    faults = Faults(lambda *_: seen.append(look(certs)))
    with_faults(faults, lambda: work(certs))()
    seen.append(look(certs))
    half = {"new and none"} if plan == "none" else set()  # the key of a pair that nobody reads yet
    assert set(seen) <= allowed | half
    assert len(seen) > 20


POINTS: list[int] = []


@pytest.mark.parametrize("plan", PLANS)
def test_death_at_every_call_leaves_the_old_pair_or_the_new_one(tmp_path: Path, plan: str) -> None:
    before, work, allowed = PLANS[plan]
    for k in itertools.count(1):
        certs = fresh(tmp_path, before)
        code = in_child(with_faults(die_at(k), partial(work, certs)))
        disk.recover_pairs(certs)
        assert look(certs) in allowed, k
        replace(certs, "next")  # whoever comes next is not hindered, and tidies up
        assert look(certs) == "next", k
        assert left(certs) == [".versions"]
        assert len(pairs.versions(certs, "api")) <= 3
        if code == 0:
            POINTS.append(k - 1)
            break
        assert code == 77


def test_so_many_points_were_tried() -> None:
    assert sum(POINTS) > 150 or not POINTS


@pytest.mark.parametrize("plan", PLANS)
def test_a_disk_that_fails_at_any_call(tmp_path: Path, plan: str) -> None:
    before, work, allowed = PLANS[plan]
    full = OSError(errno.ENOSPC, "No space left on device")
    for k in itertools.count(1):
        certs = fresh(tmp_path, before)
        faults = fail_at(k, full, names=CALLS)
        try:
            with_faults(faults, partial(work, certs))()
        except TlsError as error:
            assert "free some space" in error.hint or "is there already" in str(error)  # noqa: PT017 - k has to go on
        disk.recover_pairs(certs)
        assert look(certs) in allowed, k
        if faults.count < k:
            break


def test_a_full_disk_changes_no_pair_of_several(certs: Path) -> None:
    replace(certs, "old")
    disk.replace_pairs(certs, {"web": files("old", "web")})
    faults = fail_at(1, OSError(errno.ENOSPC, "No space left on device"), names=("write",), onwards=True)
    both = {"api": files("new"), "web": files("new", "web")}
    with pytest.raises(TlsError, match="No space left"):
        with_faults(faults, lambda: disk.replace_pairs(certs, both))()
    assert (look(certs), look(certs, "web")) == ("old", "old")


def test_an_interrupt_leaves_nothing_staged(certs: Path) -> None:
    replace(certs, "old")
    with pytest.raises(KeyboardInterrupt):
        with_faults(fail_at(6, KeyboardInterrupt()), lambda: replace(certs, "new"))()
    assert (look(certs), len(pairs.versions(certs, "api"))) == ("old", 2)


def test_a_disk_that_fails_while_names_are_given_back(certs: Path) -> None:
    replace(certs, "new")
    (certs / "api-cert.pem").unlink()
    with pytest.raises(TlsError, match="cannot be written"):
        with_faults(fail_at(1, OSError(errno.EIO, "Input/output error")), lambda: disk.recover_pairs(certs))()
    disk.recover_pairs(certs)
    assert look(certs) == "new"


def test_what_does_not_belong_among_the_versions_goes(certs: Path) -> None:
    replace(certs, "new")
    (certs / ".versions/api/stray").write_text("x")
    replace(certs, "newer")
    assert not (certs / ".versions/api/stray").exists()


@pytest.mark.parametrize("way", [".versions", ".versions/web"])
def test_no_key_leaves_by_a_link_on_the_way(tmp_path: Path, way: str) -> None:
    """Whoever can push a branch can put a link there, however well the directory is ignored."""
    certs, out = tmp_path / "certs", tmp_path / "out"
    (certs / way).parent.mkdir(parents=True)
    out.mkdir()
    (out / "web").mkdir()
    (out / "7").mkdir()
    (certs / way).symlink_to(out)
    new = {"web": [PairFile("web-cert.pem", b"c", 0o644), PairFile("web-key.pem", b"k", 0o600)]}
    with pytest.raises(TlsError, match="is a link or no directory"):
        pairs.replace_pairs(certs, new)
    with pytest.raises(TlsError, match="is a link or no directory"):
        pairs.flatten(certs, "web")
    assert (pairs.versions(certs, "web"), pairs.live(certs, "web")) == ((), None)
    pairs.prune(certs, "web")
    pairs.recover_pairs(certs)
    assert sorted(path.name for path in out.rglob("*")) == ["7", "web"]
