"""Calls that make a client: told to trust the project's CA besides the public roots.

A client whose only URL is certainly an outside one is left as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.sources.literals import is_outside
from aicos_tls.sources.python import calls
from aicos_tls.sources.python.edits import add_keywords, arguments_of, keyword, wrap
from aicos_tls.yamledit.edits import Splice

if TYPE_CHECKING:
    from aicos_tls.sources.python.calls import ClientCall
    from aicos_tls.sources.python.transform import Module
    from aicos_tls.sources.syntax import Node

_WHAT = "trust the CA of the project besides the public roots"
_SIMPLE = frozenset({"identifier", "attribute", "string"})


def client_change(module: Module, call: Node) -> None:
    """Note what is to be done about a call, if it makes a client."""
    name = module.names.qualified(call.child("function"))
    if name is None:
        return
    row = calls.CLIENTS.get(name)
    arguments = arguments_of(call)
    if row is not None and arguments is not None:
        _add(module, call, arguments, row)
    elif name in calls.SESSIONS:
        outer = call.parent.parent if call.parent is not None else None
        if outer is None or not module.is_ours(outer.child("function")):
            module.change(_WHAT, call, wrap(call, f"{module.alias}.trusting"))
    elif name in calls.WEBSOCKETS and arguments is not None:
        _websocket(module, call, arguments)
    elif name in calls.UNKNOWN_CLIENTS and arguments is not None and not _has_own_trust(module, call, arguments):
        module.leave(call, calls.UNKNOWN_CLIENTS[name], calls.CLIENT_PASTE[name])


def _add(module: Module, call: Node, arguments: Node, row: ClientCall) -> None:
    tree = module.tree
    value = keyword(tree, arguments, row.parameter)
    if module.is_ours(value) or _goes_outside(module, arguments, row):
        return
    if any(keyword(tree, arguments, name) is not None for name in row.instead):
        return
    ours = f"{module.alias}.{row.value}"
    if value is None:
        if any(part.kind == "dictionary_splat" for part in arguments.parts) and row.parameter in tree.text:
            reason = f"whether {row.parameter} is among the arguments is not known here"
            module.leave(call, reason, f"{row.parameter}={ours}")
            return
        words = [f"{row.parameter}={ours}"]
        module.change(_WHAT, call, add_keywords(tree, arguments, words, module.file.newline))
    elif tree.of(value) in {"True", "None"}:
        module.change(_WHAT, call, (Splice(value.start, value.end, (0,), ours),))
    elif row.parameter == "verify" and tree.of(value) != "False" and "TLS_ENABLED" not in tree.text:
        module.leave(call, f"verify={tree.of(value)}: the CA of the project has to be among what it trusts", ours)


def _goes_outside(module: Module, arguments: Node, row: ClientCall) -> bool:
    position, name = row.url
    value = keyword(module.tree, arguments, name) if name else None
    positional = [part for part in arguments.parts if part.kind not in {"keyword_argument", "dictionary_splat"}]
    if value is None and 0 <= position < len(positional):
        value = positional[position]
    found = module.names.literal(value)
    return found is not None and is_outside(found.text, module.context, is_default=found.is_default)


def _websocket(module: Module, call: Node, arguments: Node) -> None:
    tree = module.tree
    expansions = [part for part in arguments.parts if part.kind == "dictionary_splat"]
    if any(module.is_ours(part.parts[0]) for part in expansions) or keyword(tree, arguments, "ssl") is not None:
        return
    url = keyword(tree, arguments, "uri") or next(iter(arguments.parts), None)
    if url is None or url.kind not in _SIMPLE or (tree.of(url).startswith(("f", "F")) and url.kind == "string"):
        module.leave(call, "the URL is computed in the call", "**tls.websocket_options(url)")
        return
    found = module.names.literal(url)
    if found is not None and is_outside(found.text, module.context, is_default=found.is_default):
        return
    text = tree.of(url)
    if url.kind == "string":
        module.leave(call, "the URL is written in the call", f"URL = {text}\n**tls.websocket_options(URL)")
        return
    words = [f"**{module.alias}.websocket_options({text})"]
    module.change(_WHAT, call, add_keywords(tree, arguments, words, module.file.newline))


def _has_own_trust(module: Module, call: Node, arguments: Node) -> bool:
    """Whether a call that is left to a person needs none: an outside host, or what is to be pasted is there."""
    text = module.tree.of(call)
    if f"{module.alias}." in text or "sslopt" in text:
        return True
    if any(f"{module.alias}.enabled()" in module.tree.of(node) for node in list(call.ancestors())[:3]):
        return True
    found = [module.names.literal(part) for part in arguments.parts if part.kind != "keyword_argument"]
    if module.names.qualified(call.child("function")) == "http.client.HTTPConnection":
        host = found[0] if found else None
        return host is not None and not host.is_default and not _is_server(module, host.text)
    return any(text and is_outside(text.text, module.context, is_default=text.is_default) for text in found)


def _is_server(module: Module, host: str) -> bool:
    return module.context.names_server(host.partition(":")[0]) is not None
