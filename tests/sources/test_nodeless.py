"""Where Node surely does not run: by the image, its instructions and the commands of the compose file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from aicos_tls.compose.load import load
from aicos_tls.sources.nodeless import may_run_node

if TYPE_CHECKING:
    from pathlib import Path


def _may(tmp_path: Path, dockerfile: str | None, service: str = "build: .") -> bool:
    if dockerfile is not None:
        (tmp_path / "Dockerfile").write_text(dockerfile)
    (tmp_path / "compose.yaml").write_text(f"services:\n  a:\n    {service}\n")
    return may_run_node(load([tmp_path / "compose.yaml"]), ["a"])


@pytest.mark.parametrize(
    "dockerfile",
    [
        "FROM python:3.12\n",
        "FROM golang:1.23 AS b\nRUN go build\nFROM scratch\nCOPY --from=b /x /x\n",
        "FROM node:20 AS b\nRUN npm ci\nFROM nginx\nCOPY --from=b /app/dist /usr/share/nginx/html\n",
        "FROM gcr.io/distroless/static:nonroot\nCOPY x /x\n",
        "FROM alpine\nRUN apk add curl\nCMD ['/x']\n",
    ],
)
def test_known_to_have_none(tmp_path: Path, dockerfile: str) -> None:
    assert not _may(tmp_path, dockerfile)


@pytest.mark.parametrize(
    ("dockerfile", "service"),
    [
        ("FROM node:20-alpine\n", "build: ."),
        ("FROM oven/bun\n", "build: ."),
        ("FROM python:3.12\nRUN apt-get install -y nodejs\n", "build: ."),
        ("FROM nginx\nCOPY --from=b /app/node_modules /x\n", "build: ."),
        ("FROM acme/base\n", "build: ."),
        ("FROM alpine\n", "{build: ., command: npm start}"),
        ("FROM alpine\n", "{build: ., entrypoint: [node, a.js]}"),
        ("COPY a b\n", "build: ."),
        (None, "build: ."),
        (None, "{build: {dockerfile_inline: FROM alpine}}"),
        (None, "image: acme/shop-api:1"),
        (None, "{build: ./elsewhere}"),
    ],
)
def test_everything_else_may(tmp_path: Path, dockerfile: str | None, service: str) -> None:
    assert _may(tmp_path, dockerfile, service)


def test_of_an_image_its_name_tells(tmp_path: Path) -> None:
    assert not _may(tmp_path, None, "image: acme/python:3")


def test_no_service_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text("services:\n  a: {image: x}\n")
    assert may_run_node(load([tmp_path / "compose.yaml"]), [])
