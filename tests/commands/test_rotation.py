"""`certs rotate-ca`, step by step, there and back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from aicos_tls.pki.certificate import load, load_all
from aicos_tls.pki.conformance import issue_objection

if TYPE_CHECKING:
    from pathlib import Path

    from support import Project, Run

COMPOSE = "services:\n  shop-api: {build: ., image: shop/api}\n  shop-web: {build: .}\n"


@pytest.fixture
def shop(project: Project, run: Run) -> Path:
    directory = project(COMPOSE)
    assert run("certs", "issue", "--key-type", "p256").code == 0
    return directory


def trusted(shop: Path) -> tuple[int, ...]:
    return tuple(each.serial_number for each in load_all((shop / "certs/ca-cert.pem").read_bytes()))


def issuer_of(shop: Path, name: str = "api") -> int:
    """The serial of the CA that signed a certificate; every client that trusts the bundle takes it."""
    leaf = load((shop / f"certs/{name}-cert.pem").read_bytes())
    for each in load_all((shop / "certs/ca-cert.pem").read_bytes()):
        if not issue_objection(leaf, each):
            return each.serial_number
    raise AssertionError(name)


def test_a_whole_rotation(shop: Path, run: Run) -> None:
    (old,) = trusted(shop)
    shown = run("certs", "rotate-ca")
    assert (shown.code, shown.out.splitlines()[0]) == (0, "none: no CA is being replaced")
    shown = run("certs", "rotate-ca", "trust")
    assert shown.out.startswith("trust: both CAs are trusted, the old one issues since ")
    first, new = trusted(shop)
    assert (first, issuer_of(shop)) == (old, old)
    shown = run("certs", "rotate-ca", "issue")
    assert shown.code == 0
    assert shown.out.count("the certificate was signed by the CA that is being replaced") == 2
    assert (trusted(shop), issuer_of(shop), issuer_of(shop, "web")) == ((new, old), new, new)
    shown = run("certs", "rotate-ca", "drop")
    assert (shown.code, trusted(shop), issuer_of(shop)) == (0, (new,), new)
    assert (shop / "certs/.versions/ca/live/other-ca-key.pem").exists()
    shown = run("certs", "rotate-ca", "finish")
    assert (shown.code, trusted(shop)) == (0, (new,))
    assert not (shop / "certs/.versions/ca").exists()
    assert not (shop / "certs/ca-key.pem").is_symlink()
    assert "kept" in run("certs", "issue").out


def test_each_step_can_be_taken_back(shop: Path, run: Run) -> None:
    (old,) = trusted(shop)
    assert run("certs", "rotate-ca", "trust").code == 0
    assert run("certs", "rotate-ca", "back").code == 0
    assert (trusted(shop), (shop / "certs/ca-key.pem").is_symlink()) == ((old,), False)
    for step in ("trust", "issue", "drop"):
        assert run("certs", "rotate-ca", step).code == 0
    for _ in range(3):
        assert run("certs", "rotate-ca", "back").code == 0
        assert issuer_of(shop) in trusted(shop)
    assert (trusted(shop), issuer_of(shop), issuer_of(shop, "web")) == ((old,), old, old)


@pytest.mark.parametrize("step", ["issue", "drop", "finish", "back"])
def test_a_step_out_of_order(shop: Path, run: Run, step: str) -> None:
    before = trusted(shop)
    shown = run("certs", "rotate-ca", step)
    assert (shown.code, trusted(shop)) == (2, before)
    assert "what comes next: aicos-tls certs rotate-ca trust" in shown.err


def test_a_dry_run_writes_nothing(shop: Path, run: Run) -> None:
    shown = run("certs", "rotate-ca", "trust", "--dry-run")
    assert (shown.code, len(trusted(shop))) == (0, 1)
    assert "nothing was written (--dry-run)" in shown.out


def test_a_ca_that_is_needed_is_not_dropped(shop: Path, run: Run) -> None:
    for step in ("trust", "issue"):
        assert run("certs", "rotate-ca", step).code == 0
    kept = shop / "certs/.versions/web"
    for name in ("web-cert.pem", "web-key.pem"):  # somebody puts the old pair back
        text = (kept / "1" / name).read_bytes()
        (shop / "certs" / name).unlink()
        (shop / "certs" / name).write_bytes(text)
    shown = run("certs", "rotate-ca", "drop")
    assert (shown.code, len(trusted(shop))) == (2, 2)
    assert "has signed the certificate of web" in shown.err
    assert run("certs", "rotate-ca", "drop", "--force").code == 0
    assert len(trusted(shop)) == 1


def test_a_directory_alone_and_as_data(shop: Path, run: Run) -> None:
    (shop / "docker-compose.yml").unlink()
    shown = run("certs", "rotate-ca", "trust", "--store", "certs", "--format", "json", "--days", "100")
    data = json.loads(shown.out)
    assert (data["step"], data["next"], data["renewed"]) == ("trust", "issue", [])
    assert data["old"]["serial"] != data["new"]["serial"]
    data = json.loads(run("certs", "rotate-ca", "issue", "--store", "certs", "--format", "json").out)
    assert data["renewed"] == ["api", "web"]
    assert run("certs", "rotate-ca", "--store", "nowhere").code == 2
    assert run("certs", "rotate-ca", "--store", "certs", "-q").out == ""


def test_hooks_around_a_step(shop: Path, run: Run) -> None:
    shown = run("certs", "rotate-ca", "trust", "--before", "exit 1")
    assert (shown.code, len(trusted(shop))) == (2, 1)
    shown = run("certs", "rotate-ca", "trust", "--after", "exit 1")
    assert (shown.code, len(trusted(shop))) == (1, 2)
    assert "the hook after ended with 1" in shown.out


def test_the_other_ca_is_gone(shop: Path, run: Run) -> None:
    assert run("certs", "rotate-ca", "trust").code == 0
    (shop / "certs/.versions/ca/live/other-ca-cert.pem").unlink()
    shown = run("certs", "rotate-ca", "issue")
    assert (shown.code, "the other CA of the rotation is not here" in shown.err) == (2, True)


def test_files_of_trusted_certificates_follow(project: Project, run: Run) -> None:
    """A file with theirs and the CA's holds both CAs while both are trusted."""
    theirs = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    shop = project(
        {
            "docker-compose.yml": "services:\n"
            "  shop-api:\n    build: ./api\n    environment: [NODE_EXTRA_CA_CERTS=/app/theirs.pem]\n"
            "    volumes: ['./theirs.pem:/app/theirs.pem:ro']\n    healthcheck: {test: curl http://localhost:3000}\n"
            "  shop-web:\n    build: ./api\n    environment: ['API_URL=http://shop-api:3000']\n",
            "theirs.pem": theirs,
            "api/Dockerfile": 'FROM node:20\nWORKDIR /app\nCOPY . .\nCMD ["node", "server.js"]\n',
            "api/package.json": "{}",
            "api/server.js": "require('http').createServer((q, r) => r.end('ok')).listen(3000);\n",
        }
    )
    assert run("enable", "--serve", "auto", "--key-type", "p256").code == 0
    bundles = [p for p in (shop / "certs").rglob("*") if p.is_file() and theirs.encode() in p.read_bytes()]
    assert len(bundles) == 1
    assert run("certs", "rotate-ca", "trust").code == 0
    assert bundles[0].read_bytes().count(b"BEGIN CERTIFICATE") == 3
    assert "[record-certificate]" not in run("doctor").out
    assert run("rollback", "--certs").code == 0
    assert not (shop / "certs").exists()
