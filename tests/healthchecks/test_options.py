from __future__ import annotations

import pytest

from aicos_tls.healthchecks.options import Argument, Syntax, read

SYNTAX = Syntax(frozenset("oT"), frozenset({"out"}), frozenset({"nv"}))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], []),
        (["x"], [Argument("", 1, "x", 1)]),
        (["-"], [Argument("", 1, "-", 1)]),
        (["-ab"], [Argument("a", 1), Argument("b", 1)]),
        (["-ao", "x"], [Argument("a", 1), Argument("o", 1, "x", 2)]),
        (["-ox"], [Argument("o", 1, "x", 1, 2)]),
        (["-o"], [Argument("o", 1)]),
        (["-nv", "x"], [Argument("nv", 1), Argument("", 2, "x", 2)]),
        (["--out", "x"], [Argument("out", 1, "x", 2)]),
        (["--out=x"], [Argument("out", 1, "x", 1, 6)]),
        (["--out"], [Argument("out", 1)]),
        (["--other", "x"], [Argument("other", 1), Argument("", 2, "x", 2)]),
        (["--", "-o", "x"], [Argument("", 1, "-o", 2), Argument("", 1, "x", 3)]),
    ],
)
def test_arguments(words: list[str], expected: list[Argument]) -> None:
    assert list(read(["program", *words], SYNTAX)) == expected
