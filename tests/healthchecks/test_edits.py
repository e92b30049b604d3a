from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aicos_tls.errors import InternalError
from aicos_tls.healthchecks import Form, InsertWord, Test, TextEdit, apply
from aicos_tls.healthchecks.edits import apply_text, coalesced, minimal

TEST = Test(Form.EXEC, ("curl", "http://localhost", "-f"))


def test_items_and_characters() -> None:
    edits = (TextEdit(1, 4, 4, "s"), InsertWord(1, "--insecure"), InsertWord(1, "-v"), TextEdit(1, 16, 16, ":80"))
    assert apply(TEST, edits).words == ("curl", "--insecure", "-v", "https://localhost:80", "-f")
    assert apply(TEST, (InsertWord(3, "x"),)).words == ("curl", "http://localhost", "-f", "x")
    assert apply(TEST, ()) == TEST


@pytest.mark.parametrize(
    "edits",
    [
        (TextEdit(0, 0, 3, "a"), TextEdit(0, 2, 4, "b")),
        (TextEdit(0, 0, 5, ""),),
        (TextEdit(0, 3, 2, ""),),
        (InsertWord(4, "x"),),
        (InsertWord(-1, "x"),),
    ],
)
def test_what_cannot_be_applied_is_a_bug(edits: tuple[TextEdit | InsertWord, ...]) -> None:
    with pytest.raises(InternalError):
        apply(TEST, edits)


def test_edits_that_touch_become_one() -> None:
    edits = (TextEdit(0, 5, 5, "a "), InsertWord(0, "w"), TextEdit(0, 5, 5, "b"), TextEdit(0, 5, 7, "c"))
    assert coalesced(edits) == (InsertWord(0, "w"), TextEdit(0, 5, 7, "a bc"))
    apart = (TextEdit(0, 1, 1, "a"), TextEdit(0, 2, 2, "b"), TextEdit(1, 2, 2, "c"))
    assert coalesced(apart[::-1]) == apart


@given(st.text("ab", max_size=8), st.text("ab", max_size=8), st.text("ab", max_size=3))
def test_a_minimal_edit_has_the_same_effect_and_nothing_in_common(old: str, new: str, before: str) -> None:
    text = before + old
    edit = TextEdit(0, len(before), len(text), new)
    small = minimal(edit, text)
    assert apply_text(text, [small]) == before + new
    left, right = text[small.start : small.end], small.text
    assert not left or not right or (left[0] != right[0] and left[-1] != right[-1])
