"""`certs check` and `certs show`: quiet when all is well, one line for each fault otherwise."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from doctor_seeds import edit, other_authority, reissue, revocation_list
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aicos_tls.commands.certificates.checking import check

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from support import Run

NOW = datetime.now(UTC)
AGE, LIFE = 300, 3650
"""Days since the shop was enabled, and that its certificates live."""


def test_all_is_well_and_nothing_is_said(shop: Path, run: Run) -> None:
    assert run("certs", "check") == run("certs", "check", "api", "-q")
    shown = run("certs", "check")
    assert (shown.code, shown.out, shown.err, shop.is_dir()) == (0, "", "", True)
    assert json.loads(run("certs", "check", "--format", "json").out)["good"] is True


def test_each_fault_is_one_line_and_exit_code_1(shop: Path, run: Run) -> None:
    certs = shop / "certs"
    (certs / "api-key.pem").write_bytes((certs / "web-key.pem").read_bytes())
    reissue(shop, "web", ("shop-web",), NOW - timedelta(days=200), days=100)
    reissue(shop, "job", ("other",), NOW)
    shown = run("certs", "check")
    lines = shown.out.splitlines()
    assert shown.code == 1
    assert len(lines) == 3
    assert "certs/api-key.pem: this is not the key of api-cert.pem → " in shown.out
    assert "certs/web-cert.pem: the certificate expired on" in shown.out
    assert "certs/job-cert.pem: the certificate lacks the name shop-job" in shown.out
    assert run("certs", "check", "shop-web").out.count("\n") == 1
    assert run("certs", "check", "-q").out == ""
    found = json.loads(run("certs", "check", "--format", "json").out)
    assert {each["check"] for each in found["findings"]} == {"key-mismatch", "cert-expired", "cert-name-spare"}


def test_another_ca_does_not_vouch(shop: Path, run: Run) -> None:
    reissue(shop, "api", ("shop-api",), NOW, by=other_authority(NOW))
    assert "was not signed by the CA" in run("certs", "check").out


def test_a_name_that_the_compose_file_needs_now(shop: Path, run: Run) -> None:
    edit(shop / "docker-compose.yml", "  shop-job:\n", "  shop-job:\n    hostname: jobs\n")
    shown = run("certs", "check", "job")
    assert (shown.code, "lacks the name jobs" in shown.out) == (1, True)
    assert run("certs", "issue").code == 0
    assert run("certs", "check").code == 0


def test_what_expires_within_the_time_that_is_asked_for(shop: Path, run: Run) -> None:
    reissue(shop, "api", ("shop-api",), NOW, days=40)
    assert run("certs", "check").code == 0
    assert run("certs", "check", "--within", "30d").code == 0
    shown = run("certs", "check", "--within", "60d")
    assert (shown.code, shown.out.count("\n")) == (1, 1)
    assert "aicos-tls certs renew api" in shown.out
    for wrong in ("60", "d", "-1d", "1e3d", "9999999999d"):
        assert run("certs", "check", "--within", wrong).code == 2


def test_an_unknown_service_and_no_project(shop: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("certs", "check", "nobody").code == 2
    monkeypatch.chdir(shop.parent)
    assert run("certs", "check").code == 2


def test_a_revoked_one_is_found(shop: Path, run: Run) -> None:
    revocation_list(shop, "api", now=NOW)
    assert "was revoked on" in run("certs", "check").out


def test_a_project_that_moved(shop: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run("certs", "renew", "--all", "--force")
    moved = shop.rename(shop.parent / "moved")
    monkeypatch.chdir(moved)
    assert run("certs", "check").code == 0
    assert run("certs", "backup", shop.parent / "b.tgz").code == 0


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(-700, 5000))
def test_what_is_over_is_always_found_and_what_is_fresh_never(shop: Path, days: int) -> None:
    now = NOW + timedelta(days=days)
    found = check([], [], {}, within=None, now=now, environment={}).findings
    checks = {each.check for each in found}
    age = days + AGE
    if age < 0:
        assert checks == {"cert-not-yet-valid"}
    elif age <= LIFE - 31:
        assert not found
    elif age < LIFE - 1:
        assert checks == {"cert-expires-soon"}
    elif age > LIFE:
        assert checks == {"cert-expired"}
    assert shop.is_dir()


def without_job(shop: Path) -> None:
    compose = shop / "docker-compose.yml"
    compose.write_text(compose.read_text().partition("  shop-job:")[0])


class TestShow:
    """`certs show`."""

    def test_everything_about_one(self, shop: Path, run: Run) -> None:
        shown = run("certs", "show", "shop-api")
        assert shown.code == 0
        for word in ("service      shop-api", "names        shop-api, local", "key          p256, file 0600", "sha256"):
            assert word in shown.out
        assert shop.is_dir()

    def test_what_is_wrong_comes_after_it(self, shop: Path, run: Run) -> None:
        (shop / "certs/api-key.pem").unlink()
        shown = run("certs", "show", "api")
        assert shown.code == 1
        assert "file none here" in shown.out
        assert "api-key.pem is missing" in shown.out
        (shop / "certs/api-cert.pem").write_text("rubbish")
        assert "no certificate in PEM form" in run("certs", "show", "api").out

    def test_the_ca_and_one_of_no_service(self, shop: Path, run: Run) -> None:
        assert "CN=shop internal CA" in run("certs", "show", "ca").out
        without_job(shop)
        found = json.loads(run("certs", "show", "job", "--format", "json").out)
        assert found["service"] is None
        assert [each["check"] for each in found["findings"]] == ["orphan"]
        assert run("certs", "show", "nobody").code == 2
        assert run("certs", "show", "ca", "-q").out == ""

    def test_an_expired_one(self, shop: Path, run: Run) -> None:
        reissue(shop, "web", ("shop-web",), NOW - timedelta(days=200), days=100)
        assert "(expired 100 days ago)" in run("certs", "show", "web").out
