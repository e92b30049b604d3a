"""What names of a Go file mean: imported packages, and which variables hold an http.Server or a router.

Also what its name and head say of when it is compiled.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import PurePosixPath

    from aicos_tls.sources.syntax import Node, Tree

_VERSION = re.compile(r"/v\d+$")
_NAMED = frozenset({"var_spec", "parameter_declaration", "field_declaration"})


class Names:
    """The names of one file. By name within the file, without scopes: what is ambiguous counts as unknown."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.packages: dict[str, str] = {}
        self.import_specs: dict[str, Node] = {}
        for node in tree.root.walk():
            path = node.child("path") if node.kind == "import_spec" else None
            if path is None:
                continue
            module = tree.of(path)[1:-1]
            alias = node.child("name")
            name = tree.of(alias) if alias else _VERSION.sub("", module).rpartition("/")[2]
            self.packages[name] = module
            self.import_specs[name] = node

    def qualified(self, node: Node | None) -> str | None:
        """The name with its full package: `net/http.ListenAndServe`; None for what is no name of a package."""
        if node is None or node.kind not in {"selector_expression", "qualified_type"}:
            return None
        owner = node.child("operand") or node.child("package")
        name = node.child("field") or node.child("name")
        if owner is None or name is None or owner.kind not in {"identifier", "package_identifier"}:
            return None
        package = self.packages.get(self.tree.of(owner))
        return f"{package}.{self.tree.of(name)}" if package else None

    def uses(self, package: str) -> int:
        """How often names of the package with that local name are used."""
        return sum(
            1
            for node in self.tree.root.walk()
            if node.kind in {"selector_expression", "qualified_type"}
            and (owner := node.child("operand") or node.child("package")) is not None
            and self.tree.of(owner) == package
        )

    @cached_property
    def types(self) -> dict[str, set[str]]:
        """For each variable, parameter and field: the types it is known to have: `*net/http.Server`, or "?"."""
        found: dict[str, set[str]] = {}
        for name, kind in self._declared():
            found.setdefault(name, set()).add(kind)
        return found

    def type_of(self, node: Node | None) -> str | None:
        """The type of an expression, as far as it is known: `*net/http.Server`."""
        if node is None:
            return None
        if node.kind == "parenthesized_expression":
            return self.type_of(node.parts[0])
        if node.kind == "identifier":
            kinds = self.types.get(self.tree.of(node), set())
            return next(iter(kinds)) if len(kinds) == 1 else None
        if node.kind == "selector_expression":
            field = node.child("field")
            kinds = self.types.get("." + self.tree.of(field), set()) if field else set()
            return next(iter(kinds)) if len(kinds) == 1 else None
        return self._of_value(node)

    def _of_value(self, node: Node) -> str | None:
        if node.kind == "unary_expression" and self.tree.of(node).startswith("&"):
            inner = self._of_value(node.parts[0])
            return f"*{inner}" if inner else None
        if node.kind == "composite_literal":
            return self.qualified(node.child("type"))
        if node.kind == "call_expression":
            arguments = node.child("arguments")
            if self.tree.of(node).startswith("new(") and arguments and arguments.parts:
                name = self.qualified(arguments.parts[0])
                return f"*{name}" if name else None
            name = self.qualified(node.child("function"))
            return f"call {name}" if name else None
        return None

    def _declared(self) -> Iterator[tuple[str, str]]:
        for node in self.tree.root.walk():
            if node.kind in {"short_var_declaration", "assignment_statement"}:
                yield from self._assigned(node)
            elif node.kind in _NAMED:
                yield from self._with_type(node)

    def _assigned(self, node: Node) -> Iterator[tuple[str, str]]:
        left, right = node.child("left"), node.child("right")
        if left is None or right is None or len(left.parts) != len(right.parts):
            return
        for target, value in zip(left.parts, right.parts, strict=True):
            kind = self._of_value(value) or "?"
            if target.kind == "identifier":
                yield self.tree.of(target), kind

    def _with_type(self, node: Node) -> Iterator[tuple[str, str]]:
        kind, value = node.child("type"), node.child("value")
        found = self._type_name(kind) if kind else None
        if found is None and value is not None and len(value.parts) == 1:
            found = self._of_value(value.parts[0])
        prefix = "." if node.kind == "field_declaration" else ""
        for name in node.parts:
            if name.role == "name":
                yield prefix + self.tree.of(name), found or "?"

    def _type_name(self, node: Node) -> str | None:
        if node.kind == "pointer_type":
            inner = self.qualified(node.parts[0])
            return f"*{inner}" if inner else None
        return self.qualified(node)


_SYSTEMS = frozenset(
    """
    aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9 solaris wasip1 windows
    zos 386 amd64 arm arm64 loong64 mips mips64 mips64le mipsle ppc64 ppc64le riscv64 s390x wasm
    """.split()
)
"""Ends of file names that say for which system a file is (`go help buildconstraint`)."""
_CONSTRAINT = re.compile(r"^//(?:go:build| ?\+build)\b(.*)", re.MULTILINE)


def is_constrained(path: PurePosixPath, text: str) -> bool:
    """Whether a Go file is compiled for some systems or with some tags only (`go help buildconstraint`)."""
    parts = path.stem.split("_")
    return (len(parts) > 1 and parts[-1] in _SYSTEMS) or _constraint(text) is not None


def is_tool(text: str) -> bool:
    """Whether a Go file belongs to no package of its directory: `//go:build ignore`, for `go run` alone."""
    return re.match(r"\s+(?:ignore|tools?)\s*$", _constraint(text) or "") is not None


def _constraint(text: str) -> str | None:
    """The constraint in the head of a file, before its package clause; None where there is none."""
    head = text.partition("\npackage ")[0]
    found = _CONSTRAINT.search(head)
    return found[1] if found else None
