"""What an expression is known to be without running it: a text, a number, a setting with or without a default."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aicos_tls.sources.node.bindings import string_value
from aicos_tls.sources.node.syntax import arguments, bare, callee, child, properties

if TYPE_CHECKING:
    from tree_sitter import Node

    from aicos_tls.sources.node.bindings import Bindings

_ENVIRONMENT = re.compile(r"""process\.env(?:\.(\w+)|\[["'](\w+)["']\])""")
_CONVERSIONS = frozenset({"parseInt", "Number", "String"})
_MAX_DEPTH = 8


@dataclass(frozen=True, slots=True)
class Value:
    """`text` is what it is, or its default when `variable` names an environment variable that can change it."""

    text: str | None
    variable: str | None = None

    @property
    def fixed(self) -> bool:
        """Whether no environment changes it."""
        return self.text is not None and self.variable is None


UNKNOWN = Value(None)


def value_of(node: Node, bindings: Bindings, depth: int = 0) -> Value:
    """What is known of an expression."""
    syntax = bindings.syntax
    node = bare(node)
    found = UNKNOWN
    if depth > _MAX_DEPTH:
        return found
    if node.type in {"string", "template_string"}:
        found = Value(_text(node, bindings, depth))
    elif node.type == "number":
        found = Value(syntax.source(node).replace("_", ""))
    elif node.type == "binary_expression" and syntax.source(child(node, "operator")) in {"||", "??"}:
        left = value_of(child(node, "left"), bindings, depth + 1)
        right = value_of(child(node, "right"), bindings, depth + 1)
        found = Value(right.text, left.variable) if left.variable is not None else left
    elif match := _ENVIRONMENT.fullmatch(syntax.source(node)):
        found = Value(None, match.group(1) or match.group(2))
    elif node.type == "call_expression" and syntax.source(callee(node)) in _CONVERSIONS and arguments(node):
        found = value_of(arguments(node)[0], bindings, depth + 1)
    elif node.type in {"identifier", "shorthand_property_identifier", "member_expression"}:
        found = _bound(node, bindings, depth)
    return found


def _bound(node: Node, bindings: Bindings, depth: int) -> Value:
    bound = bindings.value(bindings.syntax.source(node))
    return UNKNOWN if bound is None else value_of(bound, bindings, depth + 1)


def _text(node: Node, bindings: Bindings, depth: int) -> str | None:
    """The text of a literal, with the substitutions that are known."""
    plain = string_value(node, bindings.syntax)
    if plain is not None:
        return plain
    parts = [
        bindings.syntax.source(part)
        if part.type == "string_fragment"
        else value_of(part.named_children[0], bindings, depth + 1).text
        for part in node.named_children
        if part.type in {"string_fragment", "template_substitution"}
    ]
    known = [part for part in parts if part is not None]
    whole = len(known) == len(parts) == len(node.named_children)
    return "".join(known) if whole else None


def port_of(call_arguments: list[Node], bindings: Bindings) -> Value:
    """The port that `listen` is given: a number, or `{ port }`. A path (a Unix socket) comes back as it is."""
    if not call_arguments:
        return UNKNOWN
    first = bare(call_arguments[0])
    if first.type == "object":
        given = properties(first, bindings.syntax)
        node = given.get("port") or given.get("path")
        return value_of(node, bindings) if node is not None else UNKNOWN
    return value_of(first, bindings)
