"""The AICOS stack through its whole life on a real engine: plain, encrypted, broken, renewed, plain again.

The steps build on each other: one that cannot begin because an earlier one failed is skipped.
"""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from live import aicos
from live.engines import NoEngine
from live.leaves import authority, write_leaf
from live.stacks import ask_all
from support import missing, tree

from aicos_tls.cli.errors import guarded
from aicos_tls.live.docker import Docker
from aicos_tls.live.flows import Flow, flows
from aicos_tls.live.places import ELSEWHERE, Places
from aicos_tls.live.probe import interfaces, reached_from_here
from aicos_tls.live.sniff import Sniffer
from aicos_tls.live.stack import look

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from live.engines import Engine
    from live.stacks import Stack
    from support import Run


class Life:
    """The stack, and how far it has come."""

    def __init__(self, stack: Stack, ports: dict[int, int]) -> None:
        self.stack, self.ports = stack, ports
        self.before = tree(stack.directory)
        self.reached = 0
        self.serials: dict[str, str] = {}

    @property
    def certs(self) -> Path:
        return self.stack.directory / "certs"

    def begin(self, step: int) -> None:
        if self.reached < step - 1:
            pytest.skip(f"step {self.reached + 1} did not pass")

    def requests(self, secure: frozenset[int] = frozenset()) -> tuple[list[str], tuple[Flow, ...]]:
        """What is wrong with the answers, and what crossed the networks meanwhile; `secure` ports speak TLS."""
        found = look(Docker(self.stack.engine.environment), self.stack.name)
        here = interfaces()
        bridges = [n.interface for n in found.networks.values() if reached_from_here(n, here)]
        plain = [request for request in aicos.REQUESTS if request.port not in secure]
        over_tls = [request for request in aicos.REQUESTS if request.port in secure]
        with Sniffer(bridges) as sniffer:
            faults = ask_all(plain, self.ports, None)
            if over_tls:
                faults += ask_all(over_tls, self.ports, self.certs / "ca-cert.pem")
        assert sniffer.lost == 0
        return faults, tuple(flow for flow in flows(sniffer.streams, Places(found)) if flow.client not in ELSEWHERE)


@pytest.fixture(scope="module")
def life(engine: Engine, compose: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    try:
        engine.need(*aicos.IMAGES)
    except NoEngine as reason:
        missing(str(reason))
    stack, ports = aicos.copy(engine, compose, tmp_path_factory.mktemp("life") / "aicos")
    try:
        yield Life(stack, ports)
    finally:
        stack.down()


@pytest.fixture(autouse=True)
def _there(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in life.stack.engine.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(life.stack.directory)


def verified(run: Run, life: Life, *options: str) -> dict[str, Any]:
    """The result of `verify`; exit code and result must agree."""
    done = run("verify", "-p", life.stack.name, "--format", "json", *options)
    assert done.code in (0, 1), done.err
    data: dict[str, Any] = json.loads(done.out)
    assert data["good"] is (done.code == 0)
    return data


def secure_ports(data: dict[str, Any]) -> frozenset[int]:
    """The ports that serve TLS."""
    return frozenset(port["port"] for service in data["services"] for port in service["ports"] if port["tls"])


def test_1_plain(life: Life, run: Run) -> None:
    life.begin(1)
    life.stack.build()
    life.stack.up()
    faults, seen = life.requests()
    assert faults == []
    clear = {(flow.client, flow.server): flow.http for flow in seen}
    for server in list(aicos.PORTS)[2:]:
        assert clear["aicos-backend", server] > 100
    assert clear["aicos-frontend", "aicos-backend"] > 100
    data = verified(run, life)
    assert {edge["state"] for edge in data["connections"]} == {"failed"}
    assert len(data["connections"]) == aicos.EDGES
    assert aicos.problems(data)["aicos-backend", "tls"].startswith("it answers plain HTTP")
    life.reached = 1


def test_2_encrypted(life: Life, run: Run) -> None:
    life.begin(2)
    assert guarded(["enable", "--code", "--repair", "--key-type", "p256", "--quiet"]) == 0
    life.stack.ill = frozenset()
    life.stack.build()
    life.stack.up()
    data = aicos.settled(partial(verified, run, life))
    assert aicos.problems(data) == {}
    assert {edge["state"] for edge in data["connections"]} == {"ok"}
    faults, seen = life.requests(secure_ports(data))
    assert faults == []
    between = [flow for flow in seen if flow.server in aicos.PORTS]
    assert [flow for flow in between if flow.http] == []
    assert all(flow.tls > 0 for flow in between)
    assert {flow.server for flow in between} >= set(list(aicos.PORTS)[1:])
    life.serials = {s["name"]: s["ports"][0]["serial"] for s in data["services"] if s["ports"]}
    life.reached = 2


def seed(life: Life, foreign: Path) -> None:
    """Put five faults into the files, where both commands see them: certificates, and lines of the compose file."""
    past, future = timedelta(seconds=-1), timedelta(days=90)
    for short_name, name, signer, ends in (
        ("nl-parser", "aicos-nl-parser", foreign, future),
        ("ai-intelligence", "aicos-ai-intelligence", life.certs, past),
        ("pattern-recognition", "pattern", life.certs, future),
    ):
        own = ("127.0.0.1", "::1")
        write_leaf(life.certs, short_name, (name, "localhost"), signer=signer, addresses=own, ends=ends)
    path = life.stack.directory / "docker-compose.yml"
    text = path.read_text()
    for service, good, bad in (
        ("aicos-context-service", "TLS_ENABLED=true", "TLS_ENABLED=false"),
        ("aicos-integrations", "https://localhost:8006", "http://localhost:8006"),
    ):
        before, start, block = text.partition(f"\n  {service}:")
        assert good in block
        text = before + start + block.replace(good, bad, 1)
    path.write_text(text)


def diagnosed(run: Run) -> set[tuple[str, str]]:
    """The faults that `doctor` names: service and check."""
    done = run("doctor", "--format", "json")
    data = json.loads(done.out)
    assert data["faulty"] is (done.code == 1), done.err
    return {(f["service"] or "", f["check"]) for f in data["findings"] if f["severity"] == "fault"}


def test_3_faults_are_named(life: Life, run: Run, tmp_path: Path) -> None:
    life.begin(3)
    assert diagnosed(run) == set()
    kept = {path: path.read_bytes() for path in (life.stack.directory / "docker-compose.yml", *life.certs.iterdir())}
    wrong = ("nl-parser", "integrations", "context-service", "ai-intelligence", "pattern-recognition")
    services = [f"aicos-{name}" for name in wrong]
    at_once = {"interval": "2s", "retries": 1, "start_period": "0s"}
    life.stack.override = {"services": {"aicos-integrations": {"healthcheck": at_once}}}
    try:
        seed(life, authority(tmp_path / "foreign"))
        life.stack.compose("up", "-d", "--no-build", "--no-deps", "--force-recreate", *services, timeout=120)
        life.stack.compose(
            "up", "-d", "--no-deps", "--wait", "--wait-timeout", "60", "aicos-integrations", timeout=90, check=False
        )
        found, said = aicos.problems(verified(run, life)), diagnosed(run)
    finally:
        life.stack.override = {}
        for path, data in kept.items():
            path.write_bytes(data)
    assert "not issued by the CA" in found["aicos-nl-parser", "chain"]
    assert "expired on" in found["aicos-ai-intelligence", "expiry"]
    assert "is not for aicos-pattern-recognition" in found["aicos-pattern-recognition", "names"]
    assert "answers plain HTTP" in found["aicos-context-service", "tls"]
    assert "unhealthy" in found["aicos-integrations", "healthy"]
    assert {service for service, _ in found} <= set(services)
    assert said == {
        ("aicos-nl-parser", "cert-untrusted"),
        ("aicos-ai-intelligence", "cert-expired"),
        ("aicos-pattern-recognition", "cert-name"),
        ("aicos-context-service", "tls-variable"),
        ("aicos-integrations", "healthcheck-http"),
    }
    life.stack.compose("up", "-d", "--no-build", "--force-recreate", *services, timeout=120)
    life.stack.up()
    assert aicos.problems(aicos.settled(partial(verified, run, life))) == {}
    life.reached = 3


def test_4_renewed(life: Life, run: Run) -> None:
    life.begin(4)
    assert run("certs", "issue", "--force", "--key-type", "p256").code == 0
    found = aicos.problems(verified(run, life))
    assert {check for _, check in found} >= {"on-disk"}
    life.stack.restart()
    data = aicos.settled(partial(verified, run, life))
    assert aicos.problems(data) == {}
    renewed = {s["name"]: s["ports"][0]["serial"] for s in data["services"] if s["ports"]}
    assert renewed.keys() == life.serials.keys()
    assert not set(renewed.items()) & set(life.serials.items())
    life.reached = 4


def test_5_taken_back(life: Life, run: Run) -> None:
    life.begin(5)
    life.stack.ill = aicos.ILL
    assert run("rollback", "--certs").code == 0
    shutil.rmtree(life.stack.directory / ".aicos-tls", ignore_errors=True)
    assert tree(life.stack.directory) == life.before
    life.stack.build()
    life.stack.up()
    faults, seen = life.requests()
    assert faults == []
    assert any(flow.http for flow in seen if flow.server == "aicos-integrations")
    assert not any(flow.tls for flow in seen if flow.server in aicos.PORTS)
