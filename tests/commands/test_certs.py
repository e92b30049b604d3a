"""`certs issue` and `certs list` as a person uses them."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from support import need, tree

from aicos_tls.pki import KeyType, Profile, keys
from aicos_tls.pki.authority import new_authority

if TYPE_CHECKING:
    from pathlib import Path

    from support import Project, Run

FAST = ("--key-type", "p256")
ISSUE = ("certs", "issue", *FAST)
COMPOSE = """\
services:
  shop-api:
    build: .
    healthcheck: {test: curl http://localhost:1}
  shop-web:
    build: .
    environment: ["API_URL=http://shop-api:1"]
  shop-job:
    build: .
  shop-cache:
    image: redis:7
"""
PAIRS = {f"{name}-{part}.pem" for name in ("ca", "api", "web", "job") for part in ("cert", "key")}


@pytest.fixture
def shop(project: Project) -> Path:
    """Three services in scope with a common prefix, and one out of scope."""
    return project(COMPOSE)


def pem(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (directory / "certs").glob("*.pem")}


def changed(before: dict[str, bytes], after: dict[str, bytes]) -> set[str]:
    return {name for name in after if after[name] != before.get(name)}


def verified(directory: Path) -> int:
    """How many leaves openssl verifies against the CA."""
    leaves = [str(path) for path in (directory / "certs").glob("*-cert.pem") if path.name != "ca-cert.pem"]
    command = [need("openssl"), "verify", "-x509_strict", "-CAfile", str(directory / "certs/ca-cert.pem"), *leaves]
    return subprocess.run(command, check=False, capture_output=True, text=True).stdout.count(": OK")


def recorded(directory: Path) -> dict[str, str]:
    record = json.loads((directory / ".aicos-tls/record.json").read_text())
    return {each["path"]: each["sha256"] for each in record["certificates"]}


def test_issuing_alone_writes_certificates_and_nothing_else(shop: Path, run: Run) -> None:
    shown = run(*ISSUE)
    assert (shown.code, shown.err) == (0, "")
    lines = shown.out.splitlines()
    assert [line.split()[0] for line in lines[:4]] == ["ca-cert.pem", "api-cert.pem", "web-cert.pem", "job-cert.pem"]
    assert all("issued (there is none), expires 20" in line for line in lines[:4])
    assert lines[4:] == ["8 files in certs", "restart the containers: docker compose up -d --force-recreate"]
    assert set(tree(shop)) == {"docker-compose.yml", "certs/.gitignore", *(f"certs/{name}" for name in PAIRS)}
    assert verified(shop) == 3


def test_what_is_there_is_kept(shop: Path, run: Run) -> None:
    run(*ISSUE)
    before = pem(shop)
    again = run(*ISSUE)
    assert (again.code, pem(shop)) == (0, before)
    assert again.out.count("kept, expires") == 4
    assert "restart" not in again.out


def test_only_what_is_missing_is_made(shop: Path, run: Run) -> None:
    run(*ISSUE)
    before = pem(shop)
    for part in ("cert", "key"):
        (shop / f"certs/web-{part}.pem").unlink()
    out = run(*ISSUE).out
    assert changed(before, pem(shop)) == {"web-cert.pem", "web-key.pem"}
    assert "2 files in certs" in out
    assert verified(shop) == 3


def test_half_a_pair_is_not_guessed_about(shop: Path, run: Run) -> None:
    run(*ISSUE)
    (shop / "certs/job-cert.pem").unlink()
    before = pem(shop)
    refused = run(*ISSUE)
    assert (refused.code, pem(shop)) == (2, before)
    assert "certs/job-cert.pem: missing, though job-key.pem is there" in refused.err
    assert run(*ISSUE, "job", "--force").code == 0
    assert verified(shop) == 3


@pytest.mark.parametrize("name", ["shop-web", "web"])
def test_a_service_is_named_in_full_or_in_short(shop: Path, run: Run, name: str) -> None:
    run(*ISSUE, name)
    assert set(pem(shop)) == {"ca-cert.pem", "ca-key.pem", "web-cert.pem", "web-key.pem"}
    before = pem(shop)
    forced = run(*ISSUE, name, "--force")
    assert "web-cert.pem  issued (forced)" in forced.out
    assert changed(before, pem(shop)) == {"web-cert.pem", "web-key.pem"}


def test_force_replaces_everything(shop: Path, run: Run) -> None:
    run(*ISSUE)
    before = pem(shop)
    assert run(*ISSUE, "--force").out.count("issued (forced)") == 4
    assert changed(before, pem(shop)) == PAIRS
    assert verified(shop) == 3


def test_a_new_ca_comes_with_certificates_for_all(shop: Path, run: Run) -> None:
    run(*ISSUE)
    before = pem(shop)
    out = run(*ISSUE, "ca", "--force").out
    assert out.count("renewed (the CA is replaced)") == 3
    assert changed(before, pem(shop)) == PAIRS - {"api-key.pem", "web-key.pem", "job-key.pem"}
    assert verified(shop) == 3
    assert "belong to no service" not in out


def test_following_the_hints_leads_out_when_the_ca_is_gone(shop: Path, run: Run) -> None:
    run(*ISSUE)
    for part in ("cert", "key"):
        (shop / f"certs/ca-{part}.pem").unlink()
    before = pem(shop)
    refused = run(*ISSUE, "web")
    assert (refused.code, pem(shop)) == (2, before)
    command = refused.err.splitlines()[1].split("aicos-tls ")[1]
    assert run(*command.split(), *FAST).code == 0
    assert verified(shop) == 3


def test_files_of_no_service_are_named_when_the_ca_changes(shop: Path, run: Run) -> None:
    run(*ISSUE)
    (shop / "docker-compose.yml").write_text(COMPOSE.replace("  shop-job:\n    build: .\n", ""))
    assert "job" not in run(*ISSUE).out
    out = run(*ISSUE, "--force").out
    assert "job: these files belong to no service, and the new CA does not vouch for them" in out


def test_an_unknown_service_is_refused_with_those_that_there_are(shop: Path, run: Run) -> None:
    for name in ("shop-cache", "nobody"):
        refused = run(*ISSUE, name)
        assert refused.code == 2
        assert refused.err.splitlines() == [
            f"aicos-tls: docker-compose.yml: no certificate is issued for {name!r}",
            "  → services in scope: shop-api, shop-web, shop-job",
        ]
    assert set(tree(shop)) == {"docker-compose.yml"}
    assert run(*ISSUE, "shop-cache", "--all").code == 0


def test_a_certificate_ends_with_its_ca(shop: Path, run: Run) -> None:
    run(*ISSUE, "ca", "--days", "9")
    out = run(*ISSUE, "web", "--days", "90").out
    assert "  it ends with its CA, before the days that were asked for are over" in out.splitlines()
    assert shop.is_dir()


def test_a_key_that_others_can_read_is_said_and_left(shop: Path, run: Run) -> None:
    run(*ISSUE)
    key = shop / "certs/web-key.pem"
    key.chmod(0o644)
    assert "certs/web-key.pem: the private key is open to others (mode 0644)\n  → chmod 600" in run(*ISSUE).out
    assert "certs/web-key.pem: the private key is open to others" in run("enable", *FAST).out
    assert key.stat().st_mode & 0o777 == 0o644
    (remark,) = json.loads(run(*ISSUE, "--format", "json").out)["remarks"]
    assert remark["hint"] == "chmod 600 certs/web-key.pem"
    assert "open to others" not in run(*ISSUE, "web", "--force").out


class TestEnabled:
    """On an enabled project the record knows every certificate, so that `rollback --certs` removes them."""

    def test_nothing_new_leaves_the_record(self, shop: Path, run: Run) -> None:
        run("enable", *FAST)
        before = tree(shop)
        assert run(*ISSUE).code == 0
        assert tree(shop) == before

    def test_a_replaced_pair_is_recorded_and_removed(self, shop: Path, run: Run) -> None:
        run("enable", *FAST)
        before = recorded(shop)
        text = (shop / "docker-compose.yml").read_bytes()
        run(*ISSUE, "web", "--force")
        after = recorded(shop)
        assert set(after) == set(before)
        assert {path for path in after if after[path] != before[path]} == {"certs/web-cert.pem"}
        assert (shop / "docker-compose.yml").read_bytes() == text
        run("rollback", "--certs")
        assert tree(shop) == {"docker-compose.yml": COMPOSE.encode()}

    def test_certificates_made_later_are_removed_too(self, shop: Path, run: Run) -> None:
        run("enable", "--no-certs")
        assert recorded(shop) == {}
        run(*ISSUE)
        assert len(recorded(shop)) == 4
        run("rollback", "--certs")
        assert tree(shop) == {"docker-compose.yml": COMPOSE.encode()}


class TestList:
    """`certs list`."""

    def test_names_dates_and_modes(self, shop: Path, run: Run) -> None:
        run(*ISSUE, "--days", "90")
        shown = run("certs", "list")
        assert (shown.code, shown.err, shop.is_dir()) == (0, "", True)
        lines = shown.out.splitlines()
        assert lines[0].split() == ["certificate", "expires", "key", "modes", "names"]
        (web,) = [line for line in lines if line.startswith("web ")]
        assert web.endswith(" days)  p256  0644 0600  shop-web, localhost, 127.0.0.1, ::1")
        assert lines[1].startswith("ca ")

    def test_days_that_run_out_are_coloured(self, shop: Path, run: Run) -> None:
        certs = shop / "certs"
        certs.mkdir()
        begun = datetime.now(UTC) - timedelta(days=300)
        old = new_authority("old", keys.generate(KeyType.P256), Profile(KeyType.P256, 310), now=begun)
        (certs / "old-cert.pem").write_bytes(old.certificate.public_bytes(Encoding.PEM))
        assert run("certs", "list", certs, "--color", "always").out.count("\x1b[33m") == 1
        run(*ISSUE, "--days", "40")
        assert run("certs", "list", certs, "--color", "always").out.count("\x1b[33m") == 1, "40 days are not too few"

    def test_an_expired_one_shouts(self, shop: Path, run: Run) -> None:
        certs = shop / "certs"
        certs.mkdir()
        long_ago = datetime(2020, 1, 1, tzinfo=UTC)
        old = new_authority("old", keys.generate(KeyType.P256), Profile(KeyType.P256, 9), now=long_ago)
        (certs / "old-cert.pem").write_bytes(old.certificate.public_bytes(Encoding.PEM))
        assert run("certs", "list").out.splitlines()[1].startswith("old          EXPIRED 2020-01-10 00:00")

    def test_what_cannot_be_read_is_found(self, shop: Path, run: Run) -> None:
        run(*ISSUE)
        (shop / "certs/web-cert.pem").write_text("rubbish")
        (shop / "certs/job-key.pem").unlink()
        shown = run("certs", "list")
        assert shown.code == 1
        assert "certs/web-cert.pem: " in shown.out
        assert "0644 no key" in next(line for line in shown.out.splitlines() if line.startswith("job "))

    def test_an_empty_directory_and_none(self, shop: Path, run: Run) -> None:
        none = run("certs", "list")
        assert (none.code, none.out) == (2, "")
        assert none.err.splitlines() == ["aicos-tls: certs: no such directory", "  → aicos-tls certs issue makes it"]
        (shop / "certs").mkdir()
        empty = run("certs", "list")
        assert (empty.code, empty.out) == (0, "no certificates here\n")


def test_the_named_directory_is_in_every_sentence(project: Project, run: Run) -> None:
    project(COMPOSE.replace("    healthcheck", '    ports: ["1:1"]\n    healthcheck'))
    out = run("enable", "--dry-run", "--certs-dir", "./tls").out
    assert "with tls/ca-cert.pem to verify" in out
    assert "certs/ca-cert.pem" not in out


# -- what is left after a rollback ------------------------------------------------------------------------------------


@pytest.fixture
def left(shop: Path, run: Run) -> Path:
    """The shop after `enable` and `rollback`: the certificates are still there, and no record."""
    before = tree(shop)
    run("enable", *FAST)
    run("rollback")
    there = {name for name in tree(shop) if name not in before} - {"certs/.gitignore"}
    assert there == {f"certs/{name}" for name in PAIRS}
    return shop


def test_rollback_with_certificates_after_one_without(left: Path, run: Run) -> None:
    shown = run("rollback", "--certs", "--dry-run")
    assert "certs: 8 files of certificates and keys would be removed" in shown.out
    assert pem(left).keys() == PAIRS
    done = run("rollback", "--certs")
    assert done.code == 0
    assert "restart" not in done.out
    assert not (left / "certs").exists()
    again = run("rollback", "--certs")
    assert again.code == 2
    assert "nothing to roll back" in again.err


def test_files_of_others_stay(left: Path, run: Run) -> None:
    certs = left / "certs"
    (certs / "mine-cert.pem").write_bytes((certs / "api-key.pem").read_bytes())
    (certs / "web-key.pem").write_bytes((certs / "api-key.pem").read_bytes())
    (certs / "job-key.pem").write_text("no key\n")
    other = new_authority("other", keys.generate(KeyType.P256), Profile(KeyType.P256), now=datetime.now(UTC))
    (certs / "api-cert.pem").write_bytes(other.certificate.public_bytes(Encoding.PEM))
    out = run("rollback", "--certs").out
    assert pem(left).keys() == {"mine-cert.pem", "web-key.pem", "job-key.pem", "api-cert.pem", "api-key.pem"}
    assert "certs/api-cert.pem: stays: it was not issued here" in out
    assert "certs/web-key.pem: stays: it does not belong to the certificate" in out


def test_certificates_of_another_ca_are_not_removed(left: Path, run: Run) -> None:
    other = new_authority("other", keys.generate(KeyType.P256), Profile(KeyType.P256), now=datetime.now(UTC))
    (left / "certs/ca-cert.pem").write_bytes(other.certificate.public_bytes(Encoding.PEM))
    (left / "certs/ca-key.pem").unlink()
    run("rollback", "--certs")
    assert pem(left).keys() == PAIRS - {"ca-cert.pem", "ca-key.pem"}
    (left / "certs/ca-cert.pem").write_text("none\n")
    assert run("rollback", "--certs").code == 2
    assert (left / "certs/api-key.pem").exists()
