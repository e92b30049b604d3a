"""`verify` on a real engine: a small stack that is healthy, then with one fault at a time, each of which it names."""

from __future__ import annotations

import json
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from live.breaking import broken, steady
from live.engines import NoEngine
from live.seeds import FAULTS
from live.stacks import Stack, project_name
from support import missing

from aicos_tls.cli.errors import guarded
from aicos_tls.commands import verify as command

if TYPE_CHECKING:
    from collections.abc import Iterator

    from live.engines import Engine
    from live.seeds import Fault
    from support import Run

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def stack(engine: Engine, compose: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The stack with TLS enabled, up and healthy."""
    try:
        engine.need("python:3.11-slim", "node:20-alpine")
    except NoEngine as reason:
        missing(str(reason))
    directory = tmp_path_factory.mktemp("live") / "stack"
    shutil.copytree(HERE / "stack", directory, ignore=shutil.ignore_patterns("__pycache__"))
    found = Stack(engine, compose, directory, project_name("verify"))
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(directory)
            assert guarded(["enable", "--quiet", "--key-type", "p256"]) == 0
        found.build()
        found.up()
        yield found
    finally:
        found.down()


class Verify:
    """Run the program on the stack, in this process."""

    def __init__(self, run: Run, stack: Stack) -> None:
        self.run, self.stack = run, stack

    def __call__(self, *options: str) -> dict[str, Any]:
        """The result as data; the exit code must fit it."""
        done = self.run("verify", "-p", self.stack.name, "--format", "json", *options)
        assert done.code in (0, 1), done.err
        data: dict[str, Any] = json.loads(done.out)
        assert data["good"] is (done.code == 0)
        return data


@pytest.fixture
def verify(run: Run, stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Verify:
    for name, value in stack.engine.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(stack.directory)
    return Verify(run, stack)


def faults(data: dict[str, Any]) -> dict[tuple[str, str], str]:
    """What failed: service and check to the words."""
    return {
        (service["name"], check["id"]): check["words"]
        for service in data["services"]
        for check in [*service["checks"], *(c for port in service["ports"] for c in port["checks"])]
        if check["state"] in ("failed", "unknown")
    }


def edges(data: dict[str, Any]) -> dict[str, str]:
    """The state of the connection to each server."""
    return {edge["server"]: edge["state"] for edge in data["connections"]}


def reasons(data: dict[str, Any]) -> dict[str, set[str]]:
    """The checks for which the connection to a server fails."""
    return {
        edge["server"]: {check["id"] for check in edge["checks"] if check["state"] != "ok"}
        for edge in data["connections"]
        if edge["state"] != "ok"
    }


@contextmanager
def other_settings(stack: Stack, service: str, **settings: Any) -> Iterator[None]:
    """A service with other settings than its file has, and the right ones afterwards."""
    stack.override = {"services": {service: settings}}
    try:
        stack.compose("up", "-d", "--no-build", "--no-deps", "--wait", service, check=False)
        yield
    finally:
        stack.override = {}
        stack.up()


def test_healthy(verify: Verify, stack: Stack) -> None:
    data = verify("--wait", "60")
    assert verify.run("doctor").code == 0
    assert faults(data) == {}
    assert edges(data) == {"ledger": "ok", "quotes": "ok"}
    for service in data["services"][:2]:
        file = stack.directory / f"certs/{service['name']}-cert.pem"
        shown = subprocess.run(
            ["openssl", "x509", "-noout", "-serial", "-in", file], capture_output=True, text=True, check=True
        )
        assert int(service["ports"][0]["serial"], 16) == int(shown.stdout.split("=")[1], 16)
        assert service["ports"][0]["tls"] == "TLSv1.3"
        assert {check["id"] for check in service["checks"]} == {"running", "healthy", "log", "image-keys"}


def test_what_a_person_sees(verify: Verify) -> None:
    shown = verify.run("verify", "-p", verify.stack.name)
    assert shown.code == 0
    assert "2 of 2 connections are encrypted" in shown.out
    assert "✓ desk → quotes:8002" in shown.out
    assert verify.run("verify", "-p", verify.stack.name, "--quiet").out == ""


def test_from_inside_the_network(verify: Verify, monkeypatch: pytest.MonkeyPatch) -> None:
    direct = verify()
    ended = ("ps", "--all", "--quiet", "--filter", "status=exited")
    before = set(verify.stack.engine.docker(*ended).stdout.split())
    monkeypatch.setattr(command, "interfaces", frozenset)
    data = verify()
    assert faults(data) == {}
    assert edges(data) == {"ledger": "ok", "quotes": "ok"}
    ports = [service["ports"] for service in data["services"]]
    assert [p[0]["serial"] for p in ports if p] == [s["ports"][0]["serial"] for s in direct["services"] if s["ports"]]
    assert set(verify.stack.engine.docker(*ended).stdout.split()) <= before


def test_sniffed(verify: Verify) -> None:
    data = verify("--sniff", "--sniff-seconds", "3")
    flows = {(flow["client"], flow["server"]): flow for flow in data["sniffed"]["flows"]}
    for server in ("ledger", "quotes"):
        assert flows["desk", server]["http_bytes"] == 0
        assert flows["desk", server]["tls_bytes"] > 1000
        assert flows["(outside)", server]["http_bytes"] == 0


def doctor(run: Run) -> set[tuple[str, str]]:
    """What `doctor` names: service and check."""
    done = run("doctor", "--format", "json")
    assert done.code in (0, 1), done.err
    return {(found["service"] or "", found["check"]) for found in json.loads(done.out)["findings"]}


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.name for fault in FAULTS])
def test_exactly_the_fault_is_named(verify: Verify, stack: Stack, run: Run, fault: Fault) -> None:
    said_before = doctor(run)
    with broken(stack, fault):
        data, said = verify("--timeout", "2"), doctor(run)
    assert set(faults(data)) == fault.verify
    assert reasons(data) == fault.edges
    assert said - said_before == fault.doctor
    assert fault.words in json.dumps([data["connections"], data["services"]], ensure_ascii=False)


def test_healthy_again(verify: Verify, stack: Stack) -> None:
    assert len(FAULTS) >= 25
    steady(stack)
    assert verify()["good"]


def test_client_that_still_asks_http(verify: Verify, stack: Stack) -> None:
    plain = {"environment": {"TLS_ENABLED": "false"}}
    stack.override = {"services": {"ledger": plain}}
    with other_settings(stack, "desk", environment={"LEDGER_URL": "http://ledger:8001"}):
        stack.override["services"]["ledger"] = plain
        stack.up("ledger", wait=False)
        data = verify("--sniff", "--sniff-seconds", "3")
        flows = {(flow["client"], flow["server"]): flow for flow in data["sniffed"]["flows"]}
        assert flows["desk", "ledger"]["http_bytes"] > 100
        assert flows["desk", "quotes"]["http_bytes"] == 0
        reasons = [check["id"] for edge in data["connections"] for check in edge["checks"]]
        assert "url" in reasons
        shown = verify.run("verify", "-p", stack.name).out
        assert "the running container of desk still asks http://ledger:8001" in shown


def test_every_container_of_a_scaled_service(verify: Verify, stack: Stack) -> None:
    try:
        stack.compose("up", "-d", "--no-build", "--wait", "--scale", "ledger=2", "ledger", timeout=120)
        data = verify("--wait", "30")
        assert [service["name"] for service in data["services"]].count("ledger") == 2
        assert data["good"]
    finally:
        stack.up()


def test_a_directory_that_is_not_the_containers(
    verify: Verify, stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(stack.directory, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    monkeypatch.setenv("COMPOSE_PROJECT_NAME", stack.name)
    refused = verify.run("verify")
    assert refused.code == 2
    assert f"belong to another directory: {stack.directory}" in refused.err
    assert verify.run("verify", "-p", stack.name, "--quiet").code == 0
