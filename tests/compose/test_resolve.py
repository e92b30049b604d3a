"""Merge keys, owners of values, texts."""

from __future__ import annotations

from pathlib import Path

import pytest

from aicos_tls.compose.resolve import Resolver, text_of, texts_of
from aicos_tls.files import TextFile
from aicos_tls.yamledit.nodes import Mapping, deref
from aicos_tls.yamledit.parse import parse


def mapping(text: str) -> Mapping:
    node = deref(parse(TextFile(Path("x.yml"), text.encode())).documents[0])
    assert isinstance(node, Mapping)
    return node


def test_own_keys_win_over_merged_ones_and_earlier_sources_over_later() -> None:
    text = "a: &a {x: a, y: a}\nb: &b {y: b, z: b}\nc:\n  <<: [*b, *a]\n  z: c\n  [1]: skipped\n"
    resolver = Resolver()
    found = resolver.mapping(mapping(text).pairs[2][1])
    assert {key: (text_of(e.value), e.inherited) for key, e in found.items()} == {
        "z": ("c", False), "y": ("b", True), "x": ("a", True),
    }  # fmt: skip
    assert list(found) == ["z", "y", "x"]
    inner = mapping(text).pairs[2][1]
    assert resolver.mapping(inner) == resolver.mapping(inner)


def test_a_quoted_merge_key_is_an_ordinary_one() -> None:
    assert list(Resolver().entries(mapping('"<<": {a: 1}\n'))) == ["<<"]


@pytest.mark.parametrize("text", ["<<: text\n", "<<: [text, [a]]\n", "<<:\n"])
def test_what_is_no_mapping_brings_nothing(text: str) -> None:
    assert Resolver().entries(mapping(text)) == {}


def test_texts() -> None:
    root = mapping("a: &a x\nb: [1, null, [y], *a]\nc: {d: e}\nf:\n")
    values = {key: e.value for key, e in Resolver().entries(root).items()}
    assert [text_of(values[key]) for key in "abcf"] == ["x", None, None, None]
    assert [texts_of(values[key]) for key in "abcf"] == [["x"], ["1", "x"], [], []]
    assert text_of(None) is None
    assert texts_of(None) == []
    assert Resolver().mapping(values["a"]) == {}
