from __future__ import annotations

import pytest
from editing import Text
from hypothesis import given, settings
from hypothesis import strategies as st

from aicos_tls.errors import TlsError
from aicos_tls.yamledit.nodes import Scalar
from aicos_tls.yamledit.scalars import content_start, offsets

WRITTEN = [
    "plain http://x",
    "plain\n  folded\n\n  three",
    "'it''s'",
    "'a\n\n  b  \n  c'",
    '"x\\n\\t\\"\\\\ \\x41\\u00e9\\U0001F389 z"',
    '"a  \n  b\n\n\n  c"',
    '"one \\\n   two"',
    '"\\N\\_\\L\\P\\e\\a\\b\\v\\f\\r\\/\\\t."',
    "|\n  one\n   two\n\n  three\n",
    "|2-\n    one\n  two\n",
    "|+\n  one\n\n\n",
    ">\n  one\n  two\n\n  three\n   more\n  four\n",
    ">-\n  one\n\n",
    "|  # comment\n  one\n",
    "|\n",
    "&a !!str 'x'",
    "&a |\n  x\n",
    "&a\n  x",
    "🎉 e\u0301 x",
    '""',
    "",
]


@pytest.mark.parametrize("written", WRITTEN)
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_every_character_has_its_place(written: str, newline: str) -> None:
    text = Text(f"k: {written}\nz: 1\n".replace("\n", newline))
    node = text.at(Scalar, "k")
    places = offsets(text.file.text, node)
    assert places is not None
    assert len(places) == len(node.value) + 1
    assert places == sorted(places)
    assert all(node.start <= place <= node.end for place in places)
    for char, place in zip(node.value, places, strict=False):
        if char not in "\n " and text.file.text[place] != "\\":
            assert text.file.text[place] == char


def test_content_starts_after_anchor_and_tag() -> None:
    text = Text("a: &A !!str x\nb: &B\nc: y\n")
    starts = [content_start(text.file.text, text.at(Scalar, key)) for key in "abc"]
    assert [text.file.text[start:].split("\n")[0] for start in starts] == ["x", "", "y"]


@pytest.mark.parametrize(
    ("written", "old", "new", "expected"),
    [
        ("plain http://x", "http", "https", "plain https://x"),
        ("'it''s http://x'", "http", "https", "'it''s https://x'"),
        ("'it''s x'", "s x", "'", "'it'''''"),
        ('"a\\n\\u0041http://x"', "http", "https", '"a\\n\\u0041https://x"'),
        ('"a\\u0041b"', "A", '"', '"a\\"b"'),
        ('"one \\\n   http://x"', "http", "https", '"one \\\n   https://x"'),
        ("one\n  http://x", "http", "https", "one\n  https://x"),
        ("|\n  curl http://x\n   http://y\n", "http://y", "https://y", "|\n  curl http://x\n   https://y\n"),
        (">-\n  curl\n  http://x\n", "http", "https", ">-\n  curl\n  https://x\n"),
        ("|1\n   http://x\n", "  http", " https", "|1\n  https://x\n"),
        ("🎉 http://x", "http", "https", "🎉 https://x"),
    ],
)
def test_text_is_set_where_it_stands(written: str, old: str, new: str, expected: str) -> None:
    text = Text(f"k: {written}\n" if not written.endswith("\n") else f"k: {written}")
    assert text.set(("k",), old, new) == text.file.text.replace(written, expected)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("other", "|\n  words\n"),  # the value is not what the text holds: never guess
        ("words more", "|\n  words\n"),
        ("other", "'words'"),
    ],
)
def test_what_cannot_be_followed_is_given_up(value: str, text: str) -> None:
    style = text[0]
    assert style in ("|", "'")
    assert offsets(text, Scalar(0, len(text), value, "|" if style == "|" else "'")) is None


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text(alphabet="ab '\"\\:#\n\t\u00e9\U0001f389", max_size=20), st.sampled_from(["'", '"', "|"]))
def test_places_are_right_for_whatever_the_parser_reads(inner: str, style: str) -> None:
    body = {"'": "'" + inner.replace("'", "''") + "'", "|": "|\n  " + inner.replace("\n", "\n  ")}
    written = body.get(style) or '"' + inner.replace("\\", "\\\\").replace('"', '\\"') + '"'
    try:
        text = Text(f"k: {written}\n")
        node = text.at(Scalar, "k")
    except TlsError:  # not every drawn text is YAML
        return
    places = offsets(text.file.text, node)
    assert places is not None
    assert len(places) == len(node.value) + 1
