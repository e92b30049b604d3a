"""Reading the options of curl and wget far enough to tell an option's value from an address.

Both read options wherever they stand, join short ones (`-fsSo /dev/null`), and stop at `--`. Which options take a value
is each program's own table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Sequence


class Syntax(Struct, frozen=True):
    """Which options take a value: short ones as letters, long ones without dashes; `pairs`: `-nv` and the like."""

    short: frozenset[str]
    long: frozenset[str]
    pairs: frozenset[str] = frozenset()


class Argument(Struct, frozen=True):
    """An option (`name` without dashes) or an operand (`name` is "").

    `word`: the item it begins in, or the `--` before it: a place for further options. `value_word`, `value_start`: the
    item and offset where its value (or the operand itself) stands; `value` is None for an option without one.
    """

    name: str
    word: int
    value: str | None = None
    value_word: int = -1
    value_start: int = 0


def read(words: Sequence[str], syntax: Syntax) -> tuple[Argument, ...]:
    """The arguments in `words[1:]`."""
    arguments: list[Argument] = []
    at = 1
    while at < len(words):
        word = words[at]
        if word == "--":
            arguments += [Argument("", at, words[index], index) for index in range(at + 1, len(words))]
            break
        if word.startswith("--"):
            found = [_long(words, at, syntax)]
        elif word.startswith("-") and len(word) > 1:
            found = _short(words, at, syntax)
        else:
            found = [Argument("", at, word, at)]
        arguments += found
        at = max(at, *(argument.value_word for argument in found)) + 1
    return tuple(arguments)


def _following(words: Sequence[str], name: str, at: int) -> Argument:
    """The option `name` of item `at`, whose value is the next item."""
    if at + 1 < len(words):
        return Argument(name, at, words[at + 1], at + 1)
    return Argument(name, at)


def _long(words: Sequence[str], at: int, syntax: Syntax) -> Argument:
    name, equals, value = words[at][2:].partition("=")
    if equals:
        return Argument(name, at, value, at, len(words[at]) - len(value))
    return _following(words, name, at) if name in syntax.long else Argument(name, at)


def _short(words: Sequence[str], at: int, syntax: Syntax) -> list[Argument]:
    word = words[at]
    if word[1:] in syntax.pairs:
        return [Argument(word[1:], at)]
    found = []
    for index in range(1, len(word)):
        if word[index] not in syntax.short:
            found.append(Argument(word[index], at))
        elif index + 1 < len(word):
            found.append(Argument(word[index], at, word[index + 1 :], at, index + 1))
            break
        else:
            found.append(_following(words, word[index], at))
    return found
