"""Where additions go: what has no form, what is repeated, what is left to its anchor."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aicos_tls.compose.load import load
from aicos_tls.plan.policy import resolve
from aicos_tls.planner import plan
from aicos_tls.rules.habits import rank

if TYPE_CHECKING:
    from support import Project as MakeProject

    from aicos_tls.plan.model import Plan

CHECK = "healthcheck: {test: curl -f http://localhost:1}"


def planned(project: MakeProject, text: str, **flags: object) -> tuple[Plan, str]:
    """The plan, and the new text of the compose file."""
    directory = project(
        {"docker-compose.yml": text, "app/Dockerfile": "FROM x\nHEALTHCHECK CMD curl http://localhost:1\n"}
    )
    found = load([Path("docker-compose.yml")])
    result = plan(found, resolve(found, flags))
    written = {file.path.name: file.after.decode() for file in result.files}
    return result, written.get("docker-compose.yml", (directory / "docker-compose.yml").read_text())


def test_a_null_that_a_merge_key_brings_gives_way(project: MakeProject) -> None:
    text = f"""x: &x
  volumes:
  environment:
  healthcheck:
services:
  api:
    <<: *x
    build: app
    {CHECK}
  db:
    <<: *x
    image: y
"""
    _, after = planned(project, text)
    assert "    build: app\n    volumes:\n      - ./certs:/app/certs:ro\n    environment:\n" in after
    assert after.startswith("x: &x\n  volumes:\n  environment:\n  healthcheck:\nservices:\n")


def test_a_null_healthcheck_that_a_merge_key_brings_gives_way(project: MakeProject) -> None:
    text = """x: &x
  healthcheck:
services:
  api:
    <<: *x
    build: app
  web:
    <<: *x
    build: app
    command: http://api:1
"""
    _, after = planned(project, text)
    assert after.count("    healthcheck:\n      test: curl --insecure https://localhost:1\n") == 1


def test_a_healthcheck_that_is_no_mapping_is_declined(project: MakeProject) -> None:
    result, _ = planned(
        project, "services:\n  api:\n    build: app\n    healthcheck: text\n  web: {image: x, command: http://api:1}\n"
    )
    (declined,) = result.declined
    assert (declined.rule, declined.reason, declined.safe) == ("healthcheck", "`healthcheck` is not a mapping", True)
    assert declined.paste == '    healthcheck:\n      test: ["CMD-SHELL", "curl --insecure https://localhost:1"]'


def test_a_copy_repeats_what_it_holds(project: MakeProject) -> None:
    text = f"""x-check: &check {{interval: 1s}}
x: &x
  volumes: &volumes
    - &one ./a:/a
    - *one
    - {{type: bind, source: ./b, target: /b, bind: {{options: [x, y]}}}}
  environment: {{A: 1, B: "2", C: ~, D: '4', E: *one}}
services:
  api:
    <<: *x
    build: app
    {CHECK}
  db: {{<<: *x, image: y}}
"""
    _, after = planned(project, text)
    api = after.partition("  api:")[2].partition("  db:")[0]
    assert (
        "      - ./a:/a\n      - ./a:/a\n      - type: bind\n        source: ./b\n        target: /b\n"
        "        bind:\n          options:\n            - x\n            - y\n      - ./certs:/app/certs:ro\n"
    ) in api
    assert "      A: 1\n      B: \"2\"\n      C: ~\n      D: '4'\n      E: ./a:/a\n      TLS_ENABLED:" in api


def test_an_alias_within_a_copy_stays_an_alias(project: MakeProject) -> None:
    text = f"""x-long: &long {{type: bind, source: ./b, target: /b}}
x: &x
  volumes:
    - *long
services:
  api:
    <<: *x
    build: app
    {CHECK}
  db: {{<<: *x, image: y}}
"""
    _, after = planned(project, text)
    assert "    volumes:\n      - *long\n      - ./certs:/app/certs:ro\n" in after


def test_a_scheme_that_others_use_for_something_else_is_declined(project: MakeProject) -> None:
    text = """x-http: &http http
services:
  api: {build: app}
  web: {build: app, environment: {API_HOST: api, API_SCHEME: *http}}
  log: {image: x, environment: {FORMAT: *http}}
"""
    result, _ = planned(project, text)
    (declined,) = result.declined
    assert declined.reason == "the value is shared with services that do not use it as the scheme of a server"
    assert not declined.safe


def test_a_dockerfile_that_cannot_be_read_is_told(project: MakeProject) -> None:
    text = "services:\n  api: {build: app}\n  web: {image: x, command: http://api:1}\n"
    project({"docker-compose.yml": text, "app/Dockerfile": b"FROM x\nHEALTHCHECK CMD curl \xff\n"})
    found = load([Path("docker-compose.yml")])
    notes = [note for note in plan(found, resolve(found, {})).notes if note.topic == "warning"]
    assert [note.text.partition(":")[0] for note in notes] == ["its image's healthcheck is not known"]
    assert str(notes[0].where) == "app/Dockerfile:2"


@pytest.mark.parametrize(
    ("one", "other"), [("build", "volumes"), ("volumes", "environment"), ("environment", "healthcheck")]
)
def test_new_keys_have_an_order(one: str, other: str) -> None:
    assert rank(one) < rank(other)
