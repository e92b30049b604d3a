"""URLs of servers in the strings of a Python module: http becomes https, ws becomes wss, the port stays.

Docstrings, comments and what is only logged or printed are left alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aicos_tls.compose.urls import find
from aicos_tls.sources.literals import names_server, url_splices
from aicos_tls.sources.python.names import content_span
from aicos_tls.yamledit.edits import Splice

if TYPE_CHECKING:
    from aicos_tls.sources.python.transform import Module
    from aicos_tls.sources.syntax import Node

_SAYS = re.compile(r"(^|\.)(print|echo|log|debug|info|warning|warn|error|exception|critical|add_argument)$")
_TESTS = re.compile(r"\.(startswith|endswith|replace|split|removeprefix|index|find|partition)$")
_SCHEME = re.compile(r"(?<![A-Za-z0-9+.])(http|ws)://$", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"(?<![A-Za-z0-9+.])(http|ws)://(%[a-z(]|\{)", re.IGNORECASE)
_WHAT = "ask {} over TLS"
_UNKNOWN = "which host this URL names is not known here: if it is a server of the stack, it has to be https"


def url_changes(module: Module) -> None:
    """Note the URLs that have to be https."""
    for string in module.names.strings():
        if "://" not in module.tree.of(string) or _is_only_said(module, string) or _is_switched(module, string):
            continue
        _literal(module, string)
        _interpolated(module, string)


def _literal(module: Module, string: Node) -> None:
    start, end = content_span(string)
    text = module.tree.text[start:end]
    splices = url_splices(text, start, module.context)
    if splices and _is_compared(module, string):
        paste = module.tree.of(string).replace("://", "s://", 1)
        module.leave(string, "this text is compared with a URL or cut from it", paste)
        return
    hosts = [url.host for url in find(text) if url.plain and names_server(url, module.context)]
    module.change(_WHAT.format(", ".join(dict.fromkeys(hosts))), string, splices, helper=False)
    if _PLACEHOLDER.search(text) and not any(part.kind == "interpolation" for part in string.children):
        module.leave(string, _UNKNOWN, module.tree.of(string).replace("://", "s://", 1))


def _interpolated(module: Module, string: Node) -> None:
    """`f"http://{HOST}:8001"`: changed when HOST is known to be a server by its default, else reported."""
    for before, node in zip(string.children, string.children[1:], strict=False):
        match = _SCHEME.search(module.tree.of(before)) if before.kind == "string_content" else None
        if node.kind != "interpolation" or match is None:
            continue
        found = module.names.literal(next(iter(node.parts), None))
        host = found.text.partition(":")[0] if found else ""
        at = before.start + match.end(1)
        if module.context.names_server(host):
            splices = [Splice(at, at, (0,), "S" if match.group(1).isupper() else "s")]
            if found and ":" not in found.text and module.tree.text[node.end] != ":":
                splices.append(Splice(node.end, node.end, (0,), ":80"))
            module.change(_WHAT.format(host), string, tuple(splices), helper=False)
        elif found is None:
            module.leave(string, _UNKNOWN, module.tree.of(string).replace("://", "s://", 1))


def _is_only_said(module: Module, string: Node) -> bool:
    """Whether the nearest call around a string prints or logs it, or it is the message of an error."""
    for node in string.ancestors():
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
