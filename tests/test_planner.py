"""The plan as a whole: what is declined and whether the rest may stand, edges, certificates, cost."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aicos_tls.compose.load import load
from aicos_tls.plan.policy import resolve
from aicos_tls.planner import plan

if TYPE_CHECKING:
    from support import Project as MakeProject

    from aicos_tls.plan.model import Plan

WEIRD = "    environment:\n      ? A\n      : b\n      ? B\n"
"""Variables with explicit keys: nothing can be added to them in their own style."""


def planned(project: MakeProject, files: dict[str, str | bytes] | str, **flags: object) -> Plan:
    project(files)
    found = load([Path("docker-compose.yml")])
    return plan(found, resolve(found, flags), {"web": "site"})


def test_edges_certificates_and_names(project: MakeProject) -> None:
    text = """services:
  app-api: {build: ., hostname: API.local, networks: {default: {aliases: [back]}}}
  app-web:
    build: .
    links: ['app-api:old']
    environment: [A=http://app-api:1/x, B=https://old, 'C=http://app-web:1', D=http://example.com]
    command: serve ws://back
  db: {image: postgres}
"""
    result = planned(project, text)
    assert [(e.client, e.server, e.variable, e.before, e.after) for e in result.edges] == [
        ("app-web", "app-api", "A", "http://app-api:1", "https://app-api:1"),
        ("app-web", "app-api", "B", "https://old", "https://old"),
        ("app-web", "app-api", "services.app-web.command", "ws://back", "wss://back:80"),
    ]
    assert [(c.service, c.short_name, c.dns_names) for c in result.certificates] == [
        ("app-api", "app-api", ("app-api", "API.local", "back", "old")),
        ("app-web", "app-web", ("app-web",)),
    ]
    assert list(result.short_names) == ["app-api", "app-web"]


def test_recorded_names_stay(project: MakeProject) -> None:
    result = planned(project, "services: {web: {build: .}, web2: {build: .}}\n")
    assert result.short_names == {"web": "site", "web2": "web2"}


@pytest.mark.parametrize(
    ("rest", "safe"),
    [
        ("", True),
        ("    command: http://api:1\n", False),
        ("    healthcheck: {test: curl http://localhost:1}\n", False),
    ],
)
def test_what_has_no_form_is_declined_alone(project: MakeProject, rest: str, *, safe: bool) -> None:
    result = planned(project, f"services:\n  api: {{build: .}}\n  web:\n    build: .\n{WEIRD}{rest}")
    (declined,) = result.declined
    assert (declined.rule, declined.service, declined.safe) == ("variables", "web", safe)
    assert declined.paste.splitlines()[0] == "    environment:"
    assert {c.service for c in result.changes if c.rule == "mount"} == {"api", "web"}
    assert {c.service for c in result.changes if c.rule == "variables"} == {"api"}


def test_a_url_without_a_form_keeps_the_rest_from_standing(project: MakeProject) -> None:
    text = 'services:\n  api: {build: .}\n  web: {image: x, command: "a\u2028  http://api:1"}\n'  # YAML 1.1 breaks here
    result = planned(project, text)
    (declined,) = result.declined
    assert (declined.rule, declined.safe) == ("urls", False)
    assert declined.paste == "services.web.command: https://api:1"


def test_changes_outside_of_the_project_are_declined_with_their_lines(project: MakeProject, tmp_path: Path) -> None:
    (tmp_path / "shared.env").write_text("A=1\nAPI_URL=http://api:1\n")
    (tmp_path / "base.yml").write_text("services:\n  web:\n    build: .\n    command: http://api:1\n")
    text = """services:
  api: {build: ., env_file: [../shared.env]}
  web: {extends: {file: ../base.yml, service: web}}
"""
    result = planned(project, text)
    assert [(d.rule, d.service, d.paste, d.safe) for d in result.declined] == [
        ("urls", "api", "API_URL=https://api:1", False),
        ("urls", "web", "    command: https://api:1", False),
    ]
    assert [file.path.name for file in result.files] == ["docker-compose.yml"]


def test_a_link_that_leads_out_is_outside(project: MakeProject, tmp_path: Path) -> None:
    (tmp_path / "shared.env").write_text("API_URL=http://api:1\n")
    directory = project("services:\n  api: {build: .}\n  web: {build: ., environment: ['API_URL']}\n")
    (directory / ".env").symlink_to(tmp_path / "shared.env")
    found = load([Path("docker-compose.yml")])
    result = plan(found, resolve(found, {}))
    assert [d.reason for d in result.declined] == [
        ".env lies outside of the project directory: a change there could not be taken back"
    ]


def test_notes_come_once(project: MakeProject) -> None:
    text = """x-env: &env {A: http://db:1, B: http://db:1}
services:
  api: {build: ., environment: *env, ports: ['1:1', '2:2'], healthcheck: {test: curl http://localhost}}
  db: {image: couchdb}
"""
    result = planned(project, text)
    assert len(result.notes) == len(set(result.notes)) == 3


def many(count: int, weird: int) -> str:
    services = "".join(
        f"  s{n}:\n    build: .\n{WEIRD if n == weird else ''}    command: http://s{(n + 1) % count}:1\n"
        for n in range(count)
    )
    return f"services:\n{services}"


def test_cost_is_linear_also_when_something_is_declined(project: MakeProject) -> None:
    seconds = []
    for count in (100, 400):
        start = time.process_time()
        result = planned(project, many(count, weird=50))
        seconds.append(time.process_time() - start)
        assert len(result.declined) == 1
        assert len(result.changes) == 5 * count - 3
    assert seconds[1] < 12 * seconds[0]  # four times the work; sixteen would be quadratic
