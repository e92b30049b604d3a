"""Edits of Python calls that keep the way in which they are written: one line, or one argument a line."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from aicos_tls.yamledit.edits import Splice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aicos_tls.sources.syntax import Node, Tree

_THIRD_PARTY = frozenset(
    "aiohttp celery click django dotenv fastapi flask granian gunicorn httpx hypercorn loguru numpy openai pandas "
    "psycopg2 pydantic pydantic_settings quart redis requests sanic sqlalchemy starlette structlog tornado urllib3 "
    "uvicorn waitress websockets werkzeug".split()
)
"""What is surely no module of the service, so that the helper gets a group of its own after it."""


_SPACED = frozenset({"function_definition", "class_definition", "decorated_definition"})
"""What PEP 8 sets off by two lines."""


def arguments_of(call: Node) -> Node | None:
    """The argument list of a call; None when its only argument is a bare generator."""
    arguments = call.child("arguments")
    return arguments if arguments is not None and arguments.kind == "argument_list" else None


def keyword(tree: Tree, arguments: Node, name: str) -> Node | None:
    """The value of a keyword argument."""
    for part in arguments.parts:
        key = part.child("name")
        if part.kind == "keyword_argument" and key is not None and tree.of(key) == name:
            return part.child("value")
    return None


def add_keywords(tree: Tree, arguments: Node, words: Sequence[str], newline: str) -> tuple[Splice, ...]:
    """Add `words` (`name=value`) at the end of an argument list."""
    last = arguments.parts[-1] if arguments.parts else None
    close = arguments.children[-1]
    if last is None:
        at = arguments.children[0].end
        return (Splice(at, at, (0,), ", ".join(words)),)
    comma = next((child for child in arguments.children if child.kind == "," and child.start >= last.end), None)
    end = comma.end if comma else last.end
    line_end = tree.line_end(end)
    if tree.begins_line(last.start) and line_end < close.start:
        indent = newline + tree.indentation(last.start)
        lines = indent + f",{indent}".join(words)
        if comma:
            return (Splice(line_end, line_end, (1,), lines + ","),)
        if line_end == end:
            return (Splice(end, end, (0,), "," + lines),)
        return (Splice(end, end, (0,), ","), Splice(line_end, line_end, (1,), lines))
    if comma:
        return (Splice(end, end, (0,), "".join(f" {word}," for word in words)),)
    return (Splice(end, end, (0,), "".join(f", {word}" for word in words)),)


def wrap(node: Node, function: str) -> tuple[Splice, ...]:
    """Make `node` the argument of `function`."""
    return (Splice(node.start, node.start, (0,), f"{function}("), Splice(node.end, node.end, (2,), ")"))


def add_import(tree: Tree, statement: str, newline: str) -> Splice:
    """Add an import after the imports at the head of the module, in a group of its own where that is the custom."""
    imports = _head_imports(tree)
    if not imports:
        at, blank = _head_end(tree, newline)
        return Splice(at, at, (0,), statement + newline + blank)
    last = imports[-1]
    at = tree.line_end(last.end)
    first_of_group = len(imports) - 1
    while first_of_group and _adjacent(tree, imports[first_of_group - 1], imports[first_of_group]):
        first_of_group -= 1
    group = imports[first_of_group:]
    foreign = any(_is_foreign(tree, node) for node in group)
    if not foreign and statement.startswith("import "):
        sorted_in = next((node for node in group if node.kind != "import_statement"), None)
        if sorted_in is not None and tree.begins_line(sorted_in.start):
            return Splice(sorted_in.start, sorted_in.start, (0,), statement + newline)
    spaced = not tree.text[at:].strip() or tree.text[at:].lstrip(" \t\r").startswith(("\n\n", "\n\r\n"))
    return Splice(at, at, (0,), (newline if foreign and spaced else "") + newline + statement)


def _head_imports(tree: Tree) -> list[Node]:
    found: list[Node] = []
    for node in tree.root.children:
        if node.kind in {"import_statement", "import_from_statement", "future_import_statement"}:
            found.append(node)
        elif node.kind not in {"comment", ";"} and not (node.kind == "expression_statement" and not found):
            break
    return found


def _head_end(tree: Tree, newline: str) -> tuple[int, str]:
    """Where a first import goes, before the first statement that is no docstring, and the empty lines after it."""
    first, *others = tree.root.parts
    if others and first.kind == "expression_statement" and first.parts[0].kind == "string":
        first = others[0]
    return first.start, newline * (2 if first.kind in _SPACED else 1)


def _adjacent(tree: Tree, before: Node, after: Node) -> bool:
    return tree.text.count("\n", before.end, after.start) <= 1


def _is_foreign(tree: Tree, node: Node) -> bool:
    if node.kind == "future_import_statement":
        return True
    module = node.child("module_name") or node.child("name") or node
    top = tree.of(module).split(".")[0].split(" ")[0]
    return top in sys.stdlib_module_names or top in _THIRD_PARTY
