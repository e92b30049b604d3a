"""Ports of the machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aicos_tls.compose.load import load
from aicos_tls.plan.published import ports_of, published_ports, publishes

if TYPE_CHECKING:
    from support import Project as MakeProject


@pytest.mark.parametrize(
    ("ports", "expected", "any_at_all"),
    [
        ("[]", [], False),
        ("", [], False),
        ("text", [], False),
        ("['8001']", [], True),
        ("[8001:80]", [8001], True),
        ("['127.0.0.1:8001:80/tcp']", [8001], True),
        ("['[::1]:8001:80']", [8001], True),
        ("['8001:53/udp']", [], True),
        ("['8001-8003:80-82']", [8001, 8002, 8003], True),
        ("['${PORT:-8001}:80', '${UNKNOWN}:80']", [8001], True),
        ("[{target: 80, published: 8001}]", [8001], True),
        ("[{target: 80, published: '8001-8002'}]", [8001, 8002], True),
        ("[{target: 80}]", [], True),
        ("[{target: 80, published: }]", [], True),
    ],
)
def test_ports(project: MakeProject, ports: str, expected: list[int], *, any_at_all: bool) -> None:
    project(f"services:\n  api:\n    image: x\n    ports: {ports}\n")
    service = load([Path("docker-compose.yml")]).services["api"]
    assert list(ports_of(service)) == expected
    assert publishes(service) is any_at_all


def test_the_first_service_has_the_port(project: MakeProject) -> None:
    project("services:\n  a: {image: x, ports: ['1:1']}\n  b: {image: x, ports: ['1:1', '2:2']}\n")
    assert published_ports(load([Path("docker-compose.yml")])) == {1: "a", 2: "b"}
