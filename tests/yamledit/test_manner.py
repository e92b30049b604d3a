from __future__ import annotations

import pytest
from editing import Text

from aicos_tls.yamledit.manner import Manner, survey, usual_quote
from aicos_tls.yamledit.nodes import Scalar, Sequence


def manner(text: str) -> Manner:
    parsed = Text(text)
    return survey(parsed.file.text, parsed.stream)


@pytest.mark.parametrize(
    ("text", "mapping", "sequence"),
    [
        ("a: 1\n", 2, 2),
        ("a:\n    b: 1\n", 4, 4),
        ("a:\n b: 1\n", 1, 2),
        ("a:\n    b:\n    - c\n", 4, 0),
        ("a:\n  b:\n    - c\n  d:\n  - e\n  f:\n    - g\n", 2, 2),
        ("a:\n        b:\n            - c\n", 8, 4),
        ("a:\n   b: &x\n       - c\n", 3, 3),  # an anchor's column is not its list's
        ("a:\r\n   b:\r\n   - c\r\n", 3, 0),
        ("a:\r   b:\r   - c\r", 3, 0),
        ("a:\n  b: 1\nc:\n    d: 1\n", 2, 2),
        ("- a:\n    b: 1\n", 2, 2),
    ],
)
def test_indentation(text: str, mapping: int, sequence: int) -> None:
    measured = manner(text)
    assert (measured.mapping_indent, measured.sequence_indent) == (mapping, sequence)


@pytest.mark.parametrize(("text", "quote"), [("a: 'x'\n", "'"), ("a: 'x'\nb: \"y\"\n", '"'), ("a: x\n", '"')])
def test_quote(text: str, quote: str) -> None:
    assert manner(text).quote == quote


@pytest.mark.parametrize(
    ("text", "json", "compact"),
    [
        ('{"a":{"b":["c"]},"d":1}', True, True),
        ('{"a": {"b": ["c"]}}', True, False),
        ('{\n  "a": 1\n}\n', True, False),
        ("{}", True, False),
        ('{"a": {b: 1}}', False, False),
        ('"a": {"b": 1}\n', False, False),
        ("- a\n", False, False),
        ("", False, False),
    ],
)
def test_json(text: str, json: bool, compact: bool) -> None:  # noqa: FBT001 - a table
    measured = manner(text)
    assert (measured.json, measured.compact) == (json, compact)
    assert (measured.comma, measured.colon) == ((",", ":") if compact else (", ", ": "))


@pytest.mark.parametrize(
    ("items", "style"),
    [("x, 'y', \"z\"", ""), ("'y', 'y', \"z\"", "'"), ('"z", "z", y', '"'), ("", ""), ("[q], '1'", "'")],
)
def test_usual_quote(items: str, style: str) -> None:
    assert usual_quote(Text(f"[{items}]").at(Sequence).items) == style


def test_block_scalars_are_no_quotes() -> None:
    assert usual_quote([Scalar(0, 0, "", "|"), Scalar(0, 0, "", "'")]) == "'"
