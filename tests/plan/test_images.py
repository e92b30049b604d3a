"""Image references: whose they are."""

from __future__ import annotations

import pytest

from aicos_tls.plan.images import is_program, is_public, repository


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("redis", ("", ["redis"])),
        ("redis:7-alpine", ("", ["redis"])),
        ("me/app@sha256:00", ("", ["me", "app"])),
        ("localhost/app", ("localhost", ["app"])),
        ("localhost:5000/me/app:1", ("localhost:5000", ["me", "app"])),
        ("registry.example.com/a/b/c:1", ("registry.example.com", ["a", "b", "c"])),
        ("${REGISTRY:-r.io}/app:${TAG}", ("r.io", ["app"])),
        ("${IMAGE}", ("", ["${IMAGE}"])),
    ],
)
def test_repository(image: str, expected: tuple[str, list[str]]) -> None:
    assert repository(image) == expected


@pytest.mark.parametrize(
    "image",
    ["redis", "postgres:16", "bitnami/kafka", "minio/minio", "quay.io/x/y", "lscr.io/a/b", "mcr.microsoft.com/x"],
)
def test_public_images(image: str) -> None:
    assert is_public(image)


@pytest.mark.parametrize("image", ["api", "me/redis", "registry.example.com/shop/api", "${REGISTRY:-}/", ":"])
def test_images_of_ones_own(image: str) -> None:
    assert not is_public(image)


@pytest.mark.parametrize(
    ("name", "expected"), [("redis", True), ("Minio", True), ("api", False), ("shop-redis", False)]
)
def test_names_of_programs(name: str, *, expected: bool) -> None:
    assert is_program(name) is expected
