from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from aicos_tls.compose.load import load
from aicos_tls.sources.build import Build, build_of

if TYPE_CHECKING:
    from pathlib import Path


def build(project: Path, *texts: str, dotenv: str = "") -> Build | None:
    names = ["docker-compose.yml", "docker-compose.override.yml"]
    for name, text in zip(names, texts, strict=False):
        (project / name).write_text("services:\n  api:\n" + "".join(f"    {line}\n" for line in text.splitlines()))
    if dotenv:
        (project / ".env").write_text(dotenv)
    loaded = load([project / name for name, _ in zip(names, texts, strict=False)])
    return build_of(loaded.services["api"], project)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    for name in ("Dockerfile", "api/Dockerfile", "api/docker/prod.Dockerfile", "lower/dockerfile", "x.git/Dockerfile"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("FROM a\n")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "Dockerfile").write_text("FROM a\n")
    return root


@pytest.mark.parametrize(
    ("text", "context", "dockerfile"),
    [
        ("build: ./api", "api", "api/Dockerfile"),
        ("build: .", "", "Dockerfile"),
        ("build: {}", "", "Dockerfile"),
        ("build: {context: api}", "api", "api/Dockerfile"),
        ("build: {dockerfile: api/Dockerfile}", "", "api/Dockerfile"),
        ("build: {context: api, dockerfile: docker/prod.Dockerfile}", "api", "api/docker/prod.Dockerfile"),
        ("build: {context: api, dockerfile: ../Dockerfile}", "api", "api/../Dockerfile"),
        ("build: ${DIR}", "api", "api/Dockerfile"),
        ("build: ${OTHER:-api}", "api", "api/Dockerfile"),
        ("build: lower", "lower", "lower/dockerfile"),
        ("build: x.git", "x.git", "x.git/Dockerfile"),
        ("build: &b {context: api}", "api", "api/Dockerfile"),
    ],
)
def test_where_it_is_built(project: Path, text: str, context: str, dockerfile: str) -> None:
    found = build(project, text, dotenv="DIR=api\n")
    assert found == Build(project / context, project / dockerfile)


@pytest.mark.parametrize("text", ["image: a", "build:\nimage: a", "build: []\nimage: a"])
def test_nothing_is_built(project: Path, text: str) -> None:
    assert build(project, text) is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("build: {context: ., dockerfile_inline: 'FROM a'}", "written in the compose file"),
        ("build: $NOWHERE", "variable whose value is not known"),
        ("build: {dockerfile: $NOWHERE}", "variable whose value is not known"),
        ("build: {context: api, target: $NOWHERE}", "variable whose value is not known"),
        ("build: https://example.org/x.git", "not on this machine"),
        ("build: https://example.org/x.git#main:dir", "not on this machine"),
        ("build: git@example.org:x/y.git", "not on this machine"),
        ("build: github.com/x/y", "not on this machine"),
        ("build: other.git#main", "not on this machine"),
        ("build: ../outside", "outside of the project"),
        ("build: /etc", "outside of the project"),
        ("build: {context: ., dockerfile: ../outside/Dockerfile}", "outside of the project"),
        ("build: {context: linked}", "outside of the project"),
        ("build: {context: api, dockerfile: linked}", "outside of the project"),
        ("build: nowhere", "does not exist"),
        ("build: {context: ., dockerfile: api}", "is no file"),
    ],
)
def test_what_cannot_be_looked_at(project: Path, text: str, problem: str) -> None:
    (project / "linked").symlink_to(project.parent / "outside")
    (project / "api" / "linked").symlink_to(project.parent / "outside" / "Dockerfile")
    found = build(project, text)
    assert found is not None
    assert problem in found.problem


def test_a_project_in_a_linked_directory_is_inside_of_itself(project: Path) -> None:
    link = project.parent / "link"
    link.symlink_to(project)
    found = build(link, "build: api")
    assert found == Build(link / "api", link / "api/Dockerfile")


def test_layers_add_up(project: Path) -> None:
    found = build(project, "build: ./api", "build: {target: prod, args: {A: 1, B: $NOWHERE, C: }}")
    assert found == Build(project / "api", project / "api/Dockerfile", "prod", "", {"A": "1", "C": ""})


def test_a_list_of_arguments(project: Path) -> None:
    found = build(project, "build: {context: api, target: $T, args: [A=1, B, C=$T]}", dotenv="T=dev\n")
    assert found == Build(project / "api", project / "api/Dockerfile", "dev", "", {"A": "1", "C": "dev"})
