"""`$NAME` and `${NAME…}` in compose values: found, and expanded where the value is known.

Syntax: compose specification, "Interpolation" (`$$` is a literal dollar sign; `:-`, `-`, `:+`, `+`, `:?`, `?`).
Values come from `.env` files only, never from the environment of this process: the same project gives the same plan.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

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


def variables(text: str) -> Iterator[Variable]:
    """Yield the outermost references of `text`, in order."""
    at = text.find("$")
    while 0 <= at < len(text) - 1:
        end = end_of_dollar(text, at)
        found = _variable(text, at, end)
        if found:
            yield found
        at = text.find("$", end)


def names(text: str) -> Iterator[str]:
    """Yield the name of every variable in `text`, within defaults too."""
    for variable in variables(text):
        yield variable.name
        if variable.argument:
            yield from names(variable.argument)


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
    value = values.get(variable.name)
    missing = value is None or (variable.operator.startswith(":") and not value)
    kind = variable.operator[-1:]
    if kind == "+":
        return "" if missing else expand(variable.argument or "", values)
    if not missing:
        return value
    return expand(variable.argument or "", values) if kind == "-" else None
