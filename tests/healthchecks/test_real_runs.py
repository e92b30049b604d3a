"""The rewritten tests, run for real against a loopback server that speaks TLS with a certificate of a CA of our own.

Before the rewrite each fails, after it each passes; where the certificate is checked, a strange CA makes it fail again.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
import ssl
import subprocess
import sys
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from support import need, needs

from aicos_tls.healthchecks import Endpoint, Form, Rewritten, Test, Trust, TrustPaths, Wget, apply, rewrite

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = dt.datetime.now(dt.UTC)


class Quiet(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(b"ok")

    do_HEAD = do_GET  # noqa: N815 - http.server's name

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@dataclass(frozen=True)
class Issuer:
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate


def named(name: str, key: ec.EllipticCurvePrivateKey, issuer: str) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - dt.timedelta(hours=1))
        .not_valid_after(NOW + dt.timedelta(days=1))
    )


def new_ca(path: Path) -> Issuer:
    key = ec.generate_private_key(ec.SECP256R1())
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        crl_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    builder = named("test CA", key, "test CA").add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    )
    certificate = builder.add_extension(usage, critical=True).sign(key, hashes.SHA256())
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return Issuer(key, certificate)


def new_leaf(issuer: Issuer, folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    builder = named("api", key, "test CA").add_extension(x509.SubjectAlternativeName(names), critical=False)
    builder = builder.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()), critical=False
    )
    certificate = builder.sign(issuer.key, hashes.SHA256())
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(secret)


@dataclass(frozen=True)
class Site:
    """A running server, and the files that go with it."""

    port: int
    paths: TrustPaths
    strange: TrustPaths


def serve(folder: Path, *, mutual: bool) -> Iterator[Site]:
    new_leaf(new_ca(folder / "ca.pem"), folder)
    new_ca(folder / "strange.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    if mutual:
        context.load_verify_locations(folder / "ca.pem")
        context.verify_mode = ssl.CERT_REQUIRED
    server = ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    pair = str(folder / "cert.pem"), str(folder / "key.pem")
    port = server.server_address[1]
    yield Site(port, TrustPaths(str(folder / "ca.pem"), *pair), TrustPaths(str(folder / "strange.pem"), *pair))
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    yield from serve(tmp_path_factory.mktemp("site"), mutual=False)


@pytest.fixture(scope="module")
def mutual_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    yield from serve(tmp_path_factory.mktemp("mutual"), mutual=True)


def run(test: Test, trust: Trust, paths: TrustPaths) -> int:
    """Exit code of a test, as Docker would run it in a container that the policy has set up."""
    words = [word.replace("$$", "$") for word in test.words]
    command = words if test.form is Form.EXEC else ["sh", "-c", words[0]]
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "HOSTNAME": "localhost",
        "PYTHONWARNINGS": "ignore",
    }
    if trust is Trust.INSECURE:
        environment["NODE_TLS_REJECT_UNAUTHORIZED"] = "0"
    else:
        environment["NODE_EXTRA_CA_CERTS"] = paths.ca
    return subprocess.run(command, env=environment, capture_output=True, timeout=30, check=False).returncode


def filled(words: str | tuple[str, ...], port: int) -> Test:
    if isinstance(words, str):
        return Test(Form.SHELL, (words.replace("PORT", str(port)),))
    return Test(Form.EXEC, tuple(word.replace("PORT", str(port)) for word in words))


def check(words: str | tuple[str, ...], site: Site, trust: Trust, *, strangers: bool = False) -> None:
    test = filled(words, site.port)
    done = rewrite(test, Endpoint(), trust, site.paths, wget=Wget.GNU)
    assert isinstance(done, Rewritten), done
    assert run(test, trust, site.paths) != 0
    assert run(apply(test, done.edits), trust, site.paths) == 0
    if trust.verifies and strangers:
        strange = rewrite(test, Endpoint(), trust, site.strange, wget=Wget.GNU)
        assert isinstance(strange, Rewritten)
        assert run(apply(test, strange.edits), trust, site.strange) != 0


CURL: list[str | tuple[str, ...]] = [
    ("curl", "-f", "http://localhost:PORT/health"),
    ("curl", "http://localhost:PORT/health", "-fsS", "-o", "/dev/null"),
    ("curl", "-f", "localhost:PORT"),
    ("curl", "-f", "--url", "http://127.0.0.1:PORT/"),
    ("curl", "-f", "--", "http://127.0.0.1:PORT/"),
    ("curl", "-f", "http://0.0.0.0:PORT/"),
    ("curl", "-f", "http://localhost:PORT/", "--next", "-f", "http://localhost:PORT/b"),
    ("timeout", "5", "curl", "-f", "http://localhost:PORT/"),
    ("sh", "-c", "curl -f http://localhost:PORT/ || exit 1"),
    "curl -sf http://localhost:PORT/ | grep -q ok",
    "curl -f 'http://localhost:PORT/?a=b&c=d' || exit 1",
    "test \"$$(curl -s -o /dev/null -w '%{http_code}' http://localhost:PORT/)\" = 200",
    'S=$$(curl -s localhost:PORT/); [ "$$S" = ok ]',
    "if curl -sf http://localhost:PORT/; then exit 0; else exit 1; fi",
    'bash -c "sh -c \'curl -f \\"http://localhost:PORT/\\"\'"',
    "curl -f \\\n  http://localhost:PORT/ # really\n",
    "curl -fI http://localhost:PORT/ | head -n 1 | grep -E '^HTTP/.* 200'",
]
WGET: list[str | tuple[str, ...]] = [
    ("wget", "--tries=1", "-qO-", "http://localhost:PORT/health"),
    ("wget", "-q", "-t1", "--spider", "http://127.0.0.1:PORT/"),
    ("wget", "-nv", "-t", "1", "-T", "5", "-O", "/dev/null", "localhost:PORT/x"),
    "wget -q --tries=1 http://localhost:PORT/v1 -O - | grep -q ok || exit 1",
    "(wget -t1 -S --spider http://127.0.0.1:PORT/ 2>&1 | grep -q 'HTTP/1.1 [1-3]')",
]
HEAD = "import sys, urllib.request as r; "
PYTHON = [
    "import urllib.request; urllib.request.urlopen('http://localhost:PORT/health')",
    "import urllib.request as u;u.urlopen('http://localhost:PORT/',timeout=5)",
    f"{HEAD}sys.exit(0 if r.urlopen('http://127.0.0.1:PORT').status == 200 else 1)",
    f"{HEAD}q = r.Request('http://localhost:PORT/', method='HEAD'); r.urlopen(q)",
    "import os, urllib.request as r; r.urlopen(f'http://localhost:{int(\"PORT\")}/h')",
    "\nimport urllib.request as r\ntry:\n  r.urlopen('http://localhost:PORT/')\nexcept OSError:\n  exit(1)\n",
    "import http.client as c; k=c.HTTPConnection('localhost', PORT); k.request('GET','/h'); k.getresponse()",
    "from http.client import HTTPConnection as C; k=C('localhost:PORT'); k.request('GET', '/'); k.getresponse()",
]
JAVASCRIPT = [
    "require('http').get('http://localhost:PORT/', r => process.exit(r.statusCode-200)).on('error', e => exit(1))",
    "require('http').get({host:'localhost', port:PORT}, r => process.exit(0)).on('error', e => process.exit(1))",
    "const h=require('node:http'),o={port:PORT};h.request(o, r => process.exit(0)).on('error', e => exit(1)).end()",
    "import('http').then(h => h.get('http://localhost:PORT', r => process.exit(0)).on('error', e => exit(1)))",
    "fetch('http://localhost:PORT/').then(r => process.exit(r.ok?0:1)).catch(() => process.exit(1))",
]
RUBY = [
    "exit(Net::HTTP.get_response(URI('http://localhost:PORT')).is_a?(Net::HTTPSuccess) ? 0 : 1)",
    "exit(Net::HTTP.get(URI.parse('http://127.0.0.1:PORT/up')) == 'ok' ? 0 : 1)",
    "exit(URI.open('http://localhost:PORT/up').read == 'ok' ? 0 : 1)",
]
PHP = [
    "exit(@file_get_contents('http://localhost:PORT/') === 'ok' ? 0 : 1);",
    "exit(@get_headers('http://localhost:PORT/') ? 0 : 1);",
]
CHECKS = pytest.mark.parametrize("trust", [Trust.INSECURE, Trust.CA], ids=lambda trust: str(trust.value))


@needs("curl")
@CHECKS
@pytest.mark.parametrize("words", CURL)
def test_curl(words: str | tuple[str, ...], trust: Trust, site: Site) -> None:
    check(words, site, trust, strangers=words == CURL[0])


@needs("wget")
@CHECKS
@pytest.mark.parametrize("words", WGET)
def test_wget(words: str | tuple[str, ...], trust: Trust, site: Site) -> None:
    check(words, site, trust, strangers=words == WGET[0])


@needs("curl", "wget")
@pytest.mark.parametrize("words", [CURL[0], CURL[9], WGET[0], WGET[3]])
def test_a_client_certificate(words: str | tuple[str, ...], mutual_site: Site) -> None:
    check(words, mutual_site, Trust.MUTUAL)


@needs("busybox")
def test_busybox_wget(site: Site) -> None:
    check(("busybox", "wget", "-qO-", "http://localhost:PORT/"), site, Trust.INSECURE)
    check("busybox wget -q --spider http://localhost:PORT/ || exit 1", site, Trust.INSECURE)


@needs("python3")
@CHECKS
@pytest.mark.parametrize("code", PYTHON)
def test_python(code: str, trust: Trust, site: Site) -> None:
    check(("python3", "-c", code), site, trust, strangers=code in {PYTHON[0], PYTHON[6]})


@CHECKS
@pytest.mark.parametrize("library", ["requests", "httpx"])
def test_python_libraries(library: str, trust: Trust, site: Site) -> None:
    check(
        (sys.executable, "-c", f"import {library}; {library}.get('http://localhost:PORT/')"),
        site,
        trust,
        strangers=True,
    )


@CHECKS
@pytest.mark.parametrize("code", JAVASCRIPT)
@pytest.mark.parametrize("program", ["node", "bun"])
def test_node(program: str, code: str, trust: Trust, site: Site) -> None:
    need(program)
    check((program, "-e", code), site, trust, strangers=code == JAVASCRIPT[0])


@needs("deno")
@CHECKS
@pytest.mark.parametrize("code", ["const r = await fetch('http://localhost:PORT/'); Deno.exit(r.ok ? 0 : 1)"])
def test_deno(code: str, trust: Trust, site: Site) -> None:
    check(("deno", "eval", code), site, trust, strangers=True)


@needs("ruby")
@CHECKS
@pytest.mark.parametrize("code", RUBY)
def test_ruby(code: str, trust: Trust, site: Site) -> None:
    check(("ruby", "-rnet/http", "-ropen-uri", "-e", code), site, trust, strangers=code in {RUBY[0], RUBY[2]})


@needs("php")
@CHECKS
@pytest.mark.parametrize("code", PHP)
def test_php(code: str, trust: Trust, site: Site) -> None:
    check(("php", "-r", code), site, trust, strangers=code == PHP[0])
