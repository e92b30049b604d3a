"""Calls that open a server: given a certificate while TLS is on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.sources.python import calls
from aicos_tls.sources.python.edits import add_keywords, arguments_of, keyword, wrap
from aicos_tls.yamledit.edits import Splice

if TYPE_CHECKING:
    from aicos_tls.sources.python.calls import ServerCall
    from aicos_tls.sources.python.transform import Module
    from aicos_tls.sources.syntax import Node

_GUNICORN_NAMES = frozenset({"gunicorn.conf.py", "gunicorn_conf.py", "gunicorn_config.py", "gunicorn.config.py"})
_GUNICORN_SETTINGS = frozenset({"bind", "workers", "worker_class", "timeout", "accesslog", "loglevel", "keepalive"})
_APPLICATION_METHODS = frozenset({"run", "run_server", "listen", "serve", "launch"})


def server_change(module: Module, call: Node) -> None:
    """Note what is to be done about a call, if it opens a server."""
    function = call.child("function")
    arguments = arguments_of(call)
    if function is None or arguments is None:
        return
    name = module.names.qualified(function) or ""
    row = calls.SERVERS.get(name) or _method(module, function)
    if row is not None:
        _add(module, call, arguments, row)
    elif name in calls.WITHOUT_TLS:
        paste = calls.PASTE.get(name, "keyfile=tls.key_file(), certfile=tls.cert_file()")
        module.leave(call, f"{name}: {calls.WITHOUT_TLS[name]}", paste)
    elif name in calls.ASSIGNED:
        _assign(module, call, name)
    elif _is_wrapped(module, name or module.tree.of(function), arguments):
        outer = call.parent.parent if call.parent is not None else None
        if outer is None or not module.is_ours(outer.child("function")):
            module.change("serve HTTPS while TLS_ENABLED=true", call, wrap(call, f"{module.alias}.serve"))
    elif function.kind == "attribute":
        _unknown_method(module, call, function, arguments)


def _method(module: Module, function: Node) -> ServerCall | None:
    if function.kind != "attribute":
        return None
    maker = module.names.made_by(function.child("object")) or ""
    attribute = function.child("attribute")
    return calls.METHODS.get((maker, module.tree.of(attribute))) if attribute else None


def _add(module: Module, call: Node, arguments: Node, row: ServerCall) -> None:
    tree = module.tree
    words = [f"{key}={module.alias}.{value}" for key, value in row.keywords]
    paste = ", ".join(f"{key}=tls.{value}" for key, value in row.keywords)
    name = tree.of(call.children[0])
    for refused in sorted(row.refused):
        if keyword(tree, arguments, refused) is not None:
            module.leave(call, f"{name} has no argument {refused}, this raises TypeError", paste)
            return
    present = [value for key in sorted(row.own) if (value := keyword(tree, arguments, key)) is not None]
    if present:
        if not all(module.is_ours(value) for value in present):
            module.leave(call, f"{name} has TLS settings of its own; TLS_ENABLED does not switch them", paste)
        return
    for expansion in (part for part in arguments.parts if part.kind == "dictionary_splat"):
        if not _is_plain_dictionary(module, expansion.parts[0], row):
            module.leave(call, f"what {tree.of(expansion)} brings to {name} is not known here", paste)
            return
    words += _port(module, arguments, row)
    splices = add_keywords(tree, arguments, words, module.file.newline)
    module.change("serve HTTPS while TLS_ENABLED=true", call, splices)


def _port(module: Module, arguments: Node, row: ServerCall) -> list[str]:
    """The port that is meant, where a library would take another one because of the certificate."""
    if row.default_port is None:
        return []
    name, position, port = row.default_port
    positional = [part for part in arguments.parts if part.kind not in {"keyword_argument", "dictionary_splat"}]
    given = any(keyword(module.tree, arguments, key) is not None for key in (name, "sock", "path"))
    return [] if given or 0 <= position < len(positional) else [f"{name}={port}"]


def _is_plain_dictionary(module: Module, node: Node, row: ServerCall) -> bool:
    """Whether `**node` is a dictionary of this module in which nothing is about TLS."""
    values = [node] if node.kind == "dictionary" else module.names.assigned.get(module.tree.of(node), [])
    if len(values) != 1 or values[0].kind not in {"dictionary", "call"}:
        return False
    function = values[0].child("function")
    if function is not None and module.tree.of(function) != "dict":
        return False
    return not any(word in module.tree.text for word in row.own)


def _assign(module: Module, call: Node, name: str) -> None:
    """Set attributes of an object on the lines after it is made."""
    tree, statement = module.tree, call.parent
    paste = "\n".join(f"config.{key} = tls.{value}" for key, value in calls.ASSIGNED[name])
    target = statement.child("left") if statement is not None and statement.kind == "assignment" else None
    if statement is None or target is None or not tree.begins_line(statement.start):
        module.leave(call, f"{name} is not assigned to a name of its own", paste)
        return
    variable = tree.of(target)
    if f"{variable}.certfile" in module.names.assigned:
        if not all(module.is_ours(value) for value in module.names.assigned[f"{variable}.certfile"]):
            module.leave(call, f"{variable}.certfile is set here already", paste)
        return
    if tree.text[statement.end : tree.line_end(statement.end)].partition("#")[0].strip():
        module.leave(call, "more than one statement on this line", paste)
        return
    indent = module.file.newline + tree.indentation(statement.start)
    lines = "".join(f"{indent}{variable}.{key} = {module.alias}.{value}" for key, value in calls.ASSIGNED[name])
    at = tree.line_end(statement.end)
    module.change("serve HTTPS while TLS_ENABLED=true", call, (Splice(at, at, (0,), lines),))


def _is_wrapped(module: Module, name: str, arguments: Node) -> bool:
    """Whether a call makes a server of the standard library that speaks HTTP."""
    bases = {name, *module.names.bases.get(name, [])}
    if bases & calls.WRAPPED:
        return True
    if not bases & calls.RAW or len(arguments.parts) < 2:  # noqa: PLR2004 - address and handler
        return False
    handler = arguments.parts[1]
    text = module.names.qualified(handler) or module.tree.of(handler)
    return bool({text, *module.names.bases.get(text, [])} & calls.HANDLERS)


def _unknown_method(module: Module, call: Node, function: Node, arguments: Node) -> None:
    """Report `something.run(host=…, port=…)` whose maker this module does not tell."""
    tree, attribute, owner = module.tree, function.child("attribute"), function.child("object")
    if attribute is None or owner is None or tree.of(attribute) not in _APPLICATION_METHODS:
        return
    listens = all(keyword(tree, arguments, key) is not None for key in ("host", "port"))
    if not listens or any(module.is_ours(part.child("value")) for part in arguments.parts):
        return
    reason = f"what {tree.of(owner)} is cannot be told from this file"
    module.leave(call, reason, "Flask: ssl_context=tls.server_context()\nQuart: certfile=…, keyfile=… of tls")


def config_file(module: Module) -> None:
    """Add the certificate to a configuration file of gunicorn (settings that are names of a module)."""
    assigned, tree = module.names.assigned, module.tree
    settings = _GUNICORN_SETTINGS & set(assigned)
    is_config = module.file.path.name in _GUNICORN_NAMES or ("bind" in settings and len(settings) > 2)  # noqa: PLR2004
    if not is_config:
        return
    present = [*assigned.get("certfile", []), *assigned.get("keyfile", [])]
    if present:
        if "TLS_ENABLED" not in tree.text and not all(module.is_ours(value) for value in present):
            paste = "certfile = tls.cert_file()\nkeyfile = tls.key_file()"
            module.leave(present[0], "gunicorn is given a certificate that TLS_ENABLED does not switch", paste)
        return
    newline, end = module.file.newline, len(tree.text)
    lines = [f"certfile = {module.alias}.cert_file()", f"keyfile = {module.alias}.key_file()"]
    start = "" if tree.text.endswith("\n") else newline
    splice = Splice(end, end, (0,), start + newline.join(lines) + newline)
    module.change("gunicorn serves HTTPS while TLS_ENABLED=true", tree.root, (splice,))
