"""URLs in a file's strings: those of servers in scope and of the service itself follow TLS_ENABLED, as the servers do.

A default such as `process.env.X || 'http://api:8001'` becomes `process.env.X || tls.url('http://api:8001')`, which is
https while TLS is on and what it was while it is off (`aicos_tls.sources.node.switch`). The guide (phase 3) writes
https there, which asks a server that has TLS switched off in vain. What the variable says is taken as it is: the
compose file has been changed already. A call of the service to itself (`http://localhost:3001`) is wrapped as well.

Left alone: what a ternary or an `if` on a TLS setting chooses, JSX and HTML (for browsers), what browsers are built
with (`NEXT_PUBLIC_…`), import paths.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from itertools import takewhile
from typing import TYPE_CHECKING

from aicos_tls import budgets
from aicos_tls.compose import urls
from aicos_tls.sources.node.switch import fits_template, switched, wrapped
from aicos_tls.sources.node.syntax import bare, child, parents
from aicos_tls.sources.node.values import value_of
from aicos_tls.yamledit.apply import splice
from aicos_tls.yamledit.edits import Splice

if TYPE_CHECKING:
    from tree_sitter import Node

    from aicos_tls.sources.model import CodeContext
    from aicos_tls.sources.node.bindings import Bindings
    from aicos_tls.sources.node.look import Look
    from aicos_tls.sources.node.switch import Form

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})
_SCHEME_ONLY = re.compile(r"(?:https?|wss?)://", re.IGNORECASE)
_PLAIN_SCHEME_ONLY = re.compile(r"(?:http|ws)://", re.IGNORECASE)
_TLS_SETTING = re.compile(r"tls|ssl|https", re.IGNORECASE)
_FOR_BROWSERS = re.compile(r"process\.env\.(?:NEXT_PUBLIC|VITE|REACT_APP|PUBLIC|NUXT_PUBLIC)_|import\.meta\.env")
_MARKUP = re.compile(r"<[a-zA-Z!/]")
_BROWSER_NODES = frozenset({"jsx_attribute", "jsx_element", "jsx_self_closing_element"})
_NOT_VALUES = frozenset({"import_statement", "export_statement", "literal_type", "jsx_attribute"})
_NAMES = frozenset({"enum_assignment"})
_WHEN: dict[Form, str] = {
    "helper": " when TLS_ENABLED is true",
    "process": " when TLS_ENABLED is true",
    "literal": ", whatever TLS_ENABLED says",
}


class Destination(Enum):
    """Where a request goes."""

    SERVER = "a server in scope, or the service itself"
    OUTSIDE = "somewhere else"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Prefix:
    """The known beginning of a text; whether that is all of it, and whether the environment can change it."""

    text: str
    complete: bool
    changeable: bool


def prefix_of(node: Node, bindings: Bindings) -> Prefix:
    """What is known of the beginning of the text that an expression gives."""
    node = bare(node)
    if node.type == "identifier":
        bound = bindings.value(bindings.syntax.source(node))
        if bound is not None and bound.type in {"template_string", "binary_expression"}:
            node = bound
    if node.type == "template_string":
        parts = [_part(part, bindings) for part in node.named_children]
    elif node.type == "binary_expression" and bindings.syntax.source(child(node, "operator")) == "+":
        parts = [prefix_of(child(node, side), bindings) for side in ("left", "right")]
    else:
        value = value_of(node, bindings)
        parts = [Prefix(value.text or "", value.text is not None, value.variable is not None)]
    known = list(takewhile(lambda part: part.complete, parts))
    known += parts[len(known) : len(known) + 1]
    text, changeable = "".join(part.text for part in known), any(part.changeable for part in known)
    return Prefix(text, all(part.complete for part in parts), changeable)


def _part(part: Node, bindings: Bindings) -> Prefix:
    """One part of a template."""
    if part.type == "string_fragment":
        return Prefix(bindings.syntax.source(part), complete=True, changeable=False)
    if part.type != "template_substitution" or not part.named_children:
        return Prefix("", complete=False, changeable=False)
    return prefix_of(part.named_children[0], bindings)


def destination(node: Node, bindings: Bindings, context: CodeContext) -> Destination:
    """Where a request to the URL that an expression gives goes."""
    prefix = prefix_of(node, bindings)
    url = next(urls.find(prefix.text), None)
    if url is None or url.start or (url.end == len(prefix.text) and not prefix.complete):
        return Destination.UNKNOWN
    if host_destination(url.host, url.port, context) is Destination.SERVER:
        return Destination.SERVER
    return Destination.UNKNOWN if prefix.changeable else Destination.OUTSIDE


def host_destination(host: str, port: str | None, context: CodeContext) -> Destination:
    """Where a request to this host and port goes."""
    if context.names_server(host) is not None or is_own(host, port, context):
        return Destination.SERVER
    return Destination.OUTSIDE


def is_own(host: str, port: str | None, context: CodeContext) -> bool:
    """Whether host and port are the service itself, seen from within its container."""
    known = budgets.number(port) in context.ports
    return known and context.is_server and host.lower() in LOOPBACK


def rewrite(look: Look) -> None:
    """Note the changes of a file's URLs."""
    if _is_for_browsers(look):
        return
    for node in look.syntax.of("string", "template_string"):
        if not _is_left_alone(node, look):
            _urls(node, look)
            _put_together(node, look)


def named(node: Node, look: Look) -> tuple[list[urls.Url], list[str]]:
    """The plain URLs of servers in a literal, with the services that they mean."""
    text = look.syntax.source(node)
    found: list[urls.Url] = []
    services: list[str] = []
    for url in urls.find(text):
        service = look.context.names_server(url.host)
        if url.plain and service is not None and not _MARKUP.search(text, 0, url.start) and _is_text(url, node, look):
            found.append(url)
            services.append(service)
    return found, list(dict.fromkeys(services))


def _is_text(url: urls.Url, node: Node, look: Look) -> bool:
    """Whether a URL begins in a literal's own text: what stands in a substitution is a literal of its own."""
    at = look.syntax.start(node) + url.start
    inside = (part for part in node.named_children if part.type == "template_substitution")
    return not any(look.syntax.start(part) <= at < look.syntax.end(part) for part in inside)


def _urls(node: Node, look: Look) -> None:
    """URLs that name a server, or the service itself."""
    found, services = named(node, look)
    if own := _own(node, look):
        found = sorted({*found, own}, key=lambda url: url.start)
        services.append("the service itself")
    if not found:
        return
    text, what = look.syntax.source(node), f"ask {', '.join(services)} over HTTPS"
    position = _position(node, look)
    if position == "value" and (look.form != "process" or fits_template(text)):
        whole = _whole(node, look, found)
        if whole is not node and look.form == "helper":
            _wrap(whole, look, what)
        else:
            _change(node, look, what, found)
    elif position in ("value", "name"):
        paste = splice(text, switched(text, found, look.form, look.name))
        look.decline(node, f"{what}: a call cannot stand here", paste)


def _change(node: Node, look: Look, what: str, found: list[urls.Url]) -> None:
    """Note the change of some URLs in a literal."""
    at = look.syntax.start(node)
    parts = switched(look.syntax.source(node), found, look.form, look.name)
    moved = (Splice(part.start + at, part.end + at, part.rank, part.replacement) for part in parts)
    look.change(f"{what}{_WHEN[look.form]}", node, *moved, helper=look.form == "helper")


def _wrap(node: Node, look: Look, what: str) -> None:
    """`…` becomes `tls.url(…)`."""
    parts = wrapped(look.syntax.start(node), look.syntax.end(node), look.name)
    look.change(f"{what}{_WHEN['helper']}", node, *parts)


def _whole(node: Node, look: Look, found: list[urls.Url]) -> Node:
    """The text that a URL begins when its literal ends before the port could: `'http://api' + ':' + PORT`."""
    url = found[-1]
    ends = url.port is None and url.end == len(look.syntax.source(node)) - 1
    return _chain(node, look) if ends and len(found) == 1 and url.start == 1 else node


def _chain(node: Node, look: Look) -> Node:
    """The longest concatenation that begins with a node."""
    while (
        (parent := node.parent) is not None
        and parent.type == "binary_expression"
        and look.syntax.source(child(parent, "operator")) == "+"
        and child(parent, "left") == node
    ):
        node = parent
    return node


def _own(node: Node, look: Look) -> urls.Url | None:
    """`'http://localhost:3001'` of the service that listens on 3001, at the beginning of a text."""
    if look.form != "helper":
        return None
    prefix = prefix_of(node, look.bindings)
    url = next(urls.find(prefix.text), None)
    written = next(urls.find(look.syntax.source(node)), None)
    if url is None or written is None or url.start or written.start != 1 or not url.plain:
        return None
    return written if is_own(url.host, url.port, look.context) else None


def _put_together(node: Node, look: Look) -> None:
    """`'http://' + HOST + ':8001'` and `` `http://${HOST}:8001` ``: the host is known, or it is a setting.

    What the container is given for a setting goes before the default that the code has.
    """
    host, rest = _host_expression(node, look)
    text = look.syntax.source(node)
    if host is None or not _PLAIN_SCHEME_ONLY.match(text, 1) or _position(node, look) != "value":
        return
    value = value_of(host, look.bindings)
    given = look.context.environment.get(value.variable) if value.variable else None
    service = look.context.names_server(given or value.text or "")
    if service is not None and rest.startswith(":"):
        _scheme(node, look, f"ask {service} over HTTPS")
    elif service is not None or (value.variable is not None and not (given or value.text) and "HOST" in value.variable):
        what = value.variable or value.text
        look.decline(node, f"a URL is put together from {what}", text.replace("://", "s://", 1))


def _scheme(node: Node, look: Look, what: str) -> None:
    """Change the scheme of a URL that is put together."""
    if look.form == "helper":
        _wrap(_chain(node, look), look, what)
        return
    text = look.syntax.source(node)
    colon = text.index(":")
    _change(node, look, what, [urls.Url(1, colon, text[1:colon], "", colon, "", colon)])


def _host_expression(node: Node, look: Look) -> tuple[Node | None, str]:
    """The expression that gives the host of a URL that is put together, and the text after it."""
    if node.type == "template_string":
        parts = node.named_children
        host = parts[1] if len(parts) > 1 and _SCHEME_ONLY.fullmatch(look.syntax.source(parts[0])) else None
        if host is not None and host.type == "template_substitution" and host.named_children:
            return host.named_children[0], look.syntax.text[look.syntax.end(host) :]
        return None, ""
    parent = node.parent
    if parent is None or parent.type != "binary_expression" or not _SCHEME_ONLY.fullmatch(_inside(node, look)):
        return None, ""
    if child(parent, "left") != node:
        return None, ""
    outer = parent.parent
    rest = child(outer, "right") if outer is not None and outer.type == "binary_expression" else None
    return child(parent, "right"), look.syntax.source(rest).strip("'\"`") if rest is not None else ""


def _inside(node: Node, look: Look) -> str:
    return look.syntax.source(node)[1:-1]


def _is_left_alone(node: Node, look: Look) -> bool:
    """Whether a text is none of the servers' business: see the module."""
    inner = node
    for outer in parents(node):
        if outer.type in _BROWSER_NODES or (outer.type == "import_statement"):
            return True
        if outer.type == "ternary_expression" and child(outer, "condition") != inner:
            others = [look.syntax.source(child(outer, name)) for name in ("condition", "consequence", "alternative")]
            if any(_TLS_SETTING.search(text) for text in others if text != look.syntax.source(inner)):
                return True
        if outer.type == "if_statement" and _TLS_SETTING.search(look.syntax.source(child(outer, "condition"))):
            return True
        if outer.type == "binary_expression" and _FOR_BROWSERS.search(look.syntax.source(child(outer, "left"))):
            return True
        inner = outer
    return False


def _position(node: Node, look: Look) -> str:
    """Whether a literal stands where a call can (`value`), as a `name`, or where nothing is to be done (empty)."""
    parent = node.parent
    if parent is None or parent.type in _NOT_VALUES:
        return ""
    if parent.type in _NAMES or (parent.type == "pair" and child(parent, "key") == node):
        return "name"
    if parent.type == "call_expression" and node.type == "template_string":
        return "name"  # a template with a tag
    calls = (outer for outer in parents(node) if outer.type == "call_expression")
    return "" if any(look.calls_helper(call, "url") for call in calls) else "value"


def _is_for_browsers(look: Look) -> bool:
    """Whether a file is for browsers as a whole (React's `'use client'`)."""
    first = next((node for node in look.syntax.root.named_children if node.type != "comment"), None)
    return first is not None and look.syntax.source(first).strip("\"'; ") == "use client"
