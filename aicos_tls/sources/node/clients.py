"""Where a file asks other services.

`axios.create({…})` is given an agent, as in the guide (phase 3). Every other client needs nothing at its call: the
helper adds the CA to what the whole process trusts. `http.get` and `http.request` speak one scheme only, so they
become the helper's, which choose the module by the URL.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aicos_tls.sources.node.addresses import Destination, destination, host_destination
from aicos_tls.sources.node.kinds import maker
from aicos_tls.sources.node.objects import add_property
from aicos_tls.sources.node.syntax import arguments, bare, callee, child, has_spread, properties
from aicos_tls.sources.node.values import value_of
from aicos_tls.yamledit.edits import Splice

if TYPE_CHECKING:
    from tree_sitter import Node

    from aicos_tls.sources.node.look import Look

_WHAT = "trust the CA of the project"
_PACKAGES = frozenset(
    {"axios", "node-fetch", "undici", "got", "ky", "needle", "superagent", "request", "ws", "socket.io-client"}
    | {"http-proxy-middleware", "http-proxy", "cross-fetch", "isomorphic-fetch"}
)
_PROXIES = frozenset({("http-proxy-middleware", "createProxyMiddleware"), ("http-proxy", "createProxyServer")})
_GLOBALS = frozenset({"fetch", "WebSocket", "EventSource"})
_URL_NAMES = re.compile(r"ur[li]|endpoint|href|address|target", re.IGNORECASE)


def trust(look: Look) -> None:
    """Note what makes the clients of this file trust the CA and speak TLS."""
    for node in look.syntax.of("call_expression", "new_expression"):
        made = maker(node, look.bindings)
        if made in {("axios", "create"), ("axios", "default.create")}:
            _axios_instance(node, look)
        elif made in {("http", "get"), ("http", "request")}:
            _request(node, made[1], look)
        elif _asks(node, made, look):
            look.needs_trust |= _is_concerned(_target(node, look), look)
        if made in _PROXIES:
            _proxy(node, look)


def _is_concerned(target: Destination, look: Look) -> bool:
    """Whether a request may be one to a server; in a service that asks none, an unknown one is not."""
    return target is Destination.SERVER or (target is Destination.UNKNOWN and look.context.asks)


def _asks(node: Node, made: tuple[str, str] | None, look: Look) -> bool:
    """Whether a call is one of a client that trusts what the process trusts."""
    if made is not None:
        return made[0] in _PACKAGES or made in {("https", "get"), ("https", "request")}
    name = look.syntax.source(callee(node)).removeprefix("globalThis.")
    return name in _GLOBALS and not look.bindings.get(name)


def _target(node: Node, look: Look) -> Destination:
    """Where a call with a URL, or with `{ url }`, goes."""
    given = arguments(node)
    if not given:
        return Destination.UNKNOWN
    first: Node | None = bare(given[0])
    if first is not None and first.type == "object":
        known = properties(first, look.syntax)
        first = known.get("baseURL") or known.get("url") or known.get("target")
    return destination(first, look.bindings, look.context) if first is not None else Destination.UNKNOWN


def _axios_instance(node: Node, look: Look) -> None:
    given, syntax = arguments(node), look.syntax
    option = f"httpsAgent: {look.name}.httpsAgent()"
    if not _is_concerned(_target(node, look), look):
        return
    if not given:
        around = child(node, "arguments")
        at = syntax.start(around) + 1
        look.change(_WHAT, node, Splice(at, at, (0,), f"{{ {option} }}"))
        return
    options = bare(given[0])
    if options.type == "object":
        if not {"httpsAgent", "adapter"} & properties(options, syntax).keys():
            look.change(_WHAT, node, *add_property(options, option, syntax, first=has_spread(options)))
        else:
            look.needs_trust = True
        return
    start, end = syntax.start(options), syntax.end(options)
    opening = Splice(start, start, (0,), f"{{ {option}, ...")
    look.change(_WHAT, node, opening, Splice(end, end, (0,), " }"))


def _request(node: Node, name: str, look: Look) -> None:
    """`http.get(url, …)` → `tls.get(url, …)`."""
    given = arguments(node)
    if not given or node.type != "call_expression":
        return
    where = _request_target(given[0], look)
    if not _is_concerned(where, look):
        return
    paste = f"{look.name}.{name}({look.syntax.source(given[0])}, …)"
    if where is Destination.UNKNOWN:
        look.decline(node, "it is not known which host is asked, and http cannot ask over HTTPS", paste)
    elif any("agent" in _options(part, look) for part in given):
        look.decline(node, "an agent for http cannot ask over HTTPS", paste)
    else:
        function = callee(node)
        look.takes_away(function)
        splice = Splice(look.syntax.start(function), look.syntax.end(function), (0,), f"{look.name}.{name}")
        look.change("choose http or https by the URL", node, splice)


def _request_target(node: Node, look: Look) -> Destination:
    """Where `http.get(node)` goes; a URL that is not known counts as a server: the helper looks at it when it runs."""
    node = bare(node)
    options = _options(node, look)
    if options or node.type == "object":
        host = options.get("hostname") or options.get("host")
        value = value_of(host, look.bindings) if host is not None else None
        text = "localhost" if host is None else value.text if value is not None else None
        if text is None:
            return Destination.UNKNOWN
        port = value_of(options["port"], look.bindings).text if "port" in options else None
        return host_destination(text.partition(":")[0], port or text.partition(":")[2], look.context)
    if node.type == "new_expression" and look.syntax.source(callee(node)) == "URL" and arguments(node):
        node = bare(arguments(node)[-1])
    found = destination(node, look.bindings, look.context)
    if found is not Destination.UNKNOWN:
        return found
    is_text = node.type in {"template_string", "binary_expression"} or _URL_NAMES.search(look.syntax.source(node))
    return Destination.SERVER if is_text else Destination.UNKNOWN


def _options(node: Node, look: Look) -> dict[str, Node]:
    """The properties of an options object, written here or bound to a name."""
    node = bare(node)
    if node.type == "identifier":
        bound = look.bindings.value(look.syntax.source(node))
        node = bound if bound is not None else node
    return properties(node, look.syntax) if node.type == "object" else {}


def _proxy(node: Node, look: Look) -> None:
    """A proxy that passes the browser's Host on also asks for a certificate of that name."""
    for part in arguments(node):
        options = _options(part, look)
        target = options.get("target")
        if target is not None and _is_concerned(destination(target, look.bindings, look.context), look):
            check_origin(node, options, look)


def check_origin(node: Node, options: dict[str, Node], look: Look, paste: str = "changeOrigin: true,") -> None:
    """Note a proxy whose options would have it check the certificate against a name from outside."""
    if not {"changeOrigin", "secure"} & options.keys():
        reason = "the proxy checks the certificate against the Host that the browser sent"
        look.decline(node, reason, paste)
