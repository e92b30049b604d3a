from __future__ import annotations

import pytest

from aicos_tls.sources.images import EVERYTHING, is_alpine, lacks, named_user, old_busybox, user


@pytest.mark.parametrize(
    ("image", "programs"),
    [
        ("node:20", set()),
        ("node:20-slim", {"curl", "wget"}),
        ("docker.io/library/node:20-bookworm-slim", set()),
        ("python:3.11-slim@sha256:abc", {"curl", "wget"}),
        ("python:3.11-alpine3.19", {"curl"}),
        ("alpine", {"curl"}),
        ("debian:12", {"curl", "wget"}),
        ("ubuntu", {"curl", "wget"}),
        ("busybox:1.36", {"curl"}),
        ("nginx:alpine", set()),  # has curl
        ("php:8-fpm-alpine", set()),  # has curl
        ("ghcr.io/somebody/app:slim", set()),
        ("scratch", EVERYTHING),
        ("gcr.io/distroless/nodejs20-debian12", EVERYTHING),
        ("gcr.io/distroless/nodejs20-debian12:debug", set()),
        ("", set()),
    ],
)
def test_what_images_lack(image: str, programs: set[str]) -> None:
    assert lacks(image) == programs


@pytest.mark.parametrize(
    ("image", "uid"),
    [
        ("nginxinc/nginx-unprivileged:1.27", "101"),
        ("prom/prometheus", "65534"),
        ("bitnami/redis:7", "1001"),
        ("postgres:15", "999"),
        ("postgres:15-alpine", "70"),
        ("gcr.io/distroless/static:nonroot", "65532"),
        ("python:3.11", ""),
        ("somebody/thing", ""),
    ],
)
def test_users_of_images(image: str, uid: str) -> None:
    assert user(image) == uid


@pytest.mark.parametrize(
    ("name", "image", "uid"),
    [
        ("node", "node:20", "1000"),
        ("node", "python:3.11", ""),  # a user that the Dockerfile makes, of whatever id
        ("nginx", "nginx:alpine", "101"),
        ("www-data", "php:8-apache", "33"),
        ("www-data", "php:8-fpm-alpine", "82"),
        ("app", "mcr.microsoft.com/dotnet/aspnet:8.0", "1654"),
        ("app", "python:3.11", ""),
        ("nobody", "alpine", "65534"),
        ("root", "alpine", "0"),
        ("somebody", "alpine", ""),
    ],
)
def test_users_by_name(name: str, image: str, uid: str) -> None:
    assert named_user(name, image) == uid


def test_alpine_and_busybox_by_their_tags() -> None:
    assert is_alpine("alpine:3.19")
    assert is_alpine("node:20-alpine")
    assert not is_alpine("node:20")
    assert old_busybox("busybox:1.35.0")
    assert not old_busybox("busybox:1.36")
    assert not old_busybox("busybox")
    assert not old_busybox("alpine:1.2")
