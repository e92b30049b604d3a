from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from aicos_tls.healthchecks import Endpoint, NotHttp, Refused, Rewritten, Trust, asks_http, other_hosts
from aicos_tls.healthchecks.model import Ask, Form, Test

if TYPE_CHECKING:
    from healthchecks.conftest import Change, Outcomes, Words

CODE: list[tuple[str, str]] = [
    (
        "require('http').get('http://localhost:3001/h', r => process.exit(r.statusCode===200?0:1))",
        "require('https').get('https://localhost:3001/h', r => process.exit(r.statusCode===200?0:1))",
    ),
    ('require("http").get("http://localhost:1")', 'require("https").get("https://localhost:1")'),
    ("require('node:http').get('http://localhost/')", "require('node:https').get('https://localhost:80/')"),
    (
        "require('http').get({host:'127.0.0.1', port:6060, path:'/r'}, r => r)",
        "require('https').get({host:'127.0.0.1', port:6060, path:'/r'}, r => r)",
    ),
    ("require('http').get({port:6060})", "require('https').get({port:6060})"),
    ("require('http').get({path:'/x'})", "require('https').get({port:80,path:'/x'})"),
    ("require('http').get({port:1,f:[1,{a:2}],})", "require('https').get({port:1,f:[1,{a:2}],})"),
    ("require('http').get({})", "require('https').get({port:80})"),
    (
        "require('http').request({hostname:'localhost',port:process.env.PORT,protocol:'http:'}).end()",
        "require('https').request({hostname:'localhost',port:process.env.PORT,protocol:'https:'}).end()",
    ),
    (
        "const http = require('http'); const o = { host: '0.0.0.0', port: 30, path: '/h' }; http.request(o).end()",
        "const http = require('https'); const o = { host: '0.0.0.0', port: 30, path: '/h' }; http.request(o).end()",
    ),
    (
        "const h=require('http'),u='http://localhost:1/';h.get(u,r=>r)",
        "const h=require('https'),u='https://localhost:1/';h.get(u,r=>r)",
    ),
    (
        "const h=require('http');h.get(new URL('http://localhost:1/'),r=>r)",
        "const h=require('https');h.get(new URL('https://localhost:1/'),r=>r)",
    ),
    (
        "import http from 'node:http'; http.get('http://localhost:1/')",
        "import http from 'node:https'; http.get('https://localhost:1/')",
    ),
    (
        "import * as h from 'http'; h.get('http://localhost:1/')",
        "import * as h from 'https'; h.get('https://localhost:1/')",
    ),
    (
        "import('http').then(http => http.get('http://localhost:3000', res => process.exit(0)))",
        "import('https').then(http => http.get('https://localhost:3000', res => process.exit(0)))",
    ),
    (
        "import('http').then((h) => h.get('http://localhost:3000'))",
        "import('https').then((h) => h.get('https://localhost:3000'))",
    ),
    (
        "const h = await import('http'); h.get('http://localhost:3000')",
        "const h = await import('https'); h.get('https://localhost:3000')",
    ),
    ("require('http')\n .get('http://localhost:1/')", "require('https')\n .get('https://localhost:1/')"),
    (
        "fetch('http://localhost:3000/h').then(r => process.exit(r.ok?0:1)).catch(() => process.exit(1))",
        "fetch('https://localhost:3000/h').then(r => process.exit(r.ok?0:1)).catch(() => process.exit(1))",
    ),
    ("fetch('http://localhost')", "fetch('https://localhost:80')"),
    ("fetch(`http://localhost:${PORT}/h`)", "fetch(`https://localhost:${PORT}/h`)"),
    (
        "fetch(`http://localhost:$${process.env.PORT || 3000}/`)",
        "fetch(`https://localhost:$${process.env.PORT || 3000}/`)",
    ),
    ("fetch('http://localhost:'+process.env.PORT+'/h')", "fetch('https://localhost:'+process.env.PORT+'/h')"),
    ("const u='http://api:1/';fetch(u)", "const u='https://api:1/';fetch(u)"),
    (
        "require('axios').get('http://localhost:1/h').then(()=>0)",
        "require('axios').get('https://localhost:1/h').then(()=>0)",
    ),
    ("/* http://localhost */ fetch('http://api:1')", "/* http://localhost */ fetch('https://api:1')"),
    ("const x = /['\"]/g; fetch('http://api:1')", "const x = /['\"]/g; fetch('https://api:1')"),
    ("const x = 4 / 2 / 1; fetch('http://api:1')", "const x = 4 / 2 / 1; fetch('https://api:1')"),
    (
        "const h=require('http');h.get('http://api:1/a');h.get('http://api:1/b')",
        "const h=require('https');h.get('https://api:1/a');h.get('https://api:1/b')",
    ),
    (
        "const h=require('http'),o={port:1};h.get(o);h.get(o)",
        "const h=require('https'),o={port:1};h.get(o);h.get(o)",
    ),
    (
        "require('http').get({'host':'localhost','port':'1',headers:{host:'x'}})",
        "require('https').get({'host':'localhost','port':'1',headers:{host:'x'}})",
    ),
    ("fetch('http://api:1');fetch('http://db:2')", "fetch('https://api:1');fetch('http://db:2')"),
]


@pytest.mark.parametrize(("before", "after"), CODE)
@pytest.mark.parametrize(
    "start", [["node", "-e"], ["/nodejs/bin/node", "--eval"], ["bun", "-e"], ["node", "-r", "x", "-pe"]]
)
def test_code(start: list[str], before: str, after: str, change: Change) -> None:
    assert change([*start, before]) == [*start, after]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "node -e \"require('http').get('http://localhost:1/h',r=>process.exit(r.statusCode!=200))\" || exit 1",
            "node -e \"require('https').get('https://localhost:1/h',r=>process.exit(r.statusCode!=200))\" || exit 1",
        ),
        (
            "node -e 'fetch(\"http://localhost/\").then(r=>process.exit(!r.ok))'",
            "node -e 'fetch(\"https://localhost:80/\").then(r=>process.exit(!r.ok))'",
        ),
        (
            'node -e "require(\\"http\\").get(\\"http://localhost:1/\\")"',
            'node -e "require(\\"https\\").get(\\"https://localhost:1/\\")"',
        ),
        (["node", "--eval=fetch('http://api:1')"], ["node", "--eval=fetch('https://api:1')"]),
        (
            ["timeout", "9", "node", "-e", "fetch('http://api:1')"],
            ["timeout", "9", "node", "-e", "fetch('https://api:1')"],
        ),
        (
            ["deno", "eval", "fetch('http://api:1')"],
            ["deno", "eval", "--unsafely-ignore-certificate-errors", "fetch('https://api:1')"],
        ),
        (
            ["deno", "eval", "--ext=ts", "fetch('http://api:1')"],
            ["deno", "eval", "--unsafely-ignore-certificate-errors", "--ext=ts", "fetch('https://api:1')"],
        ),
        (
            "deno eval \"fetch('http://api:1')\"",
            "deno eval --unsafely-ignore-certificate-errors \"fetch('https://api:1')\"",
        ),
    ],
)
def test_around_the_code(before: Words, after: Words, change: Change) -> None:
    assert change(before) == after


def test_checking(change: Change, outcome: Outcomes) -> None:
    assert change(["node", "-e", "fetch('http://api:1')"], Trust.CA) == ["node", "-e", "fetch('https://api:1')"]
    assert change(["deno", "eval", "fetch('http://api:1')"], Trust.CA) == [
        *("deno", "eval", "--cert", "/app/certs/ca-cert.pem"),
        "fetch('https://api:1')",
    ]
    for words in (["node", "-e", "fetch('http://api:1')"], ["deno", "eval", "fetch('http://api:1')"]):
        assert isinstance(outcome(words, Trust.MUTUAL), Refused)
    any_address = outcome(["node", "-e", "require('http').get({host:'0.0.0.0',port:1})"], Trust.CA)
    assert isinstance(any_address, Refused)


def test_what_the_environment_must_hold(outcome: Outcomes) -> None:
    for trust, variable in ((Trust.INSECURE, "NODE_TLS_REJECT_UNAUTHORIZED=0"), (Trust.CA, "NODE_EXTRA_CA_CERTS")):
        done = outcome(["bun", "-e", "fetch('http://api:1')"], trust)
        assert isinstance(done, Rewritten)
        assert done.program == "bun"
        assert any(variable in note for note in done.notes)


NOTHING = [
    "process.exit(0)",
    "require('net').connect(3000,'localhost')",
    "require('http').get('http://db:1/')",
    "require('http').get({host:'db',port:1})",
    "require('http').get({socketPath:'/x',path:'/'})",
    "fetch('http://example.com/')",
    "console.log('no http')",
    "import 'http'",
    "require('http').createServer().listen(1)",
    "const s = 'it isn\\'t'",
]


@pytest.mark.parametrize("code", NOTHING)
def test_nothing_to_do(code: str, outcome: Outcomes) -> None:
    assert isinstance(outcome(["node", "-e", code]), NotHttp)


@pytest.mark.parametrize(
    "words",
    [
        ["node", "healthcheck.js"],
        ["node"],
        ["node", "-e"],
        ["bun", "run", "health"],
        ["deno", "run", "x.ts"],
        ["deno", "eval"],
    ],
)
def test_scripts_cannot_be_seen(words: list[str], outcome: Outcomes) -> None:
    assert isinstance(outcome(words), NotHttp)


@pytest.mark.parametrize(
    "code",
    [
        "const h=require('http');h.get('http://api:1');h.get('http://db:2')",
        "require('http').get(process.env.URL || 'http://localhost:1')",
        "require('http').get(url)",
        "const {get}=require('http');get({port:1})",
        "require('http').get({host:h,port:1})",
        "require('child_process').execSync('curl http://localhost:1')",
        "fetch('http://localhost'+path)",
        "fetch(`http://localhost${path}`)",
        "fetch('http://'+host)&&fetch('x http://localhost:1')",
        "doSomething('http://localhost:1/')",
        "fetch('http://localhost:1",
        "fetch(`http://localhost:1",
        "let u='http://api:1';u='http://api:2';require('http').get(u)",
        "require('net').connect(1).write('GET / HTTP/1.1\\r\\n\\r\\n')",
        "require('http').get(",
        "require('http').get(`$${u}`)",
        "require('http').get({...o,path:'/'})",
        "const port=1;require('http').get({host:'localhost',port})",
        "require('http').get({port:1",
        "fetch(process.env.URL)",
        "fetch('http://'+host)",
        "axios.get(url)",
    ],
)
def test_refused(code: str, outcome: Outcomes) -> None:
    assert isinstance(outcome(["node", "-e", code]), Refused)


def test_a_port_that_stays_plain_is_left_alone(outcome: Outcomes) -> None:
    known = Endpoint(frozenset(), frozenset({8000}))
    assert isinstance(outcome(["node", "-e", "require('http').get({port:9000})"], endpoint=known), NotHttp)
    mixed = "const h=require('http');h.get({port:9000});h.get({port:8000})"
    assert isinstance(outcome(["node", "-e", mixed], endpoint=known), Refused)


def test_what_is_asked() -> None:
    code = "const h=require('http');h.get({host:'localhost',port:8,path:'/p'});fetch('http://db:2/')"
    test = Test(Form.EXEC, ("node", "-e", code))
    assert asks_http(test, Endpoint()) == (Ask(8, "/p", "localhost"),)
    assert other_hosts(test, Endpoint()) == ("http://db:2/",)
