"""`certs renew` as a person and as a timer uses it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from aicos_tls import disk
from aicos_tls.commands.hooks import Hooks
from aicos_tls.commands.renew import Options, renew
from aicos_tls.errors import TlsError
from aicos_tls.pki import keys
from aicos_tls.pki.certificate import load, load_all
from aicos_tls.pki.conformance import issue_objection
from aicos_tls.report.renew import line

if TYPE_CHECKING:
    from pathlib import Path

    from support import Project, Run

NOW = datetime.now(UTC)
COMPOSE = """\
services:
  shop-api:
    build: .
    healthcheck: {test: curl http://localhost:1}
  shop-web:
    image: shop/web
    build: .
    environment: ["API_URL=http://shop-api:1"]
"""
ISSUE = ("certs", "issue", "--key-type", "p256", "--lifetime", "24h")


@pytest.fixture
def shop(project: Project, run: Run) -> Path:
    """Two services with certificates of a day."""
    directory = project({"docker-compose.yml": COMPOSE, "Dockerfile": "FROM nginx\n"})
    assert run(*ISSUE).code == 0
    return directory


def serials(shop: Path) -> dict[str, int]:
    found = {path.name: load(path.read_bytes()).serial_number for path in (shop / "certs").glob("*-cert.pem")}
    return {name.removesuffix("-cert.pem"): number for name, number in found.items()}


def sound(shop: Path) -> bool:
    """Whether every certificate fits its key and is of a CA that is trusted."""
    certs = shop / "certs"
    trusted = load_all((certs / "ca-cert.pem").read_bytes())
    for path in certs.glob("*-cert.pem"):
        leaf = load(path.read_bytes())
        key = keys.from_pem((certs / path.name.replace("-cert", "-key")).read_bytes())
        if not keys.fits(key, leaf.public_key()) or all(issue_objection(leaf, each) for each in trusted):
            return False
    return True


def later(hours: float, **options: object) -> object:
    return renew([], [], {}, Options(**options), now=NOW + timedelta(hours=hours), environment={})  # type: ignore[arg-type]


def test_nothing_is_due(shop: Path, run: Run) -> None:
    before = serials(shop)
    shown = run("certs", "renew")
    assert (shown.code, shown.err) == (0, "")
    assert shown.out.startswith("nothing is due; the next one is due on ")
    assert serials(shop) == before
    assert not (shop / "certs/.versions").exists()


def test_what_is_due_is_renewed_as_it_was(shop: Path) -> None:
    before = serials(shop)
    result = renew([], [], {}, Options(), now=NOW + timedelta(hours=17), environment={})
    assert [each.short_name for each in result.renewed] == ["api", "web"]
    assert sound(shop)
    assert all(serials(shop)[name] != before[name] for name in ("api", "web"))
    assert serials(shop)["ca"] == before["ca"]
    facts = result.renewed[0].facts
    assert facts
    assert facts.not_after - NOW == pytest.approx(timedelta(hours=41), abs=timedelta(seconds=5))
    assert facts.key_type == "p256"
    assert result.next_due
    assert result.next_due > NOW + timedelta(hours=17)
    assert "renewed api (the certificate is in the last third" in line(result)


def test_one_service_and_another_lifetime(shop: Path, run: Run) -> None:
    before = serials(shop)
    shown = run("certs", "renew", "shop-api", "--force", "--lifetime", "2h", "--key-type", "p384")
    assert shown.code == 0
    assert re.search(r"^api  renewed, new key, until .*: forced$", shown.out, re.MULTILINE)
    assert "shop-api takes the new files when it is told to (nginx: " in shown.out
    assert "one after the other: docker compose restart shop-api (--restart" in shown.out
    assert {name for name in before if serials(shop)[name] != before[name]} == {"api"}
    assert "p384" in run("certs", "list").out


def test_the_key_is_kept_where_that_is_asked_for(shop: Path, run: Run) -> None:
    key = (shop / "certs/api-key.pem").read_bytes()
    shown = run("certs", "renew", "api", "--force", "--reuse-key")
    assert "api  renewed, key kept" in shown.out
    assert (shop / "certs/api-key.pem").read_bytes() == key
    assert sound(shop)


def test_a_dry_run_writes_nothing_and_runs_nothing(shop: Path, run: Run) -> None:
    before = serials(shop)
    shown = run("certs", "renew", "--force", "--dry-run", "--before", "touch ran", "--after", "touch ran")
    assert "api  would be renewed: forced" in shown.out
    assert "nothing was written (--dry-run)" in shown.out
    assert (serials(shop), (shop / "ran").exists()) == (before, False)
    assert not (shop / ".aicos-tls").exists()


def test_hooks_and_what_they_are_told(shop: Path, run: Run) -> None:
    write = 'echo "$AICOS_TLS_HOOK $AICOS_TLS_SERVICES $AICOS_TLS_CERTS" >> told'
    assert run("certs", "renew", "--force", "--before", write, "--after", write).code == 0
    certs = (shop / "certs").resolve()
    assert (shop / "told").read_text() == f"before api web {certs}\nafter api web {certs}\n"


def test_hooks_come_from_the_environment_and_from_no_file(
    shop: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (shop / ".env").write_text("AICOS_TLS_BEFORE=touch bad\nAICOS_TLS_AFTER=touch bad\n")
    assert run("certs", "renew", "--force").code == 0
    assert not (shop / "bad").exists()
    monkeypatch.setenv("AICOS_TLS_AFTER", "touch good")
    assert run("certs", "renew", "--force").code == 0
    assert (shop / "good").exists()
    for name, text in (("aicos-tls.toml", 'after = "touch bad"\n'), ("aicos-tls.toml", 'before = "touch bad"\n')):
        (shop / name).write_text(text)
        assert run("certs", "renew", "--force").code == 2
    assert not (shop / "bad").exists()


def test_a_hook_that_fails_before_stops_it(shop: Path, run: Run) -> None:
    before = serials(shop)
    shown = run("certs", "renew", "--force", "--before", "exit 3")
    assert (shown.code, serials(shop)) == (2, before)
    assert "the hook before ended with 3" in shown.err
    assert "nothing was renewed" in shown.err


def test_a_hook_that_fails_afterwards_is_said(shop: Path, run: Run) -> None:
    before = serials(shop)
    shown = run("certs", "renew", "--force", "--after", "exit 3")
    assert (shown.code, serials(shop) != before) == (1, True)
    assert "the hook after ended with 3" in shown.out


@pytest.mark.usefixtures("shop")
def test_a_hook_that_cannot_be_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(subprocess, "run", refuse)
    with pytest.raises(TlsError, match="the hook before cannot be run"):
        later(17, hooks=Hooks(before="true"))


def test_a_directory_alone(shop: Path, run: Run) -> None:
    (shop / "docker-compose.yml").unlink()
    before = serials(shop)
    shown = run("certs", "renew", "--store", "certs", "--force")
    assert (shown.code, shown.err) == (0, "")
    assert {name for name in before if serials(shop)[name] != before[name]} == {"api", "web"}
    assert sound(shop)
    assert "nothing is due" in run("certs", "renew", "--store", "certs", "--dry-run").out
    assert run("certs", "renew", "--store", "nowhere").code == 2
    assert "there is no certificate of 'other'" in run("certs", "renew", "other", "--store", "certs").err


@pytest.mark.usefixtures("shop")
def test_the_ca_is_not_renewed(run: Run) -> None:
    shown = run("certs", "renew", "ca")
    assert (shown.code, "aicos-tls certs rotate-ca replaces it" in shown.err) == (2, True)


def test_a_name_that_changed(shop: Path, run: Run) -> None:
    text = COMPOSE.replace("    image: shop/web\n", "    image: shop/web\n    hostname: front\n")
    (shop / "docker-compose.yml").write_text(text)
    shown = run("certs", "renew")
    assert re.search(r"^web  renewed, new key, .*lacks the name front", shown.out, re.MULTILINE)
    assert "api" not in shown.out.splitlines()[0]


def test_a_service_that_was_renamed_leaves_its_certificate(shop: Path, run: Run) -> None:
    (shop / "docker-compose.yml").write_text(COMPOSE.replace("shop-api", "shop-core"))
    shown = run("certs", "renew")
    assert "api: belongs to no service any more: aicos-tls certs prune" in shown.out
    assert (shop / "certs/core-cert.pem").exists()
    assert (shop / "certs/api-cert.pem").exists()


def test_files_edited_by_hand_stay(shop: Path, run: Run) -> None:
    (shop / "certs/api-key.pem").write_text("garbage")
    shown = run("certs", "renew", "--force")
    assert shown.code == 1
    assert "api: left alone: this is no private key in PEM form" in shown.out
    assert (shop / "certs/api-key.pem").read_text() == "garbage"
    assert not (shop / "certs/api-key.pem").is_symlink()
    shown = run("certs", "renew", "--force", "--format", "json")
    data = json.loads(shown.out)
    assert [each["name"] for each in data["left_alone"]] == ["api"]
    assert [(each["name"], each["service"], each["new_key"]) for each in data["renewed"]] == [("web", "shop-web", True)]
    assert data["services"][0]["takeover"] == "told"


def test_a_project_that_moved_goes_on(shop: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("certs", "renew", "--force").code == 0
    moved = tmp_path / "moved"
    shop.rename(moved)
    monkeypatch.chdir(moved)
    assert run("certs", "renew", "--force").code == 0
    assert sound(moved)


def test_a_clock_that_jumps(shop: Path) -> None:
    """Ahead by a year everything is over and is renewed for then; back again it is not valid yet, and is renewed."""
    assert len(later(24 * 365).renewed) == 2  # type: ignore[attr-defined]
    result = renew([], [], {}, Options(), now=NOW + timedelta(hours=1), environment={})
    assert "is the clock right" in result.renewed[0].reason
    assert sound(shop)
    with pytest.raises(TlsError, match="is not valid before"):
        later(-48)


def test_a_store_that_is_locked(shop: Path, run: Run) -> None:
    before = serials(shop)
    with disk.lock_certificates(shop / "certs"):
        for arguments in (("--store", "certs"), ()):
            shown = run("certs", "renew", "--force", *arguments)
            assert (shown.code, "another run is working on the certificates here" in shown.err) == (2, True)
    assert serials(shop) == before
    assert run("certs", "renew", "--store", "certs", "--force").code == 0


@pytest.fixture
def enabled(project: Project, run: Run) -> Path:
    directory = project({"docker-compose.yml": COMPOSE, "Dockerfile": "FROM nginx\n"})
    assert run("enable", "--key-type", "p256").code == 0
    return directory


def test_the_record_needs_no_note_of_renewals(enabled: Path, run: Run) -> None:
    assert run("certs", "renew", "--force").code == 0
    assert "[record-certificate]" not in run("doctor").out
    assert run("rollback", "--certs", "--dry-run").out.count("-cert.pem") <= 3
    shown = run("rollback", "--certs")
    assert shown.code == 0
    assert not (enabled / "certs").exists()


def test_certificates_alone_are_removed_with_their_versions(enabled: Path, run: Run) -> None:
    assert run("certs", "renew", "--force").code == 0
    assert run("rollback").code == 0
    assert run("rollback", "--certs").code == 0
    assert not (enabled / "certs").exists()


def test_issuing_again_replaces_a_pair_at_once(shop: Path, run: Run) -> None:
    before = serials(shop)
    assert run(*ISSUE, "shop-api", "--force").code == 0
    assert (shop / "certs/api-cert.pem").is_symlink()
    assert {name for name in before if serials(shop)[name] != before[name]} == {"api"}
    assert run(*ISSUE, "--force").code == 0  # a new CA: all of them, or none
    assert sound(shop)
    assert not set(serials(shop).values()) & set(before.values())
    assert run(*ISSUE).out.count("kept") == 3


def test_watching_ends_with_sigterm(shop: Path) -> None:
    program = "import sys; from aicos_tls.cli import main; sys.argv[0] = 'aicos-tls'; main()"
    words = [sys.executable, "-c", program, "certs", "renew", "--watch", "--interval", "1h"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        first = process.stdout.readline()
        assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ nothing is due; next due .*; looking again in ", first)
        process.terminate()
        began = time.monotonic()
        assert process.wait(20) == 0
        assert time.monotonic() - began < 20
        assert process.stdout.read().endswith("stopped\n")
    assert not (shop / ".aicos-tls").exists()


@pytest.mark.usefixtures("shop")
def test_watching_needs_an_interval(run: Run) -> None:
    assert "is no duration" in run("certs", "renew", "--watch", "--interval", "soon").err


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("option", ["--force", "--dry-run"])
def test_watching_does_not_do_it_every_time(run: Run, option: str) -> None:
    shown = run("certs", "renew", "--watch", option)
    assert (shown.code, f"--watch and {option} exclude each other" in shown.err) == (2, True)
