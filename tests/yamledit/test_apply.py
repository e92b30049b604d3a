"""What `apply` takes and refuses, and that its proof sees every difference that is not meant."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from editing import Text
from hypothesis import given, settings
from hypothesis import strategies as st

from aicos_tls.errors import InternalError
from aicos_tls.files import TextFile
from aicos_tls.yamledit import apply as applying
from aicos_tls.yamledit.apply import apply, splice
from aicos_tls.yamledit.edits import (
    Copy,
    Edit,
    InexpressibleError,
    InsertItem,
    InsertPair,
    Items,
    Pairs,
    Reference,
    Replace,
    SetText,
    Splice,
    Value,
)
from aicos_tls.yamledit.nodes import Alias, Mapping, Scalar, Sequence
from aicos_tls.yamledit.parse import parse

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random


def test_no_edit_gives_the_file_itself() -> None:
    text = Text("a: 1")
    edited = apply(text.file, text.stream, [])
    assert edited.file is text.file
    assert edited.stream is text.stream


def test_the_result_comes_with_its_parse() -> None:
    file = TextFile(Path("x"), b"\xef\xbb\xbfa: http\r\n")
    stream = parse(file)
    document = stream.documents[0]
    assert isinstance(document, Mapping)
    edited = apply(file, stream, [InsertPair(document, 1, "b", "c")])
    assert edited.file.raw == b"\xef\xbb\xbfa: http\r\nb: c\r\n"
    assert isinstance(edited.stream.documents[0], Mapping)
    assert len(edited.stream.documents[0].pairs) == 2


def test_equal_edits_count_once() -> None:
    text = Text("a: http\nb: [p]\n")
    setting = SetText(text.at(Scalar, "a"), 4, 4, "s")
    item = InsertItem(text.at(Sequence, "b"), 1, "x")
    assert text.edit(setting, item, setting, item) == "a: https\nb: [p, x]\n"


def test_the_lower_rank_comes_first() -> None:
    text = Text("a: [p]\nb:\n  - q\nc:\n  r: s\n")
    edits: list[Edit] = []
    for rank in (2, 0, 1):
        edits += [InsertItem(text.at(Sequence, "a"), place, f"x{rank}", rank) for place in (0, 1)]
        edits += [InsertItem(text.at(Sequence, "b"), place, f"x{rank}", rank) for place in (0, 1)]
        edits += [InsertPair(text.at(Mapping, "c"), place, f"x{place}{rank}", "v", rank) for place in (0, 1)]
    assert text.edit(*edits) == (
        "a: [x0, x1, x2, p, x0, x1, x2]\n"
        "b:\n  - x0\n  - x1\n  - x2\n  - q\n  - x0\n  - x1\n  - x2\n"
        "c:\n  x00: v\n  x01: v\n  x02: v\n  r: s\n  x10: v\n  x11: v\n  x12: v\n"
    )


def test_edits_that_contradict_each_other() -> None:
    text = Text("a: http\n")
    mapping, node = text.at(Mapping), text.at(Scalar, "a")
    with pytest.raises(InternalError, match="overlap"):
        text.edit(SetText(node, 0, 3, "x"), SetText(node, 2, 4, "y"))
    with pytest.raises(InternalError, match="overlap"):
        text.edit(SetText(node, 0, 3, "x"), Replace(mapping, 0, "y"))
    empty = Text("a:\n")
    with pytest.raises(InternalError, match="replaced twice"):
        empty.edit(Replace(empty.at(Mapping), 0, "x"), Replace(empty.at(Mapping), 0, "y"))


def test_splices() -> None:
    assert splice("abc", []) == "abc"
    assert splice("abc", [Splice(1, 2, (0,), "X"), Splice(3, 3, (0,), "!"), Splice(1, 1, (0,), "<")]) == "a<Xc!"
    assert splice("", [Splice(0, 0, (1,), "b"), Splice(0, 0, (0,), "a"), Splice(0, 0, (0,), "a")]) == "ab"


@settings(max_examples=100, derandomize=True)
@given(
    st.text(max_size=20), st.lists(st.tuples(st.integers(0, 5), st.integers(0, 4), st.text(max_size=3))), st.randoms()
)
def test_the_order_of_splices_does_not_matter(text: str, cuts: list[tuple[int, int, str]], random: Random) -> None:
    splices: list[Splice] = []
    at = 0
    for rank, (gap, length, new) in enumerate(cuts):
        start = min(at + gap, len(text))
        at = min(start + length, len(text))
        splices.append(Splice(start, at, (rank,), new))
    assert splice(text, random.sample(splices, len(splices))) == splice(text, splices)


# -- the proof: what comes out is replaced by something else ---------------------------------------------------------

BEFORE = "a: &A [p, q]\nb: *A\nc: !t {k: v}\nd: x\ne: 'y'\nf: # null\ng: &A z\nh: *A\n"
WRONG = [
    BEFORE.replace("p", "o"),
    BEFORE.replace("p, q", "q, p"),
    BEFORE.replace("p, q", "p"),
    BEFORE.replace("[p, q]", "\n  - p\n  - q"),
    BEFORE.replace("*A", "*B", 1).replace("&A", "&B", 1),
    BEFORE.replace("b: *A", "b: [p, q]"),
    BEFORE.replace("g: &A z", "g: z"),  # the last alias would name the first anchor
    BEFORE.replace("!t ", ""),
    BEFORE.replace("k: v", "l: v"),
    BEFORE.replace("k: v", "k: v, l: w"),
    BEFORE.replace("{k: v}", "\n  k: v"),
    BEFORE.replace("d: x", "d: 'x'"),
    BEFORE.replace("e: 'y'", "e: y"),
    BEFORE.replace("f: # null", "f: ~x"),
    BEFORE.replace("d: x\n", ""),
    BEFORE + "---\ni: 1\n",
    BEFORE.replace("d: x", "d: [x]"),
    "",
]


def pretend(monkeypatch: pytest.MonkeyPatch, before: str, wrong: str) -> None:
    """Let the splices of `before` give `wrong`."""
    monkeypatch.setattr(applying, "splice", lambda old, splices: wrong if old == before else splice(old, splices))


@pytest.mark.parametrize("wrong", WRONG)
def test_a_difference_that_no_edit_names_is_refused(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = Text(BEFORE)
    edit = SetText(text.at(Scalar, "c", "k"), 0, 0, "")
    assert text.edit(edit) == BEFORE
    pretend(monkeypatch, BEFORE, wrong)
    with pytest.raises(InexpressibleError, match=r"near line|number of documents"):
        text.edit(edit)


INSERTED: list[tuple[Value, str]] = [
    ("x", "[x]"),
    ("x", "y"),
    ("x", "!t x"),
    ("x", "&X x"),
    ("1", "1"),
    (Items(("x", "z")), "[x]"),
    (Items(("x",)), "{x: z}"),
    (Items(("x",)), "[z]"),
    (Pairs((("k", "v"),)), "[k]"),
    (Pairs((("k", "v"),)), "{l: v}"),
    (Pairs((("k", "v"),)), "{k: w}"),
    (Pairs((("k", "v"),)), "{k: v, [l]: w}"),
    (Copy(Scalar(0, 0, ""), ""), "x"),
    (Copy(Scalar(0, 1, "x"), "x"), "z"),
    (Reference(Alias(0, 0, "A", Scalar(0, 0, ""))), "*A"),  # an anchor of the same name that is another one
    (Reference(Alias(0, 0, "A", Scalar(0, 0, ""))), "p"),
]


@pytest.mark.parametrize(("meant", "written"), INSERTED)
def test_an_edit_that_came_out_otherwise_is_refused(
    meant: Value, written: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = "s: &A p\na: [q]\nb: {k: v}\nc: ~\n"
    edits: dict[str, Callable[[Text], Edit]] = {
        before.replace("[q]", f"[q, {written}]"): lambda t: InsertItem(t.at(Sequence, "a"), 1, meant),
        before.replace("k: v", f"k: v, new: {written}"): lambda t: InsertPair(t.at(Mapping, "b"), 1, "new", meant),
        before.replace("~", written): lambda t: Replace(t.at(Mapping), 3, meant),
    }
    for wrong, edit in edits.items():
        text = Text(before)
        pretend(monkeypatch, before, wrong)
        with pytest.raises(InexpressibleError, match="near line"):
            text.edit(edit(text))


@pytest.mark.parametrize("key", ["other", "[new]"])
def test_a_pair_under_another_key_is_refused(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = Text("b: {k: v}\n")
    pretend(monkeypatch, text.file.text, f"b: {{k: v, {key}: x}}\n")
    with pytest.raises(InexpressibleError):
        text.pair(("b",), ("new", "x"))


def test_a_copy_of_a_null_may_be_written_in_any_way() -> None:
    text = Text("a: [~]\n")
    null = text.at(Scalar, "a", 0)
    assert text.item(("a",), Copy(null, "")) == "a: [~, null]\n"


def test_a_reference_names_what_its_alias_names() -> None:
    text = Text("a: &A [p]\nb: *A\nc: &A [q]\nd:\n  k: v\n")
    old = Reference(text.at(Alias, "b"))
    with pytest.raises(InexpressibleError, match="near line"):
        text.pair(("d",), ("K", old))
    assert text.pair((), ("K", old), index=2).startswith("a: &A [p]\nb: *A\nK: *A\n")


def test_an_anchor_that_is_still_needed_does_not_change_hands() -> None:
    text = Text("a: &A 1\nb: &A\nc: *A\n")
    with pytest.raises(InexpressibleError, match="near line 3"):
        text.replace((), 1, Items(("x",)))


def test_a_result_that_only_the_second_parser_reads_is_not_made() -> None:
    """U+0085 ends a line for libyaml, and for docker compose; for the parser that is asked after it, it is a letter."""
    text = Text("\x85key: value\n")
    with pytest.raises(InexpressibleError):
        text.pair((), ("a b", "x"), index=0)
