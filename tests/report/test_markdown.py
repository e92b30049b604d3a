"""The pull request comment."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aicos_tls.report.enable import SHARED_KEYS

if TYPE_CHECKING:
    from pathlib import Path

    from support import Project, Run

FAST = ("--key-type", "p256")
DRY = ("enable", "--dry-run", "--format", "markdown")
ONE = "services:\n  api:\n    build: .\n    healthcheck: {test: curl http://localhost:1}\n"


def test_a_reviewer_sees_the_same_as_on_the_terminal(mixed: Path, run: Run) -> None:
    shown = run(*DRY)
    lines = shown.out.splitlines()
    assert (shown.code, mixed.is_dir()) == (0, True)
    assert lines[:3] == [
        "### TLS between the containers",
        "",
        (
            "**3 connections: 0 encrypted after this run, 1 asked over TLS of servers that do not serve it yet, "
            "2 stay plain.**"
        ),
    ]
    assert any(line.startswith("| waiting | `web` | `api:8001` | http |") for line in lines)
    assert any(line.startswith("- `db`: its image") for line in lines)
    assert (
        r"- `docker-compose.yml:12` `web`: `DB_PAGE: http://bob:***@db:8080` stays: its server is out of scope" in lines
    )
    assert any(line.startswith("- `docker-compose.yml:14` `web`: myprobe") for line in lines)
    assert '  test: ["CMD", "curl", "-f", "--insecure", "https://localhost:80/"]' in lines
    assert f"> **Warning:** {SHARED_KEYS.replace('ca-key.pem', '`ca-key.pem`')}" in lines
    assert any(line.startswith("> **Warning:** `NODE_TLS_REJECT_UNAUTHORIZED=0`") for line in lines)


def test_passwords_are_in_the_folded_diff_only(mixed: Path, run: Run) -> None:
    head, diff = run(*DRY).out.split("<details>")
    assert "hunter2" not in head
    assert "+      - API_URL=https://bob:hunter2@api:8001" in diff
    assert mixed.is_dir()


def test_it_says_what_was_done_and_what_was_there(mixed: Path, run: Run) -> None:
    words = "**3 connections: 0 encrypted, 1 asked over TLS"
    assert words in run("enable", *FAST, "--format", "markdown").out
    again = run(*DRY).out
    assert words in again
    assert "<details>" not in again
    assert mixed.is_dir()


def test_no_warning_where_nothing_happens(project: Project, run: Run) -> None:
    project("services:\n  db:\n    image: postgres:16\n")
    out = run(*DRY).out
    assert "Nothing to do: no service is in scope." in out
    assert "Warning" not in out


def test_a_blocked_run_says_so_first(project: Project, run: Run) -> None:
    project({"docker-compose.yml": ONE + "    env_file: ../x.env\n", "../x.env": "API_URL=http://api:1\n"})
    out = run(*DRY).out
    assert "Nothing was written:** a change that could not be made" in out.splitlines()[2]


def test_backticks_in_the_file_do_not_end_the_block(project: Project, run: Run) -> None:
    project(ONE.replace("build: .", "build: . # `````"))
    out = run(*DRY, "--all").out
    assert re.search(r"^``````diff\n(?s:.*)\n``````\n", out, re.MULTILINE)
