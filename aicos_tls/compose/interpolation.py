"""`$NAME` and `${NAME…}` in compose values: found, and expanded where the value is known.

Syntax: compose specification, "Interpolation" (`$$` is a literal dollar sign; `:-`, `-`, `:+`, `+`, `:?`, `?`).
Values come from `.env` files only, never from the environment of this process: the same project gives the same plan.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls import budgets
from aicos_tls.errors import TlsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPERATOR = re.compile(r":?[-+?]")
_BRACKET = re.compile(r"[{}()]")


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
    return _within(text, 0, len(text))


def _within(text: str, at: int, stop: int) -> Iterator[Variable]:
    """Yield the outermost references of `text[at:stop]`."""
    at = text.find("$", at, stop)
    while 0 <= at < stop - 1:
        end = min(end_of_dollar(text, at), stop)
        found = _variable(text, at, end)
        if found:
            yield found
        at = text.find("$", end, stop)


def everywhere(text: str) -> Iterator[Variable]:
    """Yield the references of `text` and those within their arguments, `budgets.NESTED` levels deep at most."""
    pending = [(0, len(text), 0)]
    while pending:
        start, stop, depth = pending.pop()
        for found in _within(text, start, stop):
            yield found
            if found.argument and depth < budgets.NESTED:
                pending.append((found.argument_start, found.end - 1, depth + 1))


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
    return _ends(text).get(at, len(text))


@lru_cache(maxsize=4)
def _ends(text: str) -> dict[int, int]:
    """Where each bracket of `text` is closed, by one walk: looking from each anew would take quadratic time."""
    ends: dict[int, int] = {}
    opened: dict[str, list[int]] = {"}": [], ")": []}
    for found in _BRACKET.finditer(text):
        char = found.group()
        if char in "{(":
            opened["}" if char == "{" else ")"].append(found.start())
        elif opened[char]:
            ends[opened[char].pop()] = found.end()
    return ends


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


def expand(text: str, values: Mapping[str, str], nested: int = 0) -> str | None:
    """Expand `text` with `values`; None when it needs one that is not known. `$$` becomes `$`.

    What is `nested` deeper than the budget is not known either. Raises `TlsError` when it comes to more characters than
    any program can be given.
    """
    result: list[str] = []
    at = length = 0
    for variable in variables(text):
        value = _value(variable, values, nested)
        if value is None:
            return None
        result += (text[at : variable.start].replace("$$", "$"), value)
        at = variable.end
        if (length := length + len(value)) > budgets.VALUE:
            raise TlsError(
                f"a value comes to more than {budgets.VALUE:,} characters once its variables are put in",
                hint="no program can be given so long a value: shorten the variables that it names",
            )
    return "".join([*result, text[at:].replace("$$", "$")])


def _value(variable: Variable, values: Mapping[str, str], nested: int) -> str | None:
    missing = variable.is_missing(values)
    kind = variable.operator[-1:]
    if kind in ("-", "+") and missing == (kind == "-"):
        return expand(variable.argument or "", values, nested + 1) if nested < budgets.NESTED else None
    if kind == "+":
        return ""
    return None if missing else values[variable.name]
