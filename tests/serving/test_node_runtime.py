"""templates/runtime/node/preload.cjs in plain Node programs; frameworks are in tests/live_sources."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest
from support import needs

pytestmark = needs("node")

PRELOAD = Path(__file__).resolve().parents[2] / "templates/runtime/node/preload.cjs"
SERVER = (
    "const server = require('http').createServer((q, a) => a.end(q.socket.encrypted ? 'https' : 'http'));\n"
    "server.listen(PORT);\n"
    "process.on('SIGTERM', () => server.close(() => process.exit(0)));\n"
)
DAMAGES = ["missing", "garbage", "a directory", "half"]


def variables(certificates: Path, port: int, **more: str) -> dict[str, str]:
    return {
        "NODE_OPTIONS": f"--no-warnings --require {PRELOAD}",
        "TLS_ENABLED": "true", "TLS_CERT_PATH": str(certificates), "TLS_CERT_NAME": "api", "TLS_PORTS": str(port),
    } | more  # fmt: skip


def words(source: str, port: int) -> list[str]:
    return ["node", "-e", source.replace("PORT", str(port))]


def test_https_and_nothing_else(servers: Any, certificates: Path, tmp_path: Path) -> None:
    port = servers.free_port()
    with servers.running(words(SERVER, port), tmp_path, variables(certificates, port), port) as output:
        servers.assert_serves_https(port, "/", "shop-api", certificates)
        assert servers.fetch(port, "/", "shop-api", servers.trusting(certificates)) == b"https"
    assert output.read_text() == ""


def test_plain_http_from_loopback_where_it_is_allowed(servers: Any, certificates: Path, tmp_path: Path) -> None:
    port = servers.free_port()
    allowed = variables(certificates, port, TLS_PLAIN_LOOPBACK="true")
    with servers.running(words(SERVER, port), tmp_path, allowed, port):
        assert servers.fetch(port, "/", "localhost", None) == b"http"
        assert servers.fetch(port, "/", "shop-api", servers.trusting(certificates)) == b"https"
        with socket.create_connection(("127.0.0.1", port)):
            pass  # a check that only connects
        assert servers.fetch(port, "/", "localhost", None) == b"http"
        assert servers.is_refused(servers.own_address(), port)


@pytest.mark.parametrize("setting", [{"TLS_PORTS": "1"}, {"TLS_PORTS": ""}, {"TLS_ENABLED": "false"}])
def test_what_is_not_meant_is_left_alone(
    setting: dict[str, str], servers: Any, certificates: Path, tmp_path: Path
) -> None:
    port = servers.free_port()
    with servers.running(words(SERVER, port), tmp_path, variables(certificates, port, **setting), port):
        assert servers.fetch(port, "/", "localhost", None) == b"http"


def test_a_server_that_is_none_of_http_is_left_alone(servers: Any, certificates: Path, tmp_path: Path) -> None:
    port = servers.free_port()
    answer = "HTTP/1.1 200 OK\\r\\nContent-Length: 3\\r\\n\\r\\nraw"
    source = f"require('net').createServer((socket) => socket.end('{answer}')).listen(PORT)"
    with servers.running(words(source, port), tmp_path, variables(certificates, port), port):
        assert servers.fetch(port, "/", "localhost", None) == b"raw"


@pytest.mark.parametrize("damaged", DAMAGES, indirect=True)
def test_nobody_is_answered_without_a_certificate(servers: Any, damaged: Path, tmp_path: Path) -> None:
    port = servers.free_port()
    required = variables(damaged, port, TLS_PLAIN_LOOPBACK="true")
    with servers.running(words(SERVER, port), tmp_path, required, port) as output:
        assert servers.is_refused("127.0.0.1", port)
        assert servers.is_refused("127.0.0.1", port)
    (line,) = output.read_text().splitlines()
    assert line.startswith("aicos-tls: the certificate cannot be used: ")
    assert line.endswith(": nobody is answered until it can")


def test_a_certificate_that_comes_late_is_served(servers: Any, tmp_path: Path) -> None:
    port = servers.free_port()
    late = tmp_path / "late"
    with servers.running(words(SERVER, port), tmp_path, variables(late, port), port):
        assert servers.is_refused("127.0.0.1", port)
        servers.issue(late, "api", "shop-api")
        servers.until(lambda: servers.is_answered(port, late))
        assert servers.fetch(port, "/", "shop-api", servers.trusting(late)) == b"https"


@pytest.mark.parametrize("damaged", DAMAGES, indirect=True)
def test_plain_http_is_served_where_that_is_wanted(servers: Any, damaged: Path, tmp_path: Path) -> None:
    port = servers.free_port()
    wanted = variables(damaged, port, TLS_REQUIRED="false")
    with servers.running(words(SERVER, port), tmp_path, wanted, port) as output:
        assert servers.fetch(port, "/", "localhost", None) == b"http"
    (line,) = output.read_text().splitlines()
    assert line.endswith(": plain HTTP is served")


def test_a_name_that_is_not_set(servers: Any, certificates: Path, tmp_path: Path) -> None:
    port = servers.free_port()
    with servers.running(words(SERVER, port), tmp_path, variables(certificates, port, TLS_CERT_NAME=""), port) as out:
        assert servers.is_refused("127.0.0.1", port)
    assert "TLS_CERT_NAME is not set" in out.read_text()


def test_a_renewed_certificate(servers: Any, certificates: Path, tmp_path: Path) -> None:
    port = servers.free_port()
    with servers.running(words(SERVER, port), tmp_path, variables(certificates, port), port) as output:
        assert servers.renew_under_load(port, certificates, "api", "shop-api", 2)
    assert output.read_text() == ""


def test_a_renewal_that_failed_leaves_the_one_from_before(servers: Any, certificates: Path, tmp_path: Path) -> None:
    port = servers.free_port()
    trust = servers.trusting(certificates)
    with servers.running(words(SERVER, port), tmp_path, variables(certificates, port), port) as output:
        assert servers.fetch(port, "/", "shop-api", trust) == b"https"
        (certificates / "api-key.pem").write_text("garbage")
        servers.until(lambda: servers.fetch(port, "/", "shop-api", trust) == b"https" and output.read_text())
    (line,) = output.read_text().splitlines()
    assert line.endswith(": the one from before stays")


def test_garbage_and_resets_do_not_stop_it(servers: Any, certificates: Path, tmp_path: Path) -> None:
    port = servers.free_port()
    for more in ({}, {"TLS_PLAIN_LOOPBACK": "true"}):
        with servers.running(words(SERVER, port), tmp_path, variables(certificates, port, **more), port) as output:
            for data in (b"", b"\x16", b"\x16\x03\x01\x02\x00\x01garbage", b"\x00" * 4000):
                servers.reset(port, data)
            assert servers.fetch(port, "/", "shop-api", servers.trusting(certificates)) == b"https"
        assert output.read_text() == ""


def test_it_ends_as_the_program_wants_it(certificates: Path, servers: Any) -> None:
    port = servers.free_port()
    source = SERVER.replace("listen(PORT)", "listen(PORT, () => console.log('up'))")
    environment = os.environ | variables(certificates, port)
    with subprocess.Popen(words(source, port), env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        assert servers.fetch(port, "/", "shop-api", servers.trusting(certificates)) == b"https"
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


PROGRAMS = {
    "nothing": (["-e", ""], "", 0),
    "an expression": (["-p", "1 + 1"], "2\n", 0),
    "exit code": (["-e", "process.exit(7)"], "", 7),
    "an exception of its own": (["-e", "process.on('uncaughtException', () => process.exit(3)); throw 1"], "", 3),
    "a worker thread": (
        ["-e", "new (require('worker_threads').Worker)('console.log(1)', { eval: true })"],
        "1\n",
        0,
    ),
    "a child process": (
        ["-e", "require('child_process').fork('-', { stdio: 'inherit', execArgv: ['-p', '1'] })"],
        "1\n",
        0,
    ),
    "a listener that throws": (
        [
            "-e",
            (
                "const s = require('http').createServer().listen(0, () => require('net').connect(s.address().port));"
                "s.on('connection', () => { throw 1; }); process.on('uncaughtException', () => process.exit(4));"
            ),
        ],
        "",
        4,
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("directory", ["/nowhere", "/dev/null"])
def test_no_other_program_notices(name: str, directory: str) -> None:
    arguments, printed, code = PROGRAMS[name]
    environment = os.environ | variables(Path(directory), 3001)
    done = subprocess.run(
        ["node", *arguments], env=environment, capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.stdout, done.stderr, done.returncode) == (printed, "", code)
