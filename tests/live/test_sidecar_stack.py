"""A sidecar on a real engine: from the first packet, through kills of each part, before servers that trust loopback.

`AICOS_TLS_KILLS=50` kills each part fifty times; without it a few times.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import ssl
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from live.engines import NoEngine
from live.stacks import Stack, project_name
from support import missing

from aicos_tls.cli.errors import guarded
from aicos_tls.live.docker import Docker
from aicos_tls.live.flows import flows
from aicos_tls.live.places import Places
from aicos_tls.live.probe import interfaces, reached_from_here
from aicos_tls.live.sniff import Sniffer
from aicos_tls.live.stack import look

if TYPE_CHECKING:
    from collections.abc import Iterator

    from live.engines import Engine

IMAGES = ("python:3.11-slim", "alpine:3.22")
KILLS = int(os.environ.get("AICOS_TLS_KILLS", "4"))
SERVER = """
import http.server, os, socket, sys, time
first = "/state/first"
if not os.path.exists(first):
    open(first, "w").write(str(time.time()))
if time.time() - float(open(first).read()) < 10:
    sys.exit("the database is not up yet")
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        here = self.client_address[0].removeprefix("::ffff:") in ("127.0.0.1", "::1")
        body = f"{'administrator' if here else 'guest'} {self.headers.get('X-Forwarded-Proto')}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass
class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6
Server(("::", 8001), Handler).serve_forever()
"""
CLIENT = """
import itertools, os, socket, ssl, sys, time, urllib.request
trust = ssl.create_default_context(cafile="/app/certs/ca-cert.pem")
for turn in itertools.count():
    try:
        with urllib.request.urlopen(os.environ["API_URL"], timeout=3, context=trust) as answer:
            print(answer.read().decode(), flush=True)
    except OSError as error:
        print(f"no answer: {error}", flush=True)
    time.sleep(0.2)
"""
COMPOSE = """services:
  api:
    build: ./api
    restart: unless-stopped
    volumes: ["state:/state"]
  web:
    build: ./web
    init: true
    environment: [API_URL=http://api:8001]
    depends_on: [api]
volumes: {state: {}}
networks:
  default:
    enable_ipv6: true
    ipam: {config: [{subnet: "fd00:a1c0:5::/64"}]}
"""
OVERRIDES = "services:\n  api-tls: {build: {network: host}}\n"


def built(program: str) -> str:
    return f'FROM python:3.11-slim\nCOPY {program} /\nCMD ["python", "-u", "/{program}"]\n'


def write(directory: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.fixture
def stack(engine: Engine, compose: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """The stack with its sidecar, enabled and built, not started."""
    try:
        engine.need(*IMAGES)
    except NoEngine as reason:
        missing(str(reason))
    directory = tmp_path / "stack"
    files = {"docker-compose.yml": COMPOSE, "api/app.py": SERVER, "api/Dockerfile": built("app.py")}
    write(directory, {**files, "web/ask.py": CLIENT, "web/Dockerfile": built("ask.py")})
    monkeypatch.chdir(directory)
    for name, value in engine.environment.items():
        monkeypatch.setenv(name, value)
    assert guarded(["enable", "--serve", "api=sidecar", "--key-type", "p256", "--quiet"]) == 0
    made = Stack(engine, compose, directory, project_name("sidecar"), OVERRIDES if engine.private else "services: {}\n")
    try:
        made.build()
        yield made
    finally:
        made.down()


def address(stack: Stack) -> str:
    """The address of the sidecar on this machine's bridge, which others reach as `api`."""
    form = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
    return stack.engine.docker("inspect", "--format", form, stack.container("api-tls")).stdout.strip()


def trust(stack: Stack) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(stack.directory / "certs/ca-cert.pem"))
    context.check_hostname = False  # it is asked by its address
    return context


def answer(url: str, context: ssl.SSLContext | None) -> str:
    """The body of an answer; empty when there is none of the application's."""
    try:
        with urllib.request.urlopen(url, timeout=3, context=context) as found:  # noqa: S310 - loopback and bridges
            return str(found.read().decode())
    except (OSError, urllib.error.URLError):
        return ""


class Plain(threading.Thread):
    """Asks for plain HTTP all the time, and keeps what is answered."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self.url, self.answers, self.asked = url, list[str](), 0
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.wait(0.05):
            self.asked += 1
            with contextlib.suppress(Exception):
                if found := answer(self.url, None):
                    self.answers.append(found)


def answered(stack: Stack, seconds: float) -> float:
    """Wait until the application answers over TLS; returns how many seconds that took."""
    context, url, began = trust(stack), f"https://{address(stack)}:8001/", time.monotonic()
    while answer(url, context) != "guest https":
        assert time.monotonic() - began < seconds, stack.compose("logs", "--tail", "5").stdout
        time.sleep(0.1)
    return time.monotonic() - began


def processes(stack: Stack, part: str) -> list[int]:
    """The processes of a part, as this machine numbers them."""
    if part == "haproxy":
        found = stack.engine.docker("top", stack.container("api-tls")).stdout.splitlines()
        return [int(line.split()[1]) for line in found if " haproxy " in line]
    name = {"application": "api", "sidecar": "api-tls"}[part]
    return [int(stack.engine.docker("inspect", "--format", "{{.State.Pid}}", stack.container(name)).stdout)]


def kill(stack: Stack, part: str) -> None:
    for process in processes(stack, part):
        with contextlib.suppress(ProcessLookupError):
            if process:  # 0: it is just being started again
                os.kill(process, signal.SIGKILL)


def runs(stack: Stack, container: str) -> bool:
    """Whether the process of a container is there: the state says so for a moment after it was killed."""
    state = "{{.State.Status}} {{.State.Pid}}"
    status, _, process = stack.engine.docker("inspect", "--format", state, container).stdout.strip().partition(" ")
    return status == "running" and process.isdecimal() and Path(f"/proc/{process}").exists()


def bring_back(stack: Stack, part: str) -> None:
    """What a person does; the application is started anew where its network is gone, as the sidecar's log says.

    After many crashes the engine waits longer and longer before it starts a container again, and one that it waits for
    counts as unhealthy, so that `up` fails by the rule of `service_healthy`: then the container is restarted here.
    """
    container = stack.container("api-tls" if part == "sidecar" else "api")
    end = time.monotonic() + 3
    while not runs(stack, container) and time.monotonic() < end:
        time.sleep(0.1)
    if not runs(stack, container):
        assert stack.engine.docker("restart", "--time", "1", container).returncode == 0
    if part == "sidecar":
        stack.compose("restart", "--timeout", "1", "api")
    stack.up(wait=False)


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="needs root on Linux to kill and to listen")
def test_kills_of_each_part_never_open_the_port(stack: Stack) -> None:
    stack.compose("create", "--no-build", "--pull", "never")  # the networks are there, and nothing runs
    listing = ["network", "ls", "--quiet", "--no-trunc", "--filter", f"name={stack.name}"]
    (network,) = stack.engine.docker(*listing).stdout.split()
    with Sniffer([f"br-{network[:12]}"]) as sniffer:
        stack.up(wait=False)  # the application exits for ten seconds: the first `up` succeeds all the same
        plain = Plain(f"http://{address(stack)}:8001/")
        plain.start()
        answered(stack, 60)
        parts = [part for part in ("application", "haproxy", "sidecar") for _ in range(KILLS)]
        random.Random(7).shuffle(parts)  # noqa: S311 - an order, no secret
        slowest = 0.0
        for part in parts:
            kill(stack, part)
            if part != "haproxy":
                bring_back(stack, part)
            slowest = max(slowest, answered(stack, 30))
        plain.ended.set()
        plain.join()
        found = look(Docker(stack.engine.environment), stack.name)
    assert sniffer.lost == 0
    assert plain.asked > len(parts)
    assert plain.answers == []
    seen = [flow for flow in flows(sniffer.streams, Places(found)) if (flow.client, flow.server) == ("web", "api")]
    assert sum(flow.tls for flow in seen) > 0
    assert [flow for flow in seen if flow.http or flow.other] == []
    assert reached_from_here(next(iter(found.networks.values())), interfaces())
    said = stack.compose("logs", "web").stdout
    assert "guest https" in said
    assert "administrator" not in said
    print(f"{len(parts)} kills, the slowest answer {slowest:.1f} s after it was brought back")  # noqa: T201 - for the note


STORES = """services:
  db:
    image: postgres:15-alpine
    environment: [POSTGRES_PASSWORD=secret]
  cache:
    image: redis:7-alpine
    command: redis-server --protected-mode yes
  asks:
    image: python:3.11-slim
    init: true
    command: sleep 3600
    volumes: ["./ask.py:/ask.py:ro"]
"""
STORE_OVERRIDES = "services:\n  db-tls: {build: {network: host}}\n  cache-tls: {build: {network: host}}\n"
ASK = r"""
import socket, ssl, struct, sys, time
def ask(host, port, tls):
    raw = socket.create_connection((host, port), 5)
    if tls:
        context = ssl.create_default_context(cafile="/app/certs/ca-cert.pem")
        raw = context.wrap_socket(raw, server_hostname=host)
    if port == 5432:  # a StartupMessage without a password (PostgreSQL, "Message Formats")
        body = struct.pack("!I", 196608) + b"user\0postgres\0database\0postgres\0\0"
        raw.sendall(struct.pack("!I", len(body) + 4) + body)
        kind, _, code = struct.unpack("!cII", raw.recv(9))
        return "let in" if (kind, code) == (b"R", 0) else "refused"
    raw.sendall(b"SET a 1\r\n")
    return "let in" if raw.recv(64).startswith(b"+OK") else "refused"
end = time.monotonic() + 60
while True:
    try:
        print(ask(sys.argv[1], int(sys.argv[2]), sys.argv[3] == "tls"))
        break
    except (OSError, struct.error):
        if time.monotonic() > end:
            raise
        time.sleep(0.5)
"""


def test_nobody_is_localhost_who_was_not(
    engine: Engine, compose: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL lets in who comes from loopback without a password, Redis lets write: not through the sidecar."""
    try:
        engine.need("postgres:15-alpine", "redis:7-alpine", *IMAGES)
    except NoEngine as reason:
        missing(str(reason))
    directory = tmp_path / "stores"
    write(directory, {"docker-compose.yml": STORES, "ask.py": ASK})
    monkeypatch.chdir(directory)
    stack = Stack(engine, compose, directory, project_name("stores"))
    try:
        stack.up(wait=False)
        assert _asked(stack, "clear") == ["refused", "refused"]
        for port, service in ((5432, "db"), (6379, "cache")):
            text = (directory / "docker-compose.yml").read_text()
            block = f"  {service}:\n    x-aicos-tls: {{serve: sidecar, port: {port}, mode: tcp}}\n"
            (directory / "docker-compose.yml").write_text(text.replace(f"  {service}:\n", block))
        assert guarded(["enable", "--all", "--key-type", "p256", "--quiet"]) == 0
        stack.overrides = STORE_OVERRIDES if engine.private else stack.overrides
        stack.build()
        stack.up(wait=False)
        assert _asked(stack, "tls") == ["refused", "refused"]
    finally:
        stack.down()


def _asked(stack: Stack, how: str) -> list[str]:
    return [
        stack.compose("exec", "-T", "asks", "python", "/ask.py", host, port, how, timeout=90).stdout.strip()
        for host, port in (("db", "5432"), ("cache", "6379"))
    ]
