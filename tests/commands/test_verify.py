"""`verify` from the command line to the last byte of its output: real handshakes, a docker that is told what to say.

The real engine is in tests/live/test_stack_live.py and tests/live/test_life.py.
"""

from __future__ import annotations

import json
import re
import socket
import threading
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any

import pytest
from live.fakes import OWN, FakeDocker, container
from live.leaves import write_leaf
from live.servers import OK, serving, tls

from aicos_tls.commands import verify as command
from aicos_tls.live import waiting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support import Project, Ran, Run

COMPOSE = """\
services:
  web:
    build: ./web
    environment:
      - API_URL=http://api:{port}
      - OTHER=http://api:{port}
  api:
    build: ./api
    healthcheck: {{test: "curl -f http://localhost:{port}/"}}
  tool: {{build: ./tool, profiles: [tools]}}
  db: {{image: "postgres:15"}}
"""


class Shop:
    """A project with TLS enabled, whose server is a thread, and what docker says of it."""

    def __init__(self, directory: Path, fake: FakeDocker, port: int, run: Run) -> None:
        self.directory, self.fake, self.port, self.run = directory, fake, port, run
        self.labels = {"com.docker.compose.project.working_dir": str(directory)}

    @property
    def certs(self) -> Path:
        return self.directory / "certs"

    def web(self, **differs: Any) -> dict[str, Any]:
        urls = {"API_URL": f"https://api:{self.port}", "OTHER": f"https://api:{self.port}/v1"}
        return container("web", **{"env": urls, "health": "", "labels": self.labels, **differs})

    def api(self, **differs: Any) -> dict[str, Any]:
        return container("api", **{"labels": self.labels, **differs})

    def text(self, *options: str) -> Ran:
        return self.run("verify", "-p", "shop", *options)

    def data(self, *options: str) -> dict[str, Any]:
        done = self.text("--format", "json", *options)
        assert done.code in (0, 1), done.err
        found: dict[str, Any] = json.loads(done.out)
        assert found["good"] is (done.code == 0)
        return found


@pytest.fixture
def shop(project: Project, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """The stack in order: both containers run, and the server speaks TLS with the certificate of the directory."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    directory = project(COMPOSE.format(port=port))
    assert run("enable", "--quiet", "--key-type", "p256").code == 0
    fake = FakeDocker(tmp_path / "bin")
    for name, value in fake.environment.items():
        monkeypatch.setenv(name, value)
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT", "COMPOSE_PROJECT_NAME"):
        monkeypatch.delenv(name, raising=False)
    found = Shop(directory, fake, port, run)
    fake.runs(found.web(), found.api())
    with serving(tls(directory / "certs", "api"), port):
        yield found


def bad(data: dict[str, Any]) -> dict[tuple[str, str], str]:
    """What is not in order: service and check to the state."""
    return {
        (service["name"], check["id"]): check["state"]
        for service in data["services"]
        for check in [*service["checks"], *(c for port in service["ports"] for c in port["checks"])]
        if check["state"] in ("failed", "unknown")
    }


def reasons(data: dict[str, Any]) -> list[str]:
    """The checks of the first connection that are not in order."""
    return [check["id"] for check in data["connections"][0]["checks"] if check["state"] != "ok"]


def test_in_order(shop: Shop) -> None:
    data = shop.data()
    assert bad(data) == {}
    assert [(edge["client"], edge["server"], edge["variable"], edge["state"]) for edge in data["connections"]] == [
        ("web", "api", "API_URL", "ok"),
        ("web", "api", "OTHER", "ok"),
    ]
    first = data["connections"][0]
    assert (first["address"], first["tls"], first["file"]) == (
        f"https://api:{shop.port}",
        "TLSv1.3",
        "docker-compose.yml",
    )
    assert [service["name"] for service in data["services"]] == ["web", "api", "tool"]
    (port,) = data["services"][1]["ports"]
    assert (port["port"], port["names"][0]) == (shop.port, "api")
    assert data["sniffed"] is None
    assert data["services"][2]["checks"][0]["state"] == "skipped"


def test_the_screen(shop: Shop) -> None:
    shown = shop.text()
    assert shown.code == 0
    days = re.search(r"36(49|50) days left", shown.out)
    assert days
    assert shown.out.splitlines() == [
        "shop on Docker 28.0: 2 of 2 connections are encrypted",
        "",
        f"  ✓ web → api:{shop.port}  API_URL  TLSv1.3, {days[0]}",
        f"  ✓ web → api:{shop.port}  OTHER    TLSv1.3, {days[0]}",
        "",
        "1 server is in order: TLS only, by the project's CA",
    ]
    every = shop.text("--verbose").out
    assert "api (shop-api-1)\n  ✓ its container runs" in every
    assert "✓ plain HTTP is not answered" in every
    assert shop.text("--quiet").out == ""
    assert "\x1b[32m✓" in shop.text("--color", "always").out


def test_a_client_that_was_not_made_anew(shop: Shop) -> None:
    shop.fake.runs(shop.web(env={"API_URL": f"http://user:secret@api:{shop.port}/x"}), shop.api())
    data = shop.data()
    assert reasons(data) == ["url"]
    assert data["connections"][1]["state"] == "ok"
    shown = shop.text()
    assert shown.code == 1
    assert (
        f"✗ web → api:{shop.port}  API_URL  the running container of web still asks http://api:{shop.port}" in shown.out
    )
    assert "→ aicos-tls enable, then docker compose -p shop up -d web" in shown.out
    assert "secret" not in shown.out + json.dumps(data)


def test_what_nginx_asks(shop: Shop) -> None:
    folder = shop.directory / "web"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM nginx:alpine\nCOPY site.conf web.conf /etc/nginx/conf.d/\n")
    (folder / "web.conf").write_text("server { location / { proxy_pass http://web:80; } }\n")
    site = folder / "site.conf"
    site.write_text(f"server {{\n    location /api {{ proxy_pass https://api:{shop.port}; }}\n}}\n")
    data = shop.data()
    assert [(edge["variable"], edge["state"]) for edge in data["connections"]] == [
        ("API_URL", "ok"),
        ("OTHER", "ok"),
        ("proxy_pass", "ok"),
    ]
    assert data["connections"][2]["file"] == "web/site.conf"
    site.write_text(site.read_text().replace("https", "http"))
    shown = shop.text()
    assert f"proxy_pass  web still asks http://api:{shop.port} (site.conf:2)" in shown.out
    assert "→ aicos-tls code apply web, then docker compose -p shop up -d --build web" in shown.out
    (folder / "Dockerfile").write_text("FROM node:20-alpine\nCOPY . .\nCMD node server.js\n")
    assert len(shop.data()["connections"]) == 2


def test_containers_that_are_not_there(shop: Shop) -> None:
    shop.fake.runs(shop.web())
    data = shop.data()
    assert reasons(data) == ["running"]
    assert bad(data) == {("api", "running"): "failed"}
    assert "docker compose -p shop up -d api" in shop.text().out
    shop.fake.runs(shop.api())
    data = shop.data()
    assert reasons(data) == ["running"]
    assert data["services"][-1] == {
        "name": "tool", "container": None, "ports": [], "checks": data["services"][-1]["checks"],
    }  # fmt: skip


def test_a_container_that_has_stopped(shop: Shop) -> None:
    shop.fake.runs(shop.web(), shop.api(status="restarting", code=1))
    assert bad(shop.data()) == {("api", "running"): "failed"}
    assert "api: its container is restarting (exit code 1)" in shop.text().out


def test_health_that_is_not_known_yet_is_no_success(shop: Shop) -> None:
    shop.fake.runs(shop.web(), shop.api(health="starting"))
    data = shop.data()
    assert bad(data) == {("api", "healthy"): "unknown"}
    assert "some things could not be found out" in shop.text().out


def test_waiting(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "AGAIN", 0.01)
    shop.fake.runs(shop.web(), shop.api(health="starting"))
    shop.fake.runs(shop.web(), shop.api(), then=True)
    assert shop.data("--wait", "20")["good"]
    shop.fake.runs(shop.web(), shop.api(health="unhealthy"))
    assert not shop.data("--wait", "0.05")["good"]


def test_tasks_and_profiles_are_not_waited_for(shop: Shop) -> None:
    done = container("tool", status="exited", labels=shop.labels)
    shop.fake.runs(shop.web(), shop.api(), done)
    data = shop.data("--wait", "20")
    assert data["services"][2]["checks"][0]["words"] == "it has done its task (exit code 0)"


def test_every_container_of_a_scaled_service(shop: Shop) -> None:
    shop.fake.runs(shop.web(), shop.web(number=2), shop.api(), shop.api(number=2, address="127.0.0.9"))
    data = shop.data("--timeout", "2")
    assert [s["container"] for s in data["services"][:4]] == ["shop-web-1", "shop-web-2", "shop-api-1", "shop-api-2"]
    assert bad(data) == {("api", "tls"): "failed"}
    assert reasons(data) == ["tls"]


def test_networks(shop: Shop) -> None:
    shop.fake.runs(shop.web(networks={}), shop.api())
    assert reasons(shop.data()) == ["network"]
    shop.fake.runs(shop.web(), shop.api(aliases=["other"]))
    assert reasons(shop.data()) == ["name"]
    shop.fake.runs(shop.web(), shop.api(networks={}))
    assert reasons(shop.data()) == ["network"]
    vpn = container("db", labels=shop.labels)
    shop.fake.runs(shop.web(), shop.api(mode=f"container:{vpn['Id']}", networks={}), vpn)
    assert reasons(shop.data()) == ["name"]


def test_from_inside(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "interfaces", frozenset)
    assert bad(shop.data()) == {}
    assert "run --rm" in (shop.fake.folder / "asked").read_text()
    shop.fake.network(driver="host")
    shop.fake.runs(shop.web(address=""), shop.api(address=""))
    assert bad(shop.data()) == {}
    assert "--network shop_default" in (shop.fake.folder / "asked").read_text().splitlines()[-1]
    shop.fake.fails("run", "no")
    shop.fake.fails("exec", "no")
    data = shop.data()
    assert bad(data) == {("api", "tls"): "unknown", ("api", "log"): "failed"} or bad(data) == {
        ("api", "tls"): "unknown"
    }
    assert data["connections"][0]["state"] == "unknown"
    shown = shop.text()
    assert "? web → api" in shown.out
    assert "cannot be probed from here: network shop_default" in shown.out


def test_a_network_that_is_gone(shop: Shop) -> None:
    shop.fake.says("network", "[]")
    shop.fake.fails("run", "no")
    shop.fake.fails("exec", "no")
    assert shop.data()["connections"][0]["state"] == "unknown"


def test_a_variable_without_a_value(project: Project, shop: Shop) -> None:
    compose = (shop.directory / "docker-compose.yml").read_text()
    assert shop.run("rollback").code == 0
    project(COMPOSE.format(port=shop.port).replace(f"OTHER=http://api:{shop.port}", "OTHER=http://api:${NOWHERE}"))
    assert shop.run("enable", "--quiet", "--key-type", "p256").code == 0
    shop.fake.runs(shop.web(env={}), shop.api())
    data = shop.data()
    assert compose
    assert [edge["state"] for edge in data["connections"]] == ["ok", "unknown"]


def test_settings_of_the_run_that_enabled_it(project: Project, shop: Shop) -> None:
    assert shop.run("rollback").code == 0
    project(COMPOSE.format(port=shop.port))
    assert shop.run("enable", "--quiet", "--key-type", "p256", "--exclude", "tool").code == 0
    assert [service["name"] for service in shop.data()["services"]] == ["web", "api"]


def test_without_tls(shop: Shop) -> None:
    assert shop.run("rollback", "--certs").code == 0
    shown = shop.text()
    assert shown.code == 1
    assert "TLS is not enabled here: aicos-tls enable --dry-run" in shown.out


def test_a_server_in_clear(project: Project, shop: Shop) -> None:
    def clear(stream: socket.socket) -> None:
        if stream.recv(4096):
            stream.sendall(OK)

    assert shop.run("rollback").code == 0
    with serving(clear) as port:
        project(COMPOSE.format(port=port))
        assert shop.run("enable", "--quiet", "--key-type", "p256").code == 0
        shop.port = port
        shop.fake.runs(shop.web(), shop.api())
        shop.fake.says(f"logs-{shop.api()['Id']}", "HTTP server\n")
        data = shop.data()
        shown = shop.text("--verbose")
    assert bad(data) == {("api", "tls"): "failed", ("api", "log"): "failed"}
    assert "it answers plain HTTP (HTTP/1.1 200 OK), and no TLS" in shown.out
    assert "→ it must serve HTTPS: aicos-tls code show api" in shown.out
    assert "1 of 3 services have faults" in shown.out


def test_lines_that_were_edited_since(shop: Shop) -> None:
    compose = shop.directory / "docker-compose.yml"
    compose.write_text(compose.read_text().replace(f"https://api:{shop.port}", f"https://api:{shop.port}/v2"))
    assert shop.run("rollback", "--dry-run").code == 2
    data = shop.data()
    assert [edge["state"] for edge in data["connections"]] == ["ok", "ok"]
    compose.write_text("services: [")
    refused = shop.text()
    assert refused.code == 2
    assert "docker-compose.yml:1" in refused.err


def test_another_certificate_on_the_disk(shop: Shop) -> None:
    write_leaf(shop.certs, "api", ["api"], signer=shop.certs)
    data = shop.data()
    assert bad(data) == {("api", "on-disk"): "failed"}
    assert data["connections"][0]["state"] == "ok"


@pytest.fixture
def apart(shop: Shop) -> Iterator[Shop]:
    """The same with addresses that nobody else has: other tests use the loopback interface, too."""
    shop.fake.runs(shop.web(address=f"{OWN}.2"), shop.api(address=f"{OWN}.3"))
    with serving(tls(shop.directory / "certs", "api"), shop.port, f"{OWN}.3"):
        yield shop


def test_sniffing(apart: Shop) -> None:
    shop = apart
    done = shop.text("--format", "json", "--sniff", "--sniff-seconds", "0.2")
    if "no right to listen" in done.err:
        pytest.skip("no right to listen here")
    assert done.code == 0, done.err
    data = json.loads(done.out)
    flows = data["sniffed"]["flows"]
    assert [(flow["client"], flow["server"], flow["port"], flow["clear_bytes"]) for flow in flows] == [
        ("(outside)", "api", shop.port, 0)  # this machine, which asks
    ]
    assert flows[0]["tls_bytes"] > 1000
    assert data["unplanned"] == []
    asked = (shop.fake.folder / "asked").read_text()
    assert "--network container:" in asked
    shown = shop.text("--sniff", "--sniff-seconds", "0.2").out
    assert "Seen on the networks in" in shown
    assert "nothing seen: web → api" in shown


@pytest.fixture
def asking(apart: Shop) -> Iterator[Callable[[str, str, bytes], int]]:
    """Lets one container send bytes to another's port until the end of the test: who, whom, what."""
    del apart
    stop = threading.Event()

    def again(source: str, target: tuple[str, int], data: bytes) -> None:
        while not stop.wait(0.05):
            with suppress(OSError), socket.create_connection(target, 5, (source, 0)) as stream:
                stream.sendall(data)
                stream.recv(100)

    with ExitStack() as held:

        def ask(source: str, target: str, data: bytes) -> int:
            port = held.enter_context(serving(lambda stream: stream.sendall(stream.recv(4096)), address=target))
            thread = threading.Thread(target=again, args=(source, (target, port), data), daemon=True)
            held.callback(thread.join)
            held.callback(stop.set)
            thread.start()
            return port

        yield ask


def test_connections_that_nobody_planned(apart: Shop, asking: Callable[[str, str, bytes], int]) -> None:
    shop = apart
    db = container("db", address=f"{OWN}.4", labels=shop.labels, health="")
    shop.fake.runs(shop.web(address=f"{OWN}.2"), shop.api(address=f"{OWN}.3"), db)
    sniffed = ("--sniff", "--sniff-seconds", "1")
    cache = asking(f"{OWN}.3", f"{OWN}.4", b"*1\r\n$4\r\nPING\r\n")
    done = shop.text("--format", "json", *sniffed)
    if "no right to listen" in done.err:
        pytest.skip("no right to listen here")
    data = json.loads(done.out)
    assert [(f["client"], f["server"], f["port"], f["protocol"], f["bad"]) for f in data["unplanned"]] == [
        ("api", "db", cache, "redis", False)  # the database is out of scope
    ]
    assert (done.code, data["good"]) == (0, True)
    metrics = asking(f"{OWN}.2", f"{OWN}.3", b"GET /metrics HTTP/1.1\r\n\r\n")
    shown = shop.text(*sniffed)
    assert shown.code == 1
    lines = shown.out[shown.out.index("Connections that nobody planned") :].splitlines()
    listed = [
        line for line in lines if "bytes in clear" in line
    ]  # one that was cut off may be there the other way round
    assert any(re.fullmatch(rf"  ✗ web → api:{metrics} +http, \d+ bytes in clear", line) for line in listed)
    assert "      → aicos-tls learn -p shop writes them to aicos-tls.toml; then aicos-tls enable" in lines
    assert any(re.fullmatch(rf"  - api → db:{cache} +redis, \d+ bytes in clear", line) for line in listed)
    assert lines[-1] == "bytes go in clear"


def test_nothing_is_planned(project: Project, shop: Shop) -> None:
    assert shop.run("rollback", "--certs").code == 0
    project("services:\n  web: {build: ./web}\n  api: {build: ./api}\n")
    shown = shop.text()
    assert shown.code == 1
    assert shown.out.splitlines()[0] == "shop on Docker 28.0: no connection is planned"
    assert "nothing is encrypted: no connection and no server of it is planned" in shown.out
    assert "in order" not in shown.out
    assert not shop.data()["good"]
    assert shop.run("enable", "--quiet", "--key-type", "p256").code == 0
    assert "nothing is encrypted" in shop.text().out


@pytest.mark.parametrize(
    ("name", "said", "words"),
    [
        ("version", "permission denied while trying to connect to the docker API", "no permission"),
        ("version", "Cannot connect to the Docker daemon", "does not answer"),
    ],
)
def test_no_engine(shop: Shop, name: str, said: str, words: str) -> None:
    shop.fake.fails(name, said)
    refused = shop.text()
    assert refused.code == 2
    assert words in refused.err
    assert "  → " in refused.err


def test_nothing_of_the_project_runs(shop: Shop) -> None:
    shop.fake.runs()
    refused = shop.text()
    assert refused.code == 2
    assert "no container of project shop runs: there are none" in refused.err
