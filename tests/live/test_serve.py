"""The AICOS stack encrypted without a change of its code: `enable --serve auto`, and a sidecar before every server."""

from __future__ import annotations

import json
import shutil
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from live import aicos
from live.engines import NoEngine
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
    from pathlib import Path

    from live.engines import Engine
    from live.stacks import Stack
    from support import Run


def requests(stack: Stack, ports: dict[int, int], secure: frozenset[int]) -> tuple[list[str], tuple[Flow, ...]]:
    """What is wrong with the answers, and what crossed the networks meanwhile; `secure` ports speak TLS."""
    found = look(Docker(stack.engine.environment), stack.name)
    here = interfaces()
    bridges = [n.interface for n in found.networks.values() if reached_from_here(n, here)]
    with Sniffer(bridges) as sniffer:
        faults = ask_all([r for r in aicos.REQUESTS if r.port not in secure], ports, None)
        if secure:
            authority = stack.directory / "certs/ca-cert.pem"
            faults += ask_all([r for r in aicos.REQUESTS if r.port in secure], ports, authority)
    assert sniffer.lost == 0
    return faults, tuple(flow for flow in flows(sniffer.streams, Places(found)) if flow.client not in ELSEWHERE)


@pytest.mark.parametrize("way", ["auto", "sidecar"])
def test_whole_life(
    engine: Engine, compose: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    try:
        engine.need(*aicos.IMAGES, "alpine:3.22")
    except NoEngine as reason:
        missing(str(reason))
    stack, ports = aicos.copy(engine, compose, tmp_path / "aicos")
    for name, value in engine.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(stack.directory)
    before = tree(stack.directory)
    try:
        assert guarded(["enable", "--serve", way, "--repair", "--key-type", "p256", "--quiet"]) == 0
        stack.ill = frozenset()
        changed = {path for path, data in tree(stack.directory).items() if before.get(path) != data}
        assert not [
            path for path in changed if not path.startswith(("certs/", ".aicos-tls/", "docker-compose", ".git"))
        ]
        stack.build()
        assert [flow for flow in _from_the_start(stack) if flow.server in aicos.PORTS and flow.http] == []
        data = aicos.settled(partial(_verified, run, stack))
        assert aicos.problems(data) == {}
        assert run("doctor").code == 0
        assert {edge["state"] for edge in data["connections"]} == {"ok"}
        secure = aicos.secure_ports(stack)
        assert secure == {port for service, port in aicos.PORTS.items() if service != "aicos-frontend"}
        faults, seen = requests(stack, ports, secure)
        assert faults == []
        between = [flow for flow in seen if flow.server in aicos.PORTS and flow.port in aicos.PORTS.values()]
        assert [flow for flow in between if flow.http] == []
        assert {flow.server for flow in between if flow.tls} == set(list(aicos.PORTS)[1:])
        assert run("rollback", "--certs").code == 0
        stack.ill = aicos.ILL
        shutil.rmtree(stack.directory / ".aicos-tls", ignore_errors=True)
        assert tree(stack.directory) == before
        stack.compose("up", "-d", "--no-build", "--remove-orphans", timeout=180)
        stack.up()
        faults, seen = requests(stack, ports, frozenset())
        assert faults == []
        assert any(flow.http for flow in seen if flow.server == "aicos-integrations")
    finally:
        stack.down()


def _from_the_start(stack: Stack) -> tuple[Flow, ...]:
    """What crosses the networks between containers from the first one's start until all is up, by one `up`."""
    stack.compose("create", "--no-build", "--pull", "never", timeout=120)
    listing = ("network", "ls", "--quiet", "--no-trunc", "--filter", f"label=com.docker.compose.project={stack.name}")
    bridges = [f"br-{network[:12]}" for network in stack.engine.docker(*listing).stdout.split()]
    with Sniffer(bridges) as sniffer:
        stack.up()
        found = look(Docker(stack.engine.environment), stack.name)
    assert sniffer.lost == 0
    seen = tuple(flow for flow in flows(sniffer.streams, Places(found)) if flow.client not in ELSEWHERE)
    assert any(flow.other or flow.tls for flow in seen)  # the databases at least
    return seen


def _verified(run: Run, stack: Stack) -> dict[str, Any]:
    done = run("verify", "-p", stack.name, "--format", "json")
    assert done.code in (0, 1), done.err
    data: dict[str, Any] = json.loads(done.out)
    return data
