"""Names of a file and what is bound to them: variables, imports, parameters, members of `this`.

Scopes are not told apart: a name counts for what all its bindings agree on. That is the careful side; a name that
means two things means nothing here, and what hangs on it is left to a person.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aicos_tls.sources.node.syntax import arguments, bare, child

if TYPE_CHECKING:
    from tree_sitter import Node

    from aicos_tls.sources.node.syntax import Syntax


_DEFAULTS = {
    "assignment_pattern": "right",
    "object_assignment_pattern": "right",
    "required_parameter": "value",
    "optional_parameter": "value",
}
"""Patterns that have a default, and the field of it."""


@dataclass(frozen=True, slots=True)
class Import:
    """A name that stands for a module, or for what it exports as `name` (`default` for its main export).

    `statement` is the whole statement; `specifier` the part of it that binds the name, where it binds several.
    """

    module: str
    name: str
    statement: Node
    specifier: Node | None = None


@dataclass(frozen=True, slots=True)
class Opaque:
    """A name that gets its value from elsewhere: a parameter, a pattern, a loop."""


class Bindings:
    """What the names of a file are bound to. Members of `this` are kept as `this.name`."""

    def __init__(self, syntax: Syntax) -> None:
        self.syntax = syntax
        self.values: defaultdict[str, list[Node | Import | Opaque]] = defaultdict(list)
        for node in syntax.nodes:
            self._read(node)

    def get(self, name: str) -> list[Node | Import | Opaque]:
        """All bindings of a name; none for a global."""
        return self.values.get(name, [])

    def value(self, name: str) -> Node | None:
        """The one expression that a name stands for; None when it is an import, several or not known."""
        bound = self.get(name)
        return bound[0] if len(bound) == 1 and not isinstance(bound[0], Import | Opaque) else None

    def imported(self, name: str) -> Import | None:
        """The import that a name stands for, when it stands for nothing else."""
        bound = self.get(name)
        return bound[0] if len(bound) == 1 and isinstance(bound[0], Import) else None

    @property
    def imports(self) -> dict[str, Import]:
        """Every name that stands for an import and nothing else."""
        return {name: found for name in self.values if (found := self.imported(name)) is not None}

    def _read(self, node: Node) -> None:
        if node.type == "variable_declarator":
            value = node.child_by_field_name("value")
            if value is not None:
                self._bind(child(node, "name"), value, node)
        elif node.type == "assignment_expression":
            self._assign(child(node, "left"), child(node, "right"))
        elif node.type in {"field_definition", "public_field_definition"}:
            value = node.child_by_field_name("value")
            name = node.child_by_field_name("property") or node.child_by_field_name("name")
            if value is not None and name is not None:
                self.values[f"this.{self.syntax.source(name)}"].append(value)
        elif node.type == "import_statement":
            self._import(node)
        elif node.type == "formal_parameters":
            self._parameters(node)
        elif node.type == "arrow_function" and (name := node.child_by_field_name("parameter")) is not None:
            self.values[self.syntax.source(name)].append(self._promised(node) or Opaque())
        elif node.type in {"function_declaration", "generator_function_declaration"}:
            self.values[self.syntax.source(child(node, "name"))].append(node)

    def _parameters(self, node: Node) -> None:
        """Bind parameters: what `.then` hands to a function is what the promise before it gives."""
        promised = self._promised(node.parent) if node.parent is not None else None
        for index, part in enumerate(part for part in node.named_children if part.type != "comment"):
            inner = part.child_by_field_name("pattern") or part
            if index == 0 and promised is not None and inner.type == "identifier":
                self.values[self.syntax.source(inner)].append(promised)
                continue
            for name in _names(part):
                self.values[self.syntax.source(name)].append(Opaque())

    def _promised(self, function: Node) -> Node | None:
        """The promise whose value a function is given: `build().then((app) => …)`."""
        around = function.parent
        call = around.parent if around is not None and around.type == "arguments" else None
        if call is None or call.type != "call_expression" or arguments(call)[:1] != [function]:
            return None
        target = bare(child(call, "function"))
        if target.type != "member_expression" or self.syntax.source(child(target, "property")) != "then":
            return None
        return bare(child(target, "object"))

    def _assign(self, left: Node, right: Node) -> None:
        if left.type == "identifier":
            self._bind(left, right, None)
        elif left.type == "member_expression" and child(left, "object").type == "this":
            self.values[self.syntax.source(left)].append(right)

    def _bind(self, name: Node, value: Node, declarator: Node | None) -> None:
        value = _last(bare(value))
        required = required_module(value, self.syntax)
        statement = declarator.parent if declarator is not None else None
        if name.type == "identifier":
            if required is not None and statement is not None:
                self.values[self.syntax.source(name)].append(Import(required, "default", statement, declarator))
            elif self.syntax.source(value) not in {"null", "undefined"}:
                self.values[self.syntax.source(name)].append(value)
        elif name.type == "object_pattern" and required is not None and statement is not None:
            self._destructure(name, required, statement)
        else:
            for part in _names(name):
                self.values[self.syntax.source(part)].append(Opaque())

    def _destructure(self, pattern: Node, module: str, statement: Node) -> None:
        for part in pattern.named_children:
            if part.type == "shorthand_property_identifier_pattern":
                name = self.syntax.source(part)
                self.values[name].append(Import(module, name, statement, part))
            elif part.type == "pair_pattern" and child(part, "value").type == "identifier":
                name = self.syntax.source(child(part, "key"))
                self.values[self.syntax.source(child(part, "value"))].append(Import(module, name, statement, part))
            else:
                for name_node in _names(part):
                    self.values[self.syntax.source(name_node)].append(Opaque())

    def _import(self, statement: Node) -> None:
        source = statement.child_by_field_name("source")
        for clause in statement.named_children:
            if clause.type == "import_require_clause":  # TypeScript: import x = require('y')
                module = string_value(child(clause, "source"), self.syntax) or ""
                name = self.syntax.source(clause.named_children[0])
                self.values[name].append(Import(module, "default", statement))
            elif clause.type == "import_clause" and source is not None:
                self._import_clause(clause, string_value(source, self.syntax) or "", statement)

    def _import_clause(self, clause: Node, module: str, statement: Node) -> None:
        alone = len(clause.named_children) == 1
        for part in clause.named_children:
            if part.type == "identifier":
                specifier = None if alone else part
                self.values[self.syntax.source(part)].append(Import(module, "default", statement, specifier))
            elif part.type == "namespace_import":
                name = self.syntax.source(part.named_children[0])
                self.values[name].append(Import(module, "default", statement, None if alone else part))
            elif part.type == "named_imports":
                for specifier in part.named_children:
                    self._import_specifier(specifier, module, statement)

    def _import_specifier(self, specifier: Node, module: str, statement: Node) -> None:
        if specifier.type != "import_specifier":
            return
        name = self.syntax.source(child(specifier, "name"))
        alias = specifier.child_by_field_name("alias")
        local = self.syntax.source(alias) if alias is not None else name
        self.values[local].append(Import(module, name, statement, specifier))


def _last(value: Node) -> Node:
    """The value of a chain of assignments: `const app = (module.exports = express())`."""
    while value.type == "assignment_expression":
        value = bare(child(value, "right"))
    return value


def _names(node: Node) -> list[Node]:
    """The names that a pattern binds; those that its defaults use are bound elsewhere."""
    found: list[Node] = []
    stack = [node]
    while stack:
        at = stack.pop()
        if at.type in {"identifier", "shorthand_property_identifier_pattern"}:
            found.append(at)
        elif at.type not in {"type_annotation", "statement_block"}:
            default = at.child_by_field_name(_DEFAULTS.get(at.type, ""))
            stack.extend(part for part in at.named_children if part != default)
    return found


def string_value(node: Node, syntax: Syntax) -> str | None:
    """The value of a string literal without escapes, or of a template without substitutions; else None."""
    if node.type not in {"string", "template_string"}:
        return None
    if any(part.type != "string_fragment" for part in node.named_children):
        return None
    return "".join(syntax.source(part) for part in node.named_children)


def required_module(node: Node, syntax: Syntax) -> str | None:
    """The module of `require('module')` and `await import('module')`; a `.default` behind it changes nothing."""
    if node.type == "member_expression" and syntax.source(child(node, "property")) == "default":
        node = bare(child(node, "object"))
    if node.type != "call_expression" or syntax.source(child(node, "function")) not in {"require", "import"}:
        return None
    given = arguments(node)
    return string_value(given[0], syntax) if len(given) == 1 else None
