"""Whole stacks from a plain start to a rollback: `learn` sees what `enable` says, and nothing in clear goes unsaid."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from live.engines import NoEngine
from live.stacks import Request, Stack, ask_all, compose_binary, free_ports, project_name
from support import missing, tree

from aicos_tls.cli.errors import guarded
from aicos_tls.connections.model import PUBLISHED
from aicos_tls.connections.seen import seen
from aicos_tls.live.docker import Docker
from aicos_tls.live.flows import Flow, flows
from aicos_tls.live.places import ELSEWHERE, Places
from aicos_tls.live.sniff import Sniffer
from aicos_tls.live.stack import look

if TYPE_CHECKING:
    from live.engines import Engine
    from support import Run

TESTS = Path(__file__).resolve().parent.parent
STACKS = TESTS.parent / "fixtures/stacks"
NGINX, PYTHON, NODE, REDIS = "nginx:alpine", "python:3.11-slim", "node:20-alpine", "redis:7-alpine"
MARIADB, SIDECAR = "mariadb:10-focal", "alpine:3.22"
SERVE, CODE, TLS_OUTSIDE = ("--serve", "auto"), ("--code",), ("--published", "tls")

ASKING = """\
import json, sys
sys.path.insert(0, sys.argv[1])
from live.stacks import Request, ask_all
requests, ports = json.loads(sys.argv[2]), {int(port): own for port, own in json.loads(sys.argv[3]).items()}
faults = ask_all([Request(*request) for request in requests], ports, None)
print(faults)
sys.exit(bool(faults))
"""
"""What `learn` runs: the requests of a stack."""


@dataclass(frozen=True)
class Shape:
    """What a stack is: its images, the services that publish ports, what is asked there, and who asks whom for that.

    `published` has the service and port behind each port of the host; `asked` a port, a path and part of the answer.
    """

    images: tuple[str, ...]
    published: dict[int, tuple[str, int]]
    asked: tuple[tuple[int, str, str], ...]
    inside: dict[tuple[str, str, int], str]


SHAPES = {
    "dev-proxy": Shape(
        (NODE, MARIADB),
        {8080: ("client", 3000)},
        ((8080, "/", "the shop"), (8080, "/api/articles", "a pound of tea")),
        {("client", "api", 5000): "http", ("api", "db", 3306): "mysql"},
    ),
    "django-nginx": Shape(
        (NGINX, PYTHON, REDIS),
        {8080: ("nginx", 80), 8081: ("web", 8000)},
        ((8080, "/stock/", '"asked": '), (8081, "/stock/", '"asked": '), (8080, "/robots.txt", "User-agent")),
        {("nginx", "web", 8000): "http", ("web", "cache", 6379): "redis"},
    ),
    "php-catalog": Shape(
        (NODE, PYTHON, SIDECAR),
        {8080: ("front", 3000)},
        ((8080, "/tea", "front: tea costs 4.20"),),
        {("front", "catalog", 8000): "http", ("catalog", "prices", 9000): "http"},
    ),
    "split-address": Shape(
        (NODE, PYTHON),
        {8080: ("web", 3000)},
        ((8080, "/tea", "web: three of tea"),),
        {("web", "inventory", 5000): "http"},
    ),
    "curl-script": Shape(
        (NODE, PYTHON, SIDECAR),
        {8080: ("web", 3000)},
        ((8080, "/tea", "web: api answers /tea"),),
        {("web", "api", 8000): "http", ("poller", "api", 8000): "http"},
    ),
    "nginx-go": Shape(
        (NGINX, "golang:1.23-alpine"),
        {8080: ("web", 80)},
        ((8080, "/api/x", "api answers /x"), (8080, "/status", "api is up"), (8080, "/", "the site")),
        {("web", "api", 9090): "http"},
    ),
    "nginx-pool": Shape(
        (NGINX, NODE, REDIS),
        {8080: ("gateway", 8080)},
        tuple((8080, "/a", " /a ") for _ in range(6)),
        {
            ("gateway", "blue", 3000): "http",
            ("gateway", "green", 3000): "http",
            ("blue", "cache", 6379): "redis",
            ("green", "cache", 6379): "redis",
        },
    ),
    "nginx-uwsgi": Shape(
        (NGINX, PYTHON),
        {8080: ("proxy", 80)},
        ((8080, "/a", "site /a for"), (8080, "/direct", "site /direct for"), (8080, "/admin/", "admin /admin/ for")),
        {("proxy", "site", 3031): "uwsgi", ("proxy", "admin", 8000): "http"},
    ),
}


@dataclass(frozen=True)
class Case:
    """A stack, how it is encrypted, and the connections that are encrypted then."""

    name: str
    options: tuple[str, ...]
    encrypted: frozenset[tuple[str, str, int]] = frozenset()

    @property
    def shape(self) -> Shape:
        return SHAPES[self.name]


CASES = (
    Case("dev-proxy", CODE, frozenset({("client", "api", 5000)})),
    Case("dev-proxy", SERVE),
    Case(
        "django-nginx",
        (*SERVE, *TLS_OUTSIDE),
        frozenset({("nginx", "web", 8000), (PUBLISHED, "web", 8000), (PUBLISHED, "nginx", 80)}),
    ),
    Case("django-nginx", CODE, frozenset({("nginx", "web", 8000), (PUBLISHED, "web", 8000)})),
    Case("php-catalog", SERVE, frozenset({("front", "catalog", 8000)})),
    Case("split-address", CODE, frozenset({("web", "inventory", 5000)})),
    Case("curl-script", SERVE),
    Case("curl-script", CODE),
)


class Life:
    """One stack from its plain start to its rollback."""

    def __init__(self, engine: Engine, case: Case, folder: Path) -> None:
        shutil.copytree(STACKS / case.name, folder)
        self.case = case
        self.ports = dict(zip(case.shape.published, free_ports(len(case.shape.published)), strict=True))
        compose = folder / "docker-compose.yml"
        text = compose.read_text()
        for written, free in self.ports.items():
            assert text.count(f'"{written}:') == 1
            text = text.replace(f'"{written}:', f'"{free}:')
        compose.write_text(text)
        self.stack = Stack(engine, compose_binary(), folder, project_name(case.name))
        self.before = tree(folder)

    def build(self) -> None:
        self.stack.override = {}
        if self.stack.engine.builds_on_host:
            services = json.loads(self.stack.compose("config", "--format", "json").stdout)["services"]
            built = [name for name, service in services.items() if "build" in service]
            self.stack.override = {"services": {name: {"build": {"network": "host"}} for name in built}}
        self.stack.build()

    def command(self) -> tuple[str, ...]:
        """The requests, as a command of its own."""
        asked = json.dumps(self.case.shape.asked)
        return (sys.executable, "-c", ASKING, str(TESTS), asked, json.dumps(self.ports))

    def faults(self) -> list[str]:
        """What is wrong with the answers; ports that speak TLS are asked over it, verified."""
        found = []
        for port, path, holds in self.case.shape.asked:
            secure = (PUBLISHED, *self.case.shape.published[port]) in self.case.encrypted
            authority = self.stack.directory / "certs/ca-cert.pem" if secure else None
            found += ask_all([Request(port, path, holds)], self.ports, authority)
        return found

    def from_the_start(self) -> tuple[list[str], tuple[Flow, ...]]:
        """What is wrong with the answers; what crosses the networks from the first container's start on."""
        stack = self.stack
        stack.compose("create", "--no-build", "--pull", "never", timeout=120)
        label = f"label=com.docker.compose.project={stack.name}"
        networks = stack.engine.docker("network", "ls", "--quiet", "--no-trunc", "--filter", label).stdout.split()
        with Sniffer([f"br-{network[:12]}" for network in networks]) as sniffer:
            stack.up()
            faults = self.faults()
            found = look(Docker(stack.engine.environment), stack.name)
        assert sniffer.lost == 0
        return faults, tuple(flow for flow in flows(sniffer.streams, Places(found)) if flow.client not in ELSEWHERE)


def _key(flow: Flow) -> tuple[str, str, int]:
    return flow.client, flow.server, flow.port


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name}-{case.options[0].lstrip('-')}")
def test_a_stack_from_plain_to_tls_and_back(
    engine: Engine, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch, case: Case
) -> None:
    life = _ready(engine, case, tmp_path, monkeypatch)
    stack = life.stack
    try:
        life.build()
        stack.up()
        _learned(life, run)
        assert guarded(["enable", *case.options, "--key-type", "p256", "--quiet"]) == 0
        listed = _listed(life, run)
        life.build()
        stack.compose("down", "--timeout", "2", "--volumes")
        faults, crossed = life.from_the_start()
        assert faults == []
        _as_said(life, listed, crossed)
        _verified(life, run, listed)
        if case.encrypted:
            assert run("rollback", "--certs").code == 0
        (stack.directory / "aicos-tls.toml").unlink()
        shutil.rmtree(stack.directory / ".aicos-tls", ignore_errors=True)
        assert tree(stack.directory) == life.before
        if case.encrypted:
            life.build()
            stack.compose("up", "-d", "--no-build", "--remove-orphans", timeout=180)
            stack.up()
            assert ask_all([Request(*each) for each in case.shape.asked], life.ports, None) == []
    finally:
        stack.down()


@pytest.mark.parametrize("name", [name for name in SHAPES if name.startswith("nginx-")])
def test_learn_finds_what_nginx_asks(
    engine: Engine, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """What `enable` makes of these stacks is tried in `test_nginx`."""
    life = _ready(engine, Case(name, ()), tmp_path, monkeypatch)
    try:
        life.build()
        life.stack.up()
        _learned(life, run)
    finally:
        life.stack.down()


def _ready(engine: Engine, case: Case, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Life:
    """A copy of a stack, which is the current directory, with an engine that has its images."""
    try:
        engine.need(*case.shape.images)
    except NoEngine as reason:
        missing(str(reason))
    for key, value in engine.environment.items():
        monkeypatch.setenv(key, value)
    life = Life(engine, case, folder / case.name)
    monkeypatch.chdir(life.stack.directory)
    return life


def _learned(life: Life, run: Run) -> None:
    """`learn` finds every connection that the requests use, and no other."""
    done = run("learn", "-p", life.stack.name, "--seconds", "1.5", "--", *life.command())
    assert done.code == 0, done.out + done.err
    shape = life.case.shape
    found = {each.key: each.protocol.value for each in seen(life.stack.directory / "aicos-tls.toml")}
    assert found == {**shape.inside, **{(PUBLISHED, *server): "http" for server in shape.published.values()}}


def _listed(life: Life, run: Run) -> dict[tuple[str, str, int], dict[str, Any]]:
    """What `enable` lists, once it is done."""
    data = json.loads(run("enable", *life.case.options, "--dry-run", "--format", "json").out)["connections"]
    listed = {(each["client"], each["server"], each["port"]): each for each in data}
    assert {key for key, each in listed.items() if each["state"] == "encrypted"} == life.case.encrypted
    assert all(each["reason"] for each in listed.values() if each["state"] == "plain")
    return listed


def _as_said(life: Life, listed: dict[tuple[str, str, int], dict[str, Any]], crossed: tuple[Flow, ...]) -> None:
    """Every connection that crossed a network is listed, and is what the list says."""
    assert {_key(flow) for flow in crossed} == life.case.shape.inside.keys() <= listed.keys()
    for flow in crossed:
        encrypted = listed[_key(flow)]["state"] == "encrypted"
        assert (flow.tls > 0, flow.clear == 0) == (encrypted, encrypted), flow


def _verified(life: Life, run: Run, listed: dict[tuple[str, str, int], dict[str, Any]]) -> None:
    """`verify` finds what is encrypted in order and lists the rest as plain; with nothing encrypted it fails."""
    done = run("verify", "-p", life.stack.name, "--format", "json")
    data = json.loads(done.out)
    assert done.code == (0 if life.case.encrypted else 1), done.out
    plain = {(each["client"], each["server"], each["port"]) for each in data["plain_by_plan"]}
    left = {key for key, each in listed.items() if each["state"] == "plain"}
    assert plain == left if life.case.encrypted else plain <= left
