"""Files to a project: overrides, `include`, `extends`, `.env`, `env_file`, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aicos_tls.compose.load import load
from aicos_tls.errors import TlsError

if TYPE_CHECKING:
    from support import Project as MakeProject

    from aicos_tls.compose.model import Project

API = "services:\n  api:\n    build: .\n"


def loaded(project: MakeProject, files: dict[str, str | bytes] | str, *names: str) -> Project:
    project(files)
    return load([Path(name) for name in names or ("docker-compose.yml",)])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "this file is empty"),
        ("version: '3'\n", "no services"),
        ("services:\n", "no services"),
        ("api:\n  image: x\n", "version 1"),
        ("- a\n", "it holds a list"),
        ("just text\n", "it holds a text"),
        ("services: [a]\n", "`services` is not a mapping"),
        ("services:\n  api: text\n", "service api is not a mapping"),
        ("services:\n  api:\n  web: {image: x}\n", "service api is not a mapping"),
        ("services:\n  api: {image: x}\n  api: {image: y}\n", "second time"),
        ("services:\n  api:\n    environment: {A: 1, A: 2}\n", "second time"),
        ("x: &x {a: 1}\ny: &y {b: 1}\nservices:\n  api:\n    <<: *x\n    <<: *y\n", "second time"),
        ("services:\n  api:\n    <<: text\n", "not a mapping"),
        ("services:\n  api:\n    <<: [text]\n", "not a mapping"),
        ("services:\n  api:\n    volumes: ./a:/a\n", "`volumes` of service api is not a list"),
        ("services:\n  api:\n    volumes: {a: b}\n", "`volumes` of service api is not a list"),
        ("services:\n  api:\n    environment: A=1\n", "not a list or a mapping"),
        ("services:\n  api:\n    extends: {file: nowhere.yml, service: x}\n", "does not exist"),
        ("services:\n  api:\n    extends: nobody\n", "does not exist"),
        ("services:\n  api:\n    extends: {}\n", "names no service"),
        ("services:\n  a:\n    extends: b\n  b:\n    extends: a\n", "in a circle"),
        ("include: [nowhere.yml]\nservices: {}\n", "does not exist"),
        ("services:\n  api: !reset null\n", "no services"),
    ],
)
def test_refused_with_the_place(project: MakeProject, text: str, message: str) -> None:
    with pytest.raises(TlsError, match=message) as caught:
        loaded(project, text)
    assert caught.value.where is not None
    assert caught.value.where.line >= 1


def test_merge_keys_with_quotes_are_ordinary_keys(project: MakeProject) -> None:
    found = loaded(project, 'services:\n  api:\n    image: x\n    labels:\n      "<<": text\n')
    assert list(found.services) == ["api"]


def test_keys_that_are_no_texts_are_passed_over(project: MakeProject) -> None:
    found = loaded(project, "services:\n  api:\n    image: x\n    labels: {[a]: 1, [a]: 2}\n")
    assert list(found.services) == ["api"]


def test_null_and_reset_values_are_no_texts(project: MakeProject) -> None:
    found = loaded(project, "services:\n  api:\n    image: x\n    volumes:\n    environment: !reset null\n")
    assert found.services["api"].environment == {}
    assert found.services["api"].mounts == []


def test_an_empty_service_with_a_base_is_allowed(project: MakeProject) -> None:
    found = loaded(project, {"a.yml": API, "b.yml": "services:\n  api:\n"}, "a.yml", "b.yml")
    assert len(found.services["api"].layers) == 1


def test_a_service_is_replaced_or_dropped_by_tags(project: MakeProject) -> None:
    base = "services:\n  api: {build: .}\n  gone: {build: .}\n"
    later = "services:\n  api: !override {image: y}\n  gone: !reset null\n"
    found = loaded(project, {"a.yml": base, "b.yml": later}, "a.yml", "b.yml")
    assert list(found.services) == ["api"]
    assert not found.services["api"].builds


def test_a_file_is_read_once_whatever_leads_to_it(project: MakeProject) -> None:
    text = """include: [./sub/../other.yml, other.yml]
services:
  web:
    extends: {file: ./docker-compose.yml, service: b}
  b: {build: .}
"""
    found = loaded(project, {"docker-compose.yml": text, "other.yml": API, "sub/x": ""})
    assert [source.path.name for source in found.files] == ["docker-compose.yml", "other.yml"]
    assert found.services["web"].builds


def test_includes_with_several_files_and_a_directory(project: MakeProject) -> None:
    text = """include:
  - path: [sub/a.yml, sub/b.yml]
    project_directory: ${DIR:-base}
  - oci://example.com/x
  - https://example.com/x.git
services: {}
"""
    found = loaded(project, {"docker-compose.yml": text, "sub/a.yml": API, "sub/b.yml": API})
    assert len(found.services["api"].layers) == 2
    assert {source.base for source in found.files[1:]} == {Path("base")}
    assert [note for note, _ in found.notes] == [
        "include oci://example.com/x: not on this machine, not looked at",
        "include https://example.com/x.git: not on this machine, not looked at",
    ]


def test_an_include_that_includes_is_read(project: MakeProject) -> None:
    files = {"docker-compose.yml": "include: sub/a.yml\n", "sub/a.yml": "include: [b.yml]\n", "sub/b.yml": API}
    found = loaded(project, {**files})
    assert found.services["api"].first.source.base == Path("sub")


def test_extends_by_name_file_and_chain(project: MakeProject) -> None:
    text = (
        "services:\n  web:\n    extends: {service: mid}\n  mid:\n    extends: {file: '${F:-base.yml}', service: base}\n"
    )
    base = "services:\n  base: {build: ., hostname: h}\n"
    found = loaded(project, {"docker-compose.yml": text, "base.yml": base})
    web = found.services["web"]
    assert [layer.extended for layer in web.layers] == [True, True, False]
    assert web.text("hostname") == "h"
    assert "base" not in found.services
    assert len(found.files) == 2


def test_env_files_in_every_form(project: MakeProject) -> None:
    text = """services:
  a: {image: x, env_file: one.env}
  b: {image: x, env_file: [one.env, ./one.env, '${NAME:-two}.env', '']}
  c:
    image: x
    env_file:
      - {path: two.env, required: true}
      - {path: missing.env, required: false}
      - missing.env
"""
    found = loaded(project, {"docker-compose.yml": text, "one.env": "A=1\n", "two.env": "B=2\n"})
    files = {name: [f.file.path.name for f in s.env_files] for name, s in found.services.items()}
    assert files == {"a": ["one.env"], "b": ["one.env", "one.env", "two.env"], "c": ["two.env"]}
    assert found.services["b"].env_files[0] is found.services["a"].env_files[0]
    assert [note for note, _ in found.notes] == ["env_file missing.env does not exist, not looked at"]


def test_two_documents_add_up(project: MakeProject) -> None:
    found = loaded(project, f"{API}---\nservices:\n  web: {{image: x}}\n---\n")
    assert list(found.services) == ["api", "web"]
