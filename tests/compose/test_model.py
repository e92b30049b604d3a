from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aicos_tls.compose.load import load
from aicos_tls.errors import TlsError

if TYPE_CHECKING:
    from support import Project

    from aicos_tls.compose.model import Project as Compose


def loaded(*names: str) -> Compose:
    return load([Path(name) for name in names or ("docker-compose.yml",)])


@pytest.mark.parametrize(
    ("services", "key", "users"),
    [
        ("  a: &a {build: .}\n  b: {image: x}\n", "volumes", set()),
        ("  a: &a {build: .}\n  b: *a\n", "volumes", {"a", "b"}),
        ("  a: &a {build: .}\n  b: {<<: *a}\n", "volumes", {"a", "b"}),
        ("  a: &a {build: .}\n  b: {<<: *a, volumes: [/x:/x]}\n", "volumes", {"a"}),
        ("  a: &a {build: .}\n  b: {<<: [*a], volumes: [/x:/x]}\n", "environment", {"a", "b"}),
        ("  a: &a {build: .}\n  b: &b {<<: *a}\n  c: {<<: *b}\n", "volumes", {"a", "b", "c"}),
        ("  a: &a {build: .}\n  b: &b {<<: *a, volumes: []}\n  c: {<<: *b}\n", "volumes", {"a"}),
        ("  a: {build: .}\n  b: {extends: a}\n", "volumes", {"a", "b"}),
        ("  a: {build: .}\n  b: {extends: {service: a}}\n  c: {extends: b}\n", "volumes", {"a", "b", "c"}),
    ],
)
def test_who_would_see_a_new_key(services: str, key: str, users: set[str], project: Project) -> None:
    project("services:\n" + services)
    found = loaded()
    assert found.users_of_key(found.services["a"].first.mapping, key) == users


def test_an_override_removes_replaces_or_says_nothing(project: Project) -> None:
    base = "services:\n  a: {image: a}\n  b: {image: b, command: x}\n  c: {image: c}\n"
    project(
        {
            "docker-compose.yml": base,
            "o.yml": "services:\n  a: !reset null\n  b: !override {image: b2}\n  c:\n  d: !reset {}\n",
        }
    )
    services = loaded("docker-compose.yml", "o.yml").services
    assert list(services) == ["b", "c"]
    assert (services["b"].image, services["b"].text("command"), services["c"].image) == ("b2", None, "c")


def test_a_service_that_is_null_is_refused(project: Project) -> None:
    project("services:\n  a:\n")
    with pytest.raises(TlsError, match="service a is not a mapping"):
        loaded()


@pytest.mark.parametrize(
    ("path", "inside"),
    [
        ("docker-compose.yml", True),
        ("sub/x.env", True),
        ("../x.env", False),
        ("link.env", False),
        ("../project/docker-compose.yml", True),
    ],
)
def test_what_lies_in_the_project(path: str, inside: bool, project: Project) -> None:  # noqa: FBT001
    directory = project({"docker-compose.yml": "services:\n  a: {image: a}\n", "../x.env": "", "sub/x.env": ""})
    (directory / "link.env").symlink_to("../x.env")
    assert loaded().holds(Path(path)) is inside


@pytest.mark.parametrize(
    ("definition", "off"),
    [
        ("{disable: true}", True),
        ("{disable: true, test: [CMD, x]}", True),
        ("{disable: false}", False),
        ("{test: [NONE]}", False),
        ("", False),
    ],
)
def test_a_healthcheck_that_is_switched_off(definition: str, off: bool, project: Project) -> None:  # noqa: FBT001
    project(f"services:\n  a:\n    image: a\n    healthcheck: {definition}\n")
    service = loaded().services["a"]
    assert service.has_no_healthcheck is off
    assert (service.healthcheck is None) is (off or "test" not in definition)


def test_published_ports(project: Project) -> None:
    project(
        "services:\n  a:\n    image: a\n    ports:\n"
        "      - '1:80'\n      - 127.0.0.1:2:80/udp\n      - '3'\n      - ${P}:80\n      - 7-8:7-8\n"
        "      - {target: 80, published: '4'}\n      - {target: 80}\n"
    )
    assert loaded().services["a"].published_ports == {"1", "2", "4"}
