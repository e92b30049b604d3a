"""What a person reads after `rollback`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support import tree

if TYPE_CHECKING:
    from pathlib import Path

    from support import Run

FAST = ("--key-type", "p256")


def changed(diff: str, sign: str) -> list[str]:
    """The lines of a diff that are added (`+`) or removed (`-`)."""
    return [line[1:] for line in diff.splitlines() if line.startswith(sign) and not line.startswith(sign * 3)]


def test_a_dry_run_shows_the_diff_back(mixed: Path, run: Run) -> None:
    forth = run("enable", "--dry-run", "--format", "diff").out
    run("enable", *FAST)
    before = tree(mixed)
    shown = run("rollback", "--dry-run")
    assert (shown.code, shown.err) == (0, "")
    assert "-      - API_URL=https://bob:hunter2@api:8001\n+      - API_URL=http://bob:hunter2@api:8001\n" in shown.out
    assert shown.out.endswith("\n\ndocker-compose.yml: would be taken back: the bytes from before\n")
    back = run("rollback", "--dry-run", "--format", "diff").out
    assert changed(back, "-") == changed(forth, "+")
    assert changed(back, "+") == changed(forth, "-")
    assert tree(mixed) == before


def test_colour_is_for_the_diff_too(mixed: Path, run: Run) -> None:
    run("enable", *FAST)
    for form in ("text", "diff"):
        out = run("rollback", "--dry-run", "--format", form, "--color", "always").out
        assert "\x1b[32m+      - API_URL=http://bob:hunter2@api:8001\x1b[0m\n" in out
        assert "\x1b[" not in run("rollback", "--dry-run", "--format", form, "--color", "never").out
    assert mixed.is_dir()


def test_it_says_what_was_taken_back_and_what_to_do(mixed: Path, run: Run) -> None:
    run("enable", *FAST)
    assert run("rollback").out.splitlines() == [
        "docker-compose.yml: taken back: the bytes from before",
        "restart: docker compose down, docker compose up -d",
    ]
    assert (mixed / "certs/ca-key.pem").exists()


def test_certificates_go_when_asked(mixed: Path, run: Run) -> None:
    run("enable", *FAST)
    assert "certs: 6 files of certificates and keys would be removed" in run("rollback", "--certs", "-n").out
    assert "certs: 6 files of certificates and keys removed" in run("rollback", "--certs").out
    assert not (mixed / "certs").exists()


def test_what_was_put_there_since_stays(mixed: Path, run: Run) -> None:
    run("enable", *FAST)
    certs = mixed / "certs"
    (certs / "web-cert.pem").write_text("mine")
    (certs / "api-key.pem").write_text("mine")
    (certs / "ca-key.pem").unlink()
    out = run("rollback", "--certs").out
    assert "certs/web-cert.pem: stays: it is not the one that was issued" in out
    assert "certs/api-key.pem: stays: it does not belong to the certificate" in out
    assert "certs: 2 files of certificates and keys removed" in out
    assert sorted(path.name for path in certs.glob("*.pem")) == ["api-key.pem", "web-cert.pem", "web-key.pem"]


def test_a_key_of_another_pair_stays(mixed: Path, run: Run) -> None:
    run("enable", *FAST)
    (mixed / "certs/api-key.pem").write_bytes((mixed / "certs/web-key.pem").read_bytes())
    assert "certs/api-key.pem: stays" in run("rollback", "--certs").out


def test_certificates_that_are_gone_already_are_no_problem(mixed: Path, run: Run) -> None:
    run("enable", *FAST)
    for path in (mixed / "certs").iterdir():
        path.unlink()
    shown = run("rollback", "--certs")
    assert (shown.code, "certificates" in shown.out) == (0, False)


def test_the_keys_stay_and_git_does_not_see_them(aicos: Path, run: Run) -> None:
    run("enable", *FAST)
    words = "the certificates stay, in a directory that git still does not look into: aicos-tls rollback --certs"
    assert words in run("rollback", "--dry-run").out
    assert words not in run("rollback", "--certs").out
    assert aicos.is_dir()


@pytest.mark.parametrize("form", ["text", "diff", "json"])
@pytest.mark.parametrize("quiet", [(), ("-q",)])
def test_both_sides_of_a_conflict(mixed: Path, run: Run, form: str, quiet: tuple[str, ...]) -> None:
    run("enable", *FAST)
    file = mixed / "docker-compose.yml"
    file.write_text(file.read_text().replace("https://bob:hunter2@api", "https://eve:hunter2@api"))
    before = tree(mixed)
    for dry in ((), ("--dry-run",)):
        shown = run("rollback", "--format", form, *quiet, *dry)
        assert shown.code == 2
        assert shown.err == (
            "aicos-tls: lines that were changed for TLS were edited since, and both cannot stay; nothing was written\n"
        )
    assert tree(mixed) == before
    if form == "text":
        lines = shown.out.splitlines()
        assert (lines[0], lines[1]) == ("nothing was written", "docker-compose.yml:18")
        assert lines[2:-1] == [
            "  stands there now:",
            "          - API_URL=https://eve:***@api:8001",
            "  enable wrote 1 line, where 1 stood before",
            "  the lines as they were written: .aicos-tls/rollback.patch, where the run was made",
        ]
        assert lines[-1] == "edit the places with two sides to one of them, then run rollback again"


def test_a_file_that_is_gone(mixed: Path, run: Run) -> None:
    run("enable", *FAST)
    (mixed / "docker-compose.yml").unlink()
    shown = run("rollback")
    assert shown.code == 2
    assert shown.err == "aicos-tls: gone since they were changed for TLS: docker-compose.yml; nothing was written\n"
    assert shown.out.splitlines() == [
        "nothing was written",
        "docker-compose.yml: the file is gone",
        "put back what is gone, then run rollback again",
    ]


def test_quiet(mixed: Path, run: Run) -> None:
    for form in ("text", "diff", "json"):
        run("enable", *FAST)
        shown = run("rollback", "-q", "--format", form)
        assert (shown.code, shown.out, shown.err) == (0, "", "")
    assert mixed.is_dir()


def test_nothing_to_take_back(mixed: Path, run: Run) -> None:
    before = tree(mixed)
    shown = run("rollback")
    assert (shown.code, shown.out) == (2, "")
    assert shown.err.splitlines() == [
        "aicos-tls: .aicos-tls/record.json: there is nothing to roll back: no record of a run here",
        "  → name the compose file that was enabled: aicos-tls rollback FILE",
    ]
    assert tree(mixed) == before


def test_an_override_is_removed_and_named(mixed: Path, run: Run) -> None:
    run("enable", "--override", *FAST)
    out = run("rollback").out
    assert out.startswith("docker-compose.tls.yml: taken back (the file did not exist before)\n")
    assert not (mixed / "docker-compose.tls.yml").exists()
