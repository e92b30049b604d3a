"""URLs of servers in the strings of a Python module: they are given to the helper, the port stays.

    os.getenv("API_URL", "http://api:8080")      os.getenv("API_URL", tls.url("http://api:8080"))

So a default is https while TLS_ENABLED is true, and what the environment gives is taken as it is. What cannot be the
argument of a call there (bytes, a pattern of `match`, a text with more than the URL) is https in any case. Docstrings,
comments and what is only logged or printed are left alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aicos_tls.compose.urls import find
from aicos_tls.sources.literals import names_server, port_splices, url_splices
from aicos_tls.sources.python.names import content_span
from aicos_tls.yamledit.edits import Splice

if TYPE_CHECKING:
    from aicos_tls.sources.python.transform import Module
    from aicos_tls.sources.syntax import Node

FUNCTION = "url"
_SAYS = re.compile(r"(^|\.)(print|echo|log|debug|info|warning|warn|error|exception|critical|add_argument)$")
_TESTS = re.compile(r"\.(startswith|endswith|replace|split|removeprefix|index|find|partition)$")
_SCHEME = re.compile(r"(?<![A-Za-z0-9+.])(http|ws)://$", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"(?<![A-Za-z0-9+.])(http|ws)://(%[a-z(]|\{)", re.IGNORECASE)
_PATTERNS = frozenset({"case_pattern", "type"})
_NEAR = 40
_WHAT = "ask {} over TLS while TLS_ENABLED=true"
_UNKNOWN = "which host this URL names is not known here: if it is a server of the stack, it has to be https"


def url_changes(module: Module) -> None:
    """Note the URLs that have to be https."""
    for string in module.names.strings():
        if "://" not in module.tree.of(string) or _is_only_said(module, string) or _is_switched(module, string):
            continue
        if not module.is_ours(_call_around(string)):
            _literal(module, string)
            _interpolated(module, string)


def _call_around(string: Node) -> Node | None:
    """The call whose argument a string is."""
    whole = _whole(string)
    arguments = whole.parent
    return arguments.parent if arguments is not None and arguments.kind == "argument_list" else None


def _whole(string: Node) -> Node:
    """A string with those that it is joined to: `"http://api" ":8080"`."""
    parent = string.parent
    return parent if parent is not None and parent.kind == "concatenated_string" else string


def _literal(module: Module, string: Node) -> None:
    start, end = content_span(string)
    text = _without_inner(module, string)
    after = module.tree.text[end : end + _NEAR]
    splices = url_splices(text, start, module.context, after)
    if splices and _is_compared(module, string):
        paste = f"{module.alias}.{FUNCTION}({module.tree.of(string)})"
        module.leave(string, "this text is compared with a URL or cut from it", paste)
        return
    urls = list(find(text))
    hosts = [url.host for url in urls if url.plain and names_server(url, module.context)]
    what = _WHAT.format(", ".join(dict.fromkeys(hosts)))
    if splices and len(urls) == 1 and _may_be_given(module, string, urls[0].start, urls[0].scheme):
        _give(module, string, what, port_splices(text, start, module.context, after))
    else:
        module.change(what, string, splices, helper=False)
    if _PLACEHOLDER.search(text) and not any(part.kind == "interpolation" for part in string.children):
        module.leave(string, _UNKNOWN, f"{module.alias}.{FUNCTION}({module.tree.of(string)})")


def _without_inner(module: Module, string: Node) -> str:
    """What is between the quotes, with blanks for strings within: `f"{HOST or 'http://api'}/x"`."""
    start, end = content_span(string)
    text = module.tree.text[start:end]
    for part in string.children:
        for inner in part.walk() if part.kind == "interpolation" else ():
            if inner.kind == "string":
                text = text[: inner.start - start] + " " * (inner.end - inner.start) + text[inner.end - start :]
    return text


def _may_be_given(module: Module, string: Node, at: int, scheme: str) -> bool:
    """Whether a string that has a URL at an offset can be the argument of a call: the URL has to be its beginning."""
    whole = _whole(string)
    first = whole is string or whole.parts[0] is string
    prefix = module.tree.of(string.children[0]).lower()
    fixed = any(node.kind in _PATTERNS for node in string.ancestors())
    return at == 0 and scheme in ("http", "ws") and first and "b" not in prefix and not fixed


def _give(module: Module, string: Node, what: str, inner: tuple[Splice, ...]) -> None:
    """Give a string to the helper, together with the splices within it."""
    whole = _whole(string)
    before = Splice(whole.start, whole.start, (0,), f"{module.alias}.{FUNCTION}(")
    module.change(what, string, (before, *inner, Splice(whole.end, whole.end, (-1,), ")")))


def _interpolated(module: Module, string: Node) -> None:
    """`f"http://{HOST}:8001"`: changed when HOST is known to be a server by its default, else reported."""
    for before, node in zip(string.children, string.children[1:], strict=False):
        match = _SCHEME.search(module.tree.of(before)) if before.kind == "string_content" else None
        if node.kind != "interpolation" or match is None:
            continue
        found = module.names.literal(next(iter(node.parts), None))
        host = found.text.partition(":")[0] if found else ""
        if module.context.names_server(host):
            named = found is not None and ":" in found.text
            after = module.tree.text[node.end]
            port = () if named or after == ":" else (Splice(node.end, node.end, (0,), ":80"),)
            at = match.start(1) if before is string.children[1] else -1
            if _may_be_given(module, string, at, match.group(1)):
                _give(module, string, _WHAT.format(host), port)
            else:
                at = before.start + match.end(1)
                scheme = Splice(at, at, (0,), "S" if match.group(1).isupper() else "s")
                module.change(_WHAT.format(host), string, (scheme, *port), helper=False)
        elif found is None:
            module.leave(string, _UNKNOWN, f"{module.alias}.{FUNCTION}({module.tree.of(string)})")


def _is_only_said(module: Module, string: Node) -> bool:
    """Whether the nearest call around a string prints or logs it, or it is the message of an error."""
    for node in string.ancestors():
        if node.kind == "keyword_argument" and module.tree.of(node).startswith("default"):
            return False
        if node.kind == "call":
            function = node.child("function")
            says = function is not None and _SAYS.search(module.tree.of(function)) is not None
            return says or (node.parent is not None and node.parent.kind == "raise_statement")
        if node.kind in {"interpolation", "block"}:
            return False
    return False


def _is_compared(module: Module, string: Node) -> bool:
    for node in string.ancestors():
        if node.kind == "call":
            function = node.child("function")
            return function is not None and _TESTS.search(module.tree.of(function)) is not None
        if node.kind not in {"argument_list", "tuple", "concatenated_string"}:
            return False
    return False


def _is_switched(module: Module, string: Node) -> bool:
    """Whether the module chooses between http and https itself."""
    for node in string.ancestors():
        if node.kind == "conditional_expression":
            return "https" in module.tree.of(node) and "tls" in module.tree.of(node).lower()
        if node.kind == "if_statement":
            condition = node.child("condition")
            if condition is not None and "tls" in module.tree.of(condition).lower():
                return True
    return False
