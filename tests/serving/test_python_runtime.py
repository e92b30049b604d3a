"""templates/runtime/python in programs of the standard library; frameworks are in tests/live_sources."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

RUNTIME = Path(__file__).resolve().parents[2] / "templates/runtime/python"
WSGI = (
    "from wsgiref.simple_server import make_server\n\ndef app(environ, start):\n    start('200 OK', [])\n"
    "    return [environ['wsgi.url_scheme'].encode()]\n\nmake_server('', PORT, app).serve_forever()\n"
)
ASYNCIO = """
import asyncio, contextlib

async def serve(reader, writer):
    scheme = b"https" if writer.get_extra_info("sslcontext") else b"http"
    with contextlib.suppress(OSError):
        if await reader.read(65536):
            writer.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\n\\r\\n%s" % (len(scheme), scheme))
            await writer.drain()
    writer.close()

async def main():
    async with await asyncio.start_server(serve, "0.0.0.0", PORT) as server:
        await server.serve_forever()

asyncio.run(main())
"""
SERVERS = {"threads": WSGI, "asyncio": ASYNCIO}
DAMAGES = ["missing", "garbage", "a directory", "half"]


def variables(certificates: Path, port: int, **more: str) -> dict[str, str]:
    return {
        "PYTHONPATH": str(RUNTIME), "PYTHONDONTWRITEBYTECODE": "1",
        "TLS_ENABLED": "true", "TLS_CERT_PATH": str(certificates), "TLS_CERT_NAME": "api", "TLS_PORTS": str(port),
    } | more  # fmt: skip


def words(name: str, port: int) -> list[str]:
    return [sys.executable, "-c", SERVERS[name].replace("PORT", str(port))]


def problems(output: Path) -> list[str]:
    return [line for line in output.read_text().splitlines() if "HTTP/1.1" not in line]


@pytest.mark.parametrize("name", SERVERS)
def test_https_and_nothing_else(name: str, servers: Any, certificates: Path, tmp_path: Path) -> None:
    port = servers.free_port()
    with servers.running(words(name, port), tmp_path, variables(certificates, port), port) as output:
        servers.assert_serves_https(port, "/", "shop-api", certificates)
        assert servers.fetch(port, "/", "shop-api", servers.trusting(certificates)) == b"https"
    assert problems(output) == []


@pytest.mark.parametrize("name", SERVERS)
def test_plain_http_from_loopback_where_it_is_allowed(
    name: str, servers: Any, certificates: Path, tmp_path: Path
) -> None:
    port = servers.free_port()
    allowed = variables(certificates, port, TLS_PLAIN_LOOPBACK="true")
    with servers.running(words(name, port), tmp_path, allowed, port) as output:
        assert b" 200 " in servers.answer(port, "/", "localhost", None)
        servers.reset(port, b"")
        assert servers.fetch(port, "/", "shop-api", servers.trusting(certificates)) == b"https"
        assert servers.is_refused(servers.own_address(), port)
    assert problems(output) == []


@pytest.mark.parametrize("name", SERVERS)
@pytest.mark.parametrize("setting", [{"TLS_PORTS": "1"}, {"TLS_PORTS": ""}, {"TLS_ENABLED": "false"}])
def test_what_is_not_meant_is_left_alone(
    name: str, setting: dict[str, str], servers: Any, certificates: Path, tmp_path: Path
) -> None:
    port = servers.free_port()
    with servers.running(words(name, port), tmp_path, variables(certificates, port, **setting), port):
        assert servers.fetch(port, "/", "localhost", None) == b"http"


@pytest.mark.parametrize("name", SERVERS)
@pytest.mark.parametrize("damaged", DAMAGES, indirect=True)
def test_nobody_is_answered_without_a_certificate(name: str, servers: Any, damaged: Path, tmp_path: Path) -> None:
    port = servers.free_port()
    with servers.running(words(name, port), tmp_path, variables(damaged, port), port) as output:
        assert servers.is_refused("127.0.0.1", port)
        assert not servers.is_answered(port, damaged)
    (line,) = problems(output)
    assert line.startswith("aicos-tls: the certificate cannot be used: ")
    assert line.endswith(": nobody is answered until it can")


@pytest.mark.parametrize("name", SERVERS)
def test_a_certificate_that_comes_late_is_served(name: str, servers: Any, tmp_path: Path) -> None:
    port = servers.free_port()
    late = tmp_path / "late"
    with servers.running(words(name, port), tmp_path, variables(late, port), port):
        assert servers.is_refused("127.0.0.1", port)
        servers.issue(late, "api", "shop-api")
        servers.until(lambda: servers.is_answered(port, late))
        assert servers.fetch(port, "/", "shop-api", servers.trusting(late)) == b"https"


@pytest.mark.parametrize("name", SERVERS)
@pytest.mark.parametrize("damaged", DAMAGES, indirect=True)
def test_plain_http_is_served_where_that_is_wanted(name: str, servers: Any, damaged: Path, tmp_path: Path) -> None:
    port = servers.free_port()
    wanted = variables(damaged, port, TLS_REQUIRED="false")
    with servers.running(words(name, port), tmp_path, wanted, port) as output:
        assert servers.fetch(port, "/", "localhost", None) == b"http"
    (line,) = problems(output)
    assert line.endswith(": plain HTTP is served")


@pytest.mark.parametrize("name", SERVERS)
def test_a_renewed_certificate(name: str, servers: Any, certificates: Path, tmp_path: Path) -> None:
    port = servers.free_port()
    with servers.running(words(name, port), tmp_path, variables(certificates, port), port) as output:
        assert servers.renew_under_load(port, certificates, "api", "shop-api", 2)
    assert problems(output) == []


@pytest.mark.parametrize("name", SERVERS)
def test_a_renewal_that_failed_leaves_the_one_from_before(
    name: str, servers: Any, certificates: Path, tmp_path: Path
) -> None:
    port = servers.free_port()
    trust = servers.trusting(certificates)
    with servers.running(words(name, port), tmp_path, variables(certificates, port), port) as output:
        assert servers.fetch(port, "/", "shop-api", trust) == b"https"
        (certificates / "api-key.pem").write_text("garbage")
        servers.until(lambda: servers.fetch(port, "/", "shop-api", trust) == b"https" and problems(output))
    (line,) = problems(output)
    assert line.endswith(": the one from before stays")


@pytest.mark.parametrize("name", SERVERS)
def test_garbage_and_resets_do_not_stop_it(name: str, servers: Any, certificates: Path, tmp_path: Path) -> None:
    port = servers.free_port()
    with servers.running(words(name, port), tmp_path, variables(certificates, port), port):
        for data in (b"", b"\x16", b"\x16\x03\x01\x02\x00\x01garbage", b"\x00" * 4000):
            servers.reset(port, data)
        assert servers.fetch(port, "/", "shop-api", servers.trusting(certificates)) == b"https"


CLIENT = "import ssl, urllib.request; print(urllib.request.urlopen('https://localhost:PORT/', **MORE).read().decode())"
TRUSTED = {
    "the roots of the system": "{}",
    "a bundle of certifi": "{'context': ssl.create_default_context(cafile=BUNDLE)}",
}


@pytest.mark.parametrize("trust", TRUSTED)
def test_clients_trust_the_ca_besides_the_public_roots(
    trust: str, servers: Any, certificates: Path, tmp_path: Path
) -> None:
    port = servers.free_port()
    bundle = servers.issue(tmp_path / "certifi", "x", "x") / "cacert.pem"
    (tmp_path / "certifi/ca-cert.pem").rename(bundle)
    client = CLIENT.replace("PORT", str(port)).replace("MORE", TRUSTED[trust]).replace("BUNDLE", repr(str(bundle)))
    environment = os.environ | variables(certificates, port)
    with servers.running(words("asyncio", port), tmp_path, environment, port):
        asked = [sys.executable, "-c", client]
        done = subprocess.run(asked, env=environment, capture_output=True, text=True, check=True, timeout=30)
        assert (done.stdout, done.stderr) == ("https\n", "")
        refused = client.replace(str(bundle), str(bundle.rename(bundle.with_name("own.pem"))))
        if refused != client:
            own = [sys.executable, "-c", refused]
            done = subprocess.run(own, env=environment, capture_output=True, text=True, check=False, timeout=30)
            assert "CERTIFICATE_VERIFY_FAILED" in done.stderr


def test_a_ca_that_is_missing_is_said_once(tmp_path: Path) -> None:
    code = "import ssl; [ssl.create_default_context() for _ in range(3)]"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | variables(tmp_path, 1),
        capture_output=True,
        text=True,
        check=True,
    )
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"aicos-tls: {tmp_path}/ca-cert.pem is not trusted: ")


def test_the_sitecustomize_behind_it_runs(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("print('theirs', __name__, __file__.endswith('sitecustomize.py'))\n")
    paths = os.pathsep.join([str(RUNTIME), str(tmp_path)])
    environment = os.environ | variables(tmp_path, 1) | {"PYTHONPATH": paths}
    done = subprocess.run(
        [sys.executable, "-c", "import sitecustomize; print(sitecustomize.__file__)"],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.splitlines() == ["theirs sitecustomize True", str(tmp_path / "sitecustomize.py")]
    (tmp_path / "sitecustomize.py").write_text("raise ValueError('theirs')\n")
    done = subprocess.run(
        [sys.executable, "-c", "print(1)"], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "1\n"
    assert "theirs" in done.stderr
    assert "aicos-tls" not in done.stderr


def test_nothing_is_loaded_before_it_is_needed(certificates: Path) -> None:
    code = (
        "import sys; before = set(sys.modules)\n"
        "print(sorted({'ssl', 'socket', 'asyncio', 'threading', 'aicos_tls_runtime'} & before))\n"
        "import ssl, http.client\nprint('asyncio' in sys.modules, 'aicos_tls_runtime.servers' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | variables(certificates, 1), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.splitlines() == ["[]", "False False"]


PROGRAMS = {
    "nothing": (["-c", ""], "", 0),
    "exit code": (["-c", "raise SystemExit(7)"], "", 7),
    "a module that is run": (["-m", "json.tool", "--help"], None, 0),
    "a child process": (
        ["-c", "import subprocess, sys; subprocess.run([sys.executable, '-c', 'print(1)'], check=True)"],
        "1\n",
        0,
    ),
    "a process pool": (
        ["-c", "import multiprocessing as m; print(m.get_context('fork').Pool(1).map(abs, [-1]))"],
        "[1]\n",
        0,
    ),
    "every module that is changed": (
        ["-c", "import asyncio, ssl, socketserver, wsgiref.simple_server, importlib; importlib.reload(ssl); print(1)"],
        "1\n",
        0,
    ),
    "an event loop without servers": (["-c", "import asyncio; asyncio.run(asyncio.sleep(0))"], "", 0),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_no_other_program_notices(name: str) -> None:
    arguments, printed, code = PROGRAMS[name]
    environment = os.environ | variables(Path("/nowhere"), 8001)
    done = subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.stderr, done.returncode) == ("", code)
    assert printed in (None, done.stdout)
