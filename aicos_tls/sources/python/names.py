"""What the names of a Python module mean: imports, constants with their literals, instances of known classes.

Resolution is by name within one file, without flow: enough to tell `uvicorn.run` from `worker.run`, and where it is not
enough the transformation says so instead of guessing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aicos_tls.sources.syntax import Node, Tree

_GETTERS = ("os.getenv", "os.environ.get", "environ.get", "getenv")
_ENVIRONMENTS = ("os.environ", "environ")


@dataclass(frozen=True)
class Default:
    """A text that a name stands for. `is_default` says that the environment may put another in its place."""

    text: str
    is_default: bool


@dataclass
class Names:
    """The names of one module. `environment` has the variables of its container, as far as they are known."""

    tree: Tree
    helper: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    imported: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Read all imports, wherever they stand."""
        for node in self.tree.root.walk():
            if node.kind == "import_statement":
                self._import(node)
            elif node.kind == "import_from_statement":
                self._import_from(node)

    def _import(self, node: Node) -> None:
        for part in node.parts:
            if part.kind == "aliased_import":
                name, alias = part.child("name"), part.child("alias")
                if name and alias:
                    self.imported[self.tree.of(alias)] = self.tree.of(name)
            else:
                first = self.tree.of(part).partition(".")[0]
                self.imported[first] = first

    def _import_from(self, node: Node) -> None:
        module = node.child("module_name")
        if module is None:
            return
        for part in node.parts:
            if part.role != "name":
                continue
            name, alias = part, part
            if part.kind == "aliased_import":
                name, alias = part.child("name") or part, part.child("alias") or part
            self.imported[self.tree.of(alias)] = f"{self.tree.of(module)}.{self.tree.of(name)}"

    def qualified(self, node: Node | None) -> str | None:
        """The full dotted name of `uvicorn.run`, of `run` after `from uvicorn import run`; None for anything else."""
        if node is None:
            return None
        if node.kind == "identifier":
            return self.imported.get(self.tree.of(node))
        if node.kind != "attribute":
            return None
        owner, name = self.qualified(node.child("object")), node.child("attribute")
        return f"{owner}.{self.tree.of(name)}" if owner and name else None

    @cached_property
    def assigned(self) -> dict[str, list[Node]]:
        """For each name (or `self.app`): the values that are assigned to it."""
        found: dict[str, list[Node]] = {}
        for node in self.tree.root.walk():
            if node.kind in {"assignment", "named_expression"}:
                left, right = node.child("left") or node.child("name"), node.child("right") or node.child("value")
                if left and right and left.kind in {"identifier", "attribute"}:
                    found.setdefault(self.tree.of(left), []).append(right)
            elif node.kind == "as_pattern" and len(node.children) > 2:  # noqa: PLR2004 - value, as, target
                found.setdefault(self.tree.of(node.children[-1]), []).append(node.children[0])
        return found

    def made_by(self, node: Node | None) -> str | None:
        """The full name of the class (or function) whose call made what `node` names: `flask.Flask` for `app`."""
        if node is None:
            return None
        if node.kind == "call":
            return self.qualified(node.child("function"))
        values = self.assigned.get(self.tree.of(node), [])
        makers = {self.qualified(value.child("function")) if value.kind == "call" else None for value in values}
        return makers.pop() if len(makers) == 1 else None

    @cached_property
    def bases(self) -> dict[str, list[str]]:
        """For each class of the module: the full names of its base classes, those of its bases included."""
        found: dict[str, list[str]] = {}
        for node in self.tree.root.walk():
            if node.kind == "class_definition":
                name, bases = node.child("name"), node.child("superclasses")
                parts = bases.parts if bases else []
                names: list[str] = []
                for base in parts:
                    names += [self.qualified(base) or self.tree.of(base), *found.get(self.tree.of(base), [])]
                if name:
                    found[self.tree.of(name)] = names
        return found

    def literal(self, node: Node | None, depth: int = 4) -> Default | None:
        """The text that an expression begins with, as far as this module tells: a literal, a constant, a default."""
        if node is None or depth == 0:
            return None
        return self._of_string(node, depth) if node.kind == "string" else self._of_expression(node, depth)

    def _of_expression(self, node: Node, depth: int) -> Default | None:
        if node.kind in {"parenthesized_expression", "keyword_argument"}:
            return self.literal(node.child("value") or next(iter(node.parts), None), depth - 1)
        if node.kind in {"identifier", "attribute"}:
            values = self.assigned.get(self.tree.of(node), [])
            return self.literal(values[0], depth - 1) if len(values) == 1 else None
        if node.kind == "boolean_operator":
            found = self.literal(node.child("right"), depth - 1)
            return Default(found.text, is_default=True) if found else None
        if node.kind == "binary_operator":
            return self.literal(node.child("left"), depth - 1)
        if node.kind == "subscript" and (value := node.child("value")) and self.tree.of(value) in _ENVIRONMENTS:
            return self._given(node.child("subscript"))
        return self._of_getter(node, depth)

    def _of_getter(self, node: Node, depth: int) -> Default | None:
        function, arguments = node.child("function"), node.child("arguments")
        if node.kind != "call" or function is None or arguments is None:
            return None
        name = self.tree.of(function)
        if name in _GETTERS and (given := self._given(next(iter(arguments.parts), None))):
            return given
        if name not in _GETTERS and not name.endswith((".rstrip", ".strip", ".get")):
            return None
        if name.endswith("strip"):
            return self.literal(function.child("object"), depth - 1)
        if len(arguments.parts) < 2:  # noqa: PLR2004 - name and default
            return None
        found = self.literal(arguments.parts[1], depth - 1)
        return Default(found.text, is_default=True) if found else None

    def _given(self, name: Node | None) -> Default | None:
        """What the container is given for a variable: it goes before the default that the code has."""
        text = self.environment.get(content(self.tree, name)) if name is not None and name.kind == "string" else None
        return Default(text, is_default=True) if text else None

    def _of_string(self, node: Node, depth: int) -> Default | None:
        text = content(self.tree, node)
        first = node.children[1] if len(node.children) > 1 else None
        if first is not None and first.kind == "interpolation":
            return self.literal(next(iter(first.parts), None), depth - 1)
        return Default(text, is_default=False)

    def strings(self) -> Iterator[Node]:
        """Yield the string literals that are values: no docstrings."""
        for node in self.tree.root.walk():
            if node.kind == "string" and not _is_docstring(node):
                yield node

    def taken(self, name: str) -> bool:
        """Whether `name` means something in this module that is not the helper."""
        if self.imported.get(name, self.helper) != self.helper:
            return True
        if name in self.imported:
            return False
        return any(
            node.kind == "identifier" and self.tree.of(node) == name and node.role not in {"attribute", "module_name"}
            for node in self.tree.root.walk()
            if not (node.parent and node.parent.kind in {"keyword_argument", "dotted_name"} and node.role != "value")
        )


def content(tree: Tree, string: Node) -> str:
    """What is between the quotes of a string, as it is written."""
    start, end = content_span(string)
    return tree.text[start:end]


def content_span(string: Node) -> tuple[int, int]:
    """The characters between the quotes of a string."""
    return string.children[0].end, string.children[-1].start


def _is_docstring(string: Node) -> bool:
    parent = string.parent
    while parent is not None and parent.kind in {"concatenated_string", "parenthesized_expression"}:
        parent = parent.parent
    return parent is not None and parent.kind in {"expression_statement", "module", "block"}
