"""The line that brings the helper in, and imports that nothing needs any more.

The line looks like its neighbours: `require` or `import`, quotes, semicolon, `const` or `var`. An import of `http`
whose last use became one of the helper is the line that is replaced, so that linters and TypeScript's
`noUnusedLocals` stay content.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aicos_tls.sources.node.bindings import required_module, string_value
from aicos_tls.sources.node.syntax import TYPESCRIPT, bare
from aicos_tls.yamledit.edits import Splice

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tree_sitter import Node

    from aicos_tls.sources.node.bindings import Bindings, Import
    from aicos_tls.sources.node.syntax import Syntax

_FREE_NAMES = ("tls", "serviceTls", "aicosTls")
_CONTINUES = re.compile(r"\s*[(\[`/+-]")


@dataclass(frozen=True)
class HelperName:
    """The name that the helper has in a file, and whether the file brings it in already."""

    name: str
    present: bool


def helper_name(bindings: Bindings, is_helper: Iterable[str]) -> HelperName:
    """The name of the helper in this file; the first free one when the file does not know it yet."""
    for name in is_helper:
        return HelperName(name, present=True)
    used = {bindings.syntax.source(node) for node in bindings.syntax.of("identifier", "shorthand_property_identifier")}
    return HelperName(next(name for name in (*_FREE_NAMES, "tlsOfThisService") if name not in used), present=False)


def is_module(syntax: Syntax) -> bool:
    """Whether a file is an ECMAScript module: by its name, or because it imports or exports."""
    suffix = syntax.file.path.suffix.lower()
    if suffix in {".mjs", ".mts", ".cjs", ".cts"}:
        return suffix in {".mjs", ".mts"}
    if any(node.type in {"import_statement", "export_statement"} for node in syntax.root.named_children):
        return True
    return suffix in TYPESCRIPT and not any(_is_require(node, syntax) for node in syntax.root.named_children)


def import_line(syntax: Syntax, helper: str, name: str | None) -> str:
    """The statement that brings the helper in as `name`, or, without one, only runs it."""
    quote = _quote(syntax)
    semicolon = ";" if _semicolons(syntax) else ""
    helper = f"{quote}{helper}{quote}"
    if is_module(syntax):
        return f"import * as {name} from {helper}{semicolon}" if name else f"import {helper}{semicolon}"
    keyword = _keyword(syntax)
    return f"{keyword} {name} = require({helper}){semicolon}" if name else f"require({helper}){semicolon}"


def insert(syntax: Syntax, line: str, *, before: int) -> Splice:
    """Put `line` after the imports that the file begins with, or before its first statement.

    `before` is the first character that a change touches: a `require` has to run before the statement there. (An
    `import` runs first wherever it stands.)
    """
    last, newline = _last_import(syntax, len(syntax.text) if is_module(syntax) else before), syntax.file.newline
    if last is None:
        first = next((node for node in syntax.root.named_children if not _is_preface(node, syntax)), syntax.root)
        at = _with_comments(first, syntax)
        return Splice(at, at, (0,), f"{line}{newline}{newline}")
    at = _line_end(syntax, last)
    if not line.endswith(";") and _CONTINUES.match(syntax.text, at):
        line += ";"
    return Splice(at, at, (0,), newline + line)


def _line_end(syntax: Syntax, node: Node) -> int:
    """The end of a statement with the comment that stands behind it on its line."""
    at = syntax.end(node)
    source = syntax.source(node)
    ended = source.removesuffix(";").rstrip()
    if "\n" in source[len(ended) :]:  # the semicolon stands before the next statement, in the style without them
        return at - len(source) + len(ended)
    after = node.next_sibling
    if after is not None and after.type == "comment" and after.start_point.row == node.end_point.row:
        return syntax.end(after)
    return at


def _with_comments(node: Node, syntax: Syntax) -> int:
    """The start of a statement, or of the comment right above it that speaks of it."""
    before = node.prev_named_sibling
    start = node
    while before is not None and before.type == "comment" and before.end_point.row + 1 == start.start_point.row:
        start, before = before, before.prev_named_sibling
    return syntax.start(start)


def _is_preface(node: Node, syntax: Syntax) -> bool:
    """Whether a statement has to stay first: `#!`, `'use strict'`, a comment."""
    if node.type in {"comment", "hash_bang_line"}:
        return True
    return node.type == "expression_statement" and node.named_children[0].type == "string" and bool(syntax.text)


def _last_import(syntax: Syntax, before: int) -> Node | None:
    """The last import of the file's first run of imports that ends before a character."""
    last = None
    for node in syntax.root.named_children:
        if syntax.end(node) > before:
            break
        if node.type == "import_statement" or _is_require(node, syntax):
            last = node
        elif not _is_preface(node, syntax) and not (last is None and is_module(syntax)):
            break
    return last


def _is_require(node: Node, syntax: Syntax) -> bool:
    """Whether a statement does nothing but `require`: `const a = require('a')`, `require('dotenv').config()`."""
    if node.type in {"lexical_declaration", "variable_declaration"}:
        values = [part.child_by_field_name("value") for part in node.named_children if part.type != "comment"]
        return bool(values) and all(value is not None and _requires(value, syntax) for value in values)
    return node.type == "expression_statement" and _requires(node.named_children[0], syntax)


def _requires(node: Node, syntax: Syntax) -> bool:
    node = bare(node)
    while required_module(node, syntax) is None:
        inner = node.child_by_field_name("function") or node.child_by_field_name("object")
        if inner is None:
            return False
        node = bare(inner)
    return True


def _quote(syntax: Syntax) -> str:
    strings = [syntax.source(node)[0] for node in syntax.of("string")]
    return '"' if strings.count('"') > strings.count("'") else "'"


def _semicolons(syntax: Syntax) -> bool:
    ends = [syntax.source(node).endswith(";") for node in syntax.root.named_children if _may_end(node)]
    return ends.count(True) >= ends.count(False)


def _may_end(node: Node) -> bool:
    return node.type in {"lexical_declaration", "variable_declaration", "expression_statement", "import_statement"}


def _keyword(syntax: Syntax) -> str:
    """`var` where all of the file's own declarations say so."""
    declared = [syntax.source(node).split(None, 1)[0] for node in syntax.root.named_children if _may_end(node)]
    return "var" if "var" in declared and "const" not in declared else "const"


def drop(found: Import, syntax: Syntax) -> Splice | None:
    """Take a name out of an import that binds others too; None when the statement binds only this one."""
    part = found.specifier
    siblings = part.parent if part is not None else None
    if part is None or siblings is None:
        return None
    if part.type == "identifier" and part.next_named_sibling is not None:  # import http, { STATUS_CODES } from 'http'
        return Splice(syntax.start(part), syntax.start(part.next_named_sibling), (0,), "")
    if part.type not in {"import_specifier", "shorthand_property_identifier_pattern", "pair_pattern"}:
        return None
    members = [node for node in siblings.named_children if node.type != "comment"]
    index = [node.id for node in members].index(part.id)
    if len(members) == 1:
        return None
    if index + 1 < len(members):
        return Splice(syntax.start(part), syntax.start(members[index + 1]), (0,), "")
    return Splice(syntax.end(members[index - 1]), syntax.end(part), (0,), "")


def is_whole_statement(found: Import) -> bool:
    """Whether a statement binds this name and no other."""
    if found.statement.type in {"lexical_declaration", "variable_declaration"}:
        declarators = [node for node in found.statement.named_children if node.type == "variable_declarator"]
        if len(declarators) != 1:
            return False
        pattern = declarators[0].child_by_field_name("name")
        assert pattern is not None  # noqa: S101 - a promise of the grammar
        return pattern.type == "identifier" or len(pattern.named_children) == 1
    if found.specifier is None:
        return True
    around = found.specifier.parent
    clause = around.parent if around is not None and around.type == "named_imports" else around
    return around is not None and clause is not None and len(around.named_children) == len(clause.named_children) == 1


def loaded_modules(syntax: Syntax) -> Iterable[str]:
    """Yield the modules that are loaded for what they do: `import './tls'`, `require('./tls')`."""
    for node in syntax.of("import_statement", "call_expression"):
        source = node.child_by_field_name("source")
        module = required_module(node, syntax) if node.type == "call_expression" else None
        if source is not None:
            module = string_value(source, syntax)
        if module is not None:
            yield module
