"""Stacks whose haproxy, httpd or Caddy alone says who asks whom: one command encrypts them, and all is answered."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from live.engines import NoEngine
from live.fronts import STACKS, asked, copy
from live.stacks import BUILD
from support import missing, tree

from aicos_tls.cli.errors import guarded

if TYPE_CHECKING:
    from pathlib import Path

    from live.engines import Engine
    from support import Run

STAND_INS = {"haproxy": "haproxy:2.6-debian", "httpd": "httpd:2.4-debian", "caddy": "caddy:2.6-debian"}
NEEDED = ("python:3.11-slim", "redis:7-alpine", "alpine:3.22")
ASKED = {
    "haproxy-pool": {"/x": " answers /x", "/reports/y": "reports answers /reports/y"},
    "httpd-balancer": {
        "/pool/x": " answers /x",
        "/direct/y": "one answers /y",
        "/admin/z": "admin answers /z",
        "/": "the site",
    },
    "caddy-front": {"/open/x": "api answers /open/x", "/y": "api answers /y"},
}
"""Paths and what their answers hold."""
ENCRYPTED = {
    "haproxy-pool": {("edge", "blue", 8000), ("edge", "green", 8000), ("edge", "reports", 9000)},
    "httpd-balancer": {("front", "one", 8000), ("front", "two", 8000), ("front", "admin", 80)},
    "caddy-front": {("front", "api", 8000), ("front", "auth", 80)},
}
_DATA_STORE = 6379


@pytest.fixture(scope="module")
def stand_ins(engine: Engine) -> None:
    """Images of the three proxies, under their names, made from Debian's packages."""
    try:
        engine.need(*NEEDED)
    except NoEngine as reason:
        missing(str(reason))
    classic = replace(engine, environment={**engine.environment, "DOCKER_BUILDKIT": "0"})  # no plugin has to be there
    for target, image in STAND_INS.items():
        words = ("build", "--quiet", "--network", "host", "--target", target, "--tag", image, str(STACKS / "proxies"))
        done = classic.docker(*words, timeout=BUILD)
        if done.returncode:
            missing(f"no image {image}, and it cannot be built: {done.stderr[-300:]}")


@pytest.mark.usefixtures("stand_ins")
@pytest.mark.parametrize("options", [("--serve", "auto"), ("--code",)], ids=["serve", "code"])
@pytest.mark.parametrize("name", ASKED)
def test_one_command_encrypts_what_a_proxy_asks(
    engine: Engine, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch, name: str, options: tuple[str, ...]
) -> None:
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
        stack.build()
        stack.up()
        faults, seen = asked(stack, ASKED[name], port)
        assert faults == []
        assert {(flow.client, flow.server, flow.port) for flow in seen if flow.tls} == ENCRYPTED[name]
        assert [flow for flow in seen if not flow.tls and flow.port != _DATA_STORE] == []
        assert run("rollback", "--certs").code == 0
        shutil.rmtree(stack.directory / ".aicos-tls", ignore_errors=True)
        assert tree(stack.directory) == before
    finally:
        stack.down()
