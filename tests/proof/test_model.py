"""Plain values, merging, differences and what explains them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aicos_tls.compose.model import ComposeFile
from aicos_tls.errors import Where
from aicos_tls.files import TextFile
from aicos_tls.plan.model import Change
from aicos_tls.proof.declared import Declared, rewritten, text
from aicos_tls.proof.leaves import ABSENT, Leaf, leaves
from aicos_tls.proof.merged import merge, normal, target
from aicos_tls.proof.plain import Reader, Tagged, keyed
from aicos_tls.yamledit.parse import parse

if TYPE_CHECKING:
    from aicos_tls.proof.plain import Plain


def read(body: str) -> Plain:
    file = TextFile(Path("a.yml"), body.encode())
    source = ComposeFile(file, parse(file), Path())
    return Reader(source.resolver).value(source.stream.documents[0])


def test_plain_values() -> None:
    body = "a: &a {b: 1, c: [~, 'x']}\nd: *a\ne: {<<: *a, b: '2'}\nf: !reset []\ng: !!str 5\nh: !override {a: *a}\n"
    inner: Plain = {"b": "1", "c": [None, "x"]}
    assert read(body) == {
        "a": inner, "d": inner, "e": {"b": "2", "c": [None, "x"]}, "f": Tagged("!reset", []), "g": "5",
        "h": Tagged("!override", {"a": inner}),
    }  # fmt: skip


def test_lists_of_pairs() -> None:
    assert keyed(["A=1", "B", "C=x=y"]) == {"A": "1", "B": None, "C": "x=y"}
    assert keyed(["A=1", None]) == ["A=1", None]
    assert keyed({"A": "1"}) == {"A": "1"}
    assert normal({"build": {"args": ["A=1"], "context": "."}, "labels": ["a=b"], "deploy": {"labels": {}}}) == {
        "build": {"args": {"A": "1"}, "context": "."}, "labels": {"a": "b"}, "deploy": {"labels": {}},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ({"image": "a"}, {"image": "b"}, {"image": "b"}),
        ({"image": "a"}, {"image": None}, {"image": "a"}),
        ({"ports": ["1", "2"]}, {"ports": ["2", "3"]}, {"ports": ["1", "2", "3"]}),
        ({"ports": ["1"]}, {"ports": Tagged("!override", ["3"])}, {"ports": ["3"]}),
        ({"ports": ["1"]}, {"ports": Tagged("!reset", None)}, {}),
        ({"command": ["1"]}, {"command": ["2"]}, {"command": ["2"]}),
        ({"healthcheck": {"test": ["1"], "retries": "3"}}, {"healthcheck": {"test": ["2"]}},
         {"healthcheck": {"test": ["2"], "retries": "3"}}),
        ({"environment": {"A": "1", "B": "2"}}, {"environment": {"A": None, "C": Tagged("!x", "3")}},
         {"environment": {"A": None, "B": "2", "C": "3"}}),
        ({"build": {"args": ["A=1"]}}, {"build": {"args": {"B": "2"}}}, {"build": {"args": {"A": "1", "B": "2"}}}),
        ({"build": "."}, {"build": {"target": "x"}}, {"build": {"target": "x"}}),
        ({"volumes": ["aa:/x", "bb:/y/"]}, {"volumes": [{"source": "c", "target": "/y"}, "dd:/z"]},
         {"volumes": ["aa:/x", {"source": "c", "target": "/y"}, "dd:/z"]}),
        ({}, {"volumes": ["aa:/x", "bb:/x"]}, {"volumes": ["bb:/x"]}),
        ({"a": {"b": "1"}}, {"a": {"b": Tagged("!reset", None)}}, {"a": {}}),
        ({"a": ["1"]}, {"a": ["2", Tagged("!reset", None)]}, {"a": ["1", "2", Tagged("!reset", None)]}),
    ],
)  # fmt: skip
def test_merging(one: dict[str, Plain], other: dict[str, Plain], both: dict[str, Plain]) -> None:
    assert merge([one, other]) == both


def test_a_reset_value_by_itself_is_nothing() -> None:
    assert merge([{"a": Tagged("!override", Tagged("!reset", "x"))}]) == {"a": None}


def test_places_of_mounts() -> None:
    mounts: list[Plain] = ["aa:/b/:ro", "/c", {"target": "/d/"}, {"source": "x"}, None]
    assert [target(mount) for mount in mounts] == ["/b", "/c", "/d", "/", "/"]


def names(old: Plain, new: Plain) -> list[str]:
    return [leaf.name for leaf in leaves(old, new, ("r",))]


def test_differences() -> None:
    assert names({"a": ["x", "y"]}, {"a": ["x", "z", "K=1"]}) == ["r.a.1", "r.a.K"]
    assert names({"a": ["x", "y"]}, {"a": ["x"]}) == ["r.a"]
    assert names({"a": "1"}, {}) == ["r"]
    assert names({"a": "1", "b": "1"}, {"b": "1"}) == ["r.a"]
    assert names(None, {"a": [], "b": {}, "c": None}) == ["r.a", "r.b", "r.c"]
    assert names({"test": ["CMD", "a"]}, {"test": ["CMD", "a", "b"]}) == ["r.test"]
    assert names({"a": "1"}, {"a": {"b": "1"}}) == ["r.a"]
    assert names(["a=b c", "--x=1"], ["a=c", "--x=2"]) == ["r.a", "r.--x"]


PLAIN = st.recursive(
    st.none() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
)


@given(PLAIN, PLAIN)
def test_two_values_are_equal_when_they_have_no_difference(one: Plain, other: Plain) -> None:
    assert (one == other) == (not list(leaves(one, other, ())))


URLS = ["http://api", "http://api:80", "http://api.example.com", "http://web:1", " ", "x", "https://api:80"]
PAIRS = {"http://api": "https://api:80", "http://web:1": "https://web:1"}


@given(st.lists(st.sampled_from(URLS)), st.data())
def test_rewritten_accounts_for_every_part(parts: list[str], data: st.DataObject) -> None:
    chosen = [part in PAIRS and data.draw(st.booleans()) for part in parts]
    old = "|".join(parts)
    new = "|".join(PAIRS[part] if change else part for part, change in zip(parts, chosen, strict=True))
    used = {(part, PAIRS[part]) for part, change in zip(parts, chosen, strict=True) if change}
    pairs = sorted(PAIRS.items(), key=lambda pair: -len(pair[0]))
    assert rewritten(old, new, pairs) == used
    assert rewritten(old, f"{new}!", pairs) is None
    assert rewritten(f"{old}!", f"{new}?", pairs) is None


def test_a_part_that_was_changed_to_something_else() -> None:
    pairs = [("http://api", "https://api")]
    assert rewritten("http://api", "ftp://api", pairs) is None
    assert rewritten("http://api", "", pairs) is None


def change(rule: str, path: str, before: str, after: str, service: str = "s") -> Change:
    return Change(rule, service, Where(Path("a")), path, before, after, "")


def test_explanations() -> None:
    declared = Declared(
        [
            change("mount", "services.s.volumes", "", "./c:/c:ro"),
            change("variables", "services.s.environment.K", "", "v"),
            change("healthcheck", "services.s.healthcheck.test", "a b", "a c"),
            change("urls", "services.s.labels.3", "http://x", "https://x"),
            change("urls", "configs.c.content", "http://y", "https://y", ""),
        ]
    )
    s = ("services", "s")
    assert declared.explains(Leaf((*s, "volumes", "0"), ABSENT, "./c:/c:ro"))
    assert not declared.explains(Leaf((*s, "volumes", "0"), "./old:/c", "./c:/c:ro"))
    assert not declared.explains(Leaf((*s, "environment", "K"), "w", "v"))
    assert declared.explains(Leaf((*s, "environment", "K"), None, "v"))
    assert declared.explains_anywhere(Leaf(("x-a", "K"), ABSENT, "K=v"))
    assert not declared.explains_anywhere(Leaf(("x-a", "K"), "K=w", "K=v"))
    assert not declared.explains(Leaf((*s, "healthcheck", "test"), ["CMD", "a", "d"], ["CMD", "a", "c"]))
    assert declared.explains(Leaf((*s, "healthcheck", "test"), ["CMD", "a", "b"], ["CMD", "a", "c"]))
    assert declared.explains(Leaf((*s, "labels", "some/label"), "http://x", "https://x"))
    assert not declared.explains(Leaf((*s, "labels", "some/label"), ABSENT, "https://x"))
    assert [c.path for c in declared.unseen()] == ["configs.c.content"]
    assert declared.explains_in_service(Leaf((*s, "command", "1"), "http://x", "https://x"))
    assert declared.explains_in_service(Leaf((*s, "command", "1"), "http://y", "https://y"))
    assert not declared.explains_in_service(Leaf(("services", "t", "command", "1"), "http://x", "https://x"))
    assert declared.explains_in_service(Leaf(("configs", "c", "content"), "http://y", "https://y"))
    assert not declared.unseen()


def test_values_as_changes_show_them() -> None:
    assert [text(value) for value in (ABSENT, None, "x", ["CMD-SHELL", "a b"], ["a", "b"], {"a": "b"})] == [
        "", "", "x", "a b", "a b", None,
    ]  # fmt: skip
