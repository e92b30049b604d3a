"""The questions, asked by Python and by Node, to real servers on the loopback interface: both must see the same."""

from __future__ import annotations

import base64
import json
import socket
import subprocess
import sys
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
from cryptography import x509
from live.leaves import authority, write_leaf
from live.servers import LINK, MOVED, NGINX, OK, serving, tls
from support import need

from aicos_tls.live import asking, inside

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Asker: TypeAlias = "Callable[[dict[str, Any]], dict[str, Any]]"
PATIENCE = 60  # seconds for a process that asks


def by_process(*command: str) -> Asker:
    def run(question: dict[str, Any]) -> dict[str, Any]:
        done = subprocess.run(
            command, input=json.dumps([question]), capture_output=True, text=True, timeout=PATIENCE, check=True
        )
        found: dict[str, Any] = json.loads(done.stdout)[0]
        return found

    return run


ASKERS: dict[str, Asker] = {
    "here": lambda question: asking.ask_all([question])[0],
    "python": by_process(sys.executable, "-c", inside.source("asking.py")),
    "node": by_process("node", "-e", inside.source("asking.js")),
}


@pytest.fixture(params=list(ASKERS))
def ask(request: pytest.FixtureRequest) -> Asker:
    if request.param == "node":
        need("node")
    return ASKERS[request.param]


@pytest.fixture(scope="module")
def certs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = authority(tmp_path_factory.mktemp("certs"))
    write_leaf(directory, "api", ["api", "localhost"], signer=directory)
    write_leaf(directory, "old", ["api"], signer=directory, ends=timedelta(minutes=-10))
    write_leaf(directory, "foreign", ["api"], signer=authority(tmp_path_factory.mktemp("foreign")))
    return directory


def question(certs: Path | None, port: int, *names: str, only: str = "", timeout: float = 5) -> dict[str, Any]:
    ca = (certs / "ca-cert.pem").read_text() if certs else ""
    return {"address": "127.0.0.1", "port": port, "names": list(names), "ca": ca, "timeout": timeout, "only": only}


def test_a_server_in_order(ask: Asker, certs: Path) -> None:
    with serving(tls(certs, "api")) as port:
        found = ask(question(certs, port, "api", "localhost", "other"))
    assert found["connect"] == ""
    assert found["plain"]["status"] == ""
    assert found["plain"]["from"] > 0
    assert {name: as_name["code"] for name, as_name in found["names"].items()} == {
        "api": 0,
        "localhost": 0,
        "other": 62,
    }
    first = found["names"]["api"]
    assert (first["version"], first["handshake"], first["error"]) == ("TLSv1.3", "", "")
    assert first["cipher"].startswith("TLS_")
    leaf = x509.load_der_x509_certificate(base64.b64decode(first["leaf"]))
    assert leaf == x509.load_pem_x509_certificate((certs / "api-cert.pem").read_bytes())
    assert found["stranger"]["accepted"] is False
    assert found["stranger"]["error"]
    assert found["stranger"]["knows"] is False


@pytest.mark.parametrize(("name", "code"), [("old", 10), ("foreign", None)])
def test_faults_of_certificates(ask: Asker, certs: Path, name: str, code: int | None) -> None:
    with serving(tls(certs, name)) as port:
        found = ask(question(certs, port, "api"))["names"]["api"]
    assert found["handshake"] == ""
    assert found["leaf"]
    assert found["code"] == code if code else found["code"] in (2, 18, 19, 20, 21)
    assert found["error"]


def test_without_a_ca_nothing_is_verified(ask: Asker, certs: Path) -> None:
    with serving(tls(certs, "foreign")) as port:
        found = ask(question(None, port, "api"))
    assert (found["names"]["api"]["code"], found["names"]["api"]["version"]) == (0, "TLSv1.3")


def test_plain_http(ask: Asker, certs: Path) -> None:
    with serving(lambda stream: stream.sendall(OK) if stream.recv(4096) else None) as port:
        found = ask(question(certs, port, "api"))
    assert (found["plain"]["status"], found["plain"]["hint"]) == ("HTTP/1.1 200 OK", False)
    assert found["names"]["api"]["handshake"]
    assert found["names"]["api"]["version"] == ""
    assert found["stranger"] == {}


def test_plain_http_beside_tls_and_one_that_explains(ask: Asker, certs: Path) -> None:
    for answer, hint in ((OK, False), (LINK, False), (NGINX, True), (MOVED, True)):
        with serving(tls(certs, "api", plain=answer)) as port:
            found = ask(question(certs, port, "api"))
        assert found["plain"]["status"].startswith("HTTP/1.1 ")
        assert found["plain"]["hint"] is hint
        assert found["names"]["api"]["code"] == 0


def test_nobody_there_and_nobody_who_answers(ask: Asker, certs: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert ask(question(certs, port, "api"))["connect"] == "Connection refused"
    release = threading.Event()

    def silent(_: socket.socket) -> None:
        release.wait(20)

    with serving(silent) as port:
        found = ask(question(certs, port, "api", timeout=0.5))
        release.set()
    assert found["names"]["api"]["handshake"]
    assert found["plain"]["status"] == ""


def test_only_one_way(ask: Asker, certs: Path) -> None:
    with serving(tls(certs, "api")) as port:
        found = ask(question(certs, port, "api", only="https"))
        assert found["plain"] == {}
        assert found["names"]["api"]["code"] == 0
        assert ask(question(certs, port, "api", only="http"))["names"] == {}


def test_a_machine_that_knows_the_ca(certs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "BUNDLES", (str(certs / "nothing"), str(certs / "ca-cert.pem")))
    with serving(tls(certs, "api")) as port:
        found = asking.ask(question(certs, port, "api"))["stranger"]
    assert found == {"accepted": True, "error": "", "roots": 1, "knows": True}


def test_a_server_that_closes_after_the_first_handshake(certs: Path) -> None:
    secure, seen = tls(certs, "api"), []

    def once(stream: socket.socket) -> None:
        seen.append(stream)
        if len(seen) < 4:  # the connection itself, plain HTTP, the first handshake
            secure(stream)

    with serving(once) as port:
        found = asking.ask(question(certs, port, "api"))["names"]["api"]
    assert found["code"] == -1
    assert found["error"]


def test_a_talkative_and_a_name_that_is_none(certs: Path) -> None:
    def endless(stream: socket.socket) -> None:
        stream.recv(4096)
        while True:
            stream.sendall(OK)

    with serving(endless) as port:
        found = asking.ask(question(certs, port, "api" * 30))
    assert found["plain"]["status"] == "HTTP/1.1 200 OK"
    assert found["names"]["api" * 30]["handshake"]
