"""`learn` on running stacks: it finds every connection that the requests use, and no other."""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from live import aicos
from live.engines import NoEngine
from live.stacks import Stack, free_ports, project_name
from support import missing

from aicos_tls.connections.model import PUBLISHED
from aicos_tls.connections.seen import seen

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest
    from live.engines import Engine
    from support import Run

TESTS = Path(__file__).resolve().parent.parent
SHOP = TESTS.parent / "fixtures/stacks/seen"
ASKING = """\
import json, sys
sys.path.insert(0, sys.argv[1])
from live import aicos
from live.stacks import ask_all
faults = ask_all(aicos.REQUESTS, {int(port): own for port, own in json.loads(sys.argv[2]).items()}, None)
print(faults)
sys.exit(bool(faults))
"""
ORDERING = """\
import base64, socket, sys, urllib.request
port = int(sys.argv[1])
for _ in range(2):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/orders", timeout=20) as answer:
        print(answer.read().decode())
with socket.create_connection(("127.0.0.1", port), 20) as stream:
    key = base64.b64encode(bytes(16)).decode()
    stream.sendall(f"GET /feed HTTP/1.1\\r\\nHost: shop\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n"
                   f"Sec-WebSocket-Version: 13\\r\\nSec-WebSocket-Key: {key}\\r\\n\\r\\n".encode())
    data = b""
    while b"price" not in data:
        data += stream.recv(1000)
"""


NO_CACHE = ("aicos-integrations", 6379)
"""All services of the AICOS stack look at the database and the cache when they are asked how they are, but one."""


def learned(directory: Path) -> set[tuple[str, str, int, str]]:
    """What the file has: client, server, port, protocol."""
    return {(*each.key, each.protocol.value) for each in seen(directory / "aicos-tls.toml")}


@contextlib.contextmanager
def running(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The stack, built and up; the current directory."""
    for name, value in stack.engine.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(stack.directory)
    try:
        stack.build()
        stack.up()
        yield
    finally:
        stack.down()


def need(engine: Engine, *images: str) -> None:
    try:
        engine.need(*images)
    except NoEngine as reason:
        missing(str(reason))


def test_a_shop_without_urls(
    engine: Engine, compose: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    need(engine, "nginx:alpine", "python:3.11-slim", "postgres:15-alpine", "redis:7-alpine")
    directory = tmp_path / "seen"
    shutil.copytree(SHOP, directory)
    stack = Stack(engine, compose, directory, project_name("seen"))
    (port,) = free_ports(1)
    stack.overrides = f'services: {{proxy: {{ports: !override ["127.0.0.1:{port}:80"]}}}}\n'
    command = ("--", sys.executable, "-c", ORDERING, str(port))
    settings = 'key-type = "p256" # ours\n'
    (directory / "aicos-tls.toml").write_text(settings)
    with running(stack, monkeypatch):
        shown = run("learn", "-p", stack.name, "--dry-run", *command)
        assert shown.code == 0, shown.err
        assert "+ api → ledger:51000" in shown.out
        assert "Not covered: UDP\n    api → cache:8125" in shown.out
        assert (directory / "aicos-tls.toml").read_text() == settings
        done = run("learn", "-p", stack.name, "--format", "json", *command)
        assert done.code == 0, done.err
        data = json.loads(done.out)
        assert data["written"]
        assert learned(directory) == {
            (PUBLISHED, "proxy", 80, "ws"),
            ("proxy", "api", 8000, "http"),
            ("proxy", "feed", 9000, "ws"),
            ("api", "cache", 6379, "redis"),
            ("api", "db", 5432, "postgres"),
            ("api", "ledger", 51000, "unknown"),  # its opening was before
        }
        assert (directory / "aicos-tls.toml").read_text().startswith(settings)
        again = run("learn", "-p", stack.name, *command)
        assert "has them all: nothing was written" in again.out
        # a connection that is opened meanwhile, and of which nothing is heard but that it was accepted
        restart = ("--", "sh", "-c", f"docker restart -t 1 {stack.container('api')} && sleep 2")
        moved = run("learn", "-p", stack.name, "--seconds", "0.5", *restart)
        assert moved.code == 0, moved.err
        assert "1 connection seen" in moved.out
        assert "api → ledger:51000  unknown, silent" in moved.out


def test_aicos(engine: Engine, compose: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    need(engine, *aicos.IMAGES)
    stack, ports = aicos.copy(engine, compose, tmp_path / "aicos")
    with running(stack, monkeypatch):
        done = run("learn", "-p", stack.name, "--", sys.executable, "-c", ASKING, str(TESTS), json.dumps(ports))
        assert done.code == 0, done.out + done.err
        servers = {name: port for name, port in aicos.PORTS.items() if port > 8000}
        stores = {("aicos-postgres", 5432, "postgres"), ("aicos-redis", 6379, "redis")}
        assert learned(stack.directory) == {
            *((PUBLISHED, name, port, "http") for name, port in aicos.PORTS.items()),
            *(("aicos-backend", name, port, "http") for name, port in servers.items()),
            *(
                (name, *store)
                for name in ("aicos-backend", *servers)
                for store in stores
                if (name, store[1]) != NO_CACHE
            ),
            ("aicos-frontend", "aicos-backend", 3001, "http"),
            ("aicos-nl-parser", "aicos-context-service", 8005, "http"),
        }
