"""Stacks whose nginx alone says who asks whom, encrypted by one command: every request answered, none in clear."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
from live.engines import NoEngine
from live.fronts import asked, copy
from support import missing, tree

from aicos_tls.cli.errors import guarded

if TYPE_CHECKING:
    from pathlib import Path

    from live.engines import Engine
    from live.stacks import Stack
    from support import Run

SIDECAR, NGINX, PYTHON, NODE = "alpine:3.22", "nginx:alpine", "python:3.11-slim", "node:20-alpine"

IMAGES = {
    "nginx-go": (NGINX, "golang:1.23-alpine", SIDECAR),
    "nginx-pool": (NGINX, NODE, "redis:7-alpine", SIDECAR),
    "nginx-uwsgi": (NGINX, PYTHON, SIDECAR),
    "nginx-mounted": (NGINX, PYTHON),
    "nginx-envsubst": (NGINX, NODE),
}
ASKED = {
    "nginx-go": {"/api/x": "api answers /x", "/status": "api is up", "/canary/y": "api answers /y", "/": "the site"},
    "nginx-pool": {"/a": " /a ", "/first/b": "blue /b "},
    "nginx-uwsgi": {"/a": "site /a for", "/direct": "site /direct for", "/admin/": "admin /admin/ for"},
    "nginx-mounted": {"/books": "books by authors: Ada", "/authors": "authors: Ada", "/tools/": "no tools yet"},
    "nginx-envsubst": {
        "/api/x": "api /x",
        "/search/y": "search /y",
        "/edge/": "api /",
        "/edge/pool": "search /pool",
    },
}
"""Paths and what their answers hold."""
ENCRYPTED = {
    "nginx-go": {("web", "api", 9090)},
    "nginx-pool": {("gateway", "blue", 3000), ("gateway", "green", 3000)},
    "nginx-uwsgi": {("proxy", "site", 3031), ("proxy", "admin", 8000)},
    "nginx-mounted": {("front", "books", 5000), ("front", "authors", 5000), ("books", "authors", 5000)},
    "nginx-envsubst": {
        ("web", "api", 4000),
        ("web", "search", 4000),
        ("web", "edge", 8081),
        ("edge", "api", 4000),
        ("edge", "search", 4000),
    },
}


def _build(stack: Stack) -> None:
    if stack.engine.builds_on_host:
        services = json.loads(stack.compose("config", "--format", "json").stdout)["services"]
        built = [name for name, service in services.items() if "build" in service]
        stack.override = {"services": {name: {"build": {"network": "host"}} for name in built}}
    stack.build()


@pytest.mark.parametrize(
    ("name", "options"),
    [*((name, ("--serve", "auto")) for name in IMAGES), ("nginx-go", ("--code",))],
    ids=lambda value: value if isinstance(value, str) else value[-1].lstrip("-"),
)
def test_one_command_encrypts_what_nginx_asks(
    engine: Engine, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch, name: str, options: tuple[str, ...]
) -> None:
    try:
        engine.need(*IMAGES[name])
    except NoEngine as reason:
        missing(str(reason))
    stack, port = copy(engine, name, tmp_path / name)
    for key, value in engine.environment.items():
        monkeypatch.setenv(key, value)
    monkeypatch.chdir(stack.directory)
    before = tree(stack.directory)
    try:
        assert guarded(["enable", *options, "--key-type", "p256", "--quiet"]) == 0
        data = json.loads(run("enable", "--dry-run", "--format", "json").out)["connections"]
        told = {(each["client"], each["server"], each["port"]) for each in data if each["state"] == "encrypted"}
        assert told == ENCRYPTED[name]
        _build(stack)
        stack.up()
        faults, seen = asked(stack, ASKED[name], port)
        assert faults == []
        assert {(flow.client, flow.server, flow.port) for flow in seen if flow.tls} == ENCRYPTED[name]
        assert [flow for flow in seen if flow.clear and flow.port != 6379] == []
        assert run("rollback", "--certs").code == 0
        shutil.rmtree(stack.directory / ".aicos-tls", ignore_errors=True)
        assert tree(stack.directory) == before
    finally:
        stack.down()
