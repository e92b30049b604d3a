"""What real runs of changed sources need: two CAs, packages from npm (once a session), processes on loopback."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from aicos_tls.files import read
from aicos_tls.sources.model import CodeContext
from aicos_tls.sources.node import ModuleKind, helper_file, import_path, transform
from aicos_tls.yamledit.apply import splice

FIXTURES = Path(__file__).parents[2] / "fixtures"
NAMES = ("backend", "ai-intelligence", "pattern-recognition", "nl-parser", "voice-processor", "context-service")
SERVERS = {f"aicos-{name}": f"aicos-{name}" for name in (*NAMES, "integrations")}
PACKAGES = (
    "axios@1", "cors@2", "express@4", "koa@2", "fastify@5", "@hapi/hapi@21", "ws@8", "node-fetch@2", "got@11",
    "@nestjs/core@11", "@nestjs/common@11", "@nestjs/platform-express@11", "reflect-metadata", "rxjs@7",
    "typescript@5", "@types/node@20",
)  # fmt: skip


def _openssl(directory: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=directory, check=True, capture_output=True)


def _issue(directory: Path, name: str, dns: tuple[str, ...]) -> None:
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    if not (directory / "ca-cert.pem").exists():
        extension = "basicConstraints=critical,CA:true"
        _openssl(
            directory, "req", "-x509", *key, "-keyout", "ca-key.pem", "-out", "ca-cert.pem", "-days", "30",
            "-subj", f"/CN=CA of {directory.name}", "-addext", extension,
        )  # fmt: skip
    _openssl(directory, "req", *key, "-keyout", f"{name}-key.pem", "-out", f"{name}.csr", "-subj", f"/CN={name}")
    names = ",".join([*(f"DNS:{host}" for host in dns), "DNS:localhost", "IP:127.0.0.1"])
    (directory / "ext").write_text(f"subjectAltName={names}\n")
    _openssl(
        directory, "x509", "-req", "-in", f"{name}.csr", "-CA", "ca-cert.pem", "-CAkey", "ca-key.pem",
        "-CAcreateserial", "-days", "20", "-extfile", "ext", "-out", f"{name}-cert.pem",
    )  # fmt: skip


@pytest.fixture(scope="session")
def certs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's certificates; `services` has the names of all microservices."""
    directory = tmp_path_factory.mktemp("certs")
    _issue(directory, "backend", ("aicos-backend",))
    _issue(directory, "integrations", ("aicos-integrations",))
    _issue(directory, "services", tuple(SERVERS))
    return directory


@pytest.fixture(scope="session")
def public(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificates of another CA, which stands for a public one."""
    directory = tmp_path_factory.mktemp("public")
    _issue(directory, "outside", ())
    return directory


@pytest.fixture(scope="session")
def node_modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages that the sources use, installed once."""
    directory = tmp_path_factory.mktemp("modules")
    (directory / "package.json").write_text('{"private": true}')
    command = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error", *PACKAGES]
    subprocess.run(command, cwd=directory, check=True, timeout=300)
    return directory / "node_modules"


@dataclass(frozen=True)
class Running:
    """A started service and the port it listens on."""

    port: int
    process: subprocess.Popen[str]


Start = Callable[..., AbstractContextManager[Running]]


@pytest.fixture
def changed(tmp_path: Path, node_modules: Path) -> Callable[[str, str, int], Path]:
    """Copies an AICOS service, gives it a port of its own, and puts the changes in."""

    def put_in(folder: str, short_name: str, port: int) -> Path:
        directory = tmp_path / short_name
        shutil.copytree(FIXTURES / "aicos" / folder, directory)
        (directory / "node_modules").symlink_to(node_modules)
        context = CodeContext(f"aicos-{short_name}", short_name, "/app/certs", frozenset({port}), SERVERS, is_server=True)
        helper = helper_file(context, ModuleKind.COMMONJS, directory)
        for path in directory.rglob("*.js"):
            if "node_modules" not in path.relative_to(directory).parts:
                path.write_text(path.read_text().replace("3001", str(port)).replace("8006", str(port)))
                file = read(path)
                result = transform(file, context, import_path(helper.path, file, ModuleKind.COMMONJS))
                assert not result.manual
                path.write_text(splice(file.text, [part for change in result.changes for part in change.splices]))
        helper.path.write_text(helper.text)
        return directory

    return put_in


@contextmanager
def started(directory: Path, ready: str, port: int, *arguments: str, **settings: str) -> Iterator[Running]:
    """Run `node` until it says that it is ready."""
    plain = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment = plain | {"PORT": str(port)} | settings
    with subprocess.Popen(
        ["node", *(arguments or ("server.js",))],
        cwd=directory,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        assert process.stdout is not None
        printed: list[str] = []
        try:
            for line in process.stdout:
                printed.append(line)
                if ready in line:
                    break
            else:
                pytest.fail("".join(printed))
            yield Running(port, process)
        finally:
            process.kill()


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class _Echo(BaseHTTPRequestHandler):
    """Answers every request with its path."""

    def do_GET(self) -> None:  # noqa: N802 - the name that http.server calls
        body = b'{"result": {"title": "x"}, "path": "' + self.path.encode() + b'"}'
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_PUT = do_OPTIONS = do_GET  # noqa: N815 - the same

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that http.server uses
        """Keep quiet."""


@contextmanager
def https_server(certificate: Path, key: Path) -> Iterator[int]:
    """An HTTPS server on loopback; gives its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with ThreadingHTTPServer(("127.0.0.1", 0), _Echo) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()
