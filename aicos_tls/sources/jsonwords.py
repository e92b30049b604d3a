"""The words of a JSON array of strings (the exec form of a Dockerfile) with the place of every character."""

from __future__ import annotations

import json
import re
from typing import Any

from msgspec import Struct

_STRING = re.compile(r'"((?:\\.|[^"\\])*)"')
_CHARACTER = re.compile(r"\\u[0-9A-Fa-f]{4}|\\.|[^\\]", re.DOTALL)


def value_of(text: str) -> Any:
    """The value of a JSON text; raises `ValueError` for one that is none, or is nested too deeply to be read."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


class JsonWord(Struct, frozen=True):
    """A string of the array: `start` is its opening quote, `end` is past the closing one; `spans` of its characters."""

    value: str
    start: int
    end: int
    spans: tuple[tuple[int, int], ...]


def words(text: str, start: int = 0) -> tuple[JsonWord, ...]:
    """The strings of the array that begins at `start` of `text`, which is known to be an array of strings."""
    return tuple(_word(match) for match in _STRING.finditer(text, start))


def _word(match: re.Match[str]) -> JsonWord:
    spans: list[tuple[int, int]] = []
    value: list[str] = []
    for piece in _CHARACTER.finditer(match[1]):
        value.append(json.loads(f'"{piece[0]}"'))
        spans.append((match.start(1) + piece.start(), match.start(1) + piece.end()))
    return JsonWord("".join(value), match.start(), match.end(), tuple(spans))


def written(text: str) -> str:
    """`text` as it is written between the quotes of a JSON string."""
    return json.dumps(text, ensure_ascii=False)[1:-1]
