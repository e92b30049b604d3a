"""Insertions and replacements in block style, and what has no form there."""

from __future__ import annotations

import pytest
from editing import Text

from aicos_tls.yamledit.edits import (
    Copy,
    Edit,
    InexpressibleError,
    InsertItem,
    InsertPair,
    Items,
    Pairs,
    Reference,
    SetText,
)
from aicos_tls.yamledit.nodes import Alias, Mapping, Scalar, Sequence

ITEMS_AT_THE_END = [
    ("a:\n  - p\n", "a:\n  - p\n  - x\n  - z\n"),
    ("a:\n  - p", "a:\n  - p\n  - x\n  - z"),
    ("a:\n- p\nb: 1\n", "a:\n- p\n- x\n- z\nb: 1\n"),
    ("a:\n        -   p\n", "a:\n        -   p\n        -   x\n        -   z\n"),
    ("a:\r\n  - p\r\nb: 1\r\n", "a:\r\n  - p\r\n  - x\r\n  - z\r\nb: 1\r\n"),
    ("a:\r  - p\rb: 1\r", "a:\r  - p\r  - x\r  - z\rb: 1\r"),
    ("a:\r\n  - p\nb: 1\r\n", "a:\r\n  - p\n  - x\n  - z\nb: 1\r\n"),
    ("a:\n  - 'p'  \n", "a:\n  - 'p'  \n  - 'x'\n  - 'z'\n"),
    ('a:\n  - "p" # c\n', 'a:\n  - "p" # c\n  - "x"\n  - "z"\n'),
    ("a: &A\n  - p\nb: *A\n", "a: &A\n  - p\n  - x\n  - z\nb: *A\n"),
    ("a: !t\n- &B p\nb: *B\n", "a: !t\n- &B p\n- x\n- z\nb: *B\n"),
    ("a: &A # c\n# d\n- p\n", "a: &A # c\n# d\n- p\n- x\n- z\n"),
    ("a:\n  - p\n  # q\n  # - r\n", "a:\n  - p\n  - x\n  - z\n  # q\n  # - r\n"),
    ("a:\n  - p\n  # - q\n    # deep\n\n  # r\n", "a:\n  - p\n  # - q\n    # deep\n  - x\n  - z\n\n  # r\n"),
    ("a:\n- p\n# - q\n# b is\nb: 1\n", "a:\n- p\n# - q\n- x\n- z\n# b is\nb: 1\n"),
    ("a:\n  - p\n\n# b is\nb: 1\n", "a:\n  - p\n  - x\n  - z\n\n# b is\nb: 1\n"),
    ("a:\n  - |\n    p\n\n\nb: 1\n", "a:\n  - |\n    p\n  - x\n  - z\n\n\nb: 1\n"),
    ("a:\n  - |+\n    p\n\n\nb: 1\n", "a:\n  - |+\n    p\n\n\n  - x\n  - z\nb: 1\n"),
    ("a:\n  - |-\n    p", "a:\n  - |-\n    p\n  - x\n  - z"),
    ("a:\n  - >2+\n      p\n", "a:\n  - >2+\n      p\n  - x\n  - z\n"),
    ("a:\n  - |+2\n      p\n\nb: 1\n", "a:\n  - |+2\n      p\n\n  - x\n  - z\nb: 1\n"),
    ("a:\n  - | # not |+\n    p\n\nb: 1\n", "a:\n  - | # not |+\n    p\n  - x\n  - z\n\nb: 1\n"),
    ("a:\n  - |\n", "a:\n  - |\n  - x\n  - z\n"),
    ("a:\n  - p\n    q\n", "a:\n  - p\n    q\n  - x\n  - z\n"),
    ("a:\n-\n  p\n", "a:\n-\n  p\n- x\n- z\n"),
    ("a:\n  - # c\n    p\n", "a:\n  - # c\n    p\n  - x\n  - z\n"),
    ("a:\n  -\n  - p\n  -\nb: 1\n", "a:\n  -\n  - p\n  -\n  - x\n  - z\nb: 1\n"),
    ("a:\n-\n", "a:\n-\n- x\n- z\n"),
    ("a:\n  - k: v\n    l: w\n", "a:\n  - k: v\n    l: w\n  - x\n  - z\n"),
    ("a:\n  - [p,\n     q]\n", "a:\n  - [p,\n     q]\n  - x\n  - z\n"),
    ("a:\n  - p\n...\n---\nb: 1\n", "a:\n  - p\n  - x\n  - z\n...\n---\nb: 1\n"),
    ("a:\n  - p\t# c\n  # \t tab\nb: 1\n", "a:\n  - p\t# c\n  - x\n  - z\n  # \t tab\nb: 1\n"),
    ("\ufeffa:\n  - 🎉 e\u0301\n", "\ufeffa:\n  - 🎉 e\u0301\n  - x\n  - z\n"),
]


@pytest.mark.parametrize(("before", "after"), ITEMS_AT_THE_END)
def test_items_at_the_end(before: str, after: str) -> None:
    assert Text(before).item(("a",), "x", "z") == after.removeprefix("\ufeff")


@pytest.mark.parametrize(
    ("before", "index", "after"),
    [
        ("a:\n  - p\n  # c\n  - q\n", 1, "a:\n  - p\n  # c\n  - x\n  - z\n  - q\n"),
        ("a:\n  # c\n  - p\n", 0, "a:\n  # c\n  - x\n  - z\n  - p\n"),
        ("a: &A !t\n- p\n", 0, "a: &A !t\n- x\n- z\n- p\n"),
        ("a:\r\n- p\r\n", 0, "a:\r\n- x\r\n- z\r\n- p\r\n"),
        ("a:\r- p\r\n", 0, "a:\r- x\r\n- z\r\n- p\r\n"),
    ],
)
def test_items_before_others(before: str, index: int, after: str) -> None:
    assert Text(before).item(("a",), "x", "z", index=index) == after


def test_nested_lists() -> None:
    text = Text("a:\n- - p\n  - q\n- - r\n")
    assert text.item(("a", 0), "x") == "a:\n- - p\n  - q\n  - x\n- - r\n"
    assert text.item(("a", 1), "x", index=0) == "a:\n- - p\n  - q\n- - x\n  - r\n"
    assert text.item(("a",), "x") == "a:\n- - p\n  - q\n- - r\n- x\n"


PAIRS_AT_THE_END = [
    ("a:\n  p: 1\n", 'a:\n  p: 1\n  K: x\n  L: "2"\n'),
    ("a:\n    p: q", 'a:\n    p: q\n    K: x\n    L: "2"'),
    ("a:\n  p: 'q'\n  'r': 't'\n  's': 't'\n", "a:\n  p: 'q'\n  'r': 't'\n  's': 't'\n  'K': 'x'\n  'L': '2'\n"),
    ("a:\n  p:\nb: 1\n", 'a:\n  p:\n  K: x\n  L: "2"\nb: 1\n'),
    ("a:\n  p: # c\n  # q: 1\nb: 1\n", 'a:\n  p: # c\n  K: x\n  L: "2"\n  # q: 1\nb: 1\n'),
    ("a:\n  p:\n    # deep\nb: 1\n", 'a:\n  p:\n    # deep\n  K: x\n  L: "2"\nb: 1\n'),
    ("a:\n  p: |+\n    q\n\n", 'a:\n  p: |+\n    q\n\n  K: x\n  L: "2"\n'),
    ("a:\n  p:\n  - q\n  # - r\nb: 1\n", 'a:\n  p:\n  - q\n  # - r\n  K: x\n  L: "2"\nb: 1\n'),
    ("a:\n  p:\n  - q\n  # r\nb: 1\n", 'a:\n  p:\n  - q\n  K: x\n  L: "2"\n  # r\nb: 1\n'),
    ("a:\n  p:\n    - q\n    # r\n  # s\n", 'a:\n  p:\n    - q\n    # r\n  K: x\n  L: "2"\n  # s\n'),
    ("a: &A\n  p : q\nb: {<<: *A}\n", 'a: &A\n  p : q\n  K: x\n  L: "2"\nb: {<<: *A}\n'),
    ("a:\n  <<: &B {p: q}\n", 'a:\n  <<: &B {p: q}\n  K: x\n  L: "2"\n'),
    ("c: &C p\na:\n  *C : q\n", 'c: &C p\na:\n  *C : q\n  K: x\n  L: "2"\n'),
]


@pytest.mark.parametrize(("before", "after"), PAIRS_AT_THE_END)
def test_pairs_at_the_end(before: str, after: str) -> None:
    assert Text(before).pair(("a",), ("K", "x"), ("L", "2")) == after


@pytest.mark.parametrize(
    ("before", "index", "after"),
    [
        ("a:\n  # c\n  p: 1\n", 0, 'a:\n  # c\n  K: x\n  L: "2"\n  p: 1\n'),
        ("a:\n  - p: 1\n    q: 2\n", 0, 'a:\n  - K: x\n    L: "2"\n    p: 1\n    q: 2\n'),
        ("a:\n  - p: 1\n    q: 2\n", 1, 'a:\n  - p: 1\n    K: x\n    L: "2"\n    q: 2\n'),
    ],
)
def test_pairs_before_others(before: str, index: int, after: str) -> None:
    path = ("a", 0) if "- p" in before else ("a",)
    assert Text(before).pair(path, ("K", "x"), ("L", "2"), index=index) == after


def test_collections_are_written_as_the_file_has_them() -> None:
    text = Text("a:\n    l:\n    - 'p'\n    m:\n        q: r\n")
    new = (("v", Items(("x", "true"))), ("e", Pairs((("K", "1"), ("M", Pairs(()))))))
    expected = "    v:\n    - x\n    - 'true'\n    e:\n        K: '1'\n        M: {}\n"
    assert text.pair(("a",), *new) == text.file.text + expected


def test_collections_that_end_side_by_side_grow_together() -> None:
    text = Text("s:\n  a:\n    e:\n      - p\n      # - q\n# end\n")
    inner: list[Edit] = [InsertItem(text.at(Sequence, "s", "a", "e"), 1, f"x{n}", n) for n in range(2)]
    outer: list[Edit] = [InsertPair(text.at(Mapping, *path), 1, "K", "v") for path in ((), ("s",), ("s", "a"))]
    after = "s:\n  a:\n    e:\n      - p\n      # - q\n      - x0\n      - x1\n    K: v\n  K: v\nK: v\n# end\n"
    assert text.edit(*inner, *outer) == text.edit(*reversed([*inner, *outer])) == after


def test_lists_not_set_off_grow_before_their_neighbour() -> None:
    text = Text("a:\n  e:\n  - p\n")
    edits = InsertPair(text.at(Mapping, "a"), 1, "K", "v"), InsertItem(text.at(Sequence, "a", "e"), 1, "x")
    assert text.edit(*edits) == "a:\n  e:\n  - p\n  - x\n  K: v\n"


REPLACED = [
    ("a:\nb: 1\n", "a:\n  - x\n  - z\nb: 1\n", "a: [x, z]\nb: 1\n"),
    ("a: # c\nb: 1\n", "a: # c\n  - x\n  - z\nb: 1\n", "a: [x, z] # c\nb: 1\n"),
    ("a:\n  # c\nb: 1\n", "a:\n  # c\n  - x\n  - z\nb: 1\n", "a: [x, z]\n  # c\nb: 1\n"),
    ("a: ~ # c\n", "a: # c\n  - x\n  - z\n", "a: [x, z] # c\n"),
    ("a: &A\n", "a: &A\n  - x\n  - z\n", "a: &A [x, z]\n"),
    ("a: &A null\n", "a: &A\n  - x\n  - z\n", "a: &A [x, z]\n"),
    ("a: []", "a:\n  - x\n  - z", "a: [x, z]"),
    ("a:\n  []\n", "a:\n  - x\n  - z\n", "a:\n  [x, z]\n"),
    ("a: |\n  p\n\nb: 1\n", "a:\n  - x\n  - z\n\nb: 1\n", "a: [x, z]\n\nb: 1\n"),
    ("a: |+\n  p\n\n# c\nb: 1\n", "a:\n  - x\n  - z\n# c\nb: 1\n", "a: [x, z]\n# c\nb: 1\n"),
    ("a: >-\n  p", "a:\n  - x\n  - z", "a: [x, z]"),
    ("{a: , b: 1}", "{a: [x, z], b: 1}", "{a: [x, z], b: 1}"),
    ("{a: ~}", "{a: [x, z]}", "{a: [x, z]}"),
]


@pytest.mark.parametrize(("before", "block", "flow"), REPLACED)
def test_a_value_is_replaced(before: str, block: str, flow: str) -> None:
    text = Text(before)
    assert text.replace((), 0, Items(("x", "z"))) == block
    assert text.replace((), 0, Items(("x", "z")), flow=True) == flow


def test_an_alias_gives_way_to_a_value_of_its_own() -> None:
    text = Text("b: &B\n  k: 'v'\na: *B # c\nd: *B\n")
    own = Pairs((("<<", Reference(text.at(Alias, "a"))), ("k", Copy(text.at(Scalar, "b", "k"), "v")), ("l", "w")))
    assert text.replace((), 1, own) == "b: &B\n  k: 'v'\na: # c\n  <<: *B\n  k: 'v'\n  l: w\nd: *B\n"
    assert text.replace((), 1, own, flow=True) == "b: &B\n  k: 'v'\na: {<<: *B, k: 'v', l: w} # c\nd: *B\n"
    assert text.replace((), 1, "x:1") == "b: &B\n  k: 'v'\na: x:1 # c\nd: *B\n"


@pytest.mark.parametrize(
    ("before", "says"),
    [
        ("? a\n: 1\n", "question mark"),
        ("?  a\n", "question mark"),
        ("a: 1\n? [b]\n: 2\n", "question mark"),
        ("a: |+\n  no newline at the end", "would differ"),
    ],
)
def test_pairs_without_a_form(before: str, says: str) -> None:
    with pytest.raises(InexpressibleError, match=says):
        Text(before).pair((), ("K", "x"))


def test_pairs_in_brackets_have_no_end() -> None:
    with pytest.raises(InexpressibleError):
        Text("a: [k: v]").pair(("a", 0), ("K", "x"))


def test_items_on_one_line_with_something_else() -> None:
    text = Text("? - p\n: 1\n")
    key = text.at(Mapping).pairs[0][0]
    assert isinstance(key, Sequence)
    assert text.edit(InsertItem(key, 1, "x")) == "? - p\n  - x\n: 1\n"


@pytest.mark.parametrize(
    ("before", "says"),
    [
        ("a:\n  - p\n  # c\n  - q\n", "comments between"),
        ("a: &A\n  - p\nb: *A\n", "an anchor"),
        ("a:\n  k: v\n", "block style"),
        ("{a}", "cannot be followed"),
        ("a: &A [p]\nb: *A\n", "without an anchor"),
        ("? a\n# c\n: 1\n", ""),
    ],
)
def test_values_that_are_not_replaced(before: str, says: str) -> None:
    text = Text(before)
    if says:
        with pytest.raises(InexpressibleError, match=says):
            text.replace((), 0, Items(("x",)))
    else:
        assert text.replace((), 0, Items(("x",)), flow=True) == "? a\n# c\n: [x]\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a:\n  - p\n", "a:\n  - x\n  - y z\n"),
        ("a:\n- 'p'\n-   'q'\n\nb: 1\n", "a:\n-   'x'\n-   'y z'\n\nb: 1\n"),
        ("a:\r\n  - p # c\r\n\r\n  - q # d\r\nb: 1", None),
        ("a:\r\n  - p\r\n\r\n  - q # d\r\nb: 1", "a:\r\n  - x\r\n  - y z # d\r\nb: 1"),
        ("a:\n  - p\n  - |\n    q\nb: 1", "a:\n  - x\n  - y z\nb: 1"),
    ],
)
def test_a_block_list_is_replaced_where_it_stands(before: str, after: str | None) -> None:
    text = Text(before)
    if after is None:
        with pytest.raises(InexpressibleError, match="comments between"):
            text.replace((), 0, Items(("x", "y z")))
    else:
        assert text.replace((), 0, Items(("x", "y z"))) == after


def test_a_value_with_something_behind_it_gets_no_lines_below() -> None:
    text = Text("a: {b: [p, q]}\n")
    sequence = text.at(Sequence, "a", "b")
    sequence.flow = False  # as if the marks were wrong: never a guess
    with pytest.raises(InexpressibleError, match="cannot be followed"):
        text.edit(InsertItem(sequence, 1, "x"))
    mapping = text.at(Mapping, "a")
    mapping.flow, sequence.flow = False, True
    with pytest.raises(InexpressibleError, match="something else"):
        text.edit(InsertPair(mapping, 1, "K", "x"))


@pytest.mark.parametrize(
    ("before", "new", "says"),
    [
        ("a: |\n  http\n", "x\ny", "line break"),
        ("a: http\n", ": x", "would"),
        ("a: http\n", " #x", "would"),
        ("a: http\n", "", "would"),
        ("a: http\n", "~", "would"),
        ("a: 'http'\n", "x\ny", "would"),
    ],
)
def test_text_without_a_form(before: str, new: str, says: str) -> None:
    with pytest.raises(InexpressibleError, match=says):
        Text(before).set(("a",), "http", new)


def test_text_that_cannot_be_followed() -> None:
    text = Text("a: 'p'\n")
    node = text.at(Scalar, "a")
    node.value = "other"
    with pytest.raises(InexpressibleError, match="character by character"):
        text.edit(SetText(node, 0, 1, "x"))
