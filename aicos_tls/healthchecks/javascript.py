"""A small reader of JavaScript one-liners: tokens with positions, calls, object literals. No grammar, no meaning.

A healthcheck's code is a line or two; what has to be found in it are string literals, the call they stand in, and the
keys of an object literal (ECMAScript 2024, 12 Lexical Grammar). Where this reader is not sure, its user refuses.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class UnreadableScriptError(Exception):
    """The code has a literal without an end."""


class Kind(Enum):
    """What a token is."""

    STRING = "string"
    TEMPLATE = "template"
    REGEX = "regex"
    NAME = "name"
    NUMBER = "number"
    SIGN = "sign"


class Token(Struct, frozen=True):
    """`start` and `end` are character offsets into the code, quotes included."""

    kind: Kind
    text: str
    start: int
    end: int

    @property
    def literal(self) -> bool:
        """Whether it is a string or a template."""
        return self.kind in {Kind.STRING, Kind.TEMPLATE}

    @property
    def value(self) -> str:
        """What is between the quotes, as it is written."""
        return self.text[1:-1]


_SKIPPED = re.compile(r"\s+|//[^\n]*|/\*.*?\*/", re.DOTALL)
_PATTERNS = (
    (Kind.STRING, re.compile(r"'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"", re.DOTALL)),
    (Kind.NUMBER, re.compile(r"\d[\w.]*")),
    # a compose variable stands for whatever it holds
    (Kind.NAME, re.compile(r"\$?\$\{[^}]*\}|[\w$#]+")),
    (Kind.SIGN, re.compile(r"=>|\?\.|[^\w\s'\"`]")),
)
_REGEX = re.compile(r"/(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/\w*")
_BEFORE_REGEX = frozenset("(,=:[!&|?{};+-*%<>~^") | {"=>"}
_PARTNERS = {"(": ")", "[": "]", "{": "}"}


def tokens(code: str) -> tuple[Token, ...]:
    """The tokens of `code` without comments; raises `UnreadableScriptError`."""
    found: list[Token] = []
    at = 0
    while at < len(code):
        if skipped := _SKIPPED.match(code, at):
            at = skipped.end()
            continue
        found.append(_token(code, at, found))
        at = found[-1].end
    return tuple(found)


def _token(code: str, at: int, before: Sequence[Token]) -> Token:
    if code[at] == "`":
        return _template(code, at)
    regex_here = code[at] == "/" and (not before or before[-1].text in _BEFORE_REGEX)
    if regex_here and (regex := _REGEX.match(code, at)):
        return Token(Kind.REGEX, regex[0], at, regex.end())
    for kind, pattern in _PATTERNS:
        if match := pattern.match(code, at):
            return Token(kind, match[0], at, match.end())
    raise UnreadableScriptError("a string that does not end")


def _template(code: str, start: int) -> Token:
    """A template literal as one token, with the expressions in it."""
    at = start + 1
    while at < len(code) and code[at] != "`":
        if code[at] == "\\":
            at += 2
        elif code.startswith("${", at):
            close = code.find("}", at)
            at = len(code) if close < 0 else close + 1
        else:
            at += 1
    if at >= len(code):
        raise UnreadableScriptError("a template that does not end")
    return Token(Kind.TEMPLATE, code[start : at + 1], start, at + 1)


class Script(Struct, frozen=True):
    """Tokens, and questions about them; every index is one of `tokens`."""

    tokens: tuple[Token, ...]

    def text(self, index: int) -> str:
        """The text of the token at `index`, "" outside."""
        return self.tokens[index].text if 0 <= index < len(self.tokens) else ""

    def matches(self, index: int, *texts: str) -> bool:
        """Whether the tokens from `index` on read `texts`."""
        return all(self.text(index + offset) == text for offset, text in enumerate(texts))

    def close(self, index: int) -> int:
        """Index of the bracket that closes the one at `index`; the number of tokens when none does."""
        depth = 0
        for at in range(index, len(self.tokens)):
            if self.tokens[at].kind is Kind.SIGN:
                depth += (self.text(at) in _PARTNERS) - (self.text(at) in _PARTNERS.values())
                if depth == 0:
                    return at
        return len(self.tokens)

    def assigned(self, name: str) -> int | None:
        """Index of the first token of the only value that `name` is given; None for none or several."""
        places = [at + 2 for at in range(len(self.tokens)) if self._assigns(at, name)]
        return places[0] if len(places) == 1 else None

    def _assigns(self, at: int, name: str) -> bool:
        return self.matches(at, name, "=") and self.text(at + 2) != "=" and self.text(at - 1) != "."

    def plain(self, index: int) -> bool:
        """Whether every entry of the object literal at `index` is written `key: value`."""
        end = self.close(index)
        at = index + 1
        while at < end:
            if self.text(at + 1) != ":":
                return False
            while at < end and self.text(at) != ",":
                at = self.close(at) if self.text(at) in _PARTNERS else at
                at += 1
            at += 1
        return end < len(self.tokens)

    def keys(self, index: int) -> Iterator[tuple[str, int]]:
        """The plain keys of the object literal at `index`, each with the index of its value's first token."""
        end = self.close(index)
        at = index + 1
        while at < end:
            if self.text(at) in _PARTNERS:
                at = self.close(at)
            elif self.text(at + 1) == ":" and self.text(at - 1) in {"{", ","}:
                token = self.tokens[at]
                yield (token.value if token.literal else token.text), at + 2
                at += 1
            at += 1
