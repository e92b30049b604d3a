"""`learn` from the command line to the last byte of its file: a docker that is told what to say, and real packets.

Containers are addresses of the loopback interface that nobody else has. The real engine is in tests/live/test_learn.py.
"""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

import pytest
from live.fakes import OWN, FakeDocker, container
from live.servers import OK, serving

from aicos_tls import disk
from aicos_tls.connections.seen import seen
from aicos_tls.connections.tables import HEADER

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator
    from pathlib import Path

    from support import Project, Ran, Run

COMPOSE = "services:\n  web: {build: ./web}\n  api: {build: ./api}\n"
WEB, API = f"{OWN}.12", f"{OWN}.13"
ASKING = """\
import socket, sys
for source, port in zip(sys.argv[2::2], sys.argv[3::2]):
    with socket.create_connection((sys.argv[1], int(port)), 10, (source, 0)) as stream:
        stream.sendall(b"GET / HTTP/1.1\\r\\nHost: api\\r\\n\\r\\n")
        while stream.recv(1000):
            pass
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", (sys.argv[1], 8125))
print("asked")
"""


class Shop:
    """A project whose api is a thread, and a command that asks it."""

    def __init__(self, directory: Path, fake: FakeDocker, port: int, run: Run) -> None:
        self.directory, self.fake, self.port, self.run = directory, fake, port, run
        self.file = directory / "aicos-tls.toml"

    def learn(self, *options: str, sources: tuple[str, ...] = (WEB,), after: str = "") -> Ran:
        pairs = [word for source in sources for word in (source, str(self.port))]
        command = [sys.executable, "-c", ASKING + after, API, *pairs]
        done = self.run("learn", "-p", "shop", "--seconds", "0.2", *options, "--", *command)
        if "no right to listen" in done.err:
            pytest.skip("no right to listen here")
        return done

    def data(self, *options: str, **differs: Any) -> dict[str, Any]:
        done = self.learn("--format", "json", *options, **differs)
        assert done.code == 0, done.err
        found: dict[str, Any] = json.loads(done.out)
        return found


@pytest.fixture
def shop(project: Project, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    def clear(stream: socket.socket) -> None:
        if stream.recv(4096):
            stream.sendall(OK)

    directory = project(COMPOSE)
    fake = FakeDocker(tmp_path / "bin")
    for name, value in fake.environment.items():
        monkeypatch.setenv(name, value)
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT", "COMPOSE_PROJECT_NAME"):
        monkeypatch.delenv(name, raising=False)
    labels = {"com.docker.compose.project.working_dir": str(directory)}
    with serving(clear, address=API) as port:
        api = container("api", address=API, labels=labels)
        api["NetworkSettings"]["Ports"] = {f"{port}/tcp": [{"HostIp": "127.0.0.1", "HostPort": "80"}], "9/udp": None}
        fake.runs(container("web", address=WEB, labels=labels), api)
        yield Shop(directory, fake, port, run)


def test_what_is_seen_is_written(shop: Shop) -> None:
    shop.file.write_text("days = 30 # a month")
    data = shop.data(sources=(WEB, "127.0.0.1"))
    assert data["written"]
    assert data["command_code"] == 0
    assert [(f["client"], f["server"], f["protocol"], f["new"], f["tls"]) for f in data["connections"]] == [
        ("(published)", "api", "http", True, False),
        ("web", "api", "http", True, False),
    ]
    assert data["udp"] == [{"client": "(outside)", "server": "api", "port": 8125}]
    assert shop.file.read_text().startswith("days = 30 # a month\n\n# Connections between the containers")
    assert [each.key for each in seen(shop.file)] == [("(published)", "api", shop.port), ("web", "api", shop.port)]
    before = shop.file.read_bytes()
    again = shop.data()
    assert (again["written"], again["diff"], again["connections"][0]["new"]) == (False, "", False)
    assert shop.file.read_bytes() == before
    assert shop.run("enable", "--dry-run", "--quiet").code == 0


@pytest.mark.skipif(bool(os.geteuid()), reason="only root may give files away")
def test_by_sudo_the_file_is_that_of_the_projects_owner(shop: Shop) -> None:
    os.chown(shop.directory, 12345, 12346)
    assert shop.learn().code == 0
    status = shop.file.stat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o777) == (12345, 12346, 0o644)


def test_the_screen(shop: Shop) -> None:
    shown = shop.learn("--dry-run")
    assert shown.code == 0
    assert not shop.file.exists()
    assert shown.out.splitlines()[1:] == [
        "",
        f"  + web → api:{shop.port}  http, 88 bytes in clear",
        "",
        "Not covered: UDP",
        "    (outside) → api:8125",
        "",
        "--- /dev/null",
        "+++ b/aicos-tls.toml",
        "@@ -0,0 +1,9 @@",
        *(f"+{line}" for line in HEADER.splitlines()),
        "+",
        "+[[connection]]",
        '+client = "web"',
        '+server = "api"',
        f"+port = {shop.port}",
        '+protocol = "http"',
        shown.out.splitlines()[-3],
        "",
        "a run without --dry-run writes this: 1 connection added to aicos-tls.toml",
    ]
    assert shown.out.splitlines()[0].startswith("shop on Docker 28.0: 1 connection seen in ")
    assert shop.learn("--dry-run", "--format", "diff").out.startswith("--- /dev/null\n+++ b/aicos-tls.toml\n")
    done = shop.learn()
    assert "1 connection added to aicos-tls.toml: review it, then aicos-tls enable --dry-run" in done.out
    assert "aicos-tls.toml has them all: nothing was written" in shop.learn().out
    assert shop.learn("--quiet").out == ""


def test_the_commands_exit_code(shop: Shop) -> None:
    failed = shop.learn(after="sys.exit(3)")
    assert failed.code == 1
    assert "the command ended with exit code 3: it may not have made every request" in failed.out
    assert len(seen(shop.file)) == 1
    killed = shop.learn(after="import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    assert "exit code 137" in killed.out


def test_no_such_command(shop: Shop) -> None:
    shop.learn("--dry-run")  # may be skipped
    refused = shop.run("learn", "-p", "shop", "--", "no-such-program", "x")
    assert refused.code == 2
    assert "no-such-program cannot be run: No such file or directory" in refused.err
    assert shop.run("learn", "-p", "shop", "--").code == 2


def test_nothing_seen(shop: Shop) -> None:
    shop.learn("--dry-run")  # may be skipped
    shown = shop.run("learn", "-p", "shop", "--seconds", "0.1")
    assert shown.code == 0
    assert "nothing was seen: let requests go through the stack meanwhile" in shown.out
    assert not shop.file.exists()


def test_who_is_no_service(shop: Shop) -> None:
    """The machine itself at a port that is not published, and a service that the compose files have no more."""
    shop.fake.runs(container("old", address=WEB), container("api", address=API))
    data = shop.data(sources=(WEB, "127.0.0.1"))
    assert data["connections"] == []
    assert [(f["client"], f["server"]) for f in data["others"]] == [("(outside)", "api"), ("old", "api")]
    assert "Not written: one end is no service of the project" in shop.learn().out
    assert not shop.file.exists()


def test_what_cannot_be_seen(shop: Shop) -> None:
    vpn = container("vpn", address=f"{OWN}.19")
    behind = container("web", mode=f"container:{vpn['Id']}", networks={})
    shop.fake.runs(vpn, behind, container("api", address=API))
    shop.file.write_text('[[connection]]\nclient = "gone"\nserver = "api"\nport = 1\n')
    data = shop.data()
    assert data["remarks"] == [
        "web uses the network of vpn: what it asks is seen as vpn",
        "gone → api:1: there is no service 'gone': ignored",
    ]


@pytest.mark.parametrize(
    ("driver", "words"), [("host", "web, api: in the host's network"), ("overlay", "has no bridge")]
)
def test_networks_without_a_bridge(shop: Shop, driver: str, words: str) -> None:
    networks = json.loads((shop.fake.folder / "network").read_text())
    other: dict[str, Any] = {"Id": "e" * 64, "Name": "other", "Driver": driver, "IPAM": {"Config": [{}]}}
    shop.fake.says("network", json.dumps([*networks, other]))
    place = {"NetworkID": "e" * 64, "IPAddress": ""}
    first, second = json.loads((shop.fake.folder / "inspect").read_text())
    for each in (first, second):
        each["NetworkSettings"]["Networks"]["other"] = place
    shop.fake.runs(first, second)
    assert words in shop.data()["remarks"][0].replace("api, web", "web, api")


def test_a_wrong_file_is_said_before_anybody_waits(shop: Shop) -> None:
    shop.file.write_text("[[connection]]\nport = 1\n")
    refused = shop.run("learn", "-p", "shop", "--seconds", "60")
    assert refused.code == 2
    assert "aicos-tls.toml:1: a connection without a client" in refused.err


def test_another_run_has_the_lock(shop: Shop) -> None:
    with disk.lock(shop.directory):
        refused = shop.learn()
        assert shop.learn("--dry-run").code == 0
    assert refused.code == 2
    assert not shop.file.exists()


def test_a_container_that_starts_meanwhile(shop: Shop) -> None:
    """It is looked at when the engine tells of it, and at the end."""
    here = json.loads((shop.fake.folder / "inspect").read_text())
    shop.fake.runs(container("web", address=f"{OWN}.18"), here[1])
    shop.fake.runs(*here, then=True)
    shop.fake.says("events", "".join(f"{each['Id']}\n" for each in here))
    assert [(f["client"], f["server"]) for f in shop.data()["connections"]] == [("web", "api")]


def test_an_interrupt_ends_the_command(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the person started does not outlive this program, and nothing is written."""
    shop.learn("--dry-run")  # may be skipped
    pids = shop.directory / "pid"
    stubborn = f"import os, time; open({str(pids)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    monkeypatch.setattr("subprocess.Popen.wait", interrupted_once())
    done = shop.run("learn", "-p", "shop", "--", sys.executable, "-c", stubborn)
    assert done.code == 130
    assert not shop.file.exists()
    if pids.exists() and pids.read_text():
        with pytest.raises(ProcessLookupError):
            os.kill(int(pids.read_text()), 0)


def interrupted_once() -> Any:
    """`Popen.wait`, as an interrupt finds it the first time."""
    from subprocess import Popen

    real = Popen.wait
    calls: list[int] = []

    def wait(self: Any, timeout: float | None = None) -> int:
        if sys.executable in self.args and not calls:
            calls.append(1)
            raise KeyboardInterrupt
        return real(self, timeout)

    return wait
