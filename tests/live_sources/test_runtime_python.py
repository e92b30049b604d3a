"""Python servers started as they are, with nothing but the files and variables of `preload`."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

_spec = importlib.util.spec_from_file_location("running", Path(__file__).with_name("running.py"))
assert _spec is not None
assert _spec.loader is not None
run: Any = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(run)

pytestmark = pytest.mark.slow

RUNTIME = Path(__file__).parents[2] / "templates" / "runtime" / "python"
NAME, HOST = "parser", "shop-parser"
PACKAGES = (
    "fastapi[standard]", "uvicorn[standard]", "flask", "django", "gunicorn", "uvicorn-worker", "hypercorn", "aiohttp",
    "tornado", "quart", "sanic", "httpx[http2]", "requests", "websockets",
)  # fmt: skip

FASTAPI = """
from fastapi import FastAPI, Request, WebSocket
from fastapi.responses import StreamingResponse

app = FastAPI()

@app.get("/")
def root(request: Request):
    return StreamingResponse(iter([request.url.scheme]))

@app.post("/")
async def length(request: Request):
    return len(await request.body())

@app.get("/large")
def large():
    return StreamingResponse(b"x" * 1_000_000 for _ in range(20))

@app.get("/events")
async def events():
    return StreamingResponse((f"data: {n}\\n\\n" for n in range(3)), media_type="text/event-stream")

@app.websocket("/ws")
async def echo(websocket: WebSocket):
    await websocket.accept()
    await websocket.send_text(websocket.url.scheme + " " + await websocket.receive_text())
"""
MAIN = '\nif __name__ == "__main__":\n    import uvicorn\n    uvicorn.run(app, host="0.0.0.0", port=PORT)\n'
FLASK = """
from flask import Flask, request
app = Flask(__name__)
app.add_url_rule("/", "root", lambda: request.scheme)
"""
WSGI = "def app(environ, start):\n    start('200 OK', [])\n    return [environ['wsgi.url_scheme'].encode()]\n"
PROGRAMS = {
    "uvicorn.run": (FASTAPI + MAIN, "python main.py"),
    "uvicorn": (FASTAPI, "python -m uvicorn main:app --port PORT"),
    "uvicorn on asyncio and h11": (FASTAPI, "python -m uvicorn main:app --port PORT --loop asyncio --http h11"),
    "uvicorn --workers": (FASTAPI, "python -m uvicorn main:app --port PORT --workers 2"),
    "uvicorn --reload": (FASTAPI, "python -m uvicorn main:app --port PORT --reload"),
    "fastapi run": (FASTAPI, "python -m fastapi run main.py --port PORT"),
    "gunicorn with uvicorn's worker": (
        FASTAPI,
        "python -m gunicorn main:app -k uvicorn_worker.UvicornWorker --bind 127.0.0.1:PORT",
    ),
    "hypercorn": (FASTAPI, "python -m hypercorn main:app --bind 127.0.0.1:PORT"),
    "hypercorn --workers": (FASTAPI, "python -m hypercorn main:app --bind 127.0.0.1:PORT --workers 2"),
    "flask app.run": (FLASK + 'app.run(host="0.0.0.0", port=PORT)\n', "python main.py"),
    "flask app.run with debug": (
        FLASK + 'if __name__ == "__main__":\n    app.run(port=PORT, debug=True)\n',
        "python main.py",
    ),
    "flask run": (FLASK, "python -m flask --app main run --port PORT"),
    "django runserver": (
        "import sys\nfrom django.conf import settings\nfrom django.core.management import execute_from_command_line\n"
        "from django.http import HttpResponse\nfrom django.urls import path\n\n"
        "urlpatterns = [path('', lambda request: HttpResponse(request.scheme))]\n"
        "settings.configure(DEBUG=True, ROOT_URLCONF=__name__, ALLOWED_HOSTS=['*'], SECRET_KEY='x')\n"
        "if __name__ == '__main__':\n    execute_from_command_line(sys.argv)\n",
        "python main.py runserver 0.0.0.0:PORT",
    ),
    "aiohttp": (
        "from aiohttp import web\n\nasync def root(request):\n    return web.Response(text=request.scheme)\n\n"
        "app = web.Application()\napp.add_routes([web.get('/', root)])\nweb.run_app(app, port=PORT)\n",
        "python main.py",
    ),
    "tornado": (
        "import asyncio, tornado.web\n\nclass Root(tornado.web.RequestHandler):\n    def get(self):\n"
        "        self.write(self.request.protocol)\n\nasync def main():\n"
        "    tornado.web.Application([('/', Root)]).listen(PORT)\n    await asyncio.Event().wait()\n\n"
        "asyncio.run(main())\n",
        "python main.py",
    ),
    "quart": (
        "from quart import Quart, request\n\napp = Quart(__name__)\n\n@app.get('/')\nasync def root():\n"
        "    return request.scheme\n\nif __name__ == '__main__':\n    app.run(port=PORT)\n",
        "python main.py",
    ),
    "sanic": (
        "from sanic import Sanic, text\n\napp = Sanic('x')\n\n@app.get('/')\nasync def root(request):\n"
        "    return text(request.scheme)\n\nif __name__ == '__main__':\n    app.run(port=PORT, single_process=True)\n",
        "python main.py",
    ),
    "wsgiref": (
        WSGI + "from wsgiref.simple_server import make_server\nmake_server('', PORT, app).serve_forever()\n",
        "python main.py",
    ),
    "http.server": ("", "python -m http.server PORT"),
}


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment that has the libraries."""
    folder = tmp_path_factory.mktemp("venv")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    interpreter = folder / "bin" / "python"
    subprocess.run([interpreter, "-m", "pip", "install", "-q", *PACKAGES], check=True, capture_output=True)
    return interpreter


@pytest.fixture
def certificates(tmp_path: Path) -> Path:
    directory: Path = run.issue(tmp_path / "certs", NAME, HOST)
    return directory


def variables(certificates: Path, port: int, **more: str) -> dict[str, str]:
    return {
        "PYTHONPATH": str(RUNTIME), "PYTHONDONTWRITEBYTECODE": "1",
        "TLS_ENABLED": "true", "TLS_CERT_PATH": str(certificates), "TLS_CERT_NAME": NAME, "TLS_PORTS": str(port),
    } | more  # fmt: skip


def program(name: str, python: Path, folder: Path) -> tuple[list[str], Path, int]:
    """Write a program: its words, its directory, and its port."""
    port = run.free_port()
    source, command = PROGRAMS[name]
    (folder / "app").mkdir()
    (folder / "app" / "main.py").write_text(source.replace("PORT", str(port)))
    (folder / "app" / "index.html").write_text("https")  # what http.server answers with
    return [str(python), *command.replace("PORT", str(port)).split()[1:]], folder / "app", port


@pytest.mark.parametrize("name", PROGRAMS)
def test_https_and_nothing_else(name: str, python: Path, certificates: Path, tmp_path: Path) -> None:
    words, folder, port = program(name, python, tmp_path)
    with run.running(words, folder, variables(certificates, port), port) as output:
        run.assert_serves_https(port, "/", HOST, certificates)
        assert run.fetch(port, "/", HOST, run.trusting(certificates)) == b"https"
    assert "aicos-tls" not in output.read_text()


@pytest.mark.parametrize("name", PROGRAMS)
def test_plain_from_loopback_alone(name: str, python: Path, certificates: Path, tmp_path: Path) -> None:
    words, folder, port = program(name, python, tmp_path)
    words = [word.replace("127.0.0.1", "0.0.0.0") for word in words]  # noqa: S104 - the other address has to reach it
    with run.running(words, folder, variables(certificates, port, TLS_PLAIN_LOOPBACK="true"), port) as output:
        assert run.fetch(port, "/", HOST, run.trusting(certificates)) == b"https"
        assert run.answer(port, "/", "localhost", None).split()[1:2] == [b"200"]
        assert run.is_refused(run.own_address(), port)
    assert "aicos-tls" not in output.read_text()


@pytest.mark.parametrize("name", ["uvicorn.run", "uvicorn on asyncio and h11", "http.server", "tornado"])
def test_renewals_under_load(name: str, python: Path, certificates: Path, tmp_path: Path) -> None:
    words, folder, port = program(name, python, tmp_path)
    with run.running(words, folder, variables(certificates, port), port) as output:
        assert run.renew_under_load(port, certificates, NAME, HOST, 20) > 100
    assert "aicos-tls" not in output.read_text()
