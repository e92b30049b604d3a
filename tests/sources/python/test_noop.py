"""Sources in which nothing may change and nothing is said, and those that are left to a person."""

from __future__ import annotations

from pathlib import Path

import pytest

from aicos_tls.errors import TlsError
from aicos_tls.files import TextFile
from aicos_tls.sources.model import CodeContext, CodeResult
from aicos_tls.sources.python import transform

SERVERS = {name: name for name in ("aicos-api", "aicos-ai")}
GUIDE = (
    "import os\nimport uvicorn\nif os.getenv('TLS_ENABLED') == 'true':\n"
    "    uvicorn.run('m:a', ssl_keyfile='k', ssl_certfile='c')\nelse:\n    uvicorn.run('m:a')\n"
)
FLASK_GUIDE = (
    "import os, ssl\nfrom flask import Flask\napp = Flask('x')\nctx = None\n"
    "if os.getenv('TLS_ENABLED') == 'true':\n    ctx = ssl.SSLContext()\n    ctx.load_cert_chain('c', 'k')\n"
    "app.run(ssl_context=ctx)\n"
)

NOTHING = {
    "empty": "",
    "comment": "# uvicorn.run(app) on http://aicos-ai:8001\n",
    "docstring": '"""Asks http://aicos-ai:8001."""\n',
    "docstring of a function": 'def f():\n    """http://aicos-ai:8001"""\n',
    "docstring of a class": "class A:\n    'http://aicos-ai:8001'\n    x = 1\n",
    "docstring in pieces": 'def f():\n    ("http://aicos-ai:8001"\n     " or so")\n',
    "https already": "URL = 'https://aicos-ai:8001'\n",
    "wss already": "URL = 'wss://aicos-ai:8001'\n",
    "outside url": "URL = 'http://example.com'\n",
    "longer host": "URL = 'http://aicos-ai-other:8001'\n",
    "host within a path": "URL = 'http://example.com/aicos-ai:8001'\n",
    "database": "URL = 'postgresql://postgres@aicos-postgres:5432/x'\n",
    "redis": "URL = 'redis://aicos-redis:6379'\n",
    "other port of localhost": "URL = 'http://localhost:3000'\n",
    "localhost without port": "URL = 'http://localhost'\n",
    "printed": "print('listening on http://aicos-ai:8001')\n",
    "logged": "logger.info('asking http://aicos-ai:8001/x')\n",
    "raised": "def f():\n    raise ValueError('http://aicos-ai:8001 is down')\n",
    "help of an option": "parser.add_argument('--url', help='such as http://aicos-ai:8001')\n",
    "chosen by the module": "URL = 'https://aicos-ai:8001' if TLS else 'http://aicos-ai:8001'\n",
    "chosen by a statement": "if use_tls:\n    U = 'https://aicos-ai:8001'\nelse:\n    U = 'http://aicos-ai:8001'\n",
    "the guide's way": GUIDE,
    "the guide's way with Flask": FLASK_GUIDE,
    "httpx outside": "import httpx\nhttpx.get('https://example.com')\n",
    "httpx outside, plain": "import httpx\nhttpx.get('http://example.com/x')\n",
    "httpx outside client": "import httpx\nc = httpx.AsyncClient(base_url='https://api.anthropic.com', timeout=6)\n",
    "httpx outside by default": (
        "import os, httpx\nU = os.getenv('U', 'https://api.anthropic.com')\nc = httpx.Client(base_url=U)\n"
    ),
    "requests outside": "import requests\nrequests.post('https://slack.com/api', json={})\n",
    "requests outside by format": "import requests\nrequests.get(f'https://api.github.com/repos/{name}')\n",
    "requests outside by constant": "import requests\nU = 'https://api.github.com'\nrequests.get(U + '/repos')\n",
    "urllib outside": "from urllib.request import urlopen\nurlopen('https://example.com')\n",
    "verify off": "import httpx\nhttpx.get(url, verify=False)\n",
    "verify chosen by the module": "import os, httpx\nT = os.getenv('TLS_ENABLED')\nhttpx.get(url, verify=ctx(T))\n",
    "client with a transport": "import httpx\nc = httpx.AsyncClient(transport=httpx.ASGITransport(app=app))\n",
    "session with a connector": "import aiohttp\ns = aiohttp.ClientSession(connector=c)\n",
    "annotation": "import requests\ns: requests.Session\ndef f(s: requests.Session = None) -> requests.Response: ...\n",
    "exception": "import httpx\ntry:\n    pass\nexcept httpx.HTTPError:\n    pass\n",
    "isinstance": "import aiohttp\nok = isinstance(s, aiohttp.ClientSession)\n",
    "run of something else": "class Worker:\n    def run(self): ...\nWorker().run()\n",
    "run of asyncio": "import asyncio\nasyncio.run(main())\n",
    "run of subprocess": "import subprocess\nsubprocess.run(['ls'], check=True)\n",
    "own function called run": "def run(app, port): ...\nrun('x', port=8001)\n",
    "own function called get": "def get(url): ...\nget('x')\n",
    "client of the test": "from fastapi.testclient import TestClient\nc = TestClient(app)\n",
    "get of a session": "def f(session, url):\n    return session.get(url)\n",
    "get of a dictionary": "import os\nx = os.environ.get('X', 'y')\n",
    "raw socket server": "import socketserver\ns = socketserver.TCPServer(('', 9), Echo)\n",
    "raw socket server without handler": "import socketserver\ns = socketserver.TCPServer(*arguments)\n",
    "module called uvicorn, not run": "import uvicorn\nprint(uvicorn.__version__)\n",
    "relative import": "from . import app\nfrom .server import run\nrun(app, 1)\n",
    "star import": "from os.path import *\nx = join('a', 'b')\n",
    "computed module": "import importlib\nimportlib.import_module('uvicorn').run('m:a')\n",
    "websocket given ssl": "import websockets\nw = websockets.connect(URL, ssl=context)\n",
    "websocket outside": "import websockets\nU = 'wss://stream.example.com'\nw = websockets.connect(U)\n",
    "connection outside": "import http.client\nc = http.client.HTTPConnection('example.com')\n",
    "opener outside": "import urllib3\nurllib3.request('GET', 'https://example.com')\n",
    "generator argument": "import httpx\nx = sum(len(u) for u in urls)\n",
    "settings of Django": "DEBUG = False\nALLOWED_HOSTS = ['aicos-ai']\n",
    "bind of something else": "def f(socket):\n    bind = socket.bind\n    bind(('', 1))\n",
    "url of many hosts": "ETCD = 'http://a:1,http://b:2'\n",
    "byte string": "URL = b'ftp://aicos-ai:8001'\n",
    "scheme alone": "SCHEMES = ('http://', 'https://')\n",
    "pool with own roots": "import urllib3\np = urllib3.PoolManager(ca_certs='x')\n",
    "connector with own context": "import aiohttp\nc = aiohttp.TCPConnector(verify_ssl=False)\n",
    "form of other servers": "import waitress\nprint(waitress.__doc__)\n",
    "url in a tuple that is compared": "ok = url in ('https://aicos-ai:1', 'x://aicos-ai')\n",
    "default without a text": "import os, httpx\nU = os.getenv('U', 'https://x.example')\nhttpx.get(U.strip())\n",
    "outside after a setting": "import os, httpx\nhttpx.get(os.environ.get('U') or 'https://x.example')\n",
    "outside in parentheses": "import httpx\nhttpx.get(('https://x.example/' + path))\n",
    "outside, named": "import httpx\nhttpx.get(url='https://x.example')\n",
    "connection chosen by the helper": (
        "import http.client\nimport tls\n"
        "c = http.client.HTTPSConnection(h) if tls.enabled() else http.client.HTTPConnection(h)\n"
    ),
    "websocket-client told already": "import websocket\nwebsocket.create_connection(url, sslopt={})\n",
    "import of everything": "from httpx import *\n",
    "alias of a package": "import os.path as p\nx = p.join('a', 'b')\n",
    "hypercorn told already": (
        "import os\nfrom hypercorn.config import Config\nc = Config()\n"
        "if os.getenv('TLS_ENABLED') == 'true':\n    c.certfile = 'x'\n"
    ),
}

# What is written, at which line it is reported, what the reason says
LEFT = {
    "argument that does not exist": ("import uvicorn\nuvicorn.run('m:a', ssl=ctx)\n", 2, "no argument ssl"),
    "own certificate": ("import uvicorn\nuvicorn.run('m:a', ssl_keyfile='k')\n", 2, "of its own"),
    "unknown dictionary": ("import uvicorn\nuvicorn.run('m:a', **settings.uvicorn)\n", 2, "not known here"),
    "dictionary from elsewhere": ("import uvicorn\no = load()\nuvicorn.run('m:a', **o)\n", 3, "not known here"),
    "dictionary of two minds": ("import uvicorn\no = {}\no = {'port': 1}\nuvicorn.run(**o)\n", 4, "not known here"),
    "run as a value": ("import uvicorn\nfrom threading import Thread\nThread(target=uvicorn.run)\n", 3, "as a value"),
    "unknown application": ("from x import app\napp.run(host='0.0.0.0', port=8001)\n", 2, "cannot be told"),
    "application of a factory": ("app = create_app()\nimport x\napp.run(host='', port=1)\n", 3, "cannot be told"),
    "waitress": ("from waitress import serve\nserve(app, port=8001)\n", 2, "waitress cannot"),
    "gevent": ("from gevent.pywsgi import WSGIServer\nWSGIServer(('', 1), app)\n", 2, "gevent"),
    "hypercorn inline": ("from hypercorn.config import Config\nrun(serve(app, Config()))\n", 2, "not assigned"),
    "hypercorn on a busy line": ("from hypercorn.config import Config\nc = Config(); c.x = 1\n", 2, "than one"),
    "hypercorn with a certificate": (
        "from hypercorn.config import Config\nc = Config()\nc.certfile = 'x'\n", 2, "set here already",
    ),
    "gunicorn with a certificate": (
        "bind = '0.0.0.0:1'\nworkers = 2\ntimeout = 3\ncertfile = 'x'\n", 4, "does not switch",
    ),
    "own roots": ("import httpx\nhttpx.get(url, verify='/ca.pem')\n", 2, "has to be among"),
    "arguments with verify": ("import httpx\nx = {'verify': 1}\nhttpx.get(url, **x)\n", 3, "not known here"),
    "get as a value": ("import asyncio, requests\nasyncio.to_thread(requests.get, url)\n", 2, "as a value"),
    "aiohttp.request": ("import aiohttp\nr = aiohttp.request('GET', url)\n", 2, "aiohttp.request"),
    "opener": ("import urllib.request\nurllib.request.build_opener()\n", 2, "handlers"),
    "connection to a server": (
        "import http.client\nc = http.client.HTTPConnection('aicos-ai', 8001)\n", 2, "HTTPConnection",
    ),
    "connection to a setting": (
        "import http.client, os\nc = http.client.HTTPConnection(os.getenv('H', 'x'))\n", 2, "HTTPConnection",
    ),
    "websocket-client": ("import websocket\nwebsocket.create_connection(url)\n", 2, "sslopt"),
    "websocket with a computed URL": ("import websockets\nwebsockets.connect(url())\n", 2, "computed"),
    "websocket with a literal URL": ("import websockets\nwebsockets.connect('wss://aicos-ai:1')\n", 2, "written in"),
    "unknown host": ("import os\nU = f'http://{host()}:8001'\n", 2, "which host"),
    "placeholder": ("import os\nU = 'http://%s:8001' % host\n", 2, "which host"),
    "placeholder of format": ("import os\nU = 'http://{}:8001'.format(host)\n", 2, "which host"),
    "host of two minds": ("h = 'a'\nh = 'aicos-ai'\nU = f'http://{h}:1'\n", 3, "which host"),
    "host without a default": ("import os\nU = f\"http://{os.getenv('H')}:1\"\n", 2, "which host"),
    "host in a list": ("import os\nU = f'http://{hosts[0]}:1'\n", 2, "which host"),
    "compared in a tuple": ("ok = u.startswith(('http://aicos-ai', 'x'))\n", 1, "compared"),
    "compared": ("import os\nok = u.startswith('http://aicos-ai')\n", 2, "compared"),
    "does not parse": ("import uvicorn\nprint 'http://aicos-ai:8001' \nuvicorn.run(\n", 2, "does not parse"),
    "one long line": (f"import x\nU = 'http://aicos-ai:8001'; X = '{'x' * 3000}'\n", 1, "generated"),
    "far too long": ("import x\nU = 'http://aicos-ai:8001'\n" + "x = 1\n" * 200_000, 1, "generated"),
}  # fmt: skip


def look(text: str, name: str = "main.py") -> CodeResult:
    context = CodeContext("aicos-ai", "ai", "/app/certs", frozenset({8001}), SERVERS, True)  # noqa: FBT003
    return transform(TextFile(Path(name), text.encode()), context, "tls")


@pytest.mark.parametrize("name", NOTHING)
def test_nothing_changes_and_nothing_is_said(name: str) -> None:
    result = look(NOTHING[name])
    assert result.changes == ()
    assert result.manual == ()
    assert not result.helper


@pytest.mark.parametrize("name", LEFT)
def test_is_left_to_a_person(name: str) -> None:
    text, line, reason = LEFT[name]
    result = look(text)
    assert [(note.where.line, reason in note.reason) for note in result.manual] == [(line, True)]
    assert all("\n" not in note.reason and note.paste for note in result.manual)
    assert not any("serve" in change.what for change in result.changes)


@pytest.mark.parametrize("name", ["test_main.py", "main_test.py", "conftest.py"])
def test_tests_are_left_alone(name: str) -> None:
    assert look("import uvicorn\nuvicorn.run('m:a')\n", name).changes == ()


def test_a_text_that_does_not_parse_and_names_no_server_is_nobodys_business() -> None:
    assert look("import x\nprint 'hello'\n(").manual == ()


def test_not_utf_8_is_an_error() -> None:
    context = CodeContext("aicos-ai", "ai", "/app/certs", frozenset({8001}), SERVERS, True)  # noqa: FBT003
    with pytest.raises(TlsError, match="not UTF-8"):
        transform(TextFile(Path("main.py"), b"x = '\xe4'\n"), context, "tls")


def test_paste_uses_the_name_that_is_free() -> None:
    result = look("import uvicorn\ntls = 1\nuvicorn.run('m:a', ssl=2)\n")
    assert result.manual[0].paste.startswith("ssl_keyfile=service_tls.key_file()")


def test_helper_in_a_package_is_imported_from_it() -> None:
    context = CodeContext("aicos-ai", "ai", "/app/certs", frozenset({8001}), SERVERS, True)  # noqa: FBT003
    file = TextFile(Path("main.py"), b"import httpx\n\nc = httpx.Client()\n")
    first = transform(file, context, "app.tls").changes[0]
    assert first.splices[0].replacement.strip() == "from app import tls"
    again = TextFile(Path("main.py"), b"import httpx\nfrom app import tls as t\n\nc = httpx.Client()\n")
    assert transform(again, context, "app.tls").changes[0].splices[0].replacement == "verify=t.verify()"
