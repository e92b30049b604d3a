from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aicos_tls.files import TextFile
from aicos_tls.sources.dockerfile import parse
from aicos_tls.sources.ports import listening, published

if TYPE_CHECKING:
    from support import PlanOf

COMPOSE = "services:\n  api:\n    build: .\n    {}\n  web:\n    build: .\n    environment: [{}]\n"
STAGE = parse(TextFile(Path("Dockerfile"), b"FROM a\nEXPOSE 7000/tcp 7001 $X\n"))


@pytest.mark.parametrize(
    ("own", "other", "expected"),
    [
        ("ports: ['8080:80', 81]", "", {80, 81}),
        ("expose: [9000, 9001/tcp, a]", "", {9000, 9001}),
        ("environment: {PORT: 5000}", "", {5000}),
        ("environment: [PORT]", "", {7000, 7001}),
        ("environment: {PORT: $NOT_KNOWN}", "", {7000, 7001}),
        ("restart: always", "", {7000, 7001}),
        ("restart: always", "A=http://api:8001, B=http://api, C=http://api:$$P, D=https://api:8443", {8001, 80, 8443}),
        ("expose: [1]", "A=http://elsewhere:2", {1}),
        ("healthcheck: {test: curl -f http://localhost:8000/health}", "", {8000}),
        ("healthcheck: {test: curl -fk https://localhost:8000/health}", "", {8000}),
        ("healthcheck: {test: curl http://api/health}", "", {80}),
        ("healthcheck: {test: 'curl http://localhost:${P:-9000}'}", "A=http://api:8001", {8001, 9000}),
        ("healthcheck: {test: 'curl http://localhost:$P'}", "", {7000, 7001}),
        ("healthcheck: {test: curl http://elsewhere:8000}", "", {7000, 7001}),
        ("healthcheck: {test: [NONE]}", "", {7000, 7001}),
    ],
)
def test_listening(plan_of: PlanOf, own: str, other: str, expected: set[int]) -> None:
    plan = plan_of({"compose": COMPOSE.format(own, other)})
    assert listening(plan, plan.project.services["api"], STAGE) == expected


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ("restart: always", {9000}),
        ("healthcheck: {interval: 5s}", {9000}),
        ("healthcheck: {disable: true}", {7000}),
        ("healthcheck: {test: curl http://localhost:9001}", {9001}),
        ("healthcheck: {test: [NONE]}", {7000}),
    ],
)
def test_the_healthcheck_of_an_image(plan_of: PlanOf, own: str, expected: set[int]) -> None:
    file = b"FROM a\nEXPOSE 7000\nHEALTHCHECK CMD curl -f http://localhost:9000/ || exit 1\n"
    plan = plan_of({"compose": COMPOSE.format(own, "")})
    stage = parse(TextFile(Path("Dockerfile"), file))
    assert listening(plan, plan.project.services["api"], stage) == expected


def test_nothing_is_known(plan_of: PlanOf) -> None:
    plan = plan_of({"compose": COMPOSE.format("restart: always", "")})
    assert listening(plan, plan.project.services["api"], None) == frozenset()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("80", [(None, 80)]),
        ("8080:80", [(8080, 80)]),
        ("127.0.0.1:8080:80", [(8080, 80)]),
        ("'[::1]:8080:80'", [(8080, 80)]),
        ("127.0.0.1::80", [(None, 80)]),
        ("8080:80/tcp", [(8080, 80)]),
        ("53:53/udp", []),
        ("3000-3005:3000-3005", []),
        ("${P:-8080}:80", [(8080, 80)]),
        ("$P:80", []),
        ("{target: 80, published: '8080'}", [(8080, 80)]),
        ("{target: 80}", [(None, 80)]),
        ("{target: 80, published: 8000-9000}", [(None, 80)]),
        ("{published: 80}", []),
    ],
)
def test_published(plan_of: PlanOf, text: str, expected: list[tuple[int | None, int]]) -> None:
    plan = plan_of({"compose": COMPOSE.format(f"ports: [{text}]" if "$" not in text else f"ports: ['{text}']", "")})
    assert list(published(plan.project.services["api"])) == expected


def test_ports_that_are_no_list(plan_of: PlanOf) -> None:
    plan = plan_of({"compose": COMPOSE.format("ports: 80", "")})
    assert list(published(plan.project.services["api"])) == []
