"""`certs revoke` and `certs crl` as a person uses them, and killed at any point."""

from __future__ import annotations

import itertools
import json
import subprocess
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from doctor_seeds import other_authority, revocation_list
from support import dies_at, need

from aicos_tls.commands.certificates import revoking
from aicos_tls.pki import revocation
from aicos_tls.pki.certificate import load

if TYPE_CHECKING:
    from pathlib import Path

    from support import Run

NOW = datetime.now(UTC)


def crl(shop: Path) -> dict[str, str]:
    """Serial numbers with their reasons, after openssl has verified the list."""
    path, ca = shop / "certs/ca-crl.pem", shop / "certs/ca-cert.pem"
    subprocess.run([need("openssl"), "crl", "-in", path, "-CAfile", ca, "-noout"], check=True, capture_output=True)
    found = revocation.read(shop / "certs", load(ca.read_bytes())).value
    assert found
    return {f"{each.serial:x}": each.reason.value for each in found.revoked}


def serial(shop: Path, name: str) -> str:
    return f"{load((shop / f'certs/{name}-cert.pem').read_bytes()).serial_number:x}"


def verified(shop: Path, name: str) -> bool:
    certs = shop / "certs"
    files = ["-CAfile", f"{certs}/ca-cert.pem", "-CRLfile", f"{certs}/ca-crl.pem", f"{certs}/{name}-cert.pem"]
    done = subprocess.run([need("openssl"), "verify", "-crl_check_all", *files], check=False, capture_output=True)
    return done.returncode == 0


def test_a_service_is_revoked_and_the_others_are_not(shop: Path, run: Run) -> None:
    shown = run("certs", "revoke", "shop-api", "--reason", "key-compromise")
    assert shown.code == 0
    assert "revoked api: serial" in shown.out
    assert crl(shop) == {serial(shop, "api"): "key-compromise"}
    assert (verified(shop, "api"), verified(shop, "web")) == (False, True)
    assert (shop / "certs/ca-crl.pem").stat().st_mode & 0o777 == 0o644
    assert run("certs", "check").code == 1
    again = run("certs", "revoke", "api")
    assert "revoked already" in again.out
    assert crl(shop) == {serial(shop, "api"): "key-compromise"}


def test_a_new_key_helps(shop: Path, run: Run) -> None:
    run("certs", "revoke", "api")
    old = (shop / "certs/api-key.pem").read_bytes()
    assert run("certs", "renew", "--reuse-key").code == 0
    assert (shop / "certs/api-key.pem").read_bytes() != old
    assert verified(shop, "api")
    assert run("certs", "check").code == 0
    run("certs", "revoke", "api")
    assert len(crl(shop)) == 2


def test_versions_that_were_kept_are_revoked_too(shop: Path, run: Run) -> None:
    first = serial(shop, "api")
    run("certs", "renew", "api", "--force")
    run("certs", "revoke", "api")
    assert set(crl(shop)) == {first, serial(shop, "api")}


def test_by_number(shop: Path, run: Run) -> None:
    old = serial(shop, "web")
    run("certs", "issue", "web", "--force", "--key-type", "p256")
    assert run("certs", "revoke", "web", "--serial", old, "--reason", "superseded").code == 0
    assert crl(shop) == {old: "superseded"}
    for wrong in ("xyz", "0", "-1", "f" * 41):
        assert run("certs", "revoke", "web", "--serial", wrong).code == 2


def test_numbers_increase_and_entries_stay(shop: Path, run: Run) -> None:
    run("certs", "revoke", "api")
    numbers = [json.loads(run("certs", "crl", "--format", "json").out)["number"] for _ in range(3)]
    assert numbers == sorted(set(numbers))
    assert len(crl(shop)) == 1
    assert "as before" in run("certs", "crl", "--due").out
    short = json.loads(run("certs", "crl", "--lifetime", "12h", "--format", "json").out)
    left = datetime.fromisoformat(short["next_update"]) - datetime.now(UTC)
    assert timedelta(hours=11) < left <= timedelta(hours=12)


def test_a_list_that_was_touched_is_not_carried_on(shop: Path, run: Run) -> None:
    path = shop / "certs/ca-crl.pem"
    revocation_list(shop, "api", by=other_authority(NOW), now=NOW)
    before = path.read_bytes()
    for command in (("revoke", "web"), ("crl",)):
        refused = run("certs", *command)
        assert (refused.code, path.read_bytes()) == (2, before)
        assert "was not signed by the CA that is there" in refused.err
    assert run("certs", "renew", "--all", "--force").code == 0
    assert path.read_bytes() == before, "a file of somebody else"
    assert run("certs", "crl", "--force").code == 0
    assert crl(shop) == {}


def test_a_link_in_the_place_of_the_list(shop: Path, run: Run) -> None:
    mine = shop / "mine"
    mine.write_text("mine")
    (shop / "certs/ca-crl.pem").symlink_to(mine)
    assert run("certs", "crl", "--force").code == 2
    assert mine.read_text() == "mine"


def test_without_the_key_of_the_ca_and_without_a_certificate(shop: Path, run: Run) -> None:
    for name in ("cert", "key"):
        (shop / f"certs/job-{name}.pem").unlink()
    assert "there is no certificate to revoke" in run("certs", "revoke", "job").err
    (shop / "certs/ca-key.pem").unlink()
    assert "the CA's private key is not here" in run("certs", "revoke", "api").err
    for path in (shop / "certs").glob("ca-*"):
        path.unlink()
    assert "there is no CA" in run("certs", "crl").err
    assert not list((shop / "certs").glob("ca-crl*"))


def test_a_new_ca_brings_its_list(shop: Path, run: Run) -> None:
    run("certs", "revoke", "api")
    assert run("certs", "issue", "--force", "--key-type", "p256").code == 0
    assert crl(shop) == {}
    assert verified(shop, "api")


def test_the_list_follows_a_rotation(shop: Path, run: Run) -> None:
    run("certs", "revoke", "api", "--reason", "superseded")
    gone = serial(shop, "api")
    run("certs", "renew")
    for move in ("trust", "issue"):
        assert run("certs", "rotate-ca", move).code == 0
        assert run("certs", "check").code == 0
        assert all(verified(shop, name) for name in ("api", "web", "job")), move
    assert crl(shop)[gone] == "superseded"
    assert run("certs", "revoke", "web").code == 0
    assert not verified(shop, "web")
    run("certs", "renew")
    for move in ("drop", "finish"):
        assert run("certs", "rotate-ca", move).code == 0
        assert all(verified(shop, name) for name in ("api", "web", "job")), move
    assert gone in crl(shop)


def test_who_renews_refreshes_the_list(shop: Path, run: Run) -> None:
    revocation_list(shop, "api", now=NOW - timedelta(days=20))
    run("certs", "renew", "web")
    found = revocation.read(shop / "certs", load((shop / "certs/ca-cert.pem").read_bytes())).value
    assert found
    assert not found.due(now=NOW)
    assert not revoking.followed(shop / "certs", now=NOW)
    (shop / "certs/ca-key.pem").unlink()
    assert not revoking.followed(shop / "certs", now=NOW + timedelta(days=20))


def test_a_rollback_takes_it_along(shop: Path, run: Run) -> None:
    run("certs", "revoke", "api")
    assert run("rollback", "--certs").code == 0
    assert not (shop / "certs").exists()


def test_after_a_rollback_it_goes_with_the_certificates(shop: Path, run: Run) -> None:
    run("certs", "revoke", "api")
    run("rollback")
    assert (shop / "certs/ca-crl.pem").exists()
    assert run("rollback", "--certs").code == 0
    assert not (shop / "certs").exists()


def test_who_can_check_it(run: Run) -> None:
    out = run("certs", "crl", "--who").out
    assert "nginx, as server: checks" in out
    assert "PostgreSQL, as server: checks (not tried)" in out
    assert "Redis, Valkey, as server: cannot" in out
    assert "/app/certs/ca-crl.pem" in out
    found = json.loads(run("certs", "crl", "--who", "--format", "json").out)["checkers"]
    assert all(each["note"] for each in found if not each["checks"])
    assert run("certs", "crl", "--who", "-q").out == ""


def test_another_run_holds_the_certificates(shop: Path, run: Run) -> None:
    from aicos_tls import disk

    with disk.lock_certificates(shop / "certs"):
        assert "another run" in run("certs", "revoke", "api").err


@pytest.mark.parametrize("there", [False, True], ids=["first", "next"])
def test_death_at_every_call_leaves_the_old_list_or_the_new_one(shop: Path, run: Run, there: bool) -> None:  # noqa: FBT001
    died = 0
    if there:
        run("certs", "revoke", "api")
    path = shop / "certs/ca-crl.pem"
    before = path.read_bytes() if there else None
    names = {each.name for each in (shop / "certs").iterdir()}
    for step in itertools.count(1):
        if not dies_at(step, ["certs", "revoke", "web", "-q"]):
            break
        died += 1
        now = path.read_bytes() if path.exists() else None
        if now != before:
            assert serial(shop, "web") in crl(shop)
            path.unlink()
            if before:
                path.write_bytes(before)
    assert serial(shop, "web") in crl(shop)
    assert died >= 5
    assert {each.name for each in (shop / "certs").iterdir()} == names | {"ca-crl.pem"}
