from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from aicos_tls.healthchecks import Endpoint, NotHttp, Refused, Trust
from aicos_tls.healthchecks.python import FETCHES

if TYPE_CHECKING:
    from healthchecks.conftest import Change, Outcomes, Words

U = "context=ssl._create_unverified_context()"

CODE: list[tuple[str, str]] = [
    (
        "import urllib.request; urllib.request.urlopen('http://localhost:8000/health')",
        f"import ssl; import urllib.request; urllib.request.urlopen('https://localhost:8000/health', {U})",
    ),
    (
        "import urllib.request as u;u.urlopen('http://localhost:1/',timeout=5)",
        f"import ssl; import urllib.request as u;u.urlopen('https://localhost:1/',timeout=5, {U})",
    ),
    (
        "from urllib.request import urlopen; urlopen('http://localhost/')",
        f"import ssl; from urllib.request import urlopen; urlopen('https://localhost:80/', {U})",
    ),
    (
        "from urllib import request; request.urlopen('http://localhost:1/').read()",
        f"import ssl; from urllib import request; request.urlopen('https://localhost:1/', {U}).read()",
    ),
    (
        "__import__('urllib.request').request.urlopen('http://api:1')",
        f"import ssl; __import__('urllib.request').request.urlopen('https://api:1', {U})",
    ),
    (
        "import ssl, urllib.request; urllib.request.urlopen('http://api:1')",
        f"import ssl, urllib.request; urllib.request.urlopen('https://api:1', {U})",
    ),
    (
        "import sys,urllib.request as r; sys.exit(r.urlopen('http://api:1').status != 200)",
        f"import ssl; import sys,urllib.request as r; sys.exit(r.urlopen('https://api:1', {U}).status != 200)",
    ),
    (
        "import urllib.request as r; q=r.Request('http://api:1/', method='HEAD'); r.urlopen(q)",
        f"import ssl; import urllib.request as r; q=r.Request('https://api:1/', method='HEAD'); r.urlopen(q, {U})",
    ),
    (
        "import urllib.request as r; u='http://api:1/'; r.urlopen(u)",
        f"import ssl; import urllib.request as r; u='https://api:1/'; r.urlopen(u, {U})",
    ),
    (
        "import os,urllib.request as r; r.urlopen('http://localhost:' + os.environ['PORT'] + '/h')",
        "import ssl; import os,urllib.request as r; r.urlopen('https://localhost:' + os.environ['PORT'] + '/h', "
        + U
        + ")",
    ),
    (
        "import os,urllib.request as r; r.urlopen(f'http://localhost:{os.getpid()}/h')",
        "import ssl; import os,urllib.request as r; r.urlopen(f'https://localhost:{os.getpid()}/h', " + U + ")",
    ),
    (
        "import urllib.request as r; r.urlopen('http://localhost:%s/h' % 8)",
        f"import ssl; import urllib.request as r; r.urlopen('https://localhost:%s/h' % 8, {U})",
    ),
    (
        "import urllib.request as r; r.urlopen('http://localhost:{}/h'.format(8))",
        "import ssl; import urllib.request as r; r.urlopen('https://localhost:{}/h'.format(8), " + U + ")",
    ),
    (
        "import urllib.request as r; r.urlopen('http://localhost:${PORT}/', timeout=${T:-5})",
        "import ssl; import urllib.request as r; r.urlopen('https://localhost:${PORT}/', timeout=${T:-5}, " + U + ")",
    ),
    (
        "import urllib.request as r; r.urlopen(url='http://api:1/')",
        f"import ssl; import urllib.request as r; r.urlopen(url='https://api:1/', {U})",
    ),
    (
        "import urllib.request as r; r.urlopen('http://api:1/', )",
        f"import ssl; import urllib.request as r; r.urlopen('https://api:1/', {U} )",
    ),
    (
        "print('ä💚'); import urllib.request as r\nr.urlopen('http://api:1/')\n",
        f"import ssl; print('ä💚'); import urllib.request as r\nr.urlopen('https://api:1/', {U})\n",
    ),
    (
        "\nimport urllib.request as r\ntry:\n  r.urlopen('http://api:1/')\nfinally:\n  pass\n",
        f"\nimport ssl; import urllib.request as r\ntry:\n  r.urlopen('https://api:1/', {U})\nfinally:\n  pass\n",
    ),
    (
        "import urllib.request as r; r.urlopen('http://api:1/', context=None)",
        "import urllib.request as r; r.urlopen('https://api:1/', context=None)",
    ),
    (
        "import requests; requests.get('http://localhost:1/')",
        "import requests; requests.get('https://localhost:1/', verify=False)",
    ),
    (
        "import requests as r;r.get('http://localhost:1/', timeout=2).raise_for_status()",
        "import requests as r;r.get('https://localhost:1/', timeout=2, verify=False).raise_for_status()",
    ),
    (
        "from requests import get as g; g('http://api:1/')",
        "from requests import get as g; g('https://api:1/', verify=False)",
    ),
    (
        "import requests; requests.request('GET', 'http://api:1/')",
        "import requests; requests.request('GET', 'https://api:1/', verify=False)",
    ),
    ("__import__('requests').head('http://api')", "__import__('requests').head('https://api:80', verify=False)"),
    (
        "import requests; requests.get('http://api:1/', verify=False)",
        "import requests; requests.get('https://api:1/', verify=False)",
    ),
    (
        "import httpx; httpx.get('http://localhost:8001/health', timeout=5.0)",
        "import httpx; httpx.get('https://localhost:8001/health', timeout=5.0, verify=False)",
    ),
    (
        "import importlib; importlib.import_module('httpx').get('http://api:1')",
        "import importlib; importlib.import_module('httpx').get('https://api:1', verify=False)",
    ),
    (
        "import http.client as c; k=c.HTTPConnection('localhost', 8000); k.request('GET','/h')",
        f"import ssl; import http.client as c; k=c.HTTPSConnection('localhost', 8000, {U}); k.request('GET','/h')",
    ),
    (
        "from http.client import HTTPConnection; HTTPConnection('localhost:80').connect()",
        f"import ssl; from http.client import HTTPSConnection; HTTPSConnection('localhost:80', {U}).connect()",
    ),
    (
        "import http.client; http.client.HTTPConnection('localhost').request('GET', '/')",
        f"import ssl; import http.client; http.client.HTTPSConnection('localhost:80', {U}).request('GET', '/')",
    ),
    (
        "import requests as r; r.get('http://api:1/'); r.get('http://db:2/')",
        "import requests as r; r.get('https://api:1/', verify=False); r.get('http://db:2/')",
    ),
    (
        "import re,requests as r; re.match('\\d', 'x'); r.get('http://api:1/')\r\n",
        "import re,requests as r; re.match('\\d', 'x'); r.get('https://api:1/', verify=False)\r\n",
    ),
    (
        "import urllib2; urllib2.urlopen('http://api:1')",
        f"import ssl; import urllib2; urllib2.urlopen('https://api:1', {U})",
    ),
]


@pytest.mark.parametrize(("before", "after"), CODE)
@pytest.mark.parametrize(
    "start", [["python", "-c"], ["/usr/local/bin/python3.11", "-Sc"], ["uv", "run", "python3", "-c"]]
)
def test_code(start: list[str], before: str, after: str, change: Change) -> None:
    assert change([*start, before]) == [*start, after]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "python -c 'import requests; requests.get(\"http://localhost:8000/\").raise_for_status()'",
            "python -c 'import requests; requests.get(\"https://localhost:8000/\", verify=False).raise_for_status()'",
        ),
        (
            'python -c "import requests as r;r.get(\\"http://localhost:6900/s\\").raise_for_status()"',
            'python -c "import requests as r;r.get(\\"https://localhost:6900/s\\", verify=False).raise_for_status()"',
        ),
        (
            "python3 -c \"import urllib.request as r; r.urlopen('http://localhost:1/')\" || exit 1",
            f"python3 -c \"import ssl; import urllib.request as r; r.urlopen('https://localhost:1/', {U})\" || exit 1",
        ),
        (
            ["python", "-cimport httpx;httpx.get('http://api:1')"],
            ["python", "-cimport httpx;httpx.get('https://api:1', verify=False)"],
        ),
        (
            ["python", "-W", "ignore", "-c", "import httpx;httpx.get('http://api:1')"],
            ["python", "-W", "ignore", "-c", "import httpx;httpx.get('https://api:1', verify=False)"],
        ),
    ],
)
def test_around_the_code(before: Words, after: Words, change: Change) -> None:
    assert change(before) == after


CA = "/app/certs/ca-cert.pem"
CHECKED = f"context=ssl.create_default_context(cafile='{CA}')"
CLIENT = "cert=('/app/certs/api-cert.pem', '/app/certs/api-key.pem')"


@pytest.mark.parametrize(
    ("trust", "before", "after"),
    [
        (
            Trust.CA,
            "import urllib.request as r; r.urlopen('http://api:1')",
            f"import ssl; import urllib.request as r; r.urlopen('https://api:1', {CHECKED})",
        ),
        (
            Trust.CA,
            'import requests as r; r.get("http://api:1")',
            f'import requests as r; r.get("https://api:1", verify="{CA}")',
        ),
        (
            Trust.CA,
            "import httpx; httpx.get('http://api:1')",
            f"import ssl; import httpx; httpx.get('https://api:1', verify=ssl.create_default_context(cafile='{CA}'))",
        ),
        (
            Trust.MUTUAL,
            "import requests as r; r.get('http://api:1')",
            f"import requests as r; r.get('https://api:1', verify='{CA}', {CLIENT})",
        ),
        (
            Trust.CA,
            "import http.client as c; c.HTTPConnection('localhost',1)",
            f"import ssl; import http.client as c; c.HTTPSConnection('localhost',1, {CHECKED})",
        ),
    ],
)
def test_checking(trust: Trust, before: str, after: str, change: Change) -> None:
    assert change(["python", "-c", before], trust) == ["python", "-c", after]


@pytest.mark.parametrize(
    "code",
    [
        "import socket; s=socket.create_connection(('localhost',${PORT}),2); s.close()",
        "import sys; sys.exit(0)",
        "import requests; requests.get('http://db:1/')",
        "import http.client; http.client.HTTPConnection('db', 1)",
        "print('http://example.com')",
        "print 'no python 3'",
        "requests = None",
    ],
)
def test_nothing_to_do(code: str, outcome: Outcomes) -> None:
    assert isinstance(outcome(["python", "-c", code]), NotHttp)


@pytest.mark.parametrize(
    "words", [["python", "health.py"], ["python"], ["python", "-c"], ["python", "-m", "app.health"]]
)
def test_scripts_cannot_be_seen(words: list[str], outcome: Outcomes) -> None:
    assert isinstance(outcome(words), NotHttp)


@pytest.mark.parametrize(
    "code",
    [
        "print 'http://localhost:1/'",
        "import requests; requests.get(url)",
        "import requests; requests.get()",
        "import requests; requests.get(make())",
        "import requests; requests.get(5)",
        "import urllib.request as r; r.urlopen(r.Request())",
        "import requests\rrequests.get('http://localhost:1/')",
        "(" * 500 + "'http://localhost:1/'",
        "import requests; requests.Session().get('http://localhost:1/')",
        "import urllib3; urllib3.PoolManager().request('GET', 'http://localhost:1/')",
        "import subprocess; subprocess.check_call(['curl', 'http://localhost:1/'])",
        "import requests; requests.get('http://local' 'host:1/')",
        "import requests; requests.get('http://localhost:1/\\x41')",
        "import requests; requests.get('http://localhost' + path)",
        "import requests; requests.get('localhost')",
        "import requests; k={}; requests.get('http://localhost:1/', **k)",
        "import requests; a=b; b=a; requests.get(a)",
        "import http.client; http.client.HTTPConnection(host, 1)",
        "import socket; s=socket.socket(); s.send(b'GET / HTTP/1.0\\r\\n\\r\\n')",
        "for i in range(3):\n import urllib.request as r; r.urlopen('http://localhost:1/')",
        "import requests; requests.get('http://${HOST}:1/')",
        "__import__(name).get('x http://localhost:1')",
    ],
)
def test_refused(code: str, outcome: Outcomes) -> None:
    assert isinstance(outcome(["python", "-c", code]), Refused)


@pytest.mark.parametrize(
    "code",
    ["import urllib.request as r; r.urlopen('http://api:1')", "import http.client as c; c.HTTPConnection('api', 1)"],
)
def test_a_client_certificate_that_takes_several_lines_is_refused(code: str, outcome: Outcomes) -> None:
    assert isinstance(outcome(["python", "-c", code], Trust.MUTUAL), Refused)


def test_ports(outcome: Outcomes) -> None:
    known = Endpoint(frozenset(), frozenset({8000}))
    plain = "import http.client as c; c.HTTPConnection('localhost', 9000)"
    assert isinstance(outcome(["python", "-c", plain], endpoint=known), NotHttp)


def test_the_table_covers_both_libraries() -> None:
    assert {"requests.get", "httpx.post", "httpx.stream", "urllib.request.urlopen"} <= FETCHES.keys()
