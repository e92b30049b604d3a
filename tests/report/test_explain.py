"""The pages of `explain`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from aicos_tls.rules import RULES

if TYPE_CHECKING:
    from pathlib import Path

    from support import Run


def test_the_rules_are_listed_with_a_sentence_each(run: Run) -> None:
    shown = run("explain")
    assert shown.code == 0
    assert [line.split()[0] for line in shown.out.splitlines()] == list(RULES)
    assert all(re.fullmatch(r"[a-z]+ +[A-Z].*\.", line) for line in shown.out.splitlines())


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_a_page_without_a_project(rule: str, tmp_path: Path, run: Run) -> None:
    shown = run("explain", rule, tmp_path / "no-such-file.yml")
    title, empty, first = shown.out.splitlines()[:3]
    assert (shown.code, title, empty) == (0, rule, "")
    assert run("explain").out.count(first) == 1
    assert re.search(r"^ +[-+#a-z]", shown.out, re.MULTILINE), "an example"


def test_a_service_with_every_reason(mixed: Path, run: Run) -> None:
    shown = run("explain", "web")
    lines = shown.out.splitlines()
    assert (shown.code, mixed.is_dir()) == (0, True)
    assert lines[:3] == [
        "web: in scope: it is built here (build:)",
        "it is a server: its healthcheck asks it over HTTP (docker-compose.yml:14:21)",
        "certificate web-cert.pem: web",
    ]
    sections = {block[0]: block[1:] for block in (part.splitlines() for part in shown.out.split("\n\n")[1:])}
    assert list(sections) == ["changes", "not changed, for you to do", "connections", "other URLs, left alone", "notes"]
    assert len(sections["changes"]) == 5
    assert sections["not changed, for you to do"][1].strip().startswith('test: ["CMD", "curl"')
    assert sections["connections"] == ["  docker-compose.yml:10:9: web → api: https://bob:***@api:8001"]
    assert [line.split(": ")[1] for line in sections["other URLs, left alone"]] == [
        "services.web.environment.OTHER",
        "services.web.environment.DB_PAGE",
    ]
    assert "hunter2" not in shown.out


def test_the_evidence_is_masked_too(mixed: Path, run: Run) -> None:
    out = run("explain", "api").out
    assert "it is a server: web asks it at http://bob:***@api:8001 (docker-compose.yml:10:9)" in out
    assert "hunter2" not in out
    assert mixed.is_dir()


def test_a_service_that_was_not_touched(mixed: Path, run: Run) -> None:
    shown = run("explain", "db", mixed / "docker-compose.yml")
    assert shown.out.startswith("db: out of scope: its image postgres:16 is a public one")
    assert "changes" not in shown.out


def test_a_client_is_no_server(mixed: Path, run: Run) -> None:
    mixed.joinpath("docker-compose.yml").write_text("services:\n  job:\n    build: .\n")
    out = run("explain", "job").out
    assert "it is no server: no other service has a URL of it, and no healthcheck asks it over HTTP" in out


def test_an_unknown_name_gets_a_suggestion(mixed: Path, run: Run) -> None:
    near = run("explain", "helthcheck")
    assert (near.code, near.out) == (2, "")
    assert near.err.splitlines()[1] == "  → did you mean healthcheck?"
    assert "did you mean web?" in run("explain", "wep").err
    assert f"rules: {', '.join(RULES)}" in run("explain", "zzz").err
    assert mixed.is_dir()
