"""Text of others in Markdown, as a parser of it sees it: words, or code."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_reading import HOSTILE, PARSER, is_dead, tokens

from aicos_tls.report.gfm import code, fenced, prose, table

TEXTS = st.one_of(
    st.text(),
    st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=5), st.sampled_from("`@#|\\ \n\r[]()<>")), max_size=8)
    .map("".join),
    st.lists(st.sampled_from(HOSTILE), max_size=6).map(" ".join),
)  # fmt: skip


@given(TEXTS)
@example("`@user`")
@example("a\\|@user|")
def test_code_is_one_span(text: str) -> None:
    assert [kind for kind, _ in tokens(f"- {code(text)}")] == ["code_inline"]
    assert "\n" not in code(text)


@given(TEXTS)
@example("see deadbeef")
@example("(@user).")
@example("a `b` @user")
def test_prose_is_words_and_code(text: str) -> None:
    is_dead(f"- `x`: {prose(text)}")


@given(TEXTS)
def test_prose_keeps_every_word(text: str) -> None:
    shown = "".join(content for _, content in tokens(f"x {prose(text)}"))
    there = iter(shown)
    assert all(letter in there for letter in re.findall(r"[A-Za-z0-9]", text))  # in this order


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=3))
@example([("a\\|@user", "b")])
@example([("`|@user", "|")])
def test_a_cell_stays_in_its_column(rows: list[tuple[str, str]]) -> None:
    lines = "\n".join(table(("a", "b"), ((code(one), prose(two)) for one, two in rows)))
    parsed = PARSER.parse(lines)
    assert sum(token.type == "td_open" for token in parsed) == 2 * len(rows)
    is_dead(lines)


@given(TEXTS)
@example("```\n@user")
@example("a\r```\r@user")
def test_a_block_ends_where_it_should(text: str) -> None:
    kinds = [kind for kind, _ in tokens("\n".join([*fenced("yaml", text), "end"]))]
    assert kinds == ["fence", "text"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("its image postgres:16 is not the project's own", "its image `postgres:16` is not the project's own"),
        ("NODE_OPTIONS is set (twice): look, 3 times.", "`NODE_OPTIONS` is set (twice): look, 3 times."),
        ("curl -f http://a:1/ (see b.yml:3), then", "curl `-f http://a:1/` (see `b.yml:3`), then"),
        ("web → api", "web → api"),
    ],
)
def test_prose_reads_as_it_did(text: str, shown: str) -> None:
    assert prose(text) == shown
