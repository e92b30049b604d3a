"""Whether a file serves TLS under TLS_ENABLED already, and which certificate files it reads."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aicos_tls.sources.node.bindings import string_value
from aicos_tls.sources.node.kinds import Kind, maker
from aicos_tls.sources.node.syntax import arguments, callee, properties
from aicos_tls.sources.node.values import value_of

if TYPE_CHECKING:
    from tree_sitter import Node

    from aicos_tls.errors import Where
    from aicos_tls.sources.node.bindings import Bindings
    from aicos_tls.sources.node.kinds import Kinds

SETTING = "TLS_ENABLED"
_SERVES = frozenset({"listen", "createServer", "serverOptions"})
_OPTIONS = {Kind.FASTIFY: "https", Kind.NEST: "httpsOptions", Kind.HAPI: "tls"}
_CERTIFICATE = re.compile(r"([^/\\'\"`]+\.(?:pem|crt|cer|key|p12|pfx))$", re.IGNORECASE)
_READS = frozenset({"readFileSync", "readFile", "join", "resolve", "createReadStream"})


def https_server(bindings: Bindings, kinds: Kinds) -> Node | None:
    """The first place that makes an HTTPS server by code of the file's own."""
    for node in bindings.syntax.of("call_expression", "new_expression"):
        if maker(node, bindings) is None:
            continue
        kind = kinds.of(node)
        if kind is Kind.HTTPS or (kind in _OPTIONS and _has_option(node, _OPTIONS[kind], bindings)):
            return node
    return None


def _has_option(node: Node, name: str, bindings: Bindings) -> bool:
    given = [part for part in arguments(node) if part.type == "object"]
    known = [properties(part, bindings.syntax) for part in given]
    return any(name in part and "serverOptions" not in bindings.syntax.source(part[name]) for part in known)


def helper_call(bindings: Bindings, kinds: Kinds) -> Node | None:
    """The first call by which the service's helper serves."""
    for node in bindings.syntax.of("call_expression"):
        made = maker(node, bindings)
        if made is not None and kinds.is_helper(made[0]) and made[1] in _SERVES:
            return node
    return None


def serves_tls(bindings: Bindings, kinds: Kinds) -> Where | None:
    """Where a file serves TLS when TLS_ENABLED is true, by the helper or by code of its own; None when it does not."""
    node = helper_call(bindings, kinds)
    if node is None and SETTING in bindings.syntax.text:
        node = https_server(bindings, kinds)
    return bindings.syntax.where(node) if node is not None else None


def reads_certificates(bindings: Bindings) -> tuple[tuple[str, Where], ...]:
    """The names of certificate and key files that a file reads, each with its place; names with constants filled in."""
    syntax = bindings.syntax
    found: dict[str, Where] = {}
    for call in syntax.of("call_expression"):
        if syntax.source(callee(call)).rpartition(".")[2] not in _READS:
            continue
        for part in arguments(call):
            text = _file(part, bindings)
            match = _CERTIFICATE.search(text) if text else None
            if match:
                found.setdefault(match.group(1), syntax.where(part))
    return tuple(found.items())


def _file(node: Node, bindings: Bindings) -> str | None:
    """The end of a path: of a template, what stands after the last substitution that is not known."""
    if node.type == "template_string":
        parts = [
            bindings.syntax.source(part)
            if part.type == "string_fragment"
            else value_of(part.named_children[0], bindings).text or "/"
            for part in node.named_children
            if part.named_children or part.type == "string_fragment"
        ]
        return "".join(parts)
    if node.type == "binary_expression":
        last = node.child_by_field_name("right")
        return string_value(last, bindings.syntax) if last is not None else None
    return value_of(node, bindings).text
