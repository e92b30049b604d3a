"""Whether a program is surely not there. Every doubt counts for the program."""

from __future__ import annotations

from pathlib import Path

import pytest

from aicos_tls.compose.load import load
from aicos_tls.files import TextFile
from aicos_tls.sources.dockerfile import parse
from aicos_tls.sources.images import askers
from aicos_tls.sources.missing import surely_missing


def missing(tmp_path: Path, dockerfile: str, more: str = "", name: str = "curl") -> bool:
    (tmp_path / "docker-compose.yml").write_text(f"services:\n  api:\n    build: .\n{more}")
    service = load([tmp_path / "docker-compose.yml"]).services["api"]
    stage = parse(TextFile(Path("Dockerfile"), dockerfile.encode()))
    return surely_missing(name, stage.base, stage, service)


@pytest.mark.parametrize(
    "lines",
    [
        "",
        "RUN npm ci --omit=dev && npm cache clean --force",
        "RUN apk add --no-cache tini dumb-init",
        "RUN apt-get update && apt-get install -y --no-install-recommends gcc && rm -rf /var/lib/apt/lists/*",
        "RUN apk add libcurl curl-dev",
        "RUN --mount=type=cache,target=/root/.npm npm ci",
        "WORKDIR /app\nCOPY . .",
        "COPY requirements.txt /",
        "COPY --from=ghcr.io/astral-sh/uv:0.5 /uv /uvx /bin/",
        "COPY --from=build /out/service /usr/local/bin/service",
        "RUN addgroup -S app && adduser -S app -G app",
    ],
)
def test_nothing_here_brings_it(tmp_path: Path, lines: str) -> None:
    assert missing(tmp_path, f"FROM node:20-alpine\n{lines}\n")


@pytest.mark.parametrize(
    "lines",
    [
        "RUN apk add --no-cache curl",
        "RUN apk add --no-cache tini \\\n  curl",
        "RUN apt-get install -y $PACKAGES",
        "RUN xargs apk add < packages",
        "RUN apk add $(cat packages)",
        "RUN ./setup.sh",
        "RUN bash setup",
        "RUN sh -c 'echo'",
        "RUN make install",
        "RUN $SETUP",
        "RUN <<EOF\napk add curl\nEOF",
        "COPY rootfs/ /",
        "COPY . .",
        "COPY --from=tools /usr/bin/ /usr/bin/",
        "COPY --from=tools /usr/local /usr/local",
        "COPY tools/* /usr/local/bin/",
        "WORKDIR /usr/local\nCOPY bin bin/",
        "ADD tools.tar.gz /usr/local/",
        "ADD https://example.org/curl /usr/bin/curl",
        "COPY broken",
    ],
)
def test_something_may_bring_it(tmp_path: Path, lines: str) -> None:
    assert not missing(tmp_path, f"FROM node:20-alpine\n{lines}\n")


@pytest.mark.parametrize("base", ["node:20", "example.org/own:1", "nginx:alpine", "php:8-apache"])
def test_images_of_which_it_is_not_known(tmp_path: Path, base: str) -> None:
    assert not missing(tmp_path, f"FROM {base}\n")


@pytest.mark.parametrize(
    "more",
    [
        "    volumes: [./curl:/usr/bin/curl]\n",
        "    volumes: [tools:/usr/local/bin]\n",
        "    command: sh -c 'apk add curl && node .'\n",
        "    entrypoint: [sh, -c, 'apt-get install -y tools']\n",
    ],
)
def test_the_compose_file_may_bring_it(tmp_path: Path, more: str) -> None:
    assert not missing(tmp_path, "FROM node:20-alpine\n", more)


def test_other_mounts_and_commands_do_not(tmp_path: Path) -> None:
    more = "    volumes: [./api:/app, data:/data]\n    command: [node, server.js]\n    entrypoint: tini --\n"
    assert missing(tmp_path, "FROM node:20-alpine\n", more)
    assert not missing(tmp_path, "FROM node:20-alpine\n", more, name="wget")
    assert missing(tmp_path, "FROM node:20-slim\n", more, name="wget")
    assert missing(tmp_path, "FROM gcr.io/distroless/static\n", more, name="wget")


@pytest.mark.parametrize(
    ("image", "programs"),
    [
        ("node:20-alpine", ("node", "wget")),
        ("node:20-slim", ("node",)),
        ("python:3.12-slim", ("python",)),
        ("golang:1.23-alpine", ("wget",)),
        ("alpine", ("wget",)),
        ("busybox:1.36", ("wget",)),
        ("busybox:1.35", ()),
        ("debian:12-slim", ()),
        ("nginx:alpine", ()),
        ("gcr.io/distroless/nodejs", ()),
    ],
)
def test_what_can_ask_there(image: str, programs: tuple[str, ...]) -> None:
    assert askers(image) == programs
