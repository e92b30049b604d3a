"""Members put between brackets and braces. The first path that `Text` takes is that of the collection."""

from __future__ import annotations

import pytest
from editing import Text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a: []", "a: [x, z]"),
        ("a: [ ]", "a: [ x, z ]"),
        ("a: [p]", "a: [p, x, z]"),
        ("a: [ p, q ]", "a: [ p, q, x, z ]"),
        ("a: [p,q]", "a: [p,q,x,z]"),
        ("a: [p, q,]", "a: [p, q, x, z,]"),
        ("a: [p, q , ]", "a: [p, q, x, z , ]"),
        ("a: ['p', 'q']", "a: ['p', 'q', 'x', 'z']"),
        ("a: [p, [q]]", "a: [p, [q], x, z]"),
        ("a: &A [p]\nb: *A", "a: &A [p, x, z]\nb: *A"),
        ("a: [p] # c", "a: [p, x, z] # c"),
        ("a: [\n]", "a: [\n  x,\n  z\n]"),
        ("a: [ # c\n  # d\n\n  ]", "a: [ # c\n  # d\n\n    x,\n    z\n  ]"),
        ("a: [\r\n]\r\n", "a: [\r\n  x,\r\n  z\r\n]\r\n"),
        ("a: [\r]\r", "a: [\r  x,\r  z\r]\r"),
        ("a: [\n  p\n]", "a: [\n  p,\n  x,\n  z\n]"),
        ("a: [\n  p, # c\n  q # d\n]", "a: [\n  p, # c\n  q, # d\n  x,\n  z\n]"),
        ("a: [\n  p,\n  q, # d\n  # e\n]", "a: [\n  p,\n  q, # d\n  x,\n  z,\n  # e\n]"),
        ("a: [\n  p,\n  q, ]", "a: [\n  p,\n  q,\n  x,\n  z, ]"),
        ("a: [\n  p ]", "a: [\n  p,\n  x,\n  z ]"),
        ("a: [\n  p\n  , q\n]", "a: [\n  p\n  , q, x, z\n]"),
        ("a: [\n  p # c\n  ,\n]", "a: [\n  p # c\n  ,\n  x,\n  z,\n]"),
        ("a: [p,\n  q, r] # c", "a: [p,\n  q, r, x, z] # c"),
        ("a: [p,\n  q # c\n  ]", "a: [p,\n  q, # c\n  x,\n  z\n  ]"),
        ("a:\n  [\n    p\n  ]", "a:\n  [\n    p,\n    x,\n    z\n  ]"),
        ("a: [🎉, e\u0301]", "a: [🎉, e\u0301, x, z]"),
    ],
)
def test_items_at_the_end(before: str, after: str) -> None:
    assert Text(before).item(("a",), "x", "z") == after


@pytest.mark.parametrize(
    ("before", "index", "after"),
    [
        ("a: [p, q]", 0, "a: [x, z, p, q]"),
        ("a: [ p,q]", 1, "a: [ p,x, z, q]"),
        ("a: [\n  p, # c\n  q\n]", 0, "a: [\n  x,\n  z,\n  p, # c\n  q\n]"),
        ("a: [\n  p, # c\n  q\n]", 1, "a: [\n  p, # c\n  x,\n  z,\n  q\n]"),
        ("a: [p,\n  q]", 0, "a: [x, z, p,\n  q]"),
        ("a: [p,\n  q, r]", 1, "a: [p,\n  x, z, q, r]"),
        ("a: [\r\n  p\r\n]\r\n", 0, "a: [\r\n  x,\r\n  z,\r\n  p\r\n]\r\n"),
    ],
)
def test_items_before_others(before: str, index: int, after: str) -> None:
    assert Text(before).item(("a",), "x", "z", index=index) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a: {}", 'a: {K: x, L: "1"}'),
        ("a: { }", 'a: { K: x, L: "1" }'),
        ("a: {p: q}", 'a: {p: q, K: x, L: "1"}'),
        ("a: {p: 'q'}", "a: {p: 'q', K: 'x', L: '1'}"),
        ("a: {'p': q, 'r': s}", "a: {'p': q, 'r': s, 'K': x, 'L': \"1\"}"),
        ("a: {p, q: , r}", 'a: {p, q: , r, K: x, L: "1"}'),
        ("a: {p: }", 'a: {p: , K: x, L: "1"}'),
        ("a: {\n  # c\n}", 'a: {\n  # c\n  K: x,\n  L: "1"\n}'),
        ("a: {\n  p: q  # c\n}", 'a: {\n  p: q,  # c\n  K: x,\n  L: "1"\n}'),
    ],
)
def test_pairs_at_the_end(before: str, after: str) -> None:
    assert Text(before).pair(("a",), ("K", "x"), ("L", "1")) == after


def test_pairs_before_others() -> None:
    assert Text("a: {p: q, r: s}").pair(("a",), ("K", "x"), index=1) == "a: {p: q, K: x, r: s}"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{"a":{"p":"q"},"b":[]}', '{"a":{"p":"q","K":"x"},"b":[]}'),
        ('{"a":{}}', '{"a":{"K":"x"}}'),
        ('{"a": {"p": 1}}', '{"a": {"p": 1, "K": "x"}}'),
        ('{\n    "a": {\n        "p": 1\n    }\n}\n', '{\n    "a": {\n        "p": 1,\n        "K": "x"\n    }\n}\n'),
        ('{\n\t"a": {\n\t}\n}\n', '{\n\t"a": {\n\t\t"K": "x"\n\t}\n}\n'),
    ],
)
def test_json_stays_json(before: str, after: str) -> None:
    assert Text(before).pair(("a",), ("K", "x")) == after


def test_containers_that_end_side_by_side() -> None:
    text = Text('{"a":{"b":["p"]}}')
    assert text.item(("a", "b"), "x") == '{"a":{"b":["p","x"]}}'
    assert text.pair(("a",), ("K", "x")) == '{"a":{"b":["p"],"K":"x"}}'
