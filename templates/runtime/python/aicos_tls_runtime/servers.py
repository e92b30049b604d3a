"""The servers of the standard library and of well-known packages, made to serve TLS on the ports that are asked for.

Each function changes one module after its import. All servers that run on asyncio (uvicorn, aiohttp, hypercorn, Sanic,
…) open their port by the loop's `create_server`; those on threads (http.server, wsgiref, Django, Flask's own) accept by
socketserver. The scheme that requests report comes from the transport in each of them, where not stated otherwise.
"""

from weakref import WeakKeyDictionary

from aicos_tls_runtime import PLAIN_LOOPBACK, PORTS, REQUIRED, is_loopback, say

_contexts = WeakKeyDictionary()
"""What each server answers with. No attribute of the server, because hypercorn pickles its settings."""


def _port(address):
    return address[1] if isinstance(address, tuple) and len(address) > 1 else None


def _wanted(port):
    try:
        return int(port) in PORTS
    except (TypeError, ValueError):
        return False


def _context(*protocols):
    """A context, or None where plain HTTP is served instead. Raises `OSError` when that is not allowed."""
    try:
        from aicos_tls_runtime.certificate import server_context

        return server_context(*protocols)
    except Exception as error:
        say("no TLS: %r" % (error,))
        if REQUIRED:
            raise OSError("TLS is required (TLS_REQUIRED) and not available: %r" % (error,)) from error
        return None


def asyncio_loop(module):
    """`asyncio.base_events`: the loop of the standard library."""
    _loop(module.BaseEventLoop)


def uvloop_loop(module):
    """uvloop, which has no code in common with it."""
    _loop(module.Loop)


def _loop(loop):
    original = loop.create_server

    async def create_server(self, protocol_factory, host=None, port=None, **options):
        sock = options.get("sock")
        if options.get("ssl") is None and _wanted(_port(sock.getsockname()) if sock is not None else port):
            context = _context()
            if context is not None:
                options["ssl"] = context
        if PLAIN_LOOPBACK and hasattr(options.get("ssl"), "plain_loopback"):
            protocol_factory = _gate(protocol_factory)
        return await original(self, protocol_factory, host, port, **options)

    loop.create_server = create_server


def _gate(factory):
    """A protocol for each connection that makes sure that plain HTTP comes from loopback only."""
    from asyncio import Protocol

    class Gate(Protocol):
        def connection_made(self, transport):
            tls = transport.get_extra_info("ssl_object")
            if tls.is_plain() and not is_loopback(transport.get_extra_info("peername")):
                transport.abort()
                return
            protocol = factory()
            transport.set_protocol(protocol)
            protocol.connection_made(transport)

    return Gate


def _context_of(server):
    """The context of an HTTP server on threads; None when it is left alone. It is found once."""
    if server not in _contexts:
        meant = (
            _is_http(server) and _wanted(_port(server.socket.getsockname())) and not hasattr(server.socket, "context")
        )
        _contexts[server] = _context() if meant else None
    return _contexts[server]


def _is_http(server):
    return any(kind.__name__ == "HTTPServer" for kind in type(server).__mro__)


def http_server(module):
    """socketserver, for `http.server`: `python -m http.server` runs that one under another name."""
    accept = module.TCPServer.get_request

    def get_request(self):
        connection, address = accept(self)
        try:
            context = _context_of(self)
            if context is not None:
                connection = context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        except BaseException:
            connection.close()
            raise
        return connection, address

    module.TCPServer.get_request = get_request


def wsgiref_server(module):
    """Standard library's wsgiref and Django's development server: the scheme comes from a variable."""
    original = module.WSGIServer.setup_environ

    def setup_environ(self):
        original(self)
        if _context_of(self) is not None:
            self.base_environ["HTTPS"] = "on"

    module.WSGIServer.setup_environ = setup_environ


def werkzeug_server(module):
    """Flask's development server: the scheme, and that of its first line of output, come from an attribute."""
    original = module.BaseWSGIServer.__init__

    def __init__(self, *args, **options):
        original(self, *args, **options)
        if self.ssl_context is None:
            self.ssl_context = _context_of(self)

    module.BaseWSGIServer.__init__ = __init__


def tornado_server(module):
    """Tornado accepts by itself; a server may have several ports."""
    original = module.TCPServer._handle_connection

    def _handle_connection(self, connection, address):
        if self.ssl_options is not None or not _is_http(self) or not _wanted(_port(connection.getsockname())):
            return original(self, connection, address)
        try:
            if self not in _contexts:
                _contexts[self] = _context()
            self.ssl_options = _contexts[self]
            return original(self, connection, address)
        except OSError:
            return connection.close()
        finally:
            self.ssl_options = None

    module.TCPServer._handle_connection = _handle_connection


def hypercorn_config(module):
    """Hypercorn offers HTTP/2 as well, so its own list of protocols is needed."""
    kind = module.Config
    enabled, create = kind.ssl_enabled, kind.create_ssl_context

    def ssl_enabled(self):
        return enabled.fget(self) or _hypercorn_context(self) is not None

    def create_ssl_context(self):
        return create(self) if enabled.fget(self) else _hypercorn_context(self)

    kind.ssl_enabled, kind.create_ssl_context = property(ssl_enabled), create_ssl_context


def _hypercorn_context(config):
    if not any(_wanted(bind.rpartition(":")[2]) for bind in config.bind):
        return None
    if config not in _contexts:
        _contexts[config] = _context(config.alpn_protocols)
    return _contexts[config]
