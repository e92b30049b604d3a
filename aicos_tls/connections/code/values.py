"""What an expression comes to: pieces of text with their places, some from the environment, some not known."""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aicos_tls.connections.code.tree import Node

UNKNOWN = "\0"
"""Stands for a text that nothing here tells; no source that is read holds a NUL."""
LONGEST = 4_096
"""Characters of a value: no address is longer."""
MOST = 6
"""Values that an expression may have."""


class Origin(Enum):
    """Where a piece of text is from."""

    CODE = "code"
    ENVIRONMENT = "environment"
    NOWHERE = "unknown"


class Piece(Struct, frozen=True):
    """A piece of a value; `at` is its place in the source, or that of what reads it."""

    text: str
    at: int
    origin: Origin = Origin.CODE


class Value(Struct, frozen=True):
    """A value. `tls`: it is given to the function that makes it https."""

    pieces: tuple[Piece, ...]
    tls: bool = False

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(piece.text for piece in self.pieces)

    @property
    def known(self) -> bool:
        """Whether anything of it is."""
        return any(piece.origin is not Origin.NOWHERE for piece in self.pieces)

    @property
    def in_code(self) -> bool:
        """Whether the source, and not the environment alone, says it."""
        return any(piece.origin is Origin.CODE and piece.text for piece in self.pieces)

    def place(self, offset: int) -> int:
        """The place in the source of the character at `offset`."""
        for piece in self.pieces:
            if offset < len(piece.text):
                return piece.at + (offset if piece.origin is Origin.CODE else 0)
            offset -= len(piece.text)
        return self.pieces[-1].at if self.pieces else 0


def unknown(at: int) -> Value:
    """A value of which nothing is known."""
    return Value((Piece(UNKNOWN, at, Origin.NOWHERE),))


def joined(operands: Iterable[list[Value]], at: int) -> list[Value]:
    """Every text that the operands may come to, one after the other; no more than `MOST`."""
    found = [Value(())]
    for operand in operands:
        choices = operand or [unknown(at)]
        found = [Value((*a.pieces, *b.pieces), a.tls or b.tls) for a in found for b in choices][:MOST]
    return [value if sum(len(p.text) for p in value.pieces) <= LONGEST else unknown(at) for value in found]


_SLOT = re.compile(r"%%|%(?:\(\w+\))?[-+ #0-9.*]*[a-zA-Z]|\{(?P<key>\w*)[^{}]{0,16}\}|@\{?(?P<at>\w+)\}?(?!.)")


def filled(template: Value, given: list[list[Value]], named: dict[str, list[Value]]) -> list[Value]:
    """The texts that a template of `%s` or `{}` comes to with what is given for its slots."""
    operands: list[list[Value]] = []
    turn = 0
    for piece in template.pieces:
        end = 0
        if piece.origin is Origin.CODE:
            for match in _SLOT.finditer(piece.text):
                operands.append([_part(piece, end, match.start())])
                end = match.end()
                key = match["key"] or ""
                if match[0] == "%%":
                    operands.append([Value((Piece("%", piece.at + match.start()),))])
                    continue
                if key in named:
                    operands.append(named[key])
                    continue
                index = int(key) if key.isascii() and key.isdecimal() and len(key) < 3 else turn  # noqa: PLR2004 - 0 to 99
                turn += 1
                operands.append(given[index] if index < len(given) else [unknown(piece.at + match.start())])
        operands.append([_part(piece, end, len(piece.text))])
    return joined(operands, template.pieces[0].at if template.pieces else 0)


def _part(piece: Piece, start: int, end: int) -> Value:
    text = piece.text[start:end]
    return Value((Piece(text, piece.at + start, piece.origin),) if text else ())


def start_of(node: Node) -> int:
    """The place of a node."""
    return node.start
