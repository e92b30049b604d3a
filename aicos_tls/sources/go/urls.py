"""URLs of servers in Go sources: they are given to the helper, which makes them https while TLS_ENABLED is true.

    url := "http://api:8080"                      url := tlsURL("http://api:8080")
    fmt.Sprintf("http://api:8080/%d", id)         tlsURL(fmt.Sprintf("http://api:8080/%d", id))

A constant cannot be the result of a call, so that its uses are given to the helper. What can be neither (the tag of a
field, a text with more than the URL) is https in any case.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct, field

from aicos_tls.compose.urls import find
from aicos_tls.sources.literals import names_server, port_splices, url_splices
from aicos_tls.sources.model import Covered
from aicos_tls.sources.syntax import MAX_CHARACTERS, parse
from aicos_tls.yamledit.edits import Splice

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from aicos_tls.files import TextFile
    from aicos_tls.sources.go.transform import Source
    from aicos_tls.sources.model import CodeContext
    from aicos_tls.sources.syntax import Node, Tree

FUNCTION = "tlsURL"
USE = "the URL of this constant follows TLS_ENABLED"
_LITERALS = frozenset({"interpreted_string_literal", "raw_string_literal"})
_WHAT = "ask {} over TLS while TLS_ENABLED=true"
_SAYS = re.compile(r"(Print|Fatal|Panic|Error|Info|Warn|Debug|errors\.New)(f|ln|w)?$")
_UNKNOWN = "which host this URL names is not known here: if it is a server of the stack, it has to be https"
_SHADOWED = "{} is the name of a constant with the URL of a server, and of something else in this file"
_NEAR = 40
_VERB = re.compile(r"^%[a-z]")
_CONSTANT = re.compile(r"\bconst\b")


class Constants(Struct, frozen=True):
    """The constants of a service that hold the URL of a server: by directory, and by the name of its package there."""

    by_directory: dict[str, frozenset[str]] = field(default_factory=dict)

    def local(self, file: TextFile) -> frozenset[str]:
        """Those that a file knows by their bare name."""
        return self.by_directory.get(str(file.path.parent), frozenset())

    def imported(self, module: str) -> frozenset[str]:
        """Those that are known as members of a package."""
        last = module.rpartition("/")[2]
        names = (known for directory, known in self.by_directory.items() if directory.rpartition("/")[2] == last)
        return frozenset(name for known in names for name in known if name[:1].isupper())


def constants_of(files: Iterable[TextFile], context: CodeContext) -> Constants:
    """The constants of Go files that hold the URL of a server, or begin with such a constant."""
    specs: dict[str, list[tuple[str, Node, Tree]]] = {}
    for file in files:
        if _CONSTANT.search(file.text) and len(file.text) <= MAX_CHARACTERS:
            tree = parse(file.text, "go")
            specs.setdefault(str(file.path.parent), []).extend((*pair, tree) for pair in _specs(tree))
    found: dict[str, frozenset[str]] = {}
    for directory, pairs in specs.items():
        names: set[str] = set()
        while more := {name for name, value, tree in pairs if _holds_url(value, tree, names, context)} - names:
            names |= more
        if names:
            found[directory] = frozenset(names)
    return Constants(found)


def _specs(tree: Tree) -> Iterator[tuple[str, Node]]:
    for node in tree.root.walk():
        value = node.child("value") if node.kind == "const_spec" else None
        if value is not None:
            names = [part for part in node.parts if part.role == "name"]
            yield from ((tree.of(name), each) for name, each in zip(names, value.parts, strict=False))


def _holds_url(value: Node, tree: Tree, names: set[str], context: CodeContext) -> bool:
    while value.kind == "binary_expression":
        value = value.parts[0]
    if value.kind == "identifier":
        return tree.of(value) in names
    return value.kind in _LITERALS and _is_url(tree.of(value)[1:-1], context)


def _is_url(text: str, context: CodeContext) -> bool:
    """Whether a text is the plain URL of a server, or begins with it, and holds no other."""
    urls = list(find(text))
    return len(urls) == 1 and urls[0].start == 0 and urls[0].scheme in ("http", "ws") and names_server(urls[0], context)


def url_changes(source: Source, node: Node) -> None:
    """Note what is to be done about a node, if it is a text with a URL or names a constant."""
    if node.kind in _LITERALS:
        _literal(source, node)
    elif node.kind == "identifier":
        if source.tree.of(node) in source.constants.local(source.file):
            _use(source, node)
    elif node.kind == "selector_expression":
        name = source.names.qualified(node) or ""
        module, _, member = name.rpartition(".")
        if module and member in source.constants.imported(module):
            _use(source, node)


def _literal(source: Source, node: Node) -> None:
    text, base = source.tree.of(node)[1:-1], node.start + 1
    after = source.tree.text[node.end : node.end + _NEAR]
    if "://" not in text or is_only_said(source, node):
        return
    hosts = [url.host for url in find(text) if url.plain and names_server(url, source.context)]
    what = _WHAT.format(", ".join(dict.fromkeys(hosts)))
    if _is_url(text, source.context) and not _is_fixed(node):
        _given(source, node, what, port_splices(text, base, source.context, after))
    elif splices := url_splices(text, base, source.context, after):
        if not _is_constant(node):
            source.change(what, node, *splices, helper=False)
        else:
            source.covered.append(Covered(node.start, node.end, done=True))
            if ports := port_splices(text, base, source.context, after):
                source.change(f"{what}, where the constant is used", node, *ports, helper=False)
    if any(url.plain and _VERB.match(url.host) for url in find(text)) and not _is_given(source, _whole(source, node)):
        source.leave(node, _UNKNOWN, f"{FUNCTION}({source.tree.of(node)})")


def _given(source: Source, node: Node, what: str, inner: tuple[Splice, ...]) -> None:
    """Give an expression to the helper, together with the splices within it."""
    whole = _whole(source, node)
    if _is_given(source, whole):
        return
    before, after = _conversion(source, whole)
    splices = (Splice(whole.start, whole.start, (0,), before), *inner, Splice(whole.end, whole.end, (-1,), after))
    source.change(what, node, *splices)


def _whole(source: Source, node: Node) -> Node:
    """What is given to the helper: a format with its values, not the format alone."""
    arguments = node.parent
    call = arguments.parent if arguments is not None and arguments.kind == "argument_list" else None
    function = call.child("function") if call is not None else None
    if call is None or function is None or arguments is None or arguments.parts[0] is not node:
        return node
    return call if source.names.qualified(function) == "fmt.Sprintf" else node


def _conversion(source: Source, node: Node) -> tuple[str, str]:
    """What stands around an expression: with a variable of a type of its own, a conversion, too."""
    spec = node.parent.parent if node.parent is not None else None
    kind = spec.child("type") if spec is not None and spec.kind == "var_spec" else None
    name = source.tree.of(kind) if kind is not None else "string"
    return (f"{FUNCTION}(", ")") if name == "string" else (f"{name}({FUNCTION}(", "))")


def _is_given(source: Source, node: Node) -> bool:
    call = node.parent.parent if node.parent is not None else None
    function = call.child("function") if call is not None else None
    return function is not None and source.tree.of(function) == FUNCTION


def _is_fixed(node: Node) -> bool:
    """Whether a text cannot be the result of a call: a constant, or the tag of a field."""
    return _is_constant(node) or node.role == "tag"


def _is_constant(node: Node) -> bool:
    return any(parent.kind == "const_spec" for parent in node.ancestors())


def _use(source: Source, node: Node) -> None:
    """The use of a constant; a definition, a key and another constant are none."""
    parent = node.parent
    outer = parent.parent if parent is not None and parent.kind == "literal_element" else None
    is_key = outer is not None and outer.kind == "keyed_element" and outer.parts[0] is parent
    if parent is None or is_key or _is_constant(node) or node.role in ("name", "field", "operand", "label"):
        return
    if is_only_said(source, node):
        return
    name = source.tree.of(node)
    if name in source.names.types:
        source.leave(node, _SHADOWED.format(name), f"{FUNCTION}({name})")
        return
    _given(source, node, USE, ())


def is_only_said(source: Source, node: Node) -> bool:
    """Whether a text is only printed, logged or the message of an error."""
    call = next((part for part in node.ancestors() if part.kind == "call_expression"), None)
    function = call.child("function") if call is not None else None
    return function is not None and _SAYS.search(source.tree.of(function)) is not None
