"""What an expression is to a web service: an Express or Koa application, an HTTP server, a framework of its own.

A table from the package that made it to a kind. Everything that is not in the table is `UNKNOWN`, and an unknown
thing that listens on a port is shown to a person.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from aicos_tls.sources.node.bindings import Import, Opaque, required_module
from aicos_tls.sources.node.syntax import bare, callee, child, method

if TYPE_CHECKING:
    from collections.abc import Callable

    from tree_sitter import Node

    from aicos_tls.sources.node.bindings import Bindings


class Kind(Enum):
    """What can be asked to listen."""

    EXPRESS = "express"
    KOA = "koa"
    CONNECT = "connect"
    HTTP = "http"
    HTTPS = "https"
    FASTIFY = "fastify"
    NEST = "nestjs"
    HAPI = "hapi"
    HELPER = "helper"
    OTHER = "other"
    """Known, and made in a way that this program does not change."""
    SOCKET = "socket"
    """Listens, and speaks no HTTP."""
    UNKNOWN = "unknown"


APPLICATIONS = frozenset({Kind.EXPRESS, Kind.KOA, Kind.CONNECT})
"""What `listen` of the helper takes: a function `(req, res)`, or something with `callback()`."""

_MAKERS: dict[tuple[str, str], Kind] = {
    ("express", "default"): Kind.EXPRESS,
    ("express", "express"): Kind.EXPRESS,
    ("connect", "default"): Kind.CONNECT,
    ("koa", "default"): Kind.KOA,
    ("http", "createServer"): Kind.HTTP,
    ("http", "Server"): Kind.HTTP,
    ("https", "createServer"): Kind.HTTPS,
    ("https", "Server"): Kind.HTTPS,
    ("http2", "createSecureServer"): Kind.HTTPS,
    ("http2", "createServer"): Kind.OTHER,
    ("spdy", "createServer"): Kind.HTTPS,
    ("fastify", "default"): Kind.FASTIFY,
    ("fastify", "fastify"): Kind.FASTIFY,
    ("@nestjs/core", "NestFactory.create"): Kind.NEST,
    ("@hapi/hapi", "server"): Kind.HAPI,
    ("@hapi/hapi", "Server"): Kind.HAPI,
    ("net", "createServer"): Kind.SOCKET,
    ("net", "Server"): Kind.SOCKET,
    ("tls", "createServer"): Kind.SOCKET,
    ("dgram", "createSocket"): Kind.SOCKET,
    ("polka", "default"): Kind.OTHER,
    ("restify", "createServer"): Kind.OTHER,
    ("socket.io", "default"): Kind.OTHER,
    ("socket.io", "Server"): Kind.OTHER,
    ("apollo-server", "ApolloServer"): Kind.OTHER,
    ("json-server", "create"): Kind.EXPRESS,
}
_RETURN_THEMSELVES = frozenset(
    {"use", "get", "post", "put", "patch", "delete", "all", "set", "enable", "disable", "engine", "on", "listen"}
)
_MAX_DEPTH = 8


def maker(node: Node, bindings: Bindings) -> tuple[str, str] | None:
    """Package and export that a call or a `new` uses: `http.createServer(…)` is `("http", "createServer")`."""
    if node.type not in {"call_expression", "new_expression"}:
        return None
    function = callee(node)
    path = _export(function, bindings)
    return (path[0].removeprefix("node:"), path[1]) if path is not None else None


def _export(function: Node, bindings: Bindings) -> tuple[str, str] | None:
    """The package and the dotted export that an expression names."""
    syntax = bindings.syntax
    required = required_module(function, syntax)
    if required is not None:
        return required, "default"
    if function.type == "identifier":
        found = bindings.imported(syntax.source(function))
        return (found.module, found.name) if found is not None else None
    if function.type != "member_expression":
        return None
    outer = _export(bare(child(function, "object")), bindings)
    if outer is None:
        return None
    name = syntax.source(child(function, "property"))
    return outer[0], name if outer[1] == "default" else f"{outer[1]}.{name}"


class Kinds:
    """The kinds of a file's expressions.

    `elsewhere` says what an import of another file of the service is, or with True what a call of it gives.
    """

    def __init__(self, bindings: Bindings, helper: str, elsewhere: Callable[[Import, bool], Kind]) -> None:
        self.bindings = bindings
        self.helper = helper
        self.elsewhere = elsewhere
        self._asked: set[int] = set()

    def of(self, node: Node, depth: int = 0) -> Kind:
        """The kind of an expression."""
        node = bare(node)
        if depth > _MAX_DEPTH:
            return Kind.UNKNOWN
        if node.type == "assignment_expression":
            return self.of(child(node, "right"), depth + 1)
        if node.type in {"call_expression", "new_expression"}:
            return self._made(node, depth)
        if node.type in {"identifier", "shorthand_property_identifier"} or (
            node.type == "member_expression" and child(node, "object").type == "this"
        ):
            return self._bound(self.bindings.syntax.source(node), depth)
        return Kind.UNKNOWN

    def _made(self, node: Node, depth: int) -> Kind:
        made = maker(node, self.bindings)
        if made is not None:
            if self.is_helper(made[0]):
                return Kind.HELPER
            if made[0].startswith("."):
                return self._built(node, depth)
            return _MAKERS.get(made, self._chained(node, depth))
        built = self._built(node, depth)
        return self._chained(node, depth) if built is Kind.UNKNOWN else built

    def _built(self, node: Node, depth: int) -> Kind:
        """What a function of the service gives, here or in another file: `const app = await build()`."""
        function = callee(node)
        if function.type != "identifier":
            return Kind.UNKNOWN
        return self.returned(function, depth + 1)

    def returned(self, node: Node, depth: int = 0) -> Kind:
        """What a call of a function gives: the kind that all its returns agree on."""
        node = bare(node)
        if depth > _MAX_DEPTH:
            return Kind.UNKNOWN
        if node.type in {"identifier", "shorthand_property_identifier"}:
            bound = self.bindings.get(self.bindings.syntax.source(node))
            if len(bound) != 1 or isinstance(bound[0], Opaque):
                return Kind.UNKNOWN
            if isinstance(bound[0], Import):
                return self.elsewhere(bound[0], True) if bound[0].module.startswith(".") else Kind.UNKNOWN  # noqa: FBT003
            return self.returned(bound[0], depth + 1)
        kinds = {self.of(value, depth + 1) for value in _returns(node)}
        return kinds.pop() if len(kinds) == 1 else Kind.UNKNOWN

    def _chained(self, node: Node, depth: int) -> Kind:
        """`express().use(…)` is the application still."""
        called = method(node, self.bindings.syntax) if node.type == "call_expression" else None
        if called is None or called[1] not in _RETURN_THEMSELVES:
            return Kind.UNKNOWN
        return self.of(called[0], depth + 1)

    def _bound(self, name: str, depth: int) -> Kind:
        kinds = set()
        for bound in self.bindings.get(name):
            if id(bound) not in self._asked:  # a function that returns what its caller calls by the same name
                self._asked.add(id(bound))
                kinds.add(self._binding(bound, depth))
                self._asked.discard(id(bound))
        return kinds.pop() if len(kinds) == 1 else Kind.UNKNOWN

    def _binding(self, bound: Node | Import | Opaque, depth: int) -> Kind:
        if isinstance(bound, Opaque):
            return Kind.UNKNOWN
        if not isinstance(bound, Import):
            return self.of(bound, depth + 1)
        if self.is_helper(bound.module):
            return Kind.HELPER
        return self.elsewhere(bound, False) if bound.module.startswith(".") else Kind.UNKNOWN  # noqa: FBT003

    def is_helper(self, module: str) -> bool:
        """Whether a module is the service's helper file."""
        return stem(module) == stem(self.helper)


_FUNCTIONS = frozenset(
    {"arrow_function", "function_declaration", "function_expression", "function", "method_definition"}
)


def _returns(function: Node) -> list[Node]:
    """The expressions that a function returns; none for anything else."""
    if function.type not in _FUNCTIONS:
        return []
    body = child(function, "body")
    if body.type != "statement_block":
        return [body]
    found, stack = [], list(body.named_children)
    while stack:
        node = stack.pop()
        if node.type == "return_statement":
            found += node.named_children[:1]
        elif node.type not in _FUNCTIONS:
            stack.extend(node.named_children)
    return found


def stem(module: str) -> str:
    """A relative module without its extension: `./tls.js` and `./tls` are one."""
    for suffix in (".js", ".mjs", ".cjs", ".ts", ".mts", ".cts"):
        module = module.removesuffix(suffix)
    return module
