"""As what the nodes count that anchors, merge keys and `extends` bring to several places."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aicos_tls.compose.load import load
from aicos_tls.compose.sites import is_looked_at
from aicos_tls.files import TextFile
from aicos_tls.yamledit.nodes import Mapping, Scalar

if TYPE_CHECKING:
    from aicos_tls.compose.model import Project
    from aicos_tls.yamledit.nodes import Node


def project(text: str) -> Project:
    return load([Path("/nowhere/c.yml")], read=lambda path: TextFile(path, text.encode()))


def top(found: Project, name: str) -> Node:
    root = found.main.roots[0]
    return next(value for key, value in root.pairs if isinstance(key, Scalar) and key.value == name)


def test_one_attribute_of_several_services_is_one_thing() -> None:
    found = project("x-e: &e {A: 1}\nservices:\n  a: {image: x, environment: *e}\n  b: {image: x, environment: *e}\n")
    assert found.sharing.is_one_thing(top(found, "x-e"))
    assert found.sharing.users[id(top(found, "x-e"))] == {"a", "b"}


def test_two_attributes_are_two_things_with_all_that_is_in_them() -> None:
    found = project("x-e: &e {A: 1}\nservices:\n  a: {image: x, environment: *e, labels: *e}\n")
    shared = top(found, "x-e")
    assert isinstance(shared, Mapping)
    assert not found.sharing.is_one_thing(shared)
    assert not found.sharing.is_one_thing(shared.pairs[0][1])


def test_two_variables_are_two_things() -> None:
    found = project(
        "x-o: &o off\nservices:\n  a: {image: x, environment: {A: *o}}\n  b: {image: x, environment: {B: *o}}\n"
    )
    assert not found.sharing.is_one_thing(top(found, "x-o"))


def test_what_stands_at_the_top_level_too_is_not_another_thing() -> None:
    found = project("x-o: &o off\nservices:\n  a: {image: x, environment: {A: *o}}\n")
    assert found.sharing.is_one_thing(top(found, "x-o"))


def test_the_text_of_a_key_is_a_thing_of_its_own() -> None:
    found = project("services:\n  a: {image: x, labels: {&k http://a: b}, environment: {A: *k}}\n")
    paths = next(paths for paths in found.sharing.paths.values() if ("labels", "") in paths)
    assert paths == {("labels", ""), ("environment", "A")}
    assert [is_looked_at(path) for path in sorted(paths)] == [True, False]


def test_where_texts_are_looked_at() -> None:
    wanted = [("environment", "A"), ("build", "args", "A"), ("x-a",), ("", "x-a"), ("", "configs", "c", "content")]
    assert all(map(is_looked_at, wanted))
    others = [
        ("image",),
        ("build", "context"),
        ("build",),
        ("x-aicos-tls",),
        ("", "name"),
        ("", "configs", "c", "file"),
    ]
    assert not any(map(is_looked_at, others))
