"""Changed Node sources run for real: HTTPS under the service's name, HTTP without the setting, clients that verify."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aicos_tls.sources.model import CodeContext
from aicos_tls.sources.node import ModuleKind, helper_file, snippets

from .conftest import FIXTURES, free_port, https_server, started

pytestmark = pytest.mark.slow

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
    with socket.create_connection(("127.0.0.1", port), timeout=20) as raw, context.wrap_socket(
        raw, server_hostname=name
    ) as secure:
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
            ask = lambda path: get(port, path, certs / "ca-cert.pem")  # noqa: E731 - short
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
const asked = (ask) => new Promise((resolve, reject) => ask(resolve).on('error', reject));
const clients = {
  'https.get': () => asked((done) => https.get(url, (r) => { r.resume(); done(); })),
  agent: () => asked((done) => https.get(url, { agent: new https.Agent({ keepAlive: true }) }, (r) => { r.resume(); done(); })),
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
            env={"PATH": _path(), "TLS_ENABLED": "true", "TLS_CERT_PATH": str(certs)},
        )  # fmt: skip
    answers = dict(line.split() for line in done.stdout.splitlines())
    assert len(answers) >= 6
    assert set(answers.values()) == {expected}


def _path() -> str:
    import os

    return os.environ["PATH"]


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
def test_the_snippets_serve(
    tmp_path: Path, node_modules: Path, certs: Path, framework: str, kind: ModuleKind
) -> None:
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
        with socket.create_connection(("127.0.0.1", port), timeout=20) as raw, context_.wrap_socket(
            raw, server_hostname="aicos-backend"
        ) as secure:
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
    command = [node_modules / ".bin" / "tsc", "--strict", "--skipLibCheck", "--types", "node", "--outDir", "out"]
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
