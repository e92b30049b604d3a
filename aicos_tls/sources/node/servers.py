"""Where a file listens: `app.listen(…)` becomes `tls.listen(app, …)`, `http.createServer` `tls.createServer`.

The helper's functions take the same arguments and do the same when TLS is off, so a call keeps its callback, its
host, its backlog, its options object and what is done with its result. A server on a port that is known not to be the
service's own (metrics, a redirect on 80, a Unix socket) stays as it is: nobody's URL of it changes either.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aicos_tls import budgets
from aicos_tls.sources.node.frameworks import FRAMEWORKS
from aicos_tls.sources.node.kinds import APPLICATIONS, Kind, maker
from aicos_tls.sources.node.syntax import arguments, bare, callee, child, method, properties
from aicos_tls.sources.node.values import Value, port_of
from aicos_tls.yamledit.edits import Splice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from aicos_tls.sources.node.look import Look

_LIKELY_RECEIVER = re.compile(r"(?:^|\.)(?:\w*[aA]pp|\w*[sS]erver|api|web|http|fastify|instance|srv)$")
_PORT_NODES = frozenset({"identifier", "member_expression", "binary_expression", "call_expression"})
_MENTIONS_PORT = re.compile(r"port", re.IGNORECASE)
_OTHER_PASTE = {
    "socket.io": "const server = {name}.createServer();\nnew Server(server);\nserver.listen(PORT);",
    "polka": "polka({{ server: {name}.createServer() }})",
    "restify": "const own = {name}.serverOptions();\n"
    "restify.createServer(own ? {{ key: own.key, certificate: own.cert }} : {{}})",
}


def serve(look: Look) -> None:
    """Note what makes the servers of this file speak TLS."""
    for node in look.syntax.of("call_expression", "new_expression"):
        made = maker(node, look.bindings)
        makes = made is not None and not made[0].startswith(".")  # a function of the service makes it where it stands
        kind = look.kinds.of(node) if makes else Kind.UNKNOWN
        if kind is Kind.HTTP:
            _create(node, look)
        elif kind in FRAMEWORKS:
            FRAMEWORKS[kind](node, look)
        elif node.type == "call_expression":
            _call(node, look)
        if made in {("ws", "default"), ("ws", "Server"), ("ws", "WebSocketServer"), ("ws", "WebSocket.Server")}:
            _web_socket_server(node, look)
        elif made is not None and made[0] == "@hono/node-server" and made[1] == "serve":
            _hono(node, look)
    for node in look.syntax.of("member_expression"):
        _reference(node, look)


def elsewhere(port: Value, look: Look) -> bool:
    """Whether a server listens where none of the service's clients ask: another port, a Unix socket."""
    if not port.fixed or port.text is None:
        return False
    if not port.text.isdecimal():
        return port.text.startswith(("/", ".", "\\\\"))
    return bool(look.context.ports) and budgets.number(port.text) not in look.context.ports


def _call(call: Node, look: Look) -> None:
    called = method(call, look.syntax)
    if called is None or called[1] != "listen" or look.calls_helper(call):
        return
    receiver, port = called[0], port_of(arguments(call), look.bindings)
    kind = look.kinds.of(receiver)
    if elsewhere(port, look):
        return
    if kind in APPLICATIONS:
        _listen(call, receiver, look)
    elif kind is Kind.OTHER or (kind is Kind.UNKNOWN and _is_likely(call, receiver, look)):
        look.decline(call, _reason(kind), _paste(call, receiver, look))


def _listen(call: Node, receiver: Node, look: Look) -> None:
    """`app.listen(a, b)` → `tls.listen(app, a, b)`."""
    text, given = look.syntax.text, child(call, "arguments")
    start, end = look.syntax.end(receiver), look.syntax.start(given) + 1
    between = re.sub(r"\s", "", text[start:end])
    if between != ".listen(":
        look.decline(call, "this way to call listen is not understood", _paste(call, receiver, look))
        return
    comma = "," if look.syntax.text[end].isspace() else ", "
    separator = comma if arguments(call) else ""
    look.change(
        "serve HTTPS when TLS_ENABLED is true",
        call,
        Splice(look.syntax.start(receiver), look.syntax.start(receiver), (0,), f"{look.name}.listen("),
        Splice(start, end, (0,), separator),
    )


def _create(node: Node, look: Look) -> None:
    """`http.createServer(app)`, `new http.Server(app)` → `tls.createServer(app)`."""
    ports = [port_of(arguments(call), look.bindings) for call in _listens_of(node, look)]
    if ports and all(elsewhere(port, look) for port in ports):
        return
    function = callee(node)
    given = node.child_by_field_name("arguments")
    start = look.syntax.start(node)
    end = look.syntax.start(given) if given is not None else look.syntax.end(node)
    if look.syntax.text[start:end].strip() not in {
        f"{before}{look.syntax.source(function)}" for before in ("", "new ")
    }:
        look.decline(node, "this way to make a server is not understood", f"{look.name}.createServer(…)")
        return
    look.takes_away(function)
    replacement = f"{look.name}.createServer{'' if given is not None else '()'}"
    look.change("serve HTTPS when TLS_ENABLED is true", node, Splice(start, end, (0,), replacement))


def _listens_of(node: Node, look: Look) -> Iterator[Node]:
    """Yield the `listen` calls of a server that is made at `node`."""
    names = {name for name, bound in look.bindings.values.items() if any(b == node for b in bound)}
    for call in look.syntax.of("call_expression"):
        called = method(call, look.syntax)
        if called is not None and called[1] == "listen":
            receiver = bare(called[0])
            if receiver == node or look.syntax.source(receiver) in names:
                yield call


def _is_likely(call: Node, receiver: Node, look: Look) -> bool:
    """Whether something unknown listens on a port: it is called like a server, or it is given a port."""
    given = arguments(call)
    if not given:
        return False
    first = bare(given[0])
    text = look.syntax.source(first)
    is_port = first.type == "number" or (bool(_MENTIONS_PORT.search(text)) and first.type in _PORT_NODES)
    if first.type == "object":
        is_port = "port" in properties(first, look.syntax)
    named = _LIKELY_RECEIVER.search(look.syntax.source(receiver)) is not None
    return is_port or (named and first.type in {"identifier", "member_expression"} and len(given) <= 1)


def _reason(kind: Kind) -> str:
    if kind is Kind.OTHER:
        return "this kind of server takes its certificate in a way of its own"
    return (
        "it is not known what listens here: the code to paste is right for an Express, Connect or Koa application, "
        "other frameworks take serverOptions() of the helper where they are made"
    )


def _paste(call: Node, receiver: Node, look: Look) -> str:
    made = bare(receiver)
    package = maker(look.bindings.value(look.syntax.source(made)) or made, look.bindings)
    if package is not None and package[0] in _OTHER_PASTE:
        return _OTHER_PASTE[package[0]].format(name=look.name)
    given = ", ".join(look.syntax.source(part) for part in arguments(call))
    return f"{look.name}.listen({look.syntax.source(receiver)}{', ' if given else ''}{given})"


def _reference(node: Node, look: Look) -> None:
    """`app.listen` that is handed on instead of called."""
    parent = node.parent
    called = parent is not None and parent.type == "call_expression" and callee(parent) == node
    if called or look.syntax.source(child(node, "property")) != "listen":
        return
    if look.kinds.of(child(node, "object")) in APPLICATIONS:
        name = look.syntax.source(child(node, "object"))
        look.decline(node, "listen is handed on, not called", f"(...args) => {look.name}.listen({name}, ...args)")


def _web_socket_server(node: Node, look: Look) -> None:
    given = arguments(node)
    options = properties(given[0], look.syntax) if given and given[0].type == "object" else {}
    if node.type != "new_expression" or "port" not in options or elsewhere(port_of(given, look.bindings), look):
        return
    port = look.syntax.source(options["port"])
    paste = f"{{ server: {look.name}.createServer().listen({port}) }}"
    look.decline(node, "a WebSocket server that makes its own HTTP server cannot be given a certificate", paste)


def _hono(node: Node, look: Look) -> None:
    given = arguments(node)
    if given and given[0].type == "object" and "createServer" in properties(given[0], look.syntax):
        return
    look.decline(node, "Hono's serve makes its own HTTP server", f"createServer: {look.name}.createServer,")
