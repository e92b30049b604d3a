from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aicos_tls.healthchecks.javascript import Kind, Script, UnreadableScriptError, tokens


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("a.b('c')", ["a", ".", "b", "(", "'c'", ")"]),
        ("a?.b=>c", ["a", "?.", "b", "=>", "c"]),
        ("'a\\'b' \"c\\\"d\"", ["'a\\'b'", '"c\\"d"']),
        ("`a${b + `x`}c` d", None),
        ("`a\\`${b}c` d", ["`a\\`${b}c`", "d"]),
        ("a // 'b\nc /* \" */ d", ["a", "c", "d"]),
        ("x = /['\"/\\]]/g", None),
        ("x = /['\"]/g.test(y)", ["x", "=", "/['\"]/g", ".", "test", "(", "y", ")"]),
        ("/a/", ["/a/"]),
        ("a / b / c", ["a", "/", "b", "/", "c"]),
        ("${PORT} $${X} $y 1.5 #z", ["${PORT}", "$${X}", "$y", "1.5", "#z"]),
    ],
)
def test_tokens(code: str, expected: list[str] | None) -> None:
    if expected is None:
        with pytest.raises(UnreadableScriptError):
            tokens(code + "'")
        return
    assert [token.text for token in tokens(code)] == expected


@pytest.mark.parametrize("code", ["'a", '"a', "`a", "`a${", "`a\\", "'a\nb'"])
def test_a_literal_without_an_end(code: str) -> None:
    with pytest.raises(UnreadableScriptError):
        tokens(code)


@given(st.text("ab'\"`/\\${}(),:. \n=x1", max_size=20))
def test_tokens_stand_where_they_say(code: str) -> None:
    try:
        found = tokens(code)
    except UnreadableScriptError:
        return
    assert all(code[token.start : token.end] == token.text != "" for token in found)
    assert all(left.end <= right.start for left, right in itertools.pairwise(found))


def test_keys_of_an_object() -> None:
    script = Script(tokens("f({a: 1, 'b': {c: 2}, d: g(h ? i : j), e, k: [l, m], n: o})"))
    keys = {name: script.text(at) for name, at in script.keys(2)}
    assert keys == {"a": "1", "b": "{", "d": "g", "k": "[", "n": "o"}


def test_the_only_value_of_a_name() -> None:
    script = Script(tokens("const a = 'x'; let b = 1; b = 2; c == 3; o.d = 4"))
    at = script.assigned("a")
    assert at is not None
    assert script.tokens[at].value == "x"
    assert script.tokens[at].kind is Kind.STRING
    assert [script.assigned(name) for name in "bcd"] == [None, None, None]


def test_brackets_that_do_not_close() -> None:
    script = Script(tokens("a({"))
    assert script.close(1) == 3
    assert script.text(99) == ""
