"""What a person reads after `enable`, as text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aicos_tls.report.enable import INSECURE, SHARED_KEYS

if TYPE_CHECKING:
    from pathlib import Path

    from support import Project, Run

FAST = ("--key-type", "p256")
ONE = "services:\n  api:\n    build: .\n    healthcheck: {test: curl http://localhost:1}\n"


def summary(out: str) -> str:
    """A dry run's text without the diff before it."""
    return out[out.index("docker-compose.yml: ") :]


def test_a_dry_run_says_what_each_service_gets_and_what_is_left(mixed: Path, run: Run) -> None:
    shown = run("enable", "--dry-run")
    assert (shown.code, shown.err, mixed.is_dir()) == (0, "", True)
    assert shown.out.startswith("--- a/docker-compose.yml\n")
    lines = summary(shown.out).splitlines()
    assert lines[:2] == [
        (
            "docker-compose.yml: 3 connections: 0 encrypted after this run, "
            "1 asked over TLS of servers that do not serve it yet, 2 stay plain"
        ),
        "would change (dry run, nothing written)",
    ]
    assert "  api  certificates, 3 variables, healthcheck" in lines
    assert "  web  certificates, 3 variables, 1 URL" in lines
    assert "  waiting    web → api:8001 (http)" in lines
    assert "             http://api:8001, docker-compose.yml:10" in lines
    assert "  api-cert.pem  will be issued  api" in lines
    assert any(line.startswith("  db: its image postgres:16 is a public one") for line in lines)
    assert any(line.startswith("  docker-compose.yml:14  web: myprobe") for line in lines)
    assert '      test: ["CMD", "curl", "-f", "--insecure", "https://localhost:80/"]' in lines
    assert any(line.startswith("  api: a published port speaks TLS now") for line in lines)
    assert lines[-2:] == [f"Warning  {INSECURE}", f"Warning  {SHARED_KEYS}"]


def test_passwords_are_in_the_diff_only(mixed: Path, run: Run) -> None:
    out = run("enable", "--dry-run", "--verbose").out
    assert "+      - API_URL=https://bob:hunter2@api:8001" in out
    assert "hunter2" not in summary(out)
    assert "DB_PAGE: http://bob:***@db:8080 stays" in out
    assert "services.web.environment.OTHER: http://bob:***@example.org: no service of this project" in out
    assert "hunter2" not in run("enable", *FAST, "--verbose").out
    assert mixed.is_dir()


def test_urls_of_others_are_named_only_when_asked(mixed: Path, run: Run) -> None:
    assert "services.web.environment.OTHER" not in run("enable", "--dry-run").out
    assert mixed.is_dir()


def test_after_a_run_comes_what_is_still_to_do(mixed: Path, run: Run) -> None:
    shown = run("enable", *FAST)
    assert shown.out.splitlines()[1] == "written"
    assert re.search(r"^  api-cert.pem  issued  expires \d{4}-\d\d-\d\d \(36\d\d days\)  api$", shown.out, re.MULTILINE)
    for words in ("api, web do not serve HTTPS yet", "restart: docker compose down", "take it back: aicos-tls"):
        assert words in shown.out
    assert (mixed / ".aicos-tls/record.json").exists()


def test_once_enabled_it_is_two_lines(mixed: Path, run: Run) -> None:
    run("enable", *FAST)
    again = run("enable", *FAST)
    first, second = again.out.splitlines()
    assert first.startswith("docker-compose.yml: 3 connections: 0 encrypted, 1 asked over TLS of servers that do not")
    assert second == "nothing to do: everything is there already"
    dry = run("enable", "--dry-run").out
    assert dry.splitlines()[1] == "nothing would change (dry run, nothing written)"
    assert "api-cert.pem  is there" in dry
    assert "Certificates in ./certs" in run("enable", *FAST, "--verbose").out
    assert mixed.is_dir()


def test_quiet_prints_nothing(mixed: Path, run: Run) -> None:
    for form in ("text", "json", "diff", "markdown"):
        shown = run("enable", "--dry-run", "-q", "--format", form)
        assert (shown.code, shown.out, shown.err) == (0, "", "")
    assert mixed.is_dir()


def test_certificates_of_nobody_are_named(mixed: Path, run: Run) -> None:
    run("enable", *FAST)
    for name in ("ca-cert.pem", "ca-key.pem"):
        (mixed / "certs" / name).unlink()
    for path in (mixed / "certs").glob("*.pem"):
        path.rename(path.with_name(f"old-{path.name}"))
    shown = run("enable", *FAST)
    assert "certs/old-api: belongs to no service" in shown.out


def test_no_service_in_scope_is_said(project: Project, run: Run) -> None:
    project("services:\n  db:\n    image: postgres:16\n")
    shown = run("enable", "--dry-run", "--exit-code")
    assert (shown.code, "nothing to do: no service is in scope" in shown.out) == (0, True)
    assert "Warning" not in shown.out


def test_a_change_that_would_break_the_rest_stops_it(project: Project, run: Run) -> None:
    directory = project(
        {
            "docker-compose.yml": ONE + "    env_file: ../shared.env\n",
            "../shared.env": "API_URL=http://bob:hunter2@api:1\n",
        }
    )
    for form in ("text", "json", "markdown"):
        shown = run("enable", *FAST, "-q", "--format", form)
        assert shown.code == 2
        assert shown.err == (
            "aicos-tls: a change that could not be made would leave a client and its server at odds; "
            "nothing was written\n"
        )
        assert "../shared.env" in shown.out
    assert "nothing written: a change that could not" in run("enable").out
    assert [path.name for path in directory.iterdir()] == ["docker-compose.yml"]


def test_warnings_are_only_of_what_happens(project: Project, run: Run) -> None:
    project(ONE + "    volumes: [./certs:/app/certs:ro]\n")
    out = run("enable", "--dry-run", "--all").out
    assert (out.count(INSECURE), out.count(SHARED_KEYS)) == (1, 0)
    assert out.splitlines()[-2:] == ["", f"Warning  {INSECURE}"]
