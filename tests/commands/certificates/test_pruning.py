"""`certs prune`: what belongs to no service is reported, and removed when asked; files of others never are."""

from __future__ import annotations

import itertools
import json
import os
import shutil
from typing import TYPE_CHECKING

import pytest
from support import dies_at, tree

from aicos_tls import disk

if TYPE_CHECKING:
    from pathlib import Path

    from support import Run

GONE = {"job-cert.pem", "job-key.pem"}


@pytest.fixture
def left(shop: Path) -> Path:
    """The shop without a service, whose certificate is still there."""
    compose = shop / "docker-compose.yml"
    compose.write_text(compose.read_text().partition("  shop-job:")[0])
    return shop


def names(shop: Path) -> set[str]:
    return {path.name for path in (shop / "certs").glob("*.pem")}


def test_nothing_to_prune(shop: Path, run: Run) -> None:
    before = tree(shop)
    assert run("certs", "prune", "--remove").out == "every certificate belongs to a service\n"
    assert tree(shop) == before


def test_reported_and_removed_only_when_asked(left: Path, run: Run) -> None:
    before = tree(left)
    shown = run("certs", "prune")
    assert shown.code == 0
    assert shown.out.splitlines() == [
        "certs/job-cert.pem: belongs to no service",
        "certs/job-key.pem: belongs to no service",
        "→ to remove them: aicos-tls certs prune --remove",
    ]
    assert tree(left) == before
    done = run("certs", "prune", "--remove")
    assert "certs/job-key.pem: removed" in done.out
    assert set(before) - set(tree(left)) == {f"certs/{name}" for name in GONE}
    assert "record-certificate" not in run("doctor").out
    record = json.loads((left / ".aicos-tls/record.json").read_text())
    assert [each["path"] for each in record["certificates"]] == [f"certs/{n}-cert.pem" for n in ("api", "ca", "web")]
    assert json.loads(run("certs", "prune", "--format", "json").out)["unused"] == []


def test_a_renewed_one_goes_with_its_versions(shop: Path, run: Run) -> None:
    run("certs", "renew", "--all", "--force")
    compose = shop / "docker-compose.yml"
    compose.write_text(compose.read_text().partition("  shop-job:")[0])
    run("certs", "revoke", "api")
    assert run("certs", "prune", "--remove").code == 0
    assert not names(shop) & GONE
    assert not (shop / "certs/.versions/job").exists()
    assert (shop / "certs/ca-crl.pem").exists()
    assert run("certs", "renew").code == 0


def test_what_others_put_there_stays(left: Path, run: Run) -> None:
    certs = left / "certs"
    (certs / "mine-cert.pem").write_text("mine")
    (certs / "job-key.pem").write_bytes((certs / "web-key.pem").read_bytes())
    (certs / "ca-crl.pem").write_text("somebody's list")
    out = run("certs", "prune", "--remove").out
    assert (certs / "ca-crl.pem").exists()
    assert "certs/mine-cert.pem: stays: it was not issued here" in out
    assert "certs/job-key.pem: stays: it does not belong to the certificate" in out
    assert names(left) >= {"mine-cert.pem", "job-key.pem"}
    assert "job-cert.pem" not in names(left)


def test_death_at_every_call_leaves_both_or_none(left: Path) -> None:
    keep = left.parent / "keep"
    shutil.copytree(left, keep, symlinks=True)
    before, outcomes = names(left), set()
    for step in itertools.count(1):
        shutil.rmtree(left)
        shutil.copytree(keep, left, symlinks=True)
        os.chdir(left)
        died = dies_at(step, ["certs", "prune", "--remove", "-q"])
        with disk.lock(left) as locked:
            disk.recover(locked)
        assert names(left) in (before, before - GONE), step
        outcomes.add(len(names(left)))
        if not died:
            break
    assert step > 20
    assert len(outcomes) == 2
