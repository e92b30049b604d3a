"""Sources in which nothing may change, and nothing is said; and those that are left to a person."""

from __future__ import annotations

from pathlib import Path

import pytest

from aicos_tls.files import TextFile
from aicos_tls.sources.model import CodeContext, CodeResult
from aicos_tls.sources.node import transform

SERVERS = {name: name for name in ("aicos-api", "aicos-ai")}
APP = "const app = require('express')();\n"
GUIDE = (
    "const https = require('https');\nconst fs = require('fs');\n" + APP + "if (process.env.TLS_ENABLED === 'true') {\n"
    "  https.createServer({ key: fs.readFileSync('k') }, app).listen(3000);\n"
    "} else {\n  app.listen(3000);\n}\n"
)

NOTHING = {
    "empty": "",
    "comment": "// app.listen(3000) on http://aicos-ai:8001\n",
    "block comment": "/* http://aicos-ai:8001 */\nconst a = 1;\n",
    "https already": "const AI = process.env.AI_URL || 'https://aicos-ai:8001';\n",
    "wss already": "new WebSocket('wss://aicos-ai:8001');\n",
    "outside": "const axios = require('axios');\naxios.get('http://example.com/x');\n",
    "outside client": "const axios = require('axios');\nconst c = axios.create({ baseURL: 'https://api.anthropic.com' });\n",
    "database": "const url = process.env.DATABASE_URL || 'postgresql://postgres@aicos-postgres:5432/x';\n",
    "redis": "const url = 'redis://aicos-redis:6379';\n",
    "a host that only begins like a server": "const url = 'http://aicos-ai-docs:8001';\n",
    "a host below a server's name": "const url = 'http://aicos-ai.example.com';\n",
    "a browser's origin": "const origins = ['http://localhost:5173', 'http://aicos-frontend:3000'];\n",
    "another port of this machine": "fetch('http://localhost:11434/api/tags');\n",
    "a log text": "console.log(`see http://localhost:${PORT}/health`);\n",
    "the base of a request's URL": "const url = new URL(req.url, `http://${req.headers.host}`);\n",
    "a protocol that is chosen": "const base = TLS ? 'https://aicos-ai:8001' : 'http://aicos-ai:8001';\n",
    "a TLS setting chooses": "const s = process.env.TLS_ENABLED === 'true' ? 'https://' + H : 'http://aicos-ai:1';\n",
    "an if on a TLS setting": "let u;\nif (!config.tls) u = 'http://aicos-ai:8001';\n",
    "React for browsers": "'use client';\nexport const u = 'http://aicos-ai:8001';\n",
    "Next public variable": "const u = process.env.NEXT_PUBLIC_AI || 'http://aicos-ai:8001';\n",
    "Vite variable": "const u = import.meta.env.VITE_AI || 'http://aicos-ai:8001';\n",
    "HTML": "const page = '<a href=\"http://aicos-ai:8001\">docs</a>';\n",
    "an import path": "import x from 'http://aicos-ai:8001/x.js';\n",
    "guide's server": GUIDE,
    "guide's server with a switch": GUIDE.replace("if (process", "const on = true;\nif (process"),
    "spdy": "const spdy = require('spdy');\n// TLS_ENABLED\nspdy.createServer({}, app).listen(3000);\n",
    "fastify with https": "const f = require('fastify')({ https: process.env.TLS_ENABLED ? o : null });\nf.listen({ port: 3000 });\n",
    "net": "const net = require('net');\nnet.createServer((s) => s.end()).listen(3000);\n",
    "tls": "const tls = require('tls');\nconst s = tls.createServer(o);\ns.listen(3000);\n",
    "dgram": "const dgram = require('dgram');\nconst s = dgram.createSocket('udp4');\ns.listen(3000);\n",
    "metrics": "const http = require('http');\nhttp.createServer(m).listen(9464);\n",
    "metrics with express": APP + "app.listen(9464);\n",
    "a redirect on 80": "const { createServer } = require('http');\nconst r = createServer(go);\nr.listen(80);\n",
    "metrics by options": APP + "app.listen({ port: 9464 });\n",
    "a Unix socket": APP + "app.listen('/run/app.sock');\n",
    "a Unix socket by options": APP + "app.listen({ path: '/run/app.sock' });\n",
    "a test's own port": APP + "const server = app.listen(0);\n",
    "an event emitter": "bus.listen('order', (order) => save(order));\n",
    "history": "const unlisten = history.listen((location) => track(location));\n",
    "a listener of a store": "store.listen(update);\n",
    "only the word": "const text = 'app.listen(3000)';\n",
    "a method of that name": "class A {\n  listen(port) {\n    this.port = port;\n  }\n}\n",
    "the application alone": APP + "app.get('/', (req, res) => res.send('ok'));\nmodule.exports = app;\n",
    "express without a call": "const express = require('express');\nconst router = express.Router();\n",
    "nest without http": "const { NestFactory } = require('@nestjs/core');\nNestFactory.createMicroservice(M);\n",
    "http for its codes": "const http = require('http');\nconsole.log(http.STATUS_CODES);\n",
    "http.get outside": "const http = require('http');\nhttp.get('http://example.com', (r) => r.resume());\n",
    "http.request outside": "const http = require('http');\nhttp.request({ hostname: 'example.com', port: 80 });\n",
    "http.get of the machine": "const http = require('http');\nhttp.get({ host: 'localhost', port: 9999 });\n",
    "a local fetch": "const fetch = (x) => x;\nfetch('y');\n",
    "axios with an agent": "const axios = require('axios');\nconst c = axios.create({ baseURL: U, httpsAgent: mine });\n",
    "axios defaults": "const axios = require('axios');\naxios.defaults.timeout = 5000;\n",
    "direct calls of a server": "const axios = require('axios');\nawaiting(axios.post(`${process.env.AI_URL}/x`, {}));\n",
    "a cookie jar": "const jar = { domain: 'aicos-ai', path: '/' };\n",
    "not ours to read": "const x = 1;\n".replace("x", "listen"),
    "generated, without interest": "// @generated\nconst a = 'http://example.com';\n",
    "does not parse, without interest": "const = ;\n",
}


def _of(text: str, *, name: str = "server.js", server: bool = True) -> CodeResult:
    context = CodeContext("aicos-api", "api", "/app/certs", frozenset({3000}), SERVERS, server)
    return transform(TextFile(Path(name), text.encode()), context, "./tls")


@pytest.mark.parametrize("text", NOTHING.values(), ids=NOTHING.keys())
def test_nothing_changes(text: str) -> None:
    result = _of(text)
    assert (result.changes, result.manual, result.helper) == ((), (), False)


def test_there_are_enough_cases() -> None:
    assert len(NOTHING) >= 50


def test_a_client_keeps_its_server() -> None:
    assert _of(APP + "app.listen(3000);\n", server=False).changes == ()


@pytest.mark.parametrize("name", ["server.py", "notes.md", "types.json"])
def test_other_languages_are_not_read(name: str) -> None:
    assert _of(APP + "app.listen(3000);\n", name=name).changes == ()


LEFT = {
    "parameter": ("function start(app) {\n  app.listen(3000);\n}\n", 2, "not known what listens", "tls.listen(app, 3000)"),
    "import": ("const app = require('./missing');\napp.listen(3000);\n", 2, "not known", "tls.listen(app, 3000)"),
    "optional": (APP + "app?.listen(3000);\n", 2, "not understood", "tls.listen(app, 3000)"),
    "handed on": (APP + "const f = app.listen.bind(app);\n", 2, "handed on", "tls.listen(app, ...args)"),
    "polka": ("const app = require('polka')();\napp.listen(3000);\n", 2, "a way of its own", "createServer()"),
    "ws": ("const { WebSocketServer } = require('ws');\nnew WebSocketServer({ port: 3000 });\n", 2, "WebSocket", "{ server:"),
    "hono": ("import { serve } from '@hono/node-server';\nserve({ fetch, port: 3000 });\n", 2, "Hono", "createServer:"),
    "http2": ("const h = require('http2');\nh.createServer(f).listen(3000);\n", 2, "a way of its own", "tls."),
    "own https": (
        "const https = require('https');\nhttps.createServer(o, f).listen(3000);\n", 2, "not by TLS_ENABLED", "createServer"
    ),
    "fastify http2": ("const f = require('fastify')({ http2: true });\n", 1, "http2 option", "https: tls."),
    "nest options": (
        "const { NestFactory } = require('@nestjs/core');\nNestFactory.create(M, options);\n", 2, "not written", "httpsOptions"
    ),
    "host unknown": ("const http = require('http');\nhttp.get(options, f);\n", 2, "which host", "tls.get(options"),
    "agent": (
        "const http = require('http');\nhttp.get('http://aicos-api/x', { agent });\n", 2, "agent", "tls.get("
    ),
    "host variable": ("const u = `http://${process.env.AI_HOST}:8001`;\n", 1, "AI_HOST", "https://"),
    "proxy": (
        "const p = require('http-proxy-middleware');\np.createProxyMiddleware({ target: 'https://aicos-ai:8001' });\n",
        2, "Host", "changeOrigin",
    ),
    "minified": (APP + "app.listen(3000);" + "x;" * 1100 + "\n", 2, "generated", ""),
    "generated": ("// @generated by tsc\n" + APP + "app.listen(3000);\n", 1, "generated", ""),
    "broken": (APP + "app.listen(3000;\n", 2, "cannot be parsed", ""),
}  # fmt: skip


@pytest.mark.parametrize(("text", "line", "reason", "paste"), LEFT.values(), ids=LEFT.keys())
def test_what_is_not_understood_is_left_to_a_person(text: str, line: int, reason: str, paste: str) -> None:
    result = _of(text)
    (manual,) = result.manual
    assert manual.where.line == line
    assert reason in manual.reason
    assert paste in manual.paste
    assert all("serve HTTPS when" not in change.what for change in result.changes)
