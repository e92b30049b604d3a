"""What is to be done about one Go file: servers, clients, URLs. The functions it then calls are in the helper file.

A call is replaced by one of the helper's with the same arguments; `net/http` leaves the imports when nothing uses it
any more, because Go does not build with an unused import.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aicos_tls.sources.go.helper import FUNCTIONS
from aicos_tls.sources.go.names import Names
from aicos_tls.sources.go.urls import Constants, constants_of, url_changes
from aicos_tls.sources.literals import is_outside
from aicos_tls.sources.model import CodeChange, CodeResult, Covered, Manual
from aicos_tls.sources.syntax import MAX_CHARACTERS, Node, Tree, parse
from aicos_tls.yamledit.edits import Splice

if TYPE_CHECKING:
    from aicos_tls.files import TextFile
    from aicos_tls.sources.model import CodeContext

_GENERATED = re.compile(r"^// Code generated .* DO NOT EDIT\.$", re.MULTILINE)
_HTTP = "net/http"
_GIN = re.compile(r"call github\.com/gin-gonic/gin\.(Default|New)$|\*github\.com/gin-gonic/gin\.Engine$")
_ECHO = re.compile(r"call github\.com/labstack/echo(/v4)?\.New$|\*github\.com/labstack/echo(/v4)?\.Echo$")
_FIBER = re.compile(r"call github\.com/gofiber/fiber/v2\.New$|\*github\.com/gofiber/fiber/v2\.App$")
_VERBS = frozenset({"Get", "Post", "PostForm", "Head"})
_SERVES = "serve HTTPS while TLS_ENABLED=true"
_TRUSTS = "trust the CA of the project besides the public roots"


@dataclass
class Source:
    """A file that is looked at, and what was found so far. `gone` counts the uses of `http` that will be no more."""

    file: TextFile
    context: CodeContext
    tree: Tree
    names: Names
    constants: Constants
    changes: list[CodeChange] = field(default_factory=list)
    manual: list[Manual] = field(default_factory=list)
    covered: list[Covered] = field(default_factory=list)
    helper: bool = False
    gone: int = 0

    def change(self, what: str, node: Node, *splices: Splice, helper: bool = True) -> None:
        """Note a change."""
        self.changes.append(CodeChange(what, self.file.where(node.start), splices))
        self.helper = self.helper or helper

    def replace(self, what: str, node: Node, text: str) -> None:
        """Note that another text takes the place of a node."""
        self.change(what, node, Splice(node.start, node.end, (0,), text))

    def leave(self, node: Node, reason: str, paste: str) -> None:
        """Note a place that is left to a person."""
        self.manual.append(Manual(self.file.where(node.start), reason, paste))


def transform(file: TextFile, context: CodeContext, constants: Constants | None = None) -> CodeResult:
    """What makes a Go file of the service use TLS. `CodeResult.helper` asks for a helper in the file's directory.

    `constants` are those of all files of the service (default: of this file alone) that hold the URL of a server.
    Raises `TlsError` when the file is not UTF-8. Tests and generated files are left alone.
    """
    text = file.text
    constants = constants_of([file], context) if constants is None else constants
    known = constants.local(file).union(*constants.by_directory.values())
    worth = re.search(r"://|net/http|gin|echo|fiber", text) is not None or any(name in text for name in known)
    if file.path.name.endswith("_test.go") or not worth:
        return CodeResult(file)
    if any(re.search(rf"^func (\([^)]*\) )?{name}\(", text, re.MULTILINE) for name in ("tlsServe", "tlsClient")):
        return CodeResult(file)  # the helper itself
    if _GENERATED.search(text) or len(text) > MAX_CHARACTERS:
        named = any(name in text for name in context.servers)
        note = Manual(file.where(0), "generated or too long, so not changed", "change what it is generated from")
        return CodeResult(file, manual=(note,) if named else ())
    tree = parse(text, "go")
    if tree.broken is not None:
        reason = "does not parse as Go, so nothing in it is changed"
        return CodeResult(file, manual=(Manual(file.where(tree.broken), reason, "see: aicos-tls code show"),))
    source = Source(file, context, tree, Names(tree), constants)
    _visit(source)
    return CodeResult(file, tuple(source.changes), tuple(source.manual), source.helper, tuple(source.covered))


def _visit(source: Source) -> None:
    clash = sorted(name for name in FUNCTIONS if re.search(rf"(func|var|const|type) {name}\b", source.tree.text))
    if clash:
        source.leave(source.tree.root, f"{clash[0]} is declared here already", "see: aicos-tls code show")
        return
    own_tls = "TLS_ENABLED" in source.tree.text
    for node in source.tree.root.walk():
        if node.kind == "call_expression":
            done = source.context.is_server and not own_tls and _server(source, node)
            if not done:
                _client_call(source, node)
        elif node.kind == "composite_literal":
            _client_literal(source, node)
        elif node.kind == "var_spec":
            _client_variable(source, node)
        elif node.kind == "selector_expression":
            _default_client(source, node)
        url_changes(source, node)
    _drop_import(source)


def _server(source: Source, call: Node) -> bool:
    tree, function, arguments = source.tree, call.child("function"), call.child("arguments")
    if function is None or arguments is None or function.kind != "selector_expression":
        return False
    name = source.names.qualified(function)
    if name == f"{_HTTP}.ListenAndServe":
        source.gone += 1
        source.replace(_SERVES, function, "tlsListenAndServe")
        return True
    if name in {f"{_HTTP}.Serve", f"{_HTTP}.ListenAndServeTLS", f"{_HTTP}.ServeTLS"}:
        source.leave(call, f"http.{name.rpartition('.')[2]}: listener or certificates are of its own", _PASTE)
        return True
    owner, method = function.child("operand"), function.child("field")
    if owner is None or method is None:
        return False
    return _method(source, call, owner, tree.of(method))


_PASTE = "tlsServe(&http.Server{Addr: addr, Handler: handler})"


def _method(source: Source, call: Node, owner: Node, method: str) -> bool:
    kind, text = source.names.type_of(owner) or "", source.tree.of(owner)
    arguments = call.child("arguments")
    values = [source.tree.of(part) for part in arguments.parts] if arguments else []
    if method == "ListenAndServe" and not values:
        _serve(source, call, kind, text)
        return True
    if method in {"Serve", "ListenAndServeTLS"} and kind in {f"*{_HTTP}.Server", f"{_HTTP}.Server"}:
        source.leave(call, f"{text}.{method}: listener or certificates are of its own", f"tlsServe({text})")
        return True
    for framework, plain, start in _FRAMEWORKS:
        if method == plain and framework.match(kind) and not _is_given_to_helper(source, call):
            if len(values) == 1:
                source.replace(_SERVES, call, start.format(address=values[0], app=text))
            else:
                paste = start.format(address='":8080"', app=text)
                source.leave(call, f"{text}.{plain} has not just one argument, the address", paste)
            return True
    return False


_FRAMEWORKS = (
    (_GIN, "Run", "tlsStart({address}, func(addr string) error {{ return {app}.Run(addr) }}, tlsHandler({app}))"),
    (_ECHO, "Start", "tlsStart({address}, {app}.Start, tlsStarting({app}.TLSServer, {app}.StartServer))"),
    (_FIBER, "Listen", "tlsStart({address}, {app}.Listen, tlsListener({app}.Listener))"),
)
"""Type, method, and what takes the call's place: gin 1.x, echo 4 and fiber 2, by their documentation.

None of them is given the names of the files, which it would read once: so renewed ones are taken over.
"""


def _is_given_to_helper(source: Source, call: Node) -> bool:
    functions = (node.child("function") for node in call.ancestors() if node.kind == "call_expression")
    return any(function is not None and source.tree.of(function) == "tlsStart" for function in functions)


def _serve(source: Source, call: Node, kind: str, text: str) -> None:
    inner = text[1:-1] if text.startswith("(") and text.endswith(")") else text
    if kind == f"*{_HTTP}.Server":
        source.replace(_SERVES, call, f"tlsServe({inner})")
    elif kind == f"{_HTTP}.Server":
        source.replace(_SERVES, call, f"tlsServe(&{inner})")
    else:
        source.leave(call, f"whether {text} is an http.Server cannot be told from this file", f"tlsServe({text})")


def _client_call(source: Source, call: Node) -> None:
    """`http.Get(url)`: asked of a client that trusts the CA."""
    function, arguments = call.child("function"), call.child("arguments")
    if function is not None and arguments is not None and source.tree.of(function) == "new":
        if source.names.qualified(next(iter(arguments.parts), None)) == f"{_HTTP}.Client":
            _wrap_client(source, call, "tlsClient(")
        return
    name = source.names.qualified(function) or ""
    package, _, verb = name.rpartition(".")
    if package != _HTTP or verb not in _VERBS or function is None or arguments is None or not arguments.parts:
        return
    if _goes_outside(source, arguments.parts[0]):
        return
    owner = function.child("operand")
    if owner is not None:
        source.gone += 1
        source.replace(_TRUSTS, owner, "tlsDefaultClient()")


def _goes_outside(source: Source, node: Node) -> bool:
    literal = next((part for part in node.walk() if part.kind.endswith("string_literal")), None)
    if literal is None or literal.start != node.start:
        return False
    return is_outside(source.tree.of(literal)[1:-1], source.context, is_default=False)


def _default_client(source: Source, node: Node) -> None:
    parent = node.parent
    if source.names.qualified(node) != f"{_HTTP}.DefaultClient":
        return
    is_target = parent is not None and parent.kind == "expression_list" and parent.role == "left"
    is_field = parent is not None and parent.parent is not None and parent.parent.kind == "expression_list"
    if is_target or (is_field and parent is not None and parent.parent is not None and parent.parent.role == "left"):
        source.leave(node, "http.DefaultClient is changed here", "tlsClient(http.DefaultClient)")
        return
    source.gone += 1
    source.replace(_TRUSTS, node, "tlsDefaultClient()")


def _client_literal(source: Source, node: Node) -> None:
    """`&http.Client{…}`: handed to the helper, unless it has a transport of its own."""
    if source.names.qualified(node.child("type")) != f"{_HTTP}.Client":
        return
    outer = node.parent if node.parent is not None and node.parent.kind == "unary_expression" else None
    if outer is not None and not source.tree.of(outer).startswith("&"):
        outer = None
    whole = outer or node
    body = node.child("body")
    keys = [source.tree.of(part.parts[0]) for part in body.parts if part.parts] if body else []
    if "Transport" in keys:
        paste = "a transport whose TLSClientConfig.RootCAs holds the CA too: see tlsTransport in the helper"
        source.leave(node, "the client has a transport of its own", paste)
        return
    _wrap_client(source, whole, "tlsClient(" if outer else "*tlsClient(&")


def _wrap_client(source: Source, node: Node, before: str) -> None:
    if not _is_wrapped(source, node):
        splices = (Splice(node.start, node.start, (0,), before), Splice(node.end, node.end, (2,), ")"))
        source.change(_TRUSTS, node, *splices)


def _is_wrapped(source: Source, node: Node) -> bool:
    call = node.parent.parent if node.parent is not None else None
    function = call.child("function") if call is not None else None
    return function is not None and source.tree.of(function) == "tlsClient"


def _client_variable(source: Source, node: Node) -> None:
    kind = node.child("type")
    if node.child("value") is None and source.names.qualified(kind) == f"{_HTTP}.Client":
        name = node.child("name")
        text = source.tree.of(name) if name else "client"
        source.leave(node, "a client that is declared without a value", f"var {text} = *tlsClient(&http.Client{{}})")


def _drop_import(source: Source) -> None:
    """Remove the import of net/http when the changes leave no use of it."""
    local = next((name for name, module in source.names.packages.items() if module == _HTTP), None)
    if local is None or not source.gone or source.names.uses(local) > source.gone:
        return
    spec = source.names.import_specs[local]
    declaration = spec.parent if spec.parent is not None and spec.parent.kind == "import_declaration" else None
    specs = [node for node in source.tree.root.walk() if node.kind == "import_spec"]
    target = declaration or spec
    if declaration is None and spec.parent is not None and len(spec.parent.parts) == 1:
        target = spec.parent.parent or spec
    start, end = _whole_lines(source.tree, target, alone=len(specs) == 1)
    source.change("net/http is not used any more", target, Splice(start, end, (0,), ""))


def _whole_lines(tree: Tree, node: Node, *, alone: bool) -> tuple[int, int]:
    """The lines of a node, with the empty line after it when nothing else is in its group."""
    start = tree.text.rfind("\n", 0, node.start) + 1
    end = tree.text.find("\n", node.end) + 1 or len(tree.text)
    line_before = tree.text[:start].splitlines()[-1:]
    blank_before = not line_before or not line_before[0].strip() or line_before[0].rstrip().endswith("(")
    newline_end = tree.text.find("\n", end) + 1
    blank_after = newline_end > 0 and not tree.text[end:newline_end].strip()
    if blank_after and (alone or blank_before):
        return start, newline_end
    closes = tree.text[end:].lstrip(" \t").startswith(")")
    if closes and line_before and not line_before[0].strip():
        start = tree.text.rfind("\n", 0, tree.text.rfind("\n", 0, start)) + 1
    return start, end
