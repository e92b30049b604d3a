"""What the other files of a service export: `const app = require('./app')` is an application when `./app` makes one.

One step only: an application that is handed on through a third file is left to a person.
"""

from __future__ import annotations

import posixpath
from pathlib import Path
from typing import TYPE_CHECKING

from aicos_tls.sources.node.bindings import Bindings
from aicos_tls.sources.node.kinds import Kind, Kinds
from aicos_tls.sources.node.syntax import Syntax, child, properties

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tree_sitter import Node

    from aicos_tls.files import TextFile
    from aicos_tls.sources.node.bindings import Import

_ENDINGS = ("", ".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", "/index.js", "/index.ts", "/index.mjs")


class Neighbours:
    """The files that a file imports, by what their exports are."""

    def __init__(self, path: Path, helper: str, files: Mapping[Path, TextFile]) -> None:
        self.directory = path.parent
        self.helper = helper
        self.files = files

    def kind(self, found: Import, called: bool = False) -> Kind:  # noqa: FBT001, FBT002 - a callback of two values
        """The kind of what an import of another file brings, or of what a call of it gives."""
        file = self._file(found.module)
        if file is None:
            return Kind.UNKNOWN
        syntax = Syntax(file)
        if syntax.problem() is not None:
            return Kind.UNKNOWN
        kinds = Kinds(Bindings(syntax), self.helper, lambda _, __: Kind.UNKNOWN)
        look = kinds.returned if called else kinds.of
        of_exports = {look(node) for node in _exported(found.name, syntax)}
        return of_exports.pop() if len(of_exports) == 1 else Kind.UNKNOWN

    def _file(self, module: str) -> TextFile | None:
        base = posixpath.normpath(posixpath.join(self.directory.as_posix(), module))
        names = [base + ending for ending in _ENDINGS]
        if base.endswith(".js"):  # TypeScript's way to name a module that it will compile
            names.append(base.removesuffix(".js") + ".ts")
        return next((self.files[Path(name)] for name in names if Path(name) in self.files), None)


def _exported(name: str, syntax: Syntax) -> Iterator[Node]:
    """Yield the expressions that a file exports as `name`."""
    for node in syntax.of("assignment_expression"):
        target = syntax.source(child(node, "left"))
        value = child(node, "right")
        if target in {f"module.exports.{name}", f"exports.{name}"} or (
            target == "module.exports" and name == "default"
        ):
            yield value
        elif target == "module.exports" and value.type == "object" and name in properties(value, syntax):
            yield properties(value, syntax)[name]
    for node in syntax.of("export_statement"):
        yield from _of_statement(node, name, syntax)


def _of_statement(statement: Node, name: str, syntax: Syntax) -> Iterator[Node]:
    """Yield what one `export` statement exports as `name`."""
    value = statement.child_by_field_name("value")
    if value is not None and name == "default":
        yield value
    declaration = statement.child_by_field_name("declaration")
    if declaration is not None and declaration.type == "function_declaration":
        is_default = any(part.type == "default" for part in statement.children)
        if name == "default" if is_default else syntax.source(child(declaration, "name")) == name:
            yield declaration
    for declarator in declaration.named_children if declaration is not None else ():
        value = declarator.child_by_field_name("value")
        if value is not None and syntax.source(child(declarator, "name")) == name:
            yield value
    for clause in (part for part in statement.named_children if part.type == "export_clause"):
        for specifier in (part for part in clause.named_children if part.type == "export_specifier"):
            public = specifier.child_by_field_name("alias") or child(specifier, "name")
            if syntax.source(public) == name:
                yield child(specifier, "name")
