"""`.env` and `env_file`: bindings with their places, and values that refer to earlier ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aicos_tls.compose.dotenv import EnvFile, parse
from aicos_tls.errors import TlsError
from aicos_tls.files import TextFile, read


def bindings(text: str) -> list[tuple[str, str]]:
    found = list(parse(text))
    assert all(text[b.start : b.end] == b.value for b in found)
    return [(b.key, b.value) for b in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("# A=1\n\n", []),
        ("A=1", [("A", "1")]),
        ("A=1\nB=2\n", [("A", "1"), ("B", "2")]),
        ("A=1\r\nB=2\r\n", [("A", "1"), ("B", "2")]),
        ("  export A = 1  \n", [("A", "1")]),
        ("A: 1\n", [("A", "1")]),
        ("A:1\n", []),
        ("A=\n", [("A", "")]),
        ("A\nB=1\n", [("B", "1")]),
        ('A="x # y" # z\n', [("A", "x # y")]),
        ("A='x # y'\n", [("A", "x # y")]),
        ("A=x#y # z\n", [("A", "x#y")]),
        ("A= # z\n", [("A", "")]),
        ('A="one\ntwo"\nB=1\n', [("A", "one\ntwo"), ("B", "1")]),
        ('A="a\\"b"\n', [("A", 'a\\"b')]),
        ("A='open\nB=1\n", [("A", "'open"), ("B", "1")]),
        ("A.B-C=1\n", [("A.B-C", "1")]),
        ("A=http://x:1/?a=b\n", [("A", "http://x:1/?a=b")]),
    ],
)
def test_parse(text: str, expected: list[tuple[str, str]]) -> None:
    assert bindings(text) == expected


def test_values_refer_to_earlier_ones_unless_in_single_quotes() -> None:
    text = "A=1\nB=${A}2\nC='${A}'\nD=${LATER}\nLATER=3\nE=${B:-x}\nA=9\n"
    file = EnvFile(TextFile(Path(".env"), text.encode()))
    assert file.values == {"A": "9", "B": "12", "C": "${A}", "D": "${LATER}", "LATER": "3", "E": "12"}
    assert file.bindings["A"].value == "9"


@given(st.text(alphabet="AB=:'\"# \n\r\\x", max_size=40))
def test_any_text_is_read(text: str) -> None:
    bindings(text)


def test_the_values_of_a_file_have_a_bound_together(tmp_path: Path) -> None:
    """Each refers to the one before: the characters grow with the square of the lines."""
    path = tmp_path / ".env"
    path.write_text("".join(f"A{at}=${{A{at - 1}}}x\n" for at in range(3000)))
    with pytest.raises(TlsError, match="its values come to more than 4,194,304 characters") as caught:
        _ = EnvFile(read(path)).values
    assert caught.value.where is not None
    assert caught.value.where.line > 2000
