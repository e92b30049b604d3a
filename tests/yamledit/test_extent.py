"""A pair as it stands in the text: taken out with its comments, and written again elsewhere in the same words."""

from __future__ import annotations

import pytest
from editing import Text
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from aicos_tls.yamledit.edits import Copy, InexpressibleError, InsertPair, Items, Lines, Pairs, RemovePairs
from aicos_tls.yamledit.extent import dedented, lines
from aicos_tls.yamledit.nodes import Mapping, Scalar


def removed(text: str, *indexes: int, path: tuple[str | int, ...] = ("s",)) -> str:
    found = Text(text)
    return found.edit(RemovePairs(found.at(Mapping, *path), indexes))


@pytest.mark.parametrize(
    ("before", "indexes", "after"),
    [
        ("s:\n  a: 1\n  b: 2\n", (0,), "s:\n  b: 2\n"),
        ("s:\n  a: 1\n  b: 2\n", (1,), "s:\n  a: 1\n"),
        ("s:\n  a: 1\n  b: 2", (1,), "s:\n  a: 1"),
        ("s:\n  a: 1\n  b: 2\nt: 3\n", (1,), "s:\n  a: 1\nt: 3\n"),
        ("s:\r\n  a: 1\r\n  b:\r\n  - x\r\n  c: 3\r\n", (1,), "s:\r\n  a: 1\r\n  c: 3\r\n"),
        ("s:\n  a: 1\n  # about b\n  # and more\n  b: [1,\n    2]\n  c: 3\n", (1,), "s:\n  a: 1\n  c: 3\n"),
        ("s:\n  a: 1\n\n  # of c\n\n  b: 2 # two\n  c: 3\n", (1,), "s:\n  a: 1\n\n  # of c\n\n  c: 3\n"),
        ("s:\n  a:\n    - x\n    # - y\n  # of b\n  b: 2\n", (0,), "s:\n  # of b\n  b: 2\n"),
        ("s:\n  a:\n    k:\n  b: 2\n", (0,), "s:\n  b: 2\n"),
        ("s:\n  a:\n  b: 2\n", (0,), "s:\n  b: 2\n"),
        ("s:\n  a: |\n    x\n\n  b: 2\n", (0,), "s:\n\n  b: 2\n"),
        ("s:\n  a: 1\n  b: 2\n  c: 3\n  d: 4\n", (0, 1, 3), "s:\n  c: 3\n"),
        ("s: {a: 1, b: 2, c: 3}\n", (0,), "s: {b: 2, c: 3}\n"),
        ("s: {a: 1, b: 2, c: 3}\n", (1,), "s: {a: 1, c: 3}\n"),
        ("s: {a: 1, b: 2, c: 3}\n", (2,), "s: {a: 1, b: 2}\n"),
        ("s: {a: 1, b: 2, c: 3}\n", (0, 1), "s: {c: 3}\n"),
        ("s: {a: 1, b: 2, c: 3}\n", (0, 2), "s: {b: 2}\n"),
        ('{"s": {\n  "a": [1],\n  "b": 2\n}}', (0,), '{"s": {\n  "b": 2\n}}'),
        ('{"s": {\n  "a": [1],\n  "b": 2\n}}', (1,), '{"s": {\n  "a": [1]\n}}'),
    ],
)
def test_pairs_are_taken_out(before: str, indexes: tuple[int, ...], after: str) -> None:
    assert removed(before, *indexes) == after


@pytest.mark.parametrize(
    ("text", "index"),
    [
        ("s:\n  ? a\n  : 1\n  b: 2\n", 0),
        ("- a: 1\n  b: 2\n", 0),
    ],
)
def test_what_shares_its_line_is_left_alone(text: str, index: int) -> None:
    found = Text(text)
    mapping = found.at(Mapping, 0) if text.startswith("-") else found.at(Mapping, "s")
    with pytest.raises(InexpressibleError):
        found.edit(RemovePairs(mapping, (index,)))


def test_others_go_to_where_a_pair_was() -> None:
    text = Text("s:\n  a: 1\n  b: 2\n")
    mapping = text.at(Mapping, "s")
    first, second = InsertPair(mapping, 0, "x", "0"), InsertPair(mapping, 1, "z", "v")
    assert text.edit(first, RemovePairs(mapping, (0,)), second) == 's:\n  x: "0"\n  z: v\n  b: 2\n'


def test_all_pairs_may_go_when_another_comes() -> None:
    text = Text("s:\n  a: 1\n  b: 2\n")
    mapping = text.at(Mapping, "s")
    assert text.edit(RemovePairs(mapping, (0, 1)), InsertPair(mapping, 2, "c", Items(()))) == "s:\n  c: []\n"


PORTS = "s:\n  a: 1\n  # published\n  ports: # two\n    - 80\n    # - 81\n    - '82'\n\nt: {}\n"


def moved(text: str, target: tuple[str, ...] = ()) -> str:
    found = Text(text)
    mapping = found.at(Mapping, "s")
    means = Items((Copy(Scalar(0, 0, "80"), "80"), "82"))
    value = Pairs((("ports", Lines(lines(text, mapping, 1), means)),))
    place = found.at(Mapping, *target)
    return found.edit(RemovePairs(mapping, (1,)), InsertPair(place, len(place.pairs), "new", value))


def test_the_same_lines_are_written_elsewhere() -> None:
    ports = "\n  # published\n  ports: # two\n    - 80\n    # - 81\n    - '82'"
    assert moved(PORTS) == f"s:\n  a: 1\n\nt: {{}}\nnew:{ports}\n"


def test_within_brackets_what_they_mean_is_written() -> None:
    assert moved(PORTS, ("t",)) == "s:\n  a: 1\n\nt: {new: {ports: [80, '82']}}\n"


def test_lines_that_mean_something_else_are_refused() -> None:
    text = Text("s:\n  a: 1\n")
    wrong = Pairs((("ports", Lines(("ports: 81",), "80")),))
    with pytest.raises(InexpressibleError):
        text.edit(InsertPair(text.at(Mapping), 1, "new", wrong))


def test_a_line_that_is_less_indented_cannot_be_moved() -> None:
    with pytest.raises(InexpressibleError):
        dedented(["  a: 'x", " y'"], 2)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                ["v", "[1, 2]", "{k: v}", "", "'q # q'", "\n    - i\n    # c\n    - j", "\n    k: v", "|\n    t\n    u"]
            ),
            st.sampled_from(["", "  # above\n", "\n", "  # above\n\n", "    # deep\n"]),
            st.booleans(),
        ),
        min_size=2,
        max_size=6,
    ),
    st.sampled_from(["\n", "\r\n"]),
)
def test_what_stays_means_what_it_meant(members: list[tuple[str, str, bool]], newline: str) -> None:
    keys = [f"k{number}" for number in range(len(members))]
    body = "".join(
        f"{above}  {key}:{'' if not value or value[0] == chr(10) else ' '}{value}\n"
        for key, (value, above, _) in zip(keys, members, strict=True)
    )
    text = f"s:\n{body}t: 1\n".replace("\n", newline)
    gone = tuple(i for i, (_, _, out) in enumerate(members) if out)[: len(members) - 1]
    before = YAML(typ="safe").load(text)
    after = YAML(typ="safe").load(removed(text, *gone) if gone else text)
    assert after == {"s": {k: v for i, (k, v) in enumerate(before["s"].items()) if i not in gone}, "t": 1}
