"""`${…}` in compose values: what is found where, and what it comes to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aicos_tls.compose.interpolation import Variable, everywhere, expand, names, variables


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("no dollar", []),
        ("$", []),
        ("cost: 5$", []),
        ("$A", [Variable(0, 2, "A")]),
        ("x$A-b", [Variable(1, 3, "A")]),
        ("${A}", [Variable(0, 4, "A")]),
        ("${A:-b}", [Variable(0, 7, "A", ":-", "b")]),
        ("${A-b}", [Variable(0, 6, "A", "-", "b")]),
        ("${A:?no}", [Variable(0, 8, "A", ":?", "no")]),
        ("${A:-${B:-c}}!", [Variable(0, 13, "A", ":-", "${B:-c}")]),
        ("${A}${B}", [Variable(0, 4, "A"), Variable(4, 8, "B")]),
        ("$$A ${B}", [Variable(4, 8, "B")]),
        ("$${A:-x} $$(b) $$$A", [Variable(17, 19, "A")]),
        ("$(A)", []),
        ("${A", []),
        ("${1}", []),
        ("${A!b}", []),
        ("$1", []),
    ],
)
def test_variables(text: str, expected: list[Variable]) -> None:
    assert list(variables(text)) == expected


def test_everywhere_gives_offsets_into_the_whole_text() -> None:
    text = "x ${A:-${B:-http}://${C}} $D"
    found = {variable.name: text[variable.start : variable.end] for variable in everywhere(text)}
    assert found == {"A": "${A:-${B:-http}://${C}}", "B": "${B:-http}", "C": "${C}", "D": "$D"}
    assert sorted(names(text)) == ["A", "B", "C", "D"]


def test_an_argument_stands_where_it_says() -> None:
    text = "--${A:-${B-inner}}"
    for variable in everywhere(text):
        assert variable.argument is not None
        assert text.startswith(variable.argument, variable.argument_start)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("$$x", "$x"),
        ("${SET}", "value"),
        ("${EMPTY}", ""),
        ("${MISSING}", None),
        ("${MISSING:-d}", "d"),
        ("${EMPTY:-d}", "d"),
        ("${EMPTY-d}", ""),
        ("${SET:-d}", "value"),
        ("${SET:+yes}", "yes"),
        ("${EMPTY:+yes}", ""),
        ("${EMPTY+yes}", "yes"),
        ("${MISSING?no}", None),
        ("${SET?no}", "value"),
        ("${MISSING:-${SET}/$$}", "value/$"),
        ("${MISSING:-${MISSING}}", None),
        ("a$SET.b", "avalue.b"),
    ],
)
def test_expand(text: str, expected: str | None) -> None:
    assert expand(text, {"SET": "value", "EMPTY": ""}) == expected


@given(st.text(alphabet="$ {}()A:-?+b", max_size=30))
def test_any_text_is_read(text: str) -> None:
    for variable in everywhere(text):
        assert 0 <= variable.start < variable.end <= len(text)
        assert text[variable.start] == "$"
    expand(text, {"A": "1"})
