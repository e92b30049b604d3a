"""What a service comes to by its layers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aicos_tls.compose.load import load
from aicos_tls.compose.resolve import text_of

if TYPE_CHECKING:
    from support import Project as MakeProject

    from aicos_tls.compose.model import Project, Service


def service(project: MakeProject, body: str, later: str = "", dotenv: str = "") -> Service:
    """The service `api` with `body` in the first file and `later` in the second."""
    files: dict[str, str | bytes] = {"a.yml": f"services:\n  api:\n    image: x\n{body}", ".env": dotenv}
    if later:
        files["b.yml"] = f"services:\n  api:\n{later}"
    project(files)
    return load([Path(name) for name in files if name.endswith(".yml")]).services["api"]


def test_variables_of_all_layers_the_last_one_counts(project: MakeProject) -> None:
    found = service(project, "    environment: [A=1, B, C=]\n", "    environment: {A: 2, D: , E: true}\n")
    assert {k: v.value for k, v in found.environment.items()} == {"A": "2", "B": None, "C": "", "D": None, "E": "true"}


@pytest.mark.parametrize(
    ("later", "expected"),
    [
        ("    environment: !override {B: 2}\n", {"B": "2"}),
        ("    environment: !reset null\n", {}),
        ("    environment: {A: !reset null, B: 2}\n", {"B": "2"}),
    ],
)
def test_tags_replace_variables(project: MakeProject, later: str, expected: dict[str, str]) -> None:
    found = service(project, "    environment: {A: 1}\n", later)
    assert {k: v.value for k, v in found.environment.items()} == expected


def test_lists_hold_no_variables_but_texts(project: MakeProject) -> None:
    found = service(project, "    environment: [A=1, null, [x], {y: z}]\n")
    assert list(found.environment) == ["A"]
    found = service(project, "    environment: {A: [x], B: {c: d}}\n")
    assert list(found.environment) == []


def test_attributes_are_interpolated_and_reset(project: MakeProject) -> None:
    found = service(project, "    hostname: ${H}\n    user: ${U}\n", "    user: !reset null\n", "H=box\n")
    assert (found.text("hostname"), found.text("user"), found.text("tty")) == ("box", None, None)
    assert service(project, "    hostname: ${UNKNOWN}\n").text("hostname") == "${UNKNOWN}"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("", {"default"}),
        ("    networks: [a, b]\n", {"a", "b"}),
        ("    networks: {a: , b: {aliases: [x]}}\n", {"a", "b"}),
        ("    networks: []\n", {"default"}),
        ("    network_mode: host\n", set()),
    ],
)
def test_networks(project: MakeProject, body: str, expected: set[str]) -> None:
    assert service(project, body).networks == expected


def test_names_and_links(project: MakeProject) -> None:
    body = "    container_name: c\n    hostname: ${H}\n    networks: {a: {aliases: [x, y]}, b: {aliases: y}}\n"
    found = service(project, body + "    links: [db, 'db:store']\n")
    assert found.names == ("api", "c", "x", "y")
    assert found.links == {"db": "db", "store": "db"}


@pytest.mark.parametrize(
    ("body", "later", "test", "disabled"),
    [
        ("", "", None, False),
        ("    healthcheck: {test: a}\n", "", "a", False),
        ("    healthcheck: {test: a}\n", "    healthcheck: {test: b}\n", "b", False),
        ("    healthcheck: {test: a}\n", "    healthcheck: {interval: 1s}\n", "a", False),
        ("    healthcheck: {test: a}\n", "    healthcheck: {test: }\n", "a", False),
        ("    healthcheck: {test: a}\n", "    healthcheck: {test: !reset null}\n", None, False),
        ("    healthcheck: {test: a}\n", "    healthcheck: !reset null\n", None, False),
        ("    healthcheck: {test: a}\n", "    healthcheck: {disable: true}\n", None, True),
        ("    healthcheck: {disable: true}\n", "    healthcheck: {disable: false, test: a}\n", "a", False),
        ("    healthcheck:\n", "", None, False),
    ],
)
def test_the_healthcheck_that_counts(
    project: MakeProject, body: str, later: str, test: str | None, *, disabled: bool
) -> None:
    found = service(project, body, later)
    assert (text_of(found.healthcheck[1].value) if found.healthcheck else None) == test
    assert found.healthcheck_disabled is disabled


def test_mounts_in_every_syntax(project: MakeProject) -> None:
    body = """    volumes:
      - /only
      - data:/b/
      - ./c:/d:ro
      - 'C:\\x:/y'
      - C:/x:/z
      - ${S:-./s}:${T:-/t}:rw
      - {type: bind, source: ./e, target: /f/}
      - {type: tmpfs, target: /g}
      - {type: tmpfs}
      -
      - [x]
      - /:/
"""
    found = service(project, body)
    assert [(m.source, m.target) for m in found.mounts] == [
        ("", "/only"), ("data", "/b"), ("./c", "/d"), ("C:\\x", "/y"), ("C:/x", "/z"), ("${S:-./s}", "${T:-/t}"),
        ("./e", "/f"), ("", "/g"), ("", "/"), ("/", "/"),
    ]  # fmt: skip


def test_mounts_need_a_list(project: MakeProject) -> None:
    assert service(project, "    volumes:\n").mounts == []


def named(project: MakeProject, files: dict[str, str | bytes]) -> Project:
    project(files)
    return load([Path("docker-compose.yml")])


@pytest.mark.parametrize(
    ("top", "expected"),
    [
        ("name: shop\n", "shop"),
        ("name: ${N}\n", "stack"),
        ("name: ${M}\n", "${M}"),
        ("name:\n", "project"),
        ("", "project"),
    ],
)
def test_the_name_of_a_project(project: MakeProject, top: str, expected: str) -> None:
    files: dict[str, str | bytes] = {"docker-compose.yml": f"{top}services: {{a: {{image: x}}}}\n", ".env": "N=stack\n"}
    assert named(project, files).name == expected


def test_what_lies_in_the_project(project: MakeProject, tmp_path: Path) -> None:
    (tmp_path / "outside.env").write_text("A=1\n")
    text = "services:\n  a: {image: x, env_file: [../outside.env, inside.env, link.env]}\n"
    directory = project({"docker-compose.yml": text, "inside.env": "B=1\n"})
    (directory / "link.env").symlink_to(tmp_path / "outside.env")
    found = load([Path("docker-compose.yml")])
    outside, inside, link = found.services["a"].env_files
    assert link is outside
    assert (found.holds(found.main.file), found.holds(outside.file), found.holds(inside.file)) == (True, False, True)


def test_who_uses_what(project: MakeProject) -> None:
    text = """x-env: &env {A: &a 1}
services:
  one: {image: x, environment: *env}
  two: {image: x, environment: {<<: *env, B: 2}, labels: [*a]}
  three: {image: x}
  base: {image: x, environment: {C: 3}}
  derived: {extends: base}
"""
    found = named(project, {"docker-compose.yml": text})
    env = found.services["one"].environment["A"]
    assert env.entry is not None
    assert found.sharing.users[id(env.node)] == {"one", "two"}
    assert found.sharing.users[id(found.services["base"].first.mapping)] == {"base", "derived"}
