"""What the readers of code find in whole stacks, each service with its own files and variables."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from aicos_tls.connections.evidence.code import READER
from aicos_tls.connections.model import Surroundings
from aicos_tls.files import read

STACKS = Path(__file__).resolve().parents[3] / "fixtures/stacks"


def asked(stack: str, folder: str, service: str, hosts: str, environment: dict[str, str]) -> list[str]:
    root = STACKS / stack / folder
    paths = sorted(path for path in root.rglob("*") if path.is_file())
    files = {PurePosixPath(path.relative_to(root).as_posix()): read(path) for path in paths}
    concerned = {path: file for path, file in files.items() if READER.concerns(path)}
    names = {name: name for name in hosts.split()}
    found = READER.destinations(concerned, Surroundings(names, environment, service))
    return [
        f"{each.host}:{each.port} {each.protocol.value}{' tls' if each.tls else ''} {where.path.name}:{where.line}"
        for each in found
        if (where := each.evidence.where)
    ]


EXPECTED: list[tuple[tuple[str, str, str, str, dict[str, str]], list[str]]] = [
    (
        (
            "spring-pair",
            "web",
            "shop-web",
            "shop-web shop-stock db redis",
            {"SPRING_PROFILES_ACTIVE": "docker", "STOCK_PORT": "8082"},
        ),
        [
            "shop-stock:8082 http application-docker.yml:2",
            "redis:6379 redis application-docker.yml:6",
            "shop-stock:8082 http Web.java:8",
        ],
    ),
    (
        ("spring-pair", "stock", "shop-stock", "shop-web shop-stock db redis", {}),
        ["db:5432 postgres application.properties:1"],
    ),
    (
        ("laravel", "app", "app", "app mysql redis search", {"REDIS_HOST": "redis"}),
        [
            "mysql:3306 mysql .env:3",
            "redis:6379 redis .env:5",
            "redis:6379 redis Index.php:8",
            "search:8000 http services.php:6",
        ],
    ),
    (
        ("go-viper-grpc", "gateway", "gateway", "gateway users billing", {"GATEWAY_BILLING_HOST": "billing"}),
        ["users:50051 grpc main.go:16", "billing:9000 http main.go:20"],
    ),
    (
        ("django-celery", "", "web", "web worker db redis", {"DB_NAME": "shop"}),
        [
            "db:5432 postgres settings.py:8",
            "redis:6379 redis settings.py:12",
            "redis:6379 redis settings.py:13",
            "redis:6379 redis settings.py:14",
        ],
    ),
]


@pytest.mark.parametrize(("given", "expected"), EXPECTED)
def test_what_a_service_asks(given: tuple[str, str, str, str, dict[str, str]], expected: list[str]) -> None:
    assert asked(*given) == expected
