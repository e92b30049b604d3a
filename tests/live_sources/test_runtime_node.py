"""Node servers started as they are, with nothing but the file and variables of `preload`."""

from __future__ import annotations

import importlib.util
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from support import needs

_spec = importlib.util.spec_from_file_location("running", Path(__file__).with_name("running.py"))
assert _spec is not None
assert _spec.loader is not None
run: Any = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(run)

pytestmark = [pytest.mark.slow, needs("node", "npm")]

PRELOAD = Path(__file__).parents[2] / "templates" / "runtime" / "node" / "preload.cjs"
NAME, HOST = "backend", "shop-backend"
PACKAGES = (
    "express@5", "fastify@5", "koa@3", "@hapi/hapi@21", "next@15", "react@19", "react-dom@19", "ws@8", "socket.io@4",
    "socket.io-client@4",
)  # fmt: skip

EXPRESS = (
    "const app = require('express')();\n"
    "app.get('/', (request, answer) => answer.send(request.secure ? request.protocol : 'plain'));\n"
    "app.post('/', (request, answer) => {\n  let length = 0;\n  request.on('data', (data) => { length += data.length; });\n"
    "  request.on('end', () => answer.send(String(length)));\n});\n"
    "app.get('/large', (request, answer) => answer.send(Buffer.alloc(20000000, 'x')));\n"
    "app.get('/events', (request, answer) => {\n  answer.setHeader('Content-Type', 'text/event-stream');\n"
    "  answer.write('data: 1\\n\\n');\n  setImmediate(() => answer.end('data: 2\\n\\n'));\n});\n"
)
ENCRYPTED = "(request, answer) => answer.end(request.socket.encrypted ? 'https' : 'http')"
SOURCES = {
    "http": f"require('http').createServer({ENCRYPTED}).listen(PORT);\n",
    "http as an ES module": f"import {{ createServer }} from 'node:http';\ncreateServer({ENCRYPTED}).listen(PORT);\n",
    "express": EXPRESS + "app.listen(PORT);\n",
    "fastify": (
        "const app = require('fastify')();\napp.get('/', (request) => request.protocol);\n"
        "app.listen({ port: PORT, host: '0.0.0.0' });\n"
    ),
    "koa": (
        "const app = new (require('koa'))();\napp.use((context) => { context.body = context.protocol; });\n"
        "app.listen(PORT);\n"
    ),
    "hapi": (
        "const server = require('@hapi/hapi').server({ port: PORT });\n"
        "server.route({ method: 'GET', path: '/', handler: (r) => (r.raw.req.socket.encrypted ? 'https' : 'http') });\n"
        "server.start();\n"
    ),
    "cluster": (
        "const cluster = require('cluster');\nif (cluster.isPrimary) { cluster.fork(); cluster.fork(); }\n"
        f"else require('http').createServer({ENCRYPTED}).listen(PORT);\n"
    ),
    "worker thread": (
        "const { Worker, isMainThread } = require('worker_threads');\nif (isMainThread) new Worker(__filename);\n"
        f"else require('http').createServer({ENCRYPTED}).listen(PORT);\n"
    ),
    "next": (
        "const app = require('next')({ dev: false, dir: __dirname });\n"
        "const handle = app.getRequestHandler();\n"
        "app.prepare().then(() => require('http').createServer((q, a) => handle(q, a)).listen(PORT));\n"
    ),
}
NEXT_PAGE = (
    "export default function handler(request, answer) {\n"
    "  answer.end(request.headers['x-forwarded-proto'] || (request.socket.encrypted ? 'https' : 'http'));\n}\n"
)


@pytest.fixture(scope="session")
def node_modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages that the sources use, installed once."""
    directory = tmp_path_factory.mktemp("modules")
    (directory / "package.json").write_text('{"private": true}')
    command = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error", *PACKAGES]
    subprocess.run(command, cwd=directory, check=True, timeout=300)
    return directory / "node_modules"


@pytest.fixture
def certificates(tmp_path: Path) -> Path:
    directory: Path = run.issue(tmp_path / "certs", NAME, HOST)
    return directory


def variables(certificates: Path, port: int, **more: str) -> dict[str, str]:
    return {
        "NODE_OPTIONS": f"--no-deprecation --require {PRELOAD}",
        "TLS_ENABLED": "true", "TLS_CERT_PATH": str(certificates), "TLS_CERT_NAME": NAME, "TLS_PORTS": str(port),
    } | more  # fmt: skip


def program(name: str, node_modules: Path, folder: Path) -> tuple[list[str], Path, int]:
    """Write a program: its words, its directory, and its port."""
    port = run.free_port()
    (folder / "app").mkdir()
    (folder / "app" / "node_modules").symlink_to(node_modules)
    source = SOURCES[name].replace("PORT", str(port))
    file = folder / "app" / ("main.mjs" if source.startswith("import") else "main.js")
    file.write_text(source)
    return ["node", file.name], folder / "app", port


@pytest.mark.parametrize("name", [name for name in SOURCES if name != "next"])
def test_https_and_nothing_else(name: str, node_modules: Path, certificates: Path, tmp_path: Path) -> None:
    words, folder, port = program(name, node_modules, tmp_path)
    with run.running(words, folder, variables(certificates, port), port) as output:
        run.assert_serves_https(port, "/", HOST, certificates)
        assert run.fetch(port, "/", HOST, run.trusting(certificates)) == b"https"
    assert "aicos-tls" not in output.read_text()


@pytest.mark.parametrize("name", [name for name in SOURCES if name != "next"])
def test_plain_from_loopback_alone(name: str, node_modules: Path, certificates: Path, tmp_path: Path) -> None:
    words, folder, port = program(name, node_modules, tmp_path)
    with run.running(words, folder, variables(certificates, port, TLS_PLAIN_LOOPBACK="true"), port):
        assert run.fetch(port, "/", HOST, run.trusting(certificates)) == b"https"
        assert run.fetch(port, "/", "localhost", None) in (b"http", b"plain")
        assert run.is_refused(run.own_address(), port)


@pytest.mark.parametrize("start", ["a server of one's own", "next start", "standalone"])
def test_next(start: str, node_modules: Path, certificates: Path, tmp_path: Path) -> None:
    words, folder, port = program("next", node_modules, tmp_path)
    (folder / "node_modules").unlink()
    (tmp_path / "node_modules").symlink_to(node_modules)
    (folder / "pages" / "api").mkdir(parents=True)
    (folder / "pages" / "index.js").write_text("export default function Page() { return 'page'; }\n")
    (folder / "pages" / "api" / "scheme.js").write_text(NEXT_PAGE)
    output = "output: 'standalone', outputFileTracingRoot: '/'," if start == "standalone" else ""
    (folder / "next.config.js").write_text(f"module.exports = {{ {output} eslint: {{ ignoreDuringBuilds: true }} }};\n")
    quiet = {"NEXT_TELEMETRY_DISABLED": "1", "CI": "1"}
    _build(folder, quiet)
    if start == "next start":
        words = [str(node_modules / ".bin" / "next"), "start", "--port", str(port)]
    elif start == "standalone":
        words = ["node", str(next((folder / ".next" / "standalone").rglob("app/server.js")))]
    quiet |= {"PORT": str(port), "HOSTNAME": "0.0.0.0"}  # noqa: S104 - as in an image
    with run.running(words, folder, variables(certificates, port) | quiet, port):
        run.assert_serves_https(port, "/", HOST, certificates)
        assert run.fetch(port, "/api/scheme", HOST, run.trusting(certificates)) == b"https"


def _build(folder: Path, variables: dict[str, str]) -> None:
    build = ["../node_modules/.bin/next", "build"]
    subprocess.run(build, cwd=folder, check=True, env=os.environ | variables, capture_output=True, timeout=300)


CLIENTS = {
    "ws": (
        "const { WebSocketServer } = require('ws');\n"
        "new WebSocketServer({ port: PORT }).on('connection', (s) => s.on('message', (m) => s.send(`got ${m}`)));\n",
        "const socket = new (require('ws'))('wss://localhost:PORT/');\n"
        "socket.on('open', () => socket.send('this'));\n"
        "socket.on('message', (message) => { console.log(String(message)); process.exit(); });\n",
    ),
    "socket.io": (
        "const { Server } = require('socket.io');\n"
        "new Server(PORT).on('connection', (s) => s.on('say', (m) => s.emit('said', `got ${m}`)));\n",
        "const socket = require('socket.io-client')('https://localhost:PORT/');\n"
        "socket.on('connect', () => socket.emit('say', 'this'));\n"
        "socket.on('said', (message) => { console.log(message); process.exit(); });\n",
    ),
    "http2": (
        "require('http2').createServer((q, a) => a.end(`got ${q.stream.session.alpnProtocol}`)).listen(PORT);\n",
        "const session = require('http2').connect('https://localhost:PORT/');\n"
        "session.request({ ':path': '/' }).on('data', (data) => { console.log(String(data)); process.exit(); });\n",
    ),
}


@pytest.mark.parametrize("name", CLIENTS)
def test_what_is_no_plain_request(name: str, node_modules: Path, certificates: Path, tmp_path: Path) -> None:
    port = run.free_port()
    (tmp_path / "node_modules").symlink_to(node_modules)
    for file, source in zip(("server.js", "client.js"), CLIENTS[name], strict=True):
        (tmp_path / file).write_text(source.replace("PORT", str(port)))
    with run.running(["node", "server.js"], tmp_path, variables(certificates, port), port):
        trust = {"NODE_EXTRA_CA_CERTS": str(certificates / "ca-cert.pem"), "PATH": "/usr/local/bin:/usr/bin:/bin"}
        done = subprocess.run(
            ["node", "client.js"], cwd=tmp_path, env=trust, capture_output=True, text=True, timeout=30, check=True
        )
    assert done.stdout.strip() == ("got h2" if name == "http2" else "got this")


def test_bodies_and_streams(node_modules: Path, certificates: Path, tmp_path: Path) -> None:
    words, folder, port = program("express", node_modules, tmp_path)
    trust = run.trusting(certificates)
    with run.running(words, folder, variables(certificates, port), port):
        assert run.fetch(port, "/", HOST, trust, b"x" * 15_000_000) == b"15000000"
        assert len(run.fetch(port, "/large", HOST, trust)) == 20_000_000
        assert run.fetch(port, "/events", HOST, trust) == b"data: 1\n\ndata: 2\n\n"


@pytest.mark.parametrize("name", ["express", "cluster"])
def test_renewals_under_load(name: str, node_modules: Path, certificates: Path, tmp_path: Path) -> None:
    words, folder, port = program(name, node_modules, tmp_path)
    with run.running(words, folder, variables(certificates, port), port) as output:
        assert run.renew_under_load(port, certificates, NAME, HOST, 20) > 100
    assert "aicos-tls" not in output.read_text()
