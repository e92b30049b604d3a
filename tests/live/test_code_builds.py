"""Every changed Dockerfile of fixtures/code/projects is built, and what is built serves and asks over TLS.

Where TLS_ENABLED is not true, servers and the defaults of their clients are plain again: both follow one switch.
"""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from live.engines import NoEngine
from live.stacks import Request, Stack, ask_all, free_ports, project_name
from support import missing

from aicos_tls.cli.errors import guarded

if TYPE_CHECKING:
    from live.engines import Engine

FOLDER = Path(__file__).resolve().parents[2] / "fixtures/code/projects"
IMAGES = ("golang:1.23-alpine", "python:3.11-slim", "node:20-alpine", "alpine:latest")
NOT_BUILT = {"go-heredoc", "go-makefile"}
"""A here-document wants BuildKit, and nothing of that project is changed; the images have no make."""
CASES = sorted(folder.name for folder in FOLDER.iterdir() if folder.name not in NOT_BUILT)
PATIENCE = 60  # seconds until a server answers
NOT_FOUND = Request(8080, "/", "404", status=404)
ORDERS, BILLING = Request(8001, "/orders", "[1, 2]"), Request(8002, "/", '"orders": [1, 2]')
SERVED = {
    "go-build-file": ("api", NOT_FOUND),
    "go-build-no-output": ("api", NOT_FOUND),
    "go-build-one-of-two-programs": ("api", NOT_FOUND),
    "go-build-package": ("api", NOT_FOUND),
    "go-build-single-files": ("api", NOT_FOUND),
    "go-build-two-files": ("api", NOT_FOUND),
    "go-build-without-module": ("api", NOT_FOUND),
    "go-programs": ("api", NOT_FOUND),
    "go-run-exec": ("api", NOT_FOUND),
    "go-run-in-compose": ("api", NOT_FOUND),
    "go-run-shell-in-exec": ("api", NOT_FOUND),
    "go-script": ("api", NOT_FOUND),
    "go-stages": ("api", NOT_FOUND),
    "go-tags": ("api", NOT_FOUND),
    "py-shared": ("orders", ORDERS),
}
"""Of what is started, a server and what it answers."""


@pytest.fixture
def stack(engine: Engine, compose: Path, case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """The project, changed, with its certificates."""
    try:
        engine.need(*IMAGES)
    except NoEngine as reason:
        missing(str(reason))
    directory = tmp_path / case
    shutil.copytree(FOLDER / case / "before", directory)
    monkeypatch.chdir(directory)
    assert guarded(["enable", "--code", "--key-type", "p256", "--quiet"]) == 0
    return Stack(engine, compose, directory, project_name(case))


def publish(stack: Stack, *pairs: tuple[str, Request], enabled: str = "true") -> dict[int, int]:
    """Publish a port of each of these servers on a free one; every service of the project gets the switch."""
    ports = dict(zip((request.port for _, request in pairs), free_ports(len(pairs)), strict=True))
    built = json.loads(stack.compose("config", "--format", "json").stdout)["services"]
    services: dict[str, dict[str, object]] = {
        name: {"environment": {"TLS_ENABLED": enabled}} for name, service in built.items() if "build" in service
    }
    for name, request in pairs:
        services[name]["ports"] = [f"127.0.0.1:{ports[request.port]}:{request.port}"]
    stack.override = {"services": services}
    return ports


@pytest.mark.parametrize("case", CASES)
def test_it_is_built(stack: Stack) -> None:
    try:
        stack.build()
    finally:
        stack.down()


@pytest.mark.parametrize("case", sorted(SERVED))
def test_it_serves_tls_and_is_plain_without_the_switch(stack: Stack, case: str) -> None:
    name, request = SERVED[case]
    try:
        stack.build()
        for enabled, authority in (("true", stack.directory / "certs/ca-cert.pem"), ("false", None)):
            ports = publish(stack, (name, request), enabled=enabled)
            stack.up(name, wait=False)
            assert until_answered(request, ports, authority) == []
            stack.override = {}
    finally:
        stack.down()


def until_answered(request: Request, ports: dict[int, int], authority: Path | None) -> list[str]:
    """What is wrong with an answer, once there is one: `go run` compiles first, and servers wait for none."""
    deadline = time.monotonic() + PATIENCE
    while (faults := ask_all([request], ports, authority)) and time.monotonic() < deadline:
        time.sleep(0.3)  # nothing tells when it listens
    return faults


@pytest.mark.parametrize("case", ["py-shared"])
def test_a_shared_client_works_in_every_image_that_has_it(stack: Stack) -> None:
    try:
        stack.build()
        for enabled, authority in (("true", stack.directory / "certs/ca-cert.pem"), ("false", None)):
            ports = publish(stack, ("orders", ORDERS), ("billing", BILLING), enabled=enabled)
            if authority is None:  # what the compose file says is taken as it is
                stack.override["services"]["billing"]["environment"]["ORDERS_URL"] = "http://orders:8001"
            stack.up("orders", "billing", wait=False)
            assert until_answered(BILLING, ports, authority) == []
            assert stack.compose("run", "--rm", "--no-deps", "reports").stdout.strip() == "[1, 2]"
            assert stack.compose("run", "--rm", "--no-deps", "cleaner").returncode == 0
    finally:
        stack.down()
