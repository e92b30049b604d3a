"""`$NAME` and `${NAME…}` in compose values: found, and expanded where the value is known.

Syntax: compose specification, "Interpolation" (`$$` is a literal dollar sign; `:-`, `-`, `:+`, `+`, `:?`, `?`).
Values come from `.env` files only, never from the environment of this process: the same project gives the same plan.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPERATOR = re.compile(r":?[-+?]")


class Variable(Struct, frozen=True):
    """A reference at `text[start:end]`. `argument` is what follows the operator, in place, or None."""

    start: int
    end: int
    name: str
    operator: str = ""
    argument: str | None = None

    @property
    def argument_start(self) -> int:
        """Where the argument begins: it ends before the closing brace."""
        return self.end - 1 - len(self.argument or "")

    def is_missing(self, values: Mapping[str, str]) -> bool:
        """Whether what follows the operator counts: no value, or with `:` an empty one."""
        value = values.get(self.name)
        return value is None or (self.operator.startswith(":") and not value)


def variables(text: str) -> Iterator[Variable]:
    """Yield the outermost references of `text`, in order."""
    at = text.find("$")
    while 0 <= at < len(text) - 1:
        end = end_of_dollar(text, at)
        found = _variable(text, at, end)
        if found:
            yield found
        at = text.find("$", end)


def everywhere(text: str) -> Iterator[Variable]:
    """Yield the references of `text` and those within their arguments; offsets are into `text`."""
    pending = [(0, text)]
    while pending:
        base, part = pending.pop()
        for found in variables(part):
            variable = replace(found, start=base + found.start, end=base + found.end)
            yield variable
            if variable.argument:
                pending.append((variable.argument_start, variable.argument))


def names(text: str) -> Iterator[str]:
    """Yield the name of every variable in `text`, within defaults too."""
    return (variable.name for variable in everywhere(text))


def end_of_dollar(text: str, at: int) -> int:
    """End of what begins with the dollar sign at `at`.

    A variable, `$$` with what a shell takes for its own, or only `$`.
    """
    after = at + 1
    if text.startswith("$", after):  # `$${NAME}`, `$$(command)`: the container's shell expands it
        after += 1
        if text[after : after + 1] in ("{", "("):
            return _closing(text, after)
        match = _NAME.match(text, after)
        return match.end() if match else after
    if text[after : after + 1] in ("{", "("):
        return _closing(text, after)
    match = _NAME.match(text, after)
    return match.end() if match else after


def _closing(text: str, at: int) -> int:
    """End of a bracketed run, nested ones included; the end of the text when it is never closed."""
    pair = {"{": "}", "(": ")"}[text[at]]
    depth = 0
    for index in range(at, len(text)):
        if text[index] == text[at]:
            depth += 1
        elif text[index] == pair:
            depth -= 1
            if depth == 0:
                return index + 1
    return len(text)


def _variable(text: str, at: int, end: int) -> Variable | None:
    if text.startswith("${", at):
        match = _NAME.match(text, at + 2)
        if match is None or text[end - 1] != "}":
            return None
        operator = _OPERATOR.match(text, match.end(), end - 1)
        if operator is None:
            return Variable(at, end, match.group()) if match.end() == end - 1 else None
        return Variable(at, end, match.group(), operator.group(), text[operator.end() : end - 1])
    match = _NAME.match(text, at + 1)
    return Variable(at, end, match.group()) if match and match.end() == end else None


def expand(text: str, values: Mapping[str, str]) -> str | None:
    """Expand `text` with `values`; None when it needs one that is not known. `$$` becomes `$`."""
    result: list[str] = []
    at = 0
    for variable in variables(text):
        value = _value(variable, values)
        if value is None:
            return None
        result += (text[at : variable.start].replace("$$", "$"), value)
        at = variable.end
    return "".join([*result, text[at:].replace("$$", "$")])


def _value(variable: Variable, values: Mapping[str, str]) -> str | None:
    missing = variable.is_missing(values)
    kind = variable.operator[-1:]
    if kind == "+":
        return "" if missing else expand(variable.argument or "", values)
    if not missing:
        return values[variable.name]
    return expand(variable.argument or "", values) if kind == "-" else None
