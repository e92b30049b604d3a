"""Changed Python sources run for real: HTTPS under the name of the service, else HTTP, and clients that verify."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from aicos_tls.files import read
from aicos_tls.sources.model import CodeContext
from aicos_tls.sources.python import command_settings, helper_source, transform
from aicos_tls.yamledit.apply import splice

_spec = importlib.util.spec_from_file_location("running", Path(__file__).with_name("running.py"))
assert _spec is not None
assert _spec.loader is not None
run: Any = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(run)

pytestmark = pytest.mark.slow

SERVICES = Path(__file__).parents[2] / "fixtures" / "aicos" / "services"
PORTS = {"ai-intelligence": 8001, "pattern-recognition": 8002, "nl-parser": 8003, "voice-processor": 8004}
SERVERS = {f"aicos-{name}": f"aicos-{name}" for name in PORTS}
PACKAGES = (
    "fastapi", "uvicorn", "httpx", "redis>=5,<7", "requests", "flask", "gunicorn", "hypercorn", "aiohttp", "granian",
    "daphne", "quart", "tornado", "sanic", "urllib3", "websockets", "uvicorn-worker",
)  # fmt: skip


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment that has the libraries."""
    folder = tmp_path_factory.mktemp("venv")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    interpreter = folder / "bin" / "python"
    subprocess.run([interpreter, "-m", "pip", "install", "-q", *PACKAGES], check=True, capture_output=True)
    return interpreter


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certs")
    for name in PORTS:
        run.issue(folder, name, f"aicos-{name}")
    return folder


def patch(folder: Path, short_name: str, *, port: int) -> None:
    """Change every module in `folder`, and add the helper."""
    context = CodeContext(f"aicos-{short_name}", short_name, "/app/certs", frozenset({port}), SERVERS, True)  # noqa: FBT003
    for path in sorted(folder.rglob("*.py")):
        result = transform(read(path), context, "tls")
        assert result.manual == ()
        path.write_text(splice(result.file.text, [piece for change in result.changes for piece in change.splices]))
    (folder / "tls.py").write_text(helper_source(context))


def service(name: str, folder: Path) -> tuple[Path, int]:
    """A changed copy of a service of AICOS as its image has it, on a free port."""
    port = run.free_port()
    shutil.copytree(SERVICES / "common", folder / "common")
    for path in (SERVICES / name).glob("*.py"):
        (folder / path.name).write_text(path.read_text().replace(f"port={PORTS[name]})", f"port={port})"))
    patch(folder, name, port=port)
    return folder, port


def tls_on(certificates: Path) -> dict[str, str]:
    return {"TLS_ENABLED": "true", "TLS_CERT_PATH": str(certificates), "HOST": "127.0.0.1"}


@pytest.mark.parametrize("name", PORTS)
def test_aicos_by_python_main(name: str, python: Path, certificates: Path, tmp_path: Path) -> None:
    folder, port = service(name, tmp_path)
    with run.running([python, "main.py"], folder, tls_on(certificates), port) as output:
        run.assert_serves_https(port, "/health", f"aicos-{name}", certificates)
    assert "HTTPS server listening" in output.read_text()
    assert f"https://127.0.0.1:{port}" in output.read_text()
    with run.running([python, "main.py"], folder, {"HOST": "127.0.0.1"}, port):
        assert run.answer(port, "/health", "localhost", None).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("name", PORTS)
def test_aicos_by_the_command_of_the_image(name: str, python: Path, certificates: Path, tmp_path: Path) -> None:
    folder, port = service(name, tmp_path)
    words = ["uvicorn", "main:app", "--host", "127.0.0.1", "--port", str(port), "--workers", "2"]
    context = CodeContext(f"aicos-{name}", name, str(certificates), frozenset({port}), SERVERS, True)  # noqa: FBT003
    settings = command_settings(words, context)
    assert settings is not None
    command = [str(python.with_name("uvicorn")), *words[1:]]
    with run.running(command, folder, {**tls_on(certificates), **settings.environment}, port):
        run.assert_serves_https(port, "/health", f"aicos-{name}", certificates)
    with run.running(command, folder, {}, port):
        assert run.answer(port, "/health", "localhost", None).startswith(b"HTTP/1.1 200")


WSGI = "def app(environ, start):\n    start('200 OK', [('Content-Type', 'text/plain')])\n    return [b'ok']\n"
ASGI = (
    "async def app(scope, receive, send):\n    if scope['type'] != 'http':\n        return\n"
    "    await send({'type': 'http.response.start', 'status': 200, 'headers': []})\n"
    "    await send({'type': 'http.response.body', 'body': b'ok'})\n"
)
AIOHTTP = (
    "from aiohttp import web\n\n\nasync def ok(request):\n    return web.Response()\n\n\n"
    "app = web.Application()\napp.add_routes([web.get('/', ok)])\n"
)
CODE = {
    "flask": (
        "from flask import Flask\n\napp = Flask(__name__)\napp.add_url_rule('/', 'r', lambda: 'ok')\n"
        "app.run(host='127.0.0.1', port=PORT)\n"
    ),
    "quart": (
        "from quart import Quart\n\napp = Quart(__name__)\n\n\n@app.get('/')\nasync def ok():\n    return 'ok'\n\n\n"
        "app.run(host='127.0.0.1', port=PORT)\n"
    ),
    "sanic": (
        "from sanic import Sanic, text\n\napp = Sanic('x')\n\n\n@app.get('/')\nasync def ok(request):\n"
        "    return text('ok')\n\n\nif __name__ == '__main__':\n"
        "    app.run(host='127.0.0.1', port=PORT, single_process=True)\n"
    ),
    "werkzeug": "from werkzeug.serving import run_simple\n\n" + WSGI + "\n\nrun_simple('127.0.0.1', PORT, app)\n",
    "uvicorn.Config": (
        "import asyncio\n\nimport uvicorn\n\n" + ASGI + "\n\n"
        "config = uvicorn.Config(app, port=PORT)\nasyncio.run(uvicorn.Server(config).serve())\n"
    ),
    "hypercorn": (
        "import asyncio\n\nfrom hypercorn.asyncio import serve\nfrom hypercorn.config import Config\n\n" + ASGI + "\n\n"
        "config = Config()\nconfig.bind = ['127.0.0.1:PORT']\nasyncio.run(serve(app, config))\n"
    ),
    "aiohttp": AIOHTTP + "web.run_app(app, host='127.0.0.1', port=PORT)\n",
    "aiohttp site": (
        "import asyncio\n\n" + AIOHTTP + "\n\nasync def main():\n    runner = web.AppRunner(app)\n"
        "    await runner.setup()\n    await web.TCPSite(runner, '127.0.0.1', PORT).start()\n"
        "    await asyncio.Event().wait()\n\n\nasyncio.run(main())\n"
    ),
    "tornado": (
        "import asyncio\n\nimport tornado.web\n\n\nclass Ok(tornado.web.RequestHandler):\n    def get(self):\n"
        "        self.write('ok')\n\n\nasync def main():\n    app = tornado.web.Application([('/', Ok)])\n"
        "    app.listen(PORT, '127.0.0.1')\n    await asyncio.Event().wait()\n\n\nasyncio.run(main())\n"
    ),
    "http.server": (
        "from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer\n\n\n"
        "class Handler(SimpleHTTPRequestHandler):\n    protocol_version = 'HTTP/1.1'\n\n\n"
        "ThreadingHTTPServer(('127.0.0.1', PORT), Handler).serve_forever()\n"
    ),
    "wsgiref": (
        "from wsgiref.simple_server import WSGIRequestHandler, make_server\n\n" + WSGI + "\n\n"
        "WSGIRequestHandler.protocol_version = 'HTTP/1.1'\n"
        "with make_server('127.0.0.1', PORT, app) as server:\n    server.serve_forever()\n"
    ),
}


@pytest.mark.parametrize("name", CODE)
def test_servers_that_the_code_opens(name: str, python: Path, certificates: Path, tmp_path: Path) -> None:
    port = run.free_port()
    (tmp_path / "main.py").write_text(CODE[name].replace("PORT", str(port)))
    patch(tmp_path, "nl-parser", port=port)
    with run.running([python, "main.py"], tmp_path, tls_on(certificates), port) as output:
        context = run.trusting(certificates)
        assert b" 200 " in run.answer(port, "/", "aicos-nl-parser", context) + b" "
    assert "HTTPS server listening" in output.read_text()
    with run.running([python, "main.py"], tmp_path, {}, port):
        assert b" 200 " in run.answer(port, "/", "localhost", None) + b" "


COMMANDS = {
    "gunicorn": "gunicorn main:wsgi --bind 127.0.0.1:PORT",
    "gunicorn with uvicorn's worker": "gunicorn main:app -k uvicorn_worker.UvicornWorker --bind 127.0.0.1:PORT",
    "granian": "granian --interface asgi --port PORT main:app",
    "hypercorn": "hypercorn --bind 127.0.0.1:PORT main:app",
    "daphne": "daphne -b 127.0.0.1 -p PORT main:app",
    "flask": "flask --app main:flask_app run --port PORT",
}


@pytest.mark.parametrize("name", COMMANDS)
def test_servers_that_a_command_starts(name: str, python: Path, certificates: Path, tmp_path: Path) -> None:
    port = run.free_port()
    flask = "import flask\n\nflask_app = flask.Flask('x')\nflask_app.wsgi_app = wsgi\n"
    (tmp_path / "main.py").write_text(ASGI + "\n\n" + WSGI.replace("app(", "wsgi(", 1) + "\n\n" + flask)
    words = COMMANDS[name].replace("PORT", str(port)).split()
    context = CodeContext("aicos-nl-parser", "nl-parser", str(certificates), frozenset(), SERVERS, True)  # noqa: FBT003
    settings = command_settings(words, context)
    assert settings is not None
    program = [str(python.with_name(words[0]))]
    rest = [word for word in words[1:] if word not in settings.drop]
    secure = [*program, *settings.add, *rest]
    with run.running(secure, tmp_path, {**tls_on(certificates), **settings.environment}, port):
        run.assert_serves_https(port, "/", "aicos-nl-parser", certificates)
    with run.running([*program, *words[1:]], tmp_path, {}, port):
        assert run.answer(port, "/", "localhost", None).startswith(b"HTTP/1.1 200")


def test_a_configuration_file_of_gunicorn(python: Path, certificates: Path, tmp_path: Path) -> None:
    port = run.free_port()
    (tmp_path / "main.py").write_text(WSGI)
    (tmp_path / "gunicorn.conf.py").write_text(f'bind = "127.0.0.1:{port}"\n')
    patch(tmp_path, "nl-parser", port=port)
    words = [str(python.with_name("gunicorn")), "main:app"]
    with run.running(words, tmp_path, tls_on(certificates), port):
        run.assert_serves_https(port, "/", "aicos-nl-parser", certificates)
    with run.running(words, tmp_path, {}, port):
        assert run.answer(port, "/", "localhost", None).startswith(b"HTTP/1.1 200")


def test_a_certificate_that_is_missing_is_named(python: Path, tmp_path: Path) -> None:
    folder, _ = service("nl-parser", tmp_path)
    environment = {**os.environ, "TLS_ENABLED": "true", "TLS_CERT_PATH": "/nowhere"}
    result = subprocess.run(
        [python, "main.py"], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1] == (
        "RuntimeError: TLS_ENABLED is true, but /nowhere/nl-parser-key.pem cannot be read: No such file or directory"
    )


CLIENTS = """
import asyncio
import json
import sys
import urllib.request

import aiohttp
import httpx
import requests
import urllib3
import websockets


def get_httpx(url):
    return httpx.get(url).status_code


def get_httpx_client(url):
    with httpx.Client(timeout=5) as client:
        return client.get(url).status_code


def get_httpx_transport(url):
    with httpx.Client(transport=httpx.HTTPTransport(retries=1)) as client:
        return client.get(url).status_code


def get_requests(url):
    return requests.get(url, timeout=5).status_code


def get_requests_session(url):
    with requests.Session() as session:
        return session.get(url, timeout=5).status_code


def get_urllib(url):
    with urllib.request.urlopen(url, timeout=5) as response:
        return response.status


def get_urllib3(url):
    return urllib3.PoolManager(retries=False).request("GET", url).status


def get_aiohttp(url):
    async def ask():
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            return response.status

    return asyncio.run(ask())


def get_aiohttp_connector(url):
    async def ask():
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1)) as session:
            async with session.get(url) as response:
                return response.status

    return asyncio.run(ask())


def get_websockets(url):
    async def ask():
        address = url.replace("http", "ws", 1)
        try:
            async with websockets.connect(address):
                pass
        except websockets.exceptions.InvalidStatus as error:
            return error.response.status_code

    return asyncio.run(ask())


found = {}
for name, function in list(globals().items()):
    if name.startswith("get_"):
        for url in sys.argv[1:]:
            try:
                found.setdefault(name, []).append(function(url))
            except Exception as error:
                found.setdefault(name, []).append("CERTIFICATE" if "CERTIFICATE_VERIFY" in repr(error) else repr(error))
print(json.dumps(found))
"""


def ask(python: Path, folder: Path, variables: dict[str, str], *urls: str) -> dict[str, list[int | str]]:
    environment = {**os.environ, **variables}
    words: list[str | Path] = [python, "clients.py", *urls]
    result = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    found: dict[str, list[int | str]] = json.loads(result.stdout)
    return found


def test_clients_trust_the_ca_besides_the_public_roots(python: Path, certificates: Path, tmp_path: Path) -> None:
    folder, port = service("nl-parser", tmp_path)
    (folder / "clients.py").write_text(CLIENTS)
    patch(folder, "nl-parser", port=port)
    public, stranger = tmp_path.parent / "public", tmp_path.parent / "stranger"
    ports = {}
    for directory in (public, stranger):
        run.issue(directory, "nl-parser", "localhost")
        ports[directory] = run.free_port()
    command: list[str | Path] = [python, "-m", "uvicorn", "main:app", "--host", "127.0.0.1", "--port"]

    def words(directory: Path, number: int) -> list[str | Path]:
        key, certificate = directory / "nl-parser-key.pem", directory / "nl-parser-cert.pem"
        return [*command, str(number), "--ssl-keyfile", key, "--ssl-certfile", certificate]

    roots = str(public / "ca-cert.pem")
    store = {"SSL_CERT_FILE": roots, "REQUESTS_CA_BUNDLE": roots}
    numbers = (port, ports[public], ports[stranger])
    urls = [f"https://localhost:{number}/health" for number in numbers]
    with (
        run.running(words(certificates, port), folder, {}, port),
        run.running(words(public, ports[public]), folder, {}, ports[public]),
        run.running(words(stranger, ports[stranger]), folder, {}, ports[stranger]),
    ):
        on = ask(python, folder, {**tls_on(certificates), **store}, *urls)
        off = ask(python, folder, store, *urls)
    expected: dict[str, list[int | str]] = {name: [200, 200, "CERTIFICATE"] for name in on}
    expected["get_websockets"] = [403, 403, "CERTIFICATE"]  # the answer of uvicorn without websocket routes
    assert on.keys() >= {"get_httpx", "get_requests", "get_aiohttp", "get_urllib", "get_websockets"}
    assert on == expected
    assert all(answers[0] == "CERTIFICATE" for answers in off.values())
    assert all(isinstance(answers[1], int) for name, answers in off.items() if name != "get_urllib3")
