from __future__ import annotations

import pytest

from aicos_tls.yamledit.lines import (
    column,
    line_start,
    newline_at,
    newline_before,
    past_blanks,
    past_comments,
    rest_of_line,
    starts_line,
)


@pytest.mark.parametrize(("newline", "start"), [("\n", 3), ("\r\n", 4), ("\r", 3)])
def test_lines_end_with_any_newline(newline: str, start: int) -> None:
    text = f"ab{newline}  cd{newline}"
    place = text.index("d")
    assert line_start(text, place) == start
    assert column(text, place) == 3
    assert (starts_line(text, place), starts_line(text, place - 1)) == (False, True)
    assert newline_at(text, place, "?") == newline
    assert newline_before(text, start) == newline


def test_the_last_line_takes_the_newline_before_it() -> None:
    assert newline_at("a\r\nb", 3, "\n") == "\r\n"
    assert newline_at("a\rb", 2, "\n") == "\r"
    assert newline_at("ab", 1, "\r\n") == "\r\n"
    assert newline_before("ab", 1) == ""


def test_a_mixed_text_has_the_newline_of_the_line() -> None:
    assert [newline_at("a\r\nb\nc\r", place, "?") for place in (0, 3, 5)] == ["\r\n", "\n", "\r"]


@pytest.mark.parametrize(("text", "end"), [("a # b\n\t c", 8), ("a#b", 1), ("a", 1), ("a #b", 4)])
def test_past_blanks(text: str, end: int) -> None:
    assert past_blanks(text, 1) == end


@pytest.mark.parametrize(("text", "end"), [("a  # b\nc", 6), ("a \t", 3), ("a b", None), ("a\r\n", 1)])
def test_rest_of_line(text: str, end: int | None) -> None:
    assert rest_of_line(text, 1) == end


@pytest.mark.parametrize(
    ("comments", "depth", "item", "kept"),
    [
        ("\n  # a\n   # b\n # c\n", 2, None, "\n  # a\n   # b"),
        ("\n\n  # a\n", 2, None, "\n\n  # a"),
        ("\r\r  # - a\r", 2, 2, ""),
        ("\n  # - a\n  # b\n", 2, 2, "\n  # - a"),
        ("\n  # - a\n    # deeper\n\n  # - b\n", 2, 2, "\n  # - a\n    # deeper"),
        ("\n\t# a\n", 2, None, ""),
        ("\n  b: 1\n", 2, None, ""),
        ("", 2, None, ""),
    ],
)
def test_past_comments(comments: str, depth: int, item: int | None, kept: str) -> None:
    assert past_comments("x" + comments, 1, depth, item) == 1 + len(kept)
