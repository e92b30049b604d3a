"""Changed Node sources run for real: HTTPS under the service's name, HTTP without the setting, clients that verify."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from live.leaves import write_authority, write_leaf
from support import needs

from aicos_tls.files import read
from aicos_tls.sources.model import CodeContext
from aicos_tls.sources.node import ModuleKind, helper_file, import_path, snippets, transform
from aicos_tls.yamledit.apply import splice

pytestmark = [pytest.mark.slow, needs("node", "npm")]

FIXTURES = Path(__file__).parents[2] / "fixtures"
NAMES = ("backend", "ai-intelligence", "pattern-recognition", "nl-parser", "voice-processor", "context-service")
SERVERS = {f"aicos-{name}": f"aicos-{name}" for name in (*NAMES, "integrations")}
PACKAGES = (
    "axios@1", "cors@2", "express@4", "koa@2", "fastify@5", "@hapi/hapi@21", "ws@8", "node-fetch@2", "got@11",
    "@nestjs/core@11", "@nestjs/common@11", "@nestjs/platform-express@11", "reflect-metadata", "rxjs@7",
    "typescript@5", "@types/node@20",
)  # fmt: skip


def _issue(directory: Path, name: str, dns: tuple[str, ...]) -> None:
    if not (directory / "ca-cert.pem").exists():
        write_authority(directory)
    write_leaf(directory, name, (*dns, "localhost"), signer=directory, addresses=("127.0.0.1",))


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


@pytest.fixture
def changed(tmp_path: Path, node_modules: Path) -> Callable[[str, str, int], Path]:
    """Copies an AICOS service, gives it a port of its own, and puts the changes in."""

    def put_in(folder: str, short_name: str, port: int) -> Path:
        directory = tmp_path / short_name
        shutil.copytree(FIXTURES / "aicos" / folder, directory)
        (directory / "node_modules").symlink_to(node_modules)
        context = CodeContext(
            f"aicos-{short_name}", short_name, "/app/certs", frozenset({port}), SERVERS, is_server=True
        )
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

    def do_GET(self) -> None:
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


Changed = Callable[[str, str, int], Path]
SERVICES = [("backend", "backend", "/api/health"), ("services/integrations", "integrations", "/health")]
LOOKUP = """
const dns = require('dns');
const { lookup } = dns;
dns.lookup = (name, options, done) => lookup(name.startsWith('aicos-') ? '127.0.0.1' : name, options, done);
"""


def get(port: int, path: str, ca: Path | None, name: str = "localhost") -> Any:
    """GET over TLS with verification for `name`, trusting `ca` only (or the public roots)."""
    context = ssl.create_default_context(cafile=ca)
    with (
        socket.create_connection(("127.0.0.1", port), timeout=20) as raw,
        context.wrap_socket(raw, server_hostname=name) as secure,
    ):
        connection = http.client.HTTPSConnection(name, port)
        connection.sock = secure
        connection.request("GET", path)
        return json.load(connection.getresponse())


@pytest.mark.parametrize(("folder", "name", "path"), SERVICES)
def test_serves_https_under_its_name(changed: Changed, certs: Path, folder: str, name: str, path: str) -> None:
    port = free_port()
    directory = changed(folder, name, port)
    ready = f"HTTPS server listening on port {port}"
    with started(directory, ready, port, TLS_ENABLED="true", TLS_CERT_PATH=str(certs)):
        for host in (f"aicos-{name}", "localhost"):
            assert get(port, path, certs / "ca-cert.pem", host)["status"] == "ok"
        with pytest.raises(ssl.SSLCertVerificationError):
            get(port, path, None)


@pytest.mark.parametrize(("folder", "name", "path"), SERVICES)
def test_serves_http_without_the_setting(changed: Changed, folder: str, name: str, path: str) -> None:
    port = free_port()
    with started(changed(folder, name, port), f"listening on port {port}", port):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        connection.request("GET", path)
        assert json.load(connection.getresponse())["status"] == "ok"
        connection.close()


def test_a_missing_certificate_is_named(changed: Changed, tmp_path: Path) -> None:
    port = free_port()
    ready = f"TLS_ENABLED is true, but {tmp_path}/ca-cert.pem cannot be read (ENOENT)"
    with started(changed("services/integrations", "integrations", port), ready, port, TLS_ENABLED="true",
                 TLS_CERT_PATH=str(tmp_path)) as running:  # fmt: skip
        assert running.process.wait(20) == 1


def test_the_backend_reaches_the_others_under_their_names(changed: Changed, certs: Path, tmp_path: Path) -> None:
    port = free_port()
    directory = changed("backend", "backend", port)
    (tmp_path / "lookup.js").write_text(LOOKUP)
    ready = f"HTTPS server listening on port {port}"
    with https_server(certs / "services-cert.pem", certs / "services-key.pem") as other:
        names = ("ai-intelligence", "pattern-recognition", "nl-parser", "voice-processor", "context-service")
        urls = {f"{name.upper().replace('-', '_')}_URL": f"https://aicos-{name}:{other}" for name in names}
        urls["INTEGRATIONS_URL"] = f"https://aicos-integrations:{other}"
        with started(directory, ready, port, "--require", str(tmp_path / "lookup.js"), "server.js",
                     TLS_ENABLED="true", TLS_CERT_PATH=str(certs), **urls):  # fmt: skip

            def ask(path: str) -> Any:
                return get(port, path, certs / "ca-cert.pem")

            assert ask("/api/services")["healthy"]
            assert ask("/api/integrations/providers")["path"] == "/providers"  # axios.create
            assert ask("/api/patterns")["path"] == "/patterns"
            assert ask("/api/voice/recordings")["path"] == "/recordings"  # axios({…})
            assert ask("/api/parse?text=x")["path"] == "/parse?text=x"
            assert ask("/api/briefing")["down"] == []  # asks itself


def test_a_server_of_an_unknown_ca_is_refused(changed: Changed, certs: Path, public: Path) -> None:
    port = free_port()
    directory = changed("backend", "backend", port)
    with https_server(public / "outside-cert.pem", public / "outside-key.pem") as other, started(
        directory, "HTTPS server", port, TLS_ENABLED="true", TLS_CERT_PATH=str(certs),
        NL_PARSER_URL=f"https://localhost:{other}", INTEGRATIONS_URL=f"https://localhost:{other}",
    ):  # fmt: skip
        for path in ("/api/parse?text=x", "/api/integrations/x"):
            assert "verify" in get(port, path, certs / "ca-cert.pem")["error"]


@pytest.mark.parametrize("store", [("NODE_EXTRA_CA_CERTS", ""), ("SSL_CERT_FILE", "--use-openssl-ca")])
def test_outside_calls_go_on_working(changed: Changed, certs: Path, public: Path, store: tuple[str, str]) -> None:
    port = free_port()
    directory = changed("backend", "backend", port)
    with https_server(public / "outside-cert.pem", public / "outside-key.pem") as other, started(
        directory, "HTTPS server", port, *([store[1]] if store[1] else []), "server.js", TLS_ENABLED="true",
        TLS_CERT_PATH=str(certs), NL_PARSER_URL=f"https://localhost:{other}",
        INTEGRATIONS_URL=f"https://localhost:{other}", **{store[0]: str(public / "ca-cert.pem")},
    ):  # fmt: skip
        for path in ("/api/parse?text=x", "/api/integrations/x"):
            assert "path" in get(port, path, certs / "ca-cert.pem")


CLIENTS = """
const https = require('https');
const url = process.argv[2];
const mine = new https.Agent({ keepAlive: true });
const asked = (ask) => new Promise((resolve, reject) => ask(resolve).on('error', reject));
const clients = {
  'https.get': () => asked((done) => https.get(url, (r) => { r.resume(); done(); })),
  agent: () => asked((done) => https.get(url, { agent: mine }, (r) => { r.resume(); done(); })),
  fetch: () => fetch(url),
  axios: () => require('axios').get(url),
  'node-fetch': () => require('node-fetch')(url),
  got: () => require('got')(url, { retry: 0 }),
  helper: () => asked((done) => require('./tls').get(url, (r) => { r.resume(); done(); })),
};
if (process.argv[3] !== 'without') require('./tls');
(async () => {
  for (const [name, ask] of Object.entries(clients)) {
    if (name === 'helper' && process.argv[3] === 'without') continue;
    console.log(name, await ask().then(() => 'ok', (e) => 'refused'));
  }
  process.exit();
})();
"""


@pytest.mark.parametrize(("how", "expected"), [("with", "ok"), ("without", "refused")])
def test_the_helper_makes_every_client_trust(
    tmp_path: Path, node_modules: Path, certs: Path, how: str, expected: str
) -> None:
    _service(tmp_path, node_modules, ModuleKind.COMMONJS)
    (tmp_path / "clients.js").write_text(CLIENTS)
    with https_server(certs / "services-cert.pem", certs / "services-key.pem") as port:
        done = subprocess.run(
            ["node", "clients.js", f"https://localhost:{port}/", how],
            cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60,
            env={"PATH": os.environ["PATH"], "TLS_ENABLED": "true", "TLS_CERT_PATH": str(certs)},
        )  # fmt: skip
    answers = dict(line.split() for line in done.stdout.splitlines())
    assert len(answers) >= 6
    assert set(answers.values()) == {expected}


def _service(directory: Path, node_modules: Path, kind: ModuleKind) -> CodeContext:
    context = CodeContext("aicos-backend", "backend", "/app/certs", frozenset({3001}), {}, is_server=True)
    helper = helper_file(context, kind, directory)
    helper.path.write_text(helper.text)
    (directory / "node_modules").symlink_to(node_modules)
    return context


APPLICATIONS = {
    "http": "",
    "express": "const app = require('express')();\n",
    "koa": "const app = new (require('koa'))();\n",
    "fastify": "",
    "hapi": "",
    "nestjs": "",
}


@pytest.mark.parametrize("framework", APPLICATIONS)
@pytest.mark.parametrize("kind", [ModuleKind.COMMONJS, ModuleKind.ESM])
def test_the_snippets_serve(tmp_path: Path, node_modules: Path, certs: Path, framework: str, kind: ModuleKind) -> None:
    context = _service(tmp_path, node_modules, kind)
    code = APPLICATIONS[framework] + snippets(context, framework, "server", kind=kind)
    if kind is ModuleKind.ESM:
        code = "import { createRequire } from 'module';\nconst require = createRequire(import.meta.url);\n" + code
    ending = ".mjs" if kind is ModuleKind.ESM else ".js"
    module = "require('reflect-metadata');\nclass AppModule {}\nrequire('@nestjs/common').Module({})(AppModule);\n"
    if kind is ModuleKind.COMMONJS:
        (tmp_path / "app.module.js").write_text(module + "module.exports = { AppModule };\n")
    else:
        (tmp_path / "app.module.js").write_text(module + "exports.AppModule = AppModule;\n")
    if framework == "hapi":
        code += "\nserver.start();\n"
    port = free_port()
    code += (
        f"\nconst wait = setInterval(() => require('net').connect({port}, '127.0.0.1')"
        ".on('connect', function () { this.destroy(); clearInterval(wait); console.log('it is up'); })"
        ".on('error', () => {}), 50);\n"
    )
    (tmp_path / f"server{ending}").write_text(code)
    with started(tmp_path, "it is up", port, f"server{ending}", TLS_ENABLED="true", TLS_CERT_PATH=str(certs)):
        context_ = ssl.create_default_context(cafile=certs / "ca-cert.pem")
        with (
            socket.create_connection(("127.0.0.1", port), timeout=20) as raw,
            context_.wrap_socket(raw, server_hostname="aicos-backend") as secure,
        ):
            assert secure.version() is not None


SETTINGS = {
    "nest": ["--module", "commonjs", "--target", "es2017", "--noUnusedLocals", "--noImplicitOverride"],
    "nodenext": ["--module", "nodenext", "--moduleResolution", "nodenext", "--target", "es2022"],
    "bundler": ["--module", "esnext", "--moduleResolution", "bundler", "--target", "es2022", "--verbatimModuleSyntax"],
}


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS.keys())
def test_the_typescript_helper_compiles_and_serves(
    tmp_path: Path, node_modules: Path, certs: Path, settings: list[str]
) -> None:
    _service(tmp_path, node_modules, ModuleKind.TYPESCRIPT)
    use = "import * as tls from './tls.js';\ntls.createServer((req, res) => res.end('{}')).listen(process.env.PORT);\n"
    (tmp_path / "main.ts").write_text(use)
    (tmp_path / "package.json").write_text('{"type": "%s"}' % ("commonjs" if "commonjs" in settings else "module"))
    command = [str(node_modules / ".bin" / "tsc"), "--strict", "--skipLibCheck", "--types", "node", "--outDir", "out"]
    subprocess.run([*command, *settings, "main.ts"], cwd=tmp_path, check=True, timeout=120)
    port = free_port()
    with started(tmp_path, "HTTPS server", port, "out/main.js", TLS_ENABLED="true", TLS_CERT_PATH=str(certs)):
        assert get(port, "/", certs / "ca-cert.pem", "aicos-backend") == {}


def test_the_typescript_cases_are_typescript(node_modules: Path) -> None:
    files = sorted(map(str, (FIXTURES / "code" / "node").glob("*/after.ts")))
    script = (
        "const ts = require('typescript'), fs = require('fs');"
        "for (const f of process.argv.slice(1)) { const r = ts.transpileModule(fs.readFileSync(f, 'utf8'),"
        "{ reportDiagnostics: true, compilerOptions: { module: 'esnext', target: 'es2022' } });"
        "if (r.diagnostics.length) { console.error(f, r.diagnostics[0].messageText); process.exitCode = 1; } }"
    )
    assert len(files) >= 8
    subprocess.run(["node", "-e", script, *files], cwd=node_modules.parent, check=True, timeout=60)
