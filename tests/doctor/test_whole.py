"""A project that is whole, and faults beside an override file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from doctor_seeds import (
    COMPOSE,
    KNOWN,
    edit,
    found,
    place,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from doctor_seeds import Examine


def test_nothing_is_found_in_a_project_that_is_whole(shop: Path, examine: Examine) -> None:
    result = examine()
    assert found(result) == []
    assert {finding.check for finding in result.findings} == KNOWN
    assert not result.faulty
    assert (result.services, result.servers) == (3, 3)
    (shop / "certs/ca-key.pem").unlink()
    assert {finding.check for finding in examine().findings} == KNOWN - {"ca-key-mounted"}


def test_nothing_is_found_with_an_override_file(override_shop: Path, examine: Examine) -> None:
    result = examine()
    assert (override_shop / "docker-compose.tls.yml").is_file()
    assert found(result) == []
    assert result.servers == 3


def test_a_conflict_is_named_beside_a_fault_of_another_kind(shop: Path, examine: Examine) -> None:
    edit(shop / COMPOSE, "https://shop-worker:8000", "https://shop-worker:8000/v2")
    edit(shop / COMPOSE, "    build: ./api\n", '    build: ./api\n    user: "1000:1000"\n')
    assert [f.check for f in found(examine())] == ["record-conflict", "key-user"]


OVERRIDE = "docker-compose.tls.yml"


def override_unused(shop: Path) -> None:
    (shop / ".env").unlink()


def override_http(shop: Path) -> None:
    edit(shop / OVERRIDE, "https://shop-worker", "http://shop-worker")


def override_without_mount(shop: Path) -> None:
    edit(shop / OVERRIDE, "./certs:/app/certs:ro", "./old:/app/certs:ro")


def override_healthcheck(shop: Path) -> None:
    edit(shop / OVERRIDE, "https://localhost:3000", "http://localhost:3000")


def variable_in_base(shop: Path) -> None:
    edit(shop / COMPOSE, "      API_HOST: shop-api", "      API_HOST: shop-api\n      PROXY: http://shop-proxy:8080")


OVERRIDDEN: list[tuple[Callable[[Path], None], set[tuple[str, str]]]] = [
    (override_unused, {("override-unused", "")}),
    (override_http, {("http-url", "shop-api")}),
    (override_without_mount, {("mount", "shop-api")}),
    (override_healthcheck, {("healthcheck-http", "shop-api")}),
    (variable_in_base, {("http-url", "shop-worker"), ("plan-differs", "")}),
]


@pytest.mark.parametrize(("seed", "expected"), OVERRIDDEN, ids=[seed.__name__ for seed, _ in OVERRIDDEN])
def test_faults_beside_an_override_file(
    override_shop: Path, examine: Examine, seed: Callable[[Path], None], expected: set[tuple[str, str]]
) -> None:
    seed(override_shop)
    assert {(f.check, f.service) for f in found(examine())} == expected


def test_the_files_to_start_with_are_named(override_shop: Path, examine: Examine) -> None:
    override_unused(override_shop)
    todo = found(examine())[0].todo
    assert todo.startswith(f"write COMPOSE_FILE={COMPOSE}:{OVERRIDE} into .env, or start with: docker compose -f ")


def override_gone(shop: Path) -> None:
    (shop / OVERRIDE).unlink()
    (shop / ".env").unlink()


def test_an_override_file_that_is_gone(override_shop: Path, examine: Examine) -> None:
    override_gone(override_shop)
    assert [(f.check, place(f)) for f in examine().findings] == [("override-gone", OVERRIDE)]
