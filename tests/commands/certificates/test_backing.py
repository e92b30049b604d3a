"""`certs backup` and `certs restore`: nothing leaks, nothing is replaced unasked, nothing is half restored."""

from __future__ import annotations

import itertools
import json
import os
import resource
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from doctor_seeds import revocation_list
from support import dies_at, need, tree, work_tree

from aicos_tls import disk
from aicos_tls.pki import archive

if TYPE_CHECKING:
    from pathlib import Path

    from support import Run

NOW = datetime.now(UTC)


@pytest.fixture
def saved(shop: Path, run: Run) -> Path:
    path = shop.parent / "b.tar.gz"
    assert run("certs", "backup", path).code == 0
    return path


def pem(shop: Path) -> dict[str, tuple[bytes, int]]:
    return {path.name: (path.read_bytes(), path.stat().st_mode & 0o777) for path in (shop / "certs").glob("*.pem")}


def test_what_is_lost_comes_back_with_its_modes(shop: Path, run: Run, saved: Path) -> None:
    before = pem(shop)
    assert saved.stat().st_mode & 0o777 == 0o600
    shutil.rmtree(shop / "certs")
    shown = run("certs", "restore", saved)
    assert shown.code == 0
    assert shown.out.count("was restored") == 8
    assert pem(shop) == before
    assert (shop / "certs/.gitignore").read_text() == "*\n"
    assert run("certs", "check").code == 0
    again = run("certs", "restore", saved)
    assert again.out == "8 files in certs as in the backup\n"


def test_a_dated_name_like_the_guides(shop: Path, run: Run) -> None:
    assert run("certs", "backup").code == 0
    (made,) = shop.glob("certs-backup-*.tar.gz")
    assert made.name == f"certs-backup-{datetime.now().astimezone():%Y%m%d}.tar.gz"
    listed = subprocess.run([need("tar"), "-tzf", made], capture_output=True, text=True, check=True).stdout
    assert "certs/ca-key.pem" in listed.splitlines()


def test_renewed_pairs_are_saved_as_what_their_names_lead_to(shop: Path, run: Run) -> None:
    run("certs", "renew", "--all", "--force")
    before = pem(shop)
    path = shop.parent / "b.tgz"
    run("certs", "backup", path)
    shutil.rmtree(shop / "certs")
    assert run("certs", "restore", path).code == 0
    assert pem(shop) == before
    assert not (shop / "certs/api-key.pem").is_symlink()


def test_git_and_containers_never_see_it(shop: Path, run: Run) -> None:
    work_tree(shop)
    refused = run("certs", "backup")
    assert refused.code == 2
    assert "git would take the backup" in refused.err
    assert run("certs", "backup", shop / "certs/b.tgz").code == 2
    assert run("certs", "backup", shop / ".git/b.tgz").code == 2
    assert run("certs", "backup", shop / "none/b.tgz").code == 2
    assert not [path for path in shop.rglob("*") if path.name.endswith(("gz", "aicos-tls-new"))]
    (shop / ".gitignore").write_text("certs/\ncerts-backup-*\n")
    assert run("certs", "backup").code == 0
    assert run("certs", "backup").code == 2, "one of today is there"
    (shop / "ignored").mkdir()
    (shop / ".gitignore").write_text("certs/\nignored/\n")
    assert run("certs", "backup", "ignored/b.tgz").code == 0


def test_what_is_not_in_it_is_said(shop: Path, run: Run) -> None:
    (shop / "certs/notes.txt").write_text("mine")
    (shop / "certs/out-key.pem").symlink_to("/etc/hostname")
    shown = run("certs", "backup", shop.parent / "b.tgz")
    assert "not in it: notes.txt, out-key.pem" in shown.out
    found = json.loads(run("certs", "backup", shop.parent / "c.tgz", "--format", "json").out)
    assert (found["encrypted"], len(found["files"])) == (False, 8)
    run("certs", "rotate-ca", "trust")
    assert "the other CA of the rotation" in run("certs", "backup", shop.parent / "d.tgz").out


def test_nothing_to_save(shop: Path, run: Run) -> None:
    shutil.rmtree(shop / "certs")
    assert "there are no certificates to back up" in run("certs", "backup", shop.parent / "b.tgz").err


class TestEncrypted:
    """By passphrase and by key; the format is age's, so age reads it."""

    def test_a_passphrase(self, shop: Path, run: Run) -> None:
        (shop / "pw").write_text("correct horse\n")
        (shop / "wrong").write_text("battery\n")
        path = shop.parent / "b.age"
        assert run("certs", "backup", path, "--passphrase-file", "pw").code == 0
        assert b"PRIVATE" not in path.read_bytes()
        shutil.rmtree(shop / "certs")
        refused = run("certs", "restore", path, "--passphrase-file", "wrong")
        assert (refused.code, (shop / "certs").exists()) == (2, False)
        assert "the passphrase is wrong, or it is damaged" in refused.err
        assert "nobody is there to type" in run("certs", "restore", path).err
        (shop / "empty").write_text("\n")
        assert run("certs", "restore", path, "--passphrase-file", "empty").code == 2
        whole = path.read_bytes()
        for end in (len(whole) // 2, len(whole) - 1, 30):
            path.write_bytes(whole[:end])
            assert run("certs", "restore", path, "--passphrase-file", "pw").code == 2
        path.write_bytes(whole)
        assert run("certs", "restore", path, "--passphrase-file", "pw").code == 0
        assert run("certs", "check").code == 0

    def test_a_key_that_is_not_here(self, shop: Path, run: Run) -> None:
        program, keygen = need("age"), need("age-keygen")
        subprocess.run([keygen, "-o", "key.txt"], capture_output=True, check=True)
        subprocess.run([keygen, "-o", "other.txt"], capture_output=True, check=True)
        public = subprocess.run([keygen, "-y", "key.txt"], capture_output=True, text=True, check=True).stdout.strip()
        path = shop.parent / "b.age"
        assert run("certs", "backup", path, "-r", public).code == 0
        plain = subprocess.run([program, "-d", "-i", "key.txt", path], capture_output=True, check=True).stdout
        assert len(archive.unpack(plain)) == 8
        shutil.rmtree(shop / "certs")
        assert "for a key" in run("certs", "restore", path).err
        assert "no key here opens it" in run("certs", "restore", path, "-i", "other.txt").err
        (shop / "odd.txt").write_text("rubbish")
        assert "no private key of age or SSH" in run("certs", "restore", path, "-i", "odd.txt").err
        assert run("certs", "restore", path, "-i", "key.txt").code == 0
        assert run("certs", "backup", shop.parent / "c.age", "-r", "nobody").code == 2

    def test_a_key_of_ssh(self, shop: Path, run: Run) -> None:
        subprocess.run([need("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", "id"], check=True)
        path = shop.parent / "b.age"
        assert run("certs", "backup", path, "-r", (shop / "id.pub").read_text()).code == 0
        assert run("certs", "restore", path, "-i", "id").code == 0

    def test_an_empty_passphrase_and_no_library(self, shop: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        from aicos_tls.commands.certificates.sealing import Lock, lock
        from aicos_tls.errors import TlsError

        with pytest.raises(TlsError, match="protects nothing"):
            lock(b"x", Lock(lambda: ""))
        monkeypatch.setitem(__import__("sys").modules, "pyrage", None)
        assert "aicos-tls[age]" in run("certs", "backup", shop.parent / "b", "-r", "age1").err

    def test_who_types_it_types_it_twice(self, shop: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        asked: list[bool] = []

        def prompt(_: str, *, hide_input: bool, confirmation_prompt: bool, err: bool) -> str:
            assert hide_input
            assert err
            asked.append(confirmation_prompt)
            return "typed"

        monkeypatch.setattr("typer.prompt", prompt)
        monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
        path = shop.parent / "b.age"
        assert run("certs", "backup", "--encrypt", path).code == 0
        assert run("certs", "restore", path).code == 0
        assert asked == [True, False]


class TestRestore:
    """What is there stays unless it is to be replaced; a backup that does not hold together changes nothing."""

    def test_another_file_is_replaced_when_asked(self, shop: Path, run: Run, saved: Path) -> None:
        before = pem(shop)
        run("certs", "issue", "api", "--force", "--key-type", "p256")
        other = pem(shop)
        assert "is another file than the one in the backup" in run("certs", "restore", saved).err
        shown = run("certs", "restore", saved, "--force", "--dry-run")
        assert "api-key.pem would be replaced" in shown.out
        assert pem(shop) == other
        found = json.loads(run("certs", "restore", saved, "--force", "--format", "json").out)
        assert found["replaced"] == ["api-cert.pem", "api-key.pem"]
        assert pem(shop) == before
        assert run("doctor").out.count("record-certificate") == 0
        run("rollback", "--certs")
        assert not (shop / "certs").exists()

    def test_what_does_not_hold_together(self, shop: Path, run: Run, saved: Path) -> None:
        members = {each.name: each for each in archive.unpack(saved.read_bytes())}
        members["api-key.pem"] = archive.Member("api-key.pem", members["web-key.pem"].data, 0o600)
        saved.write_bytes(archive.pack(list(members.values()), "certs"))
        shutil.rmtree(shop / "certs")
        before = tree(shop)
        refused = run("certs", "restore", saved)
        assert (refused.code, tree(shop)) == (2, before)
        assert "the backup does not hold together: api-key.pem does not match api-cert.pem" in refused.err

    def test_an_old_one_is_restored_and_said(self, shop: Path, run: Run, saved: Path) -> None:
        from aicos_tls.commands.certificates.backing import restore
        from aicos_tls.commands.certificates.sealing import Keys

        shutil.rmtree(shop / "certs")
        late = NOW + timedelta(days=4000)
        result = restore([], saved, {}, Keys(str), force=False, dry_run=False, now=late, environment={})
        assert len(result.remarks) == 4
        assert "expired" in result.remarks[0][1]
        assert run("certs", "check").code == 0

    def test_files_of_others_stay(self, shop: Path, run: Run, saved: Path) -> None:
        (shop / "certs/mine-cert.pem").write_text("mine")
        (shop / "certs/api-key.pem").unlink()
        assert run("certs", "restore", saved).code == 0
        assert (shop / "certs/mine-cert.pem").read_text() == "mine"

    def test_a_link_that_leads_out(self, shop: Path, run: Run, saved: Path) -> None:
        mine = shop / "mine"
        mine.write_text("mine")
        (shop / "certs/api-key.pem").unlink()
        (shop / "certs/api-key.pem").symlink_to(mine)
        assert "leads out of the certificates directory" in run("certs", "restore", saved, "--force").err
        assert mine.read_text() == "mine"

    def test_nothing_that_was_revoked_comes_back(self, shop: Path, run: Run) -> None:
        revocation_list(shop, now=NOW - timedelta(days=1))
        path = shop.parent / "b.tgz"
        run("certs", "backup", path)
        run("certs", "revoke", "api")
        newer = (shop / "certs/ca-crl.pem").read_bytes()
        shown = run("certs", "restore", path, "--force")
        assert "ca-crl.pem: the one that is there is newer, and stays" in shown.out
        assert (shop / "certs/ca-crl.pem").read_bytes() == newer
        (shop / "certs/ca-crl.pem").unlink()
        assert "ca-crl.pem was restored" in run("certs", "restore", path).out

    def test_a_key_is_never_open_to_all(self, shop: Path, run: Run, saved: Path) -> None:
        members = [archive.Member(m.name, m.data, 0o777) for m in archive.unpack(saved.read_bytes())]
        saved.write_bytes(archive.pack(members, "certs"))
        shutil.rmtree(shop / "certs")
        run("certs", "restore", saved)
        modes = {name[-8:]: mode for name, (_, mode) in pem(shop).items()}
        assert (modes["-key.pem"] & 0o007, modes["cert.pem"] & 0o022) == (0, 0)

    def test_no_file_and_no_backup(self, shop: Path, run: Run) -> None:
        assert run("certs", "restore", "none.tgz").code == 2
        (shop / "odd.tgz").write_text("rubbish")
        assert "no backup that can be restored" in run("certs", "restore", "odd.tgz").err


def test_death_at_every_call_of_a_restore_leaves_all_or_nothing(shop: Path, run: Run, saved: Path) -> None:
    run("certs", "issue", "--force", "--key-type", "p256")
    for path in (shop / "certs").glob("job-*"):
        path.unlink()
    old, died = pem(shop), 0
    keep = shop.parent / "keep"
    shutil.copytree(shop, keep, symlinks=True)
    for step in itertools.count(1):
        shutil.rmtree(shop)
        shutil.copytree(keep, shop, symlinks=True)
        os.chdir(shop)
        if not dies_at(step, ["certs", "restore", os.fspath(saved), "--force", "-q"]):
            break
        died += 1
        with disk.lock(shop) as locked:
            disk.recover(locked)
        members = {each.name: each.data for each in archive.unpack(saved.read_bytes())}
        found = {name: data for name, (data, _) in pem(shop).items()}
        assert found in (members, {name: data for name, (data, _) in old.items()}), step
    assert died > 50


def test_death_at_every_call_of_a_backup_leaves_no_half_of_it(shop: Path) -> None:
    path = shop.parent / "out" / "b.tgz"
    path.parent.mkdir()
    for step in itertools.count(1):
        died = dies_at(step, ["certs", "backup", os.fspath(path), "-q"])
        if path.exists():
            assert len(archive.unpack(path.read_bytes())) == 8
            path.unlink()
        elif not died:
            pytest.fail("it was not written")
        if not died:
            break
    assert step > 4
    assert list(path.parent.iterdir()) == []


def test_a_full_disk(shop: Path, run: Run, saved: Path) -> None:
    """No file may grow: what cannot be written leaves everything as it was."""
    before = tree(shop)
    saved.unlink()
    import signal

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        refused = run("certs", "backup", saved), run("certs", "revoke", "api")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert [each.code for each in refused] == [2, 2]
    assert all("cannot be written" in each.err for each in refused)
    assert tree(shop) == before
    assert not saved.exists()
