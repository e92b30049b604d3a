"""Healthchecks as their programs see them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aicos_tls.compose.load import load
from aicos_tls.healthchecks import Form
from aicos_tls.plan.checks import from_dotenv, healthchecks, overridden

if TYPE_CHECKING:
    from support import Project as MakeProject

A = "services:\n  api:\n    image: x\n    healthcheck:\n      test: %s\n"


@pytest.mark.parametrize(
    ("test", "form", "words"),
    [
        ("curl x", Form.SHELL, ("curl x",)),
        ("[CMD, curl, x]", Form.EXEC, ("curl", "x")),
        ("[CMD-SHELL, curl x]", Form.SHELL, ("curl x",)),
    ],
)
def test_forms(project: MakeProject, test: str, form: Form, words: tuple[str, ...]) -> None:
    project(A % test)
    check = healthchecks(load([Path("docker-compose.yml")]))["api"]
    assert (check.test.form, check.test.words) == (form, words)
    assert check.where.line == 5


@pytest.mark.parametrize("test", ["[NONE]", "", "' '", "[]", "[CMD]", "[CMD, [x]]", "[curl, x]", "{a: b}"])
def test_what_is_no_test(project: MakeProject, test: str) -> None:
    project(A % test)
    assert healthchecks(load([Path("docker-compose.yml")])) == {}


def test_what_a_later_file_overrides(project: MakeProject) -> None:
    project({"a.yml": A % "curl a", "b.yml": A % "[CMD, curl, b]", "c.yml": A % "[NONE]"})
    service = load([Path(name) for name in ("a.yml", "b.yml", "c.yml")]).services["api"]
    assert [check.test.words for check in overridden(service)] == [("curl a",), ("curl", "b")]


def test_what_only_dotenv_says(project: MakeProject) -> None:
    project({"docker-compose.yml": A % "${CHECK}", ".env": "CHECK=curl http://localhost:1/\n"})
    found = load([Path("docker-compose.yml")])
    (ask,) = from_dotenv(found.services["api"], healthchecks(found)["api"])
    assert (ask.host, ask.port) == ("localhost", 1)
    project({"docker-compose.yml": A % "'curl http://localhost/ ${GONE}'"})
    found = load([Path("docker-compose.yml")])
    assert from_dotenv(found.services["api"], healthchecks(found)["api"]) == ()
