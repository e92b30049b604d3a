"""The calls of Python libraries that open a server or make a client, and what each takes: one row a call.

Sources: the signatures of uvicorn 0.54, Flask 3.1, Quart 0.22, aiohttp 3.14, tornado 6.6, sanic 25.12, websockets 17,
httpx 0.28, requests 2.34, urllib3 2.8 and of the standard library; the tests run most of them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServerCall:
    """`keywords` are added; `own` are those by which a call has TLS settings already; `refused` are mistakes.

    `default_port` is (parameter, its position or -1, port) of a library that takes another port as soon as it is given
    a certificate.
    """

    keywords: tuple[tuple[str, str], ...]
    own: frozenset[str]
    refused: frozenset[str] = frozenset()
    default_port: tuple[str, int, int] | None = None


@dataclass(frozen=True, slots=True)
class ClientCall:
    """`parameter` gets `value`; `url` are the places of the URL: position (-1: none) and keyword.

    With one of `instead` the call gets its trust from another object, which is a call site of its own.
    """

    parameter: str
    value: str
    url: tuple[int, str] = (-1, "")
    instead: frozenset[str] = frozenset()


def _context(parameter: str, default_port: tuple[str, int, int] | None = None) -> ServerCall:
    return ServerCall(((parameter, "server_context()"),), frozenset({parameter}), default_port=default_port)


_UVICORN = ServerCall(
    (("ssl_keyfile", "key_file()"), ("ssl_certfile", "cert_file()")),
    frozenset({"ssl_keyfile", "ssl_certfile"}),
    refused=frozenset({"ssl", "ssl_context"}),
)
_QUART = ServerCall((("certfile", "cert_file()"), ("keyfile", "key_file()")), frozenset({"certfile", "keyfile"}))

SERVERS = {
    "uvicorn.run": _UVICORN,
    "uvicorn.main.run": _UVICORN,
    "uvicorn.Config": _UVICORN,
    "uvicorn.config.Config": _UVICORN,
    "aiohttp.web.run_app": _context("ssl_context", ("port", -1, 8080)),
    "aiohttp.web.TCPSite": _context("ssl_context", ("port", 2, 8080)),
    "werkzeug.serving.run_simple": _context("ssl_context"),
    "tornado.httpserver.HTTPServer": _context("ssl_options"),
    "websockets.serve": _context("ssl"),
    "websockets.server.serve": _context("ssl"),
    "websockets.legacy.server.serve": _context("ssl"),
    "websockets.asyncio.server.serve": _context("ssl"),
    "websockets.sync.server.serve": _context("ssl"),
}
"""Functions and classes by their full names."""

METHODS = {
    ("flask.Flask", "run"): _context("ssl_context"),
    ("dash.Dash", "run"): _context("ssl_context"),
    ("dash.Dash", "run_server"): _context("ssl_context"),
    ("quart.Quart", "run"): _QUART,
    ("sanic.Sanic", "run"): _context("ssl"),
    ("sanic.Sanic", "prepare"): _context("ssl"),
    ("tornado.web.Application", "listen"): _context("ssl_options"),
}
"""Methods of what a call of that class made."""

WRAPPED = frozenset(
    {
        "http.server.HTTPServer",
        "http.server.ThreadingHTTPServer",
        "wsgiref.simple_server.make_server",
        "wsgiref.simple_server.WSGIServer",
    }
)
"""Servers of the standard library: their socket is wrapped."""

RAW = frozenset({"socketserver.TCPServer", "socketserver.ThreadingTCPServer", "socketserver.ForkingTCPServer"})
"""Wrapped when their handler is one for HTTP."""

HANDLERS = frozenset(
    {"http.server.BaseHTTPRequestHandler", "http.server.SimpleHTTPRequestHandler", "http.server.CGIHTTPRequestHandler"}
)

ASSIGNED = {"hypercorn.config.Config": (("certfile", "cert_file()"), ("keyfile", "key_file()"))}
"""Objects whose attributes are set after they were made."""

WITHOUT_TLS = {
    "waitress.serve": "waitress cannot speak TLS: another server (uvicorn, gunicorn), or --serve sidecar",
    "gevent.pywsgi.WSGIServer": "gevent takes certificate arguments only when TLS is on",
    "eventlet.wsgi.server": "eventlet wraps the listening socket itself",
    "bottle.run": "bottle's server decides how it speaks TLS",
    "cheroot.wsgi.Server": "cheroot takes an ssl_adapter",
    "cherrypy.quickstart": "cherrypy takes server.ssl_certificate and server.ssl_private_key",
    "hypercorn.run.run": "the configuration is made elsewhere",
}
"""Servers that are left to a person, and why."""

PASTE = {
    "gevent.pywsgi.WSGIServer": (
        "options = {'ssl_context': tls.server_context()} if tls.enabled() else {}\nWSGIServer(address, app, **options)"
    ),
    "eventlet.wsgi.server": (
        "listener = eventlet.listen(address)\n"
        "if tls.enabled():\n"
        "    listener = eventlet.wrap_ssl(listener, certfile=tls.cert_file(), keyfile=tls.key_file(), server_side=True)"
    ),
    "cheroot.wsgi.Server": (
        "if tls.enabled():\n    server.ssl_adapter = BuiltinSSLAdapter(tls.cert_file(), tls.key_file())"
    ),
    "cherrypy.quickstart": (
        "if tls.enabled():\n"
        "    cherrypy.config.update({'server.ssl_module': 'builtin', 'server.ssl_certificate': tls.cert_file(), "
        "'server.ssl_private_key': tls.key_file()})"
    ),
}

_VERBS = ("get", "post", "put", "patch", "delete", "head", "options")

CLIENTS: dict[str, ClientCall] = {
    **{f"httpx.{verb}": ClientCall("verify", "verify()", (0, "url")) for verb in _VERBS},
    **{f"httpx.{name}": ClientCall("verify", "verify()", (1, "url")) for name in ("request", "stream")},
    **{
        f"httpx.{name}": ClientCall("verify", "verify()", (-1, "base_url"), frozenset({"transport"}))
        for name in ("Client", "AsyncClient")
    },
    **{f"httpx.{name}": ClientCall("verify", "verify()") for name in ("HTTPTransport", "AsyncHTTPTransport")},
    **{f"requests.{verb}": ClientCall("verify", "verify_file()", (0, "url")) for verb in _VERBS},
    "requests.request": ClientCall("verify", "verify_file()", (1, "url")),
    "aiohttp.ClientSession": ClientCall("connector", "aiohttp_connector()", (0, "base_url")),
    "aiohttp.TCPConnector": ClientCall("ssl", "client_context()", instead=frozenset({"ssl_context", "verify_ssl"})),
    "urllib.request.urlopen": ClientCall("context", "client_context()", (0, "url")),
    "urllib3.PoolManager": ClientCall("ssl_context", "client_context()", instead=frozenset({"ca_certs", "cert_reqs"})),
}
"""Functions and classes of clients by their full names."""

SESSIONS = frozenset({"requests.Session", "requests.session", "requests.sessions.Session"})
"""Wrapped: what they make is told whom to trust."""

WEBSOCKETS = frozenset(
    {
        "websockets.connect",
        "websockets.client.connect",
        "websockets.legacy.client.connect",
        "websockets.asyncio.client.connect",
        "websockets.sync.client.connect",
    }
)
"""They refuse `ssl` for a ws URL, so it depends on the URL."""

UNKNOWN_CLIENTS = {
    "aiohttp.request": "aiohttp.request closes no connector that it is given",
    "urllib.request.build_opener": "an opener takes its trust from its handlers",
    "urllib3.request": "urllib3.request takes no SSLContext",
    "http.client.HTTPConnection": "HTTPConnection never speaks TLS",
    "websocket.create_connection": "websocket-client takes sslopt",
    "websocket.WebSocketApp": "websocket-client takes sslopt in run_forever",
}
"""Clients that are left to a person, and why."""

CLIENT_PASTE = {
    "aiohttp.request": "async with aiohttp.ClientSession(connector=tls.aiohttp_connector()) as session: ...",
    "urllib.request.build_opener": (
        "urllib.request.build_opener(urllib.request.HTTPSHandler(context=tls.client_context()))"
    ),
    "urllib3.request": "urllib3.PoolManager(ssl_context=tls.client_context()).request(method, url)",
    "http.client.HTTPConnection": (
        "connection = (\n"
        "    http.client.HTTPSConnection(host, port, context=tls.client_context())\n"
        "    if tls.enabled()\n"
        "    else http.client.HTTPConnection(host, port)\n"
        ")"
    ),
    "websocket.create_connection": (
        'websocket.create_connection(url, sslopt={"context": tls.client_context()} if tls.enabled() else {})'
    ),
    "websocket.WebSocketApp": ('app.run_forever(sslopt={"context": tls.client_context()} if tls.enabled() else {})'),
}
