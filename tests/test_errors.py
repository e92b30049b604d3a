from __future__ import annotations

from pathlib import Path

import pytest

from aicos_tls.errors import TlsError, Where


@pytest.mark.parametrize(
    ("where", "text"),
    [
        (Where(Path("a/b.yml")), "a/b.yml"),
        (Where(Path("b.yml"), 3), "b.yml:3"),
        (Where(Path("b.yml"), 3, 7), "b.yml:3:7"),
        (Where(Path("b.yml"), 0, 7), "b.yml"),
    ],
)
def test_a_place_reads_as_editors_write_it(where: Where, text: str) -> None:
    assert str(where) == text


def test_places_are_in_the_order_of_the_text() -> None:
    places = [Where(Path("b"), 1), Where(Path("a"), 2, 1), Where(Path("a"), 1, 9), Where(Path("a"), 1, 2)]
    assert sorted(places) == places[::-1]


def test_an_error_is_one_line_of_what_there_is() -> None:
    assert str(TlsError("no such file")) == "no such file"
    assert str(TlsError("no such file", hint="name one")) == "no such file (name one)"
    error = TlsError("not valid", where=Where(Path("x.yml"), 2), hint="fix it")
    assert str(error) == "x.yml:2: not valid (fix it)"
    assert (error.message, error.hint) == ("not valid", "fix it")
