"""Python code in a compose value, parsed by Python itself: positions, dotted names of calls, string literals.

Compose puts a value for `${PORT}` before Python sees the code, so each variable is replaced by a number of the same
length before parsing: every offset stays what it was.
"""

from __future__ import annotations

import ast
import re
import warnings
from functools import cached_property
from typing import TypeGuard

from msgspec import Struct

_VARIABLE = re.compile(r"\$\$|\$\{[^}]*\}|\$\w+")
_LONE_RETURN = re.compile(r"\r(?!\n)")
"""Python ends a line there (Python reference, 2.1.2), which would make every later position doubtful."""
_LITERAL = re.compile(r"(?P<prefix>[rRbBuUfF]{0,2})(?P<quote>'''|\"\"\"|'|\")")


class UnreadableCodeError(Exception):
    """The code is not Python 3, or not as it stands here."""


def _parse(code: str) -> ast.Module:
    """The tree of `code`, without the warnings that it may deserve."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(code)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise UnreadableCodeError(str(error)) from None


class Literal(Struct, frozen=True):
    """A string literal that begins an address; `start`, `end`: its content; `joined`: more is put behind it."""

    start: int
    end: int
    quote: str
    joined: bool


class Source:
    """Parsed code; raises `UnreadableCodeError`. All offsets are characters of `text`."""

    def __init__(self, text: str) -> None:
        if _LONE_RETURN.search(text):
            raise UnreadableCodeError("a carriage return on its own")
        self.text = text
        self._parsed = _VARIABLE.sub(lambda found: "1" * len(found[0]), text)
        self.tree = _parse(self._parsed.lstrip())
        self._indent = len(text) - len(text.lstrip())

    @cached_property
    def _lines(self) -> list[tuple[int, str]]:
        """Offset and text of each line, as `ast` counts them."""
        lines = []
        at = self._indent
        for line in self._parsed[self._indent :].split("\n"):
            lines.append((at, line))
            at += len(line) + 1
        return lines

    def _offset(self, line: int, column: int) -> int:
        """`ast` counts lines from 1 and columns in UTF-8 bytes."""
        start, text = self._lines[line - 1]
        return start + len(text.encode()[:column].decode())

    def start(self, node: ast.expr | ast.stmt | ast.alias) -> int:
        """Where `node` begins."""
        return self._offset(node.lineno, node.col_offset)

    def end(self, node: ast.expr | ast.stmt | ast.alias) -> int:
        """Where `node` ends."""
        return self._offset(node.end_lineno or node.lineno, node.end_col_offset or 0)

    @cached_property
    def _aliases(self) -> dict[str, str]:
        """What imported names stand for."""
        names: dict[str, str] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                names |= {alias.asname: alias.name for alias in node.names if alias.asname}
            elif isinstance(node, ast.ImportFrom):
                names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        return names

    def dotted(self, node: ast.expr) -> str:
        """The full name of what `node` stands for, as `urllib.request.urlopen`; "" when it is no plain name."""
        if isinstance(node, ast.Name):
            return self._aliases.get(node.id, node.id)
        if isinstance(node, ast.Attribute):
            base = self.dotted(node.value)
            return f"{base}.{node.attr}" if base else ""
        if isinstance(node, ast.Call) and self.dotted(node.func) in {"__import__", "importlib.import_module"}:
            return self._imported(node)
        return ""

    def _imported(self, call: ast.Call) -> str:
        name = call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else None
        if not isinstance(name, str):
            return ""
        whole = self.dotted(call.func) != "__import__" or len(call.args) > 1 or bool(call.keywords)
        return name if whole else name.partition(".")[0]

    def literal(self, node: ast.expr, *, joined: bool = False, depth: int = 0) -> Literal | None:
        """The literal that the value of `node` begins with; None when it is computed or written in pieces."""
        if isinstance(node, ast.Constant | ast.JoinedStr):
            return self._plain(node, joined=joined)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
            return self.literal(node.left, joined=True, depth=depth)
        if isinstance(node, ast.Call):
            return self._literal_of_call(node, joined=joined, depth=depth)
        if isinstance(node, ast.Name) and depth < 5:  # noqa: PLR2004 - a = b; b = a has no end
            values = [stmt.value for stmt in ast.walk(self.tree) if _assigns(stmt, node.id)]
            return self.literal(values[0], joined=joined, depth=depth + 1) if len(values) == 1 else None
        return None

    def _literal_of_call(self, node: ast.Call, *, joined: bool, depth: int) -> Literal | None:
        if isinstance(node.func, ast.Attribute) and node.func.attr == "format":
            return self.literal(node.func.value, joined=True, depth=depth)
        if self.dotted(node.func).endswith("Request") and node.args:
            return self.literal(node.args[0], joined=joined, depth=depth)
        return None

    def _plain(self, node: ast.Constant | ast.JoinedStr, *, joined: bool) -> Literal | None:
        """The content of one string literal without escapes."""
        start, end = self.start(node), self.end(node)
        opening = _LITERAL.match(self.text, start)
        if opening is None:
            return None
        quote = opening["quote"]
        content = self.text[opening.end() : end - len(quote)]
        if "\\" in content or quote in content:
            return None
        return Literal(opening.end(), end - len(quote), quote, joined)

    def strings(self) -> list[ast.Constant]:
        """Every string constant, those inside f-strings too."""
        found = [node for node in ast.walk(self.tree) if isinstance(node, ast.Constant)]
        return [node for node in found if isinstance(node.value, str)]


def _assigns(node: ast.AST, name: str) -> TypeGuard[ast.Assign]:
    """Whether `node` is a plain assignment to `name`."""
    targets = node.targets if isinstance(node, ast.Assign) else []
    return any(isinstance(target, ast.Name) and target.id == name for target in targets)
