"""The certificates at work: servers and clients of two TLS stacks that know nothing but the files."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import subprocess
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from support import needs

from aicos_tls.pki import KeyType, Profile, Wanted
from aicos_tls.pki.issuing import issue
from aicos_tls.pki.store import survey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SECONDS = 20
NAMES = (
    "aicos-api",
    "api_1",
    "_db",
    "redis-",
    "-x",
    "Web.Example.internal",
    "a" * 63,
    ".".join(["b" * 50] * 4),
    "10.0.0.7",
)
LOCAL = ("localhost", "127.0.0.1", "::1")
ALL_NAMES = (*NAMES, *LOCAL)
VERSIONS = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)

NODE = """
const fs = require('fs'), net = require('net'), tls = require('tls')
const { port, cases } = JSON.parse(process.argv[1])
const attempt = ({ name, ca, version }) => new Promise(resolve => {
  const options = { host: '127.0.0.1', port, minVersion: version, maxVersion: version }
  if (ca) options.ca = fs.readFileSync(ca)
  if (net.isIP(name)) options.checkServerIdentity = (_, certificate) => tls.checkServerIdentity(name, certificate)
  else options.servername = name
  const socket = tls.connect(options)
  socket.on('data', data => { socket.end(); resolve(`${data} ${socket.getProtocol()}`) })
  socket.on('error', error => resolve(error.code))
})
Promise.all(cases.map(attempt)).then(results => console.log(JSON.stringify(results)))
"""


@pytest.fixture
def now() -> datetime:
    """The peers go by the clock of the machine."""
    return datetime.now(UTC)


@pytest.fixture(params=[KeyType.P256, KeyType.P384, KeyType.RSA2048], ids=lambda key_type: key_type.value)
def certs(request: pytest.FixtureRequest, tmp_path: Path, now: datetime, deploy: Callable[..., None]) -> Path:
    found = survey(tmp_path, [Wanted("api", NAMES), Wanted("client", ("client",))], now=now)
    deploy(issue(found, Profile(request.param, 30), project="aicos", now=now).new_files)
    return tmp_path


def _server_context(certs: Path, *, mutual: bool = False) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certs / "api-cert.pem", certs / "api-key.pem")
    if mutual:
        context.load_verify_locations(certs / "ca-cert.pem")
        context.verify_mode = ssl.CERT_REQUIRED
        context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context


def _client_context(ca: Path | None, version: ssl.TLSVersion) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = context.maximum_version = version
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    if ca:
        context.load_verify_locations(ca)
    return context


@contextmanager
def _serving(context: ssl.SSLContext) -> Iterator[int]:
    """A TLS server on a loopback port that says ok to whoever completes the handshake; yields the port."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(SECONDS)
    stopped = threading.Event()

    def serve() -> None:
        while not stopped.is_set():
            connection = listener.accept()[0]
            connection.settimeout(SECONDS)
            # A client that refuses the certificate is what some tests are about: the server goes on.
            with connection, contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True) as secure:
                secure.sendall(b"ok")

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    port = listener.getsockname()[1]
    try:
        yield port
    finally:
        stopped.set()
        socket.create_connection(("127.0.0.1", port), SECONDS).close()
        thread.join(SECONDS)
        listener.close()
        assert not thread.is_alive()


def _ask(context: ssl.SSLContext, port: int, name: str) -> bytes:
    with (
        socket.create_connection(("127.0.0.1", port), SECONDS) as plain,
        context.wrap_socket(plain, server_hostname=name) as secure,
    ):
        return secure.recv(2)


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.name)
def test_a_strict_python_client_with_nothing_but_the_ca(certs: Path, version: ssl.TLSVersion) -> None:
    context = _client_context(certs / "ca-cert.pem", version)
    with _serving(_server_context(certs)) as port:
        assert {name: _ask(context, port, name) for name in ALL_NAMES} == dict.fromkeys(ALL_NAMES, b"ok")
        for wrong in ("aicos-web", "api", "10.0.0.8", "x.localhost"):
            with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
                _ask(context, port, wrong)


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.name)
def test_a_python_client_without_the_ca_or_with_another(certs: Path, foreign: Path, version: ssl.TLSVersion) -> None:
    with _serving(_server_context(certs)) as port:
        for ca in (None, foreign / "ca-cert.pem"):
            with pytest.raises(ssl.SSLCertVerificationError, match="unable to get local issuer"):
                _ask(_client_context(ca, version), port, "aicos-api")


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.name)
def test_a_leaf_is_good_for_the_client_too(certs: Path, foreign: Path, version: ssl.TLSVersion) -> None:
    nobody, stranger, client = (_client_context(certs / "ca-cert.pem", version) for _ in range(3))
    stranger.load_cert_chain(foreign / "api-cert.pem", foreign / "api-key.pem")
    client.load_cert_chain(certs / "client-cert.pem", certs / "client-key.pem")
    with _serving(_server_context(certs, mutual=True)) as port:
        for refused in (nobody, stranger):
            # In TLS 1.3 the client learns of it when it reads, and a reset may overtake the alert.
            with pytest.raises((ssl.SSLError, ConnectionError)):
                _ask(refused, port, "aicos-api")
        assert _ask(client, port, "aicos-api") == b"ok"


@needs("node")
@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
def test_a_node_client(certs: Path, foreign: Path, version: str) -> None:
    ca = str(certs / "ca-cert.pem")
    good = [{"name": name, "ca": ca, "version": version} for name in ALL_NAMES]
    bad = [
        {"name": "aicos-web", "ca": ca, "version": version},
        {"name": "10.0.0.8", "ca": ca, "version": version},
        {"name": "aicos-api", "ca": None, "version": version},
        {"name": "aicos-api", "ca": str(foreign / "ca-cert.pem"), "version": version},
    ]
    with _serving(_server_context(certs)) as port:
        request = json.dumps({"port": port, "cases": good + bad})
        done = subprocess.run(["node", "-e", NODE, request], capture_output=True, text=True, timeout=60, check=True)
    *answers, wrong_name, wrong_address, no_ca, other_ca = json.loads(done.stdout)
    assert dict(zip(ALL_NAMES, answers, strict=True)) == dict.fromkeys(ALL_NAMES, f"ok {version}")
    assert wrong_name == wrong_address == "ERR_TLS_CERT_ALTNAME_INVALID"
    assert no_ca == other_ca == "UNABLE_TO_VERIFY_LEAF_SIGNATURE"
