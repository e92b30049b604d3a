from __future__ import annotations

import io

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from aicos_tls.yamledit.edits import Copy, Items, Pairs, Reference, Value
from aicos_tls.yamledit.manner import Manner
from aicos_tls.yamledit.nodes import Alias, Scalar, Style
from aicos_tls.yamledit.render import block_item, block_pair, escaped, flow_pair, flow_text, reads_as_string, scalar

MANNER = Manner()
JSON = Manner(json=True, compact=True)


@pytest.mark.parametrize("text", ["./certs:/app/certs:ro", "http://x:1/a?b=c", "/app/certs", "$X", "a b", "a=b"])
def test_what_needs_no_quotes(text: str) -> None:
    assert reads_as_string(text, flow=False)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " a",
            "a ",
            "a:",
            "a: b",
            "a #b",
            "a#",
            "-",
            "- a",
            "?",
            "&a",
            "*a",
            "!a",
            "|",
            ">",
            "%a",
            "@a",
            "`a",
            "#a",
            "'a",
        ),
        *(
            "null",
            "~",
            "True",
            "yes",
            "OFF",
            "y",
            "N",
            "0",
            "-1",
            "+1",
            "1.5",
            ".5",
            "-.5",
            "1e3",
            "0x1F",
            "0o17",
            "0b1",
        ),
        *(
            "1_000",
            "1:30",
            "1,000",
            ".inf",
            ".NaN",
            "2001-12-14",
            "2001-12-14t21:59:43Z",
            "=",
            "<<",
            "é",
            "a\nb",
            "a\tb",
        ),
    ],
)
def test_what_needs_quotes(text: str) -> None:
    assert not reads_as_string(text, flow=False)


@pytest.mark.parametrize("text", ["a,b", "[a", "a]", "{a", "a}", "a?", "http://x"])
def test_what_needs_quotes_in_brackets(text: str) -> None:
    assert not reads_as_string(text, flow=True)


ALPHABET = st.text(alphabet="01.9_eExob+-: #aynT~/$%@=^(!;?*&'\"<|\\,{}[]\t\n\x07\x85\u2028\ufeffé🎉", max_size=8)
WORDS = st.sampled_from(["true", "null", "on", ".inf", "0x", "2001-01-01", "<<", "y", "N"])


@settings(max_examples=500, deadline=None, derandomize=True)
@given(
    st.one_of(ALPHABET, WORDS, st.builds(str.__add__, WORDS, ALPHABET)), st.sampled_from(["", "'", '"']), st.booleans()
)
@example(".0", "", False)  # noqa: FBT003 - a number to every reader
@example("a?", "", True)  # noqa: FBT003 - YAML 1.1 reads a key in brackets
def test_readers_of_yaml_1_1_and_1_2_read_the_string(text: str, prefer: Style, flow: bool) -> None:  # noqa: FBT001
    for manner in (MANNER, Manner(quote="'")):
        written = scalar(text, prefer, manner, flow=flow)
        document, expected = (
            (f"[{written}, {{k: {written}}}]\n", [text, {"k": text}])
            if flow
            else (
                f"k:\n  - {written}\n",
                {"k": [text]},
            )
        )
        assert yaml.safe_load(document) == expected
        assert YAML(typ="safe", pure=True).load(io.StringIO(document)) == expected


@pytest.mark.parametrize(
    ("text", "prefer", "written"),
    [
        ("a", "", "a"),
        ("a", "'", "'a'"),
        ("true", "", '"true"'),
        ("it's", "'", "'it''s'"),
        ('a"\\', '"', '"a\\"\\\\"'),
        ("a\nb", "'", '"a\\nb"'),
        ("\x07\r\t\u2028", '"', '"\\u0007\\r\\t\\u2028"'),
        ("\U000e0001🎉", '"', '"\\U000e0001🎉"'),
    ],
)
def test_scalar(text: str, prefer: Style, written: str) -> None:
    assert scalar(text, prefer, MANNER, flow=False) == written


def test_json_has_double_quotes_only() -> None:
    assert scalar("a", "'", JSON, flow=True) == '"a"'
    value = Pairs((("k", Items(("a", Copy(Scalar(0, 1, "1"), "1")))), ("l", Pairs(()))))
    assert flow_text(value, "", JSON) == '{"k":["a",1],"l":{}}'


def test_plain_text_is_not_escaped() -> None:
    assert escaped("a'\"\\", "") == "a'\"\\"
    assert escaped("a'\"\\", "|") == "a'\"\\"


def copy(value: str, style: Style, new: str | None = None) -> Copy:
    return Copy(Scalar(0, len(value), value, style), value if new is None else new)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (copy("1", ""), "1"),
        (copy("-1", ""), "-1"),
        (copy("", ""), "null"),
        (copy("~", ""), "~"),
        (copy("x", ""), "x"),
        (copy("* x", ""), '"* x"'),
        (copy("1", "'"), "'1'"),
        (copy("x", '"', "y"), '"y"'),
        (copy("a\n", "|"), '"a\\n"'),
        (Reference(Alias(0, 2, "A", Scalar(0, 0, ""))), "*A"),
        (Items(("a", "b: c")), '[a, "b: c"]'),
        (Pairs((("k", "v"), ("<<", Reference(Alias(0, 2, "A", Scalar(0, 0, "")))))), "{k: v, <<: *A}"),
    ],
)
def test_flow_text(value: Value, written: str) -> None:
    assert flow_text(value, "", MANNER) == written


def test_keys_are_quoted_as_others_are() -> None:
    assert flow_pair("k", "v", "'", MANNER, '"') == "\"k\": 'v'"
    assert flow_pair("yes", "v", "", MANNER) == '"yes": v'
    assert block_pair("k", "v", 0, "", MANNER, "'") == ["'k': v"]


@pytest.mark.parametrize(
    ("value", "lines"),
    [
        ("v", ["k: v"]),
        (Items(()), ["k: []"]),
        (Pairs(()), ["k: {}"]),
        (Items(("a", Items(("b",)))), ["k:", "    - a", "    - [b]"]),
        (Items((Pairs((("a", "b"), ("c", Items(("d",))))),)), ["k:", "    - a: b", "      c:", "        - d"]),
        (Pairs((("a", Pairs((("b", "c"),))),)), ["k:", "     a:", "        b: c"]),
    ],
)
def test_block_pair(value: Value, lines: list[str]) -> None:
    assert block_pair("k", value, 2, "", Manner(mapping_indent=3)) == lines


def test_only_brackets_make_a_text_need_quotes() -> None:
    text = "./certs:/app/certs:ro,z"
    assert block_item(text, 0, "- ", "", MANNER) == [f"- {text}"]
    assert block_pair("k", text, 0, "", MANNER) == [f"k: {text}"]
    assert flow_text(text, "", MANNER) == f'"{text}"'


def test_block_item_keeps_the_spaces_of_the_dash() -> None:
    assert block_item(Pairs((("a", "b"), ("c", "d"))), 2, "-   ", "", MANNER) == ["-   a: b", "      c: d"]
    assert block_item("x", 2, "-   ", '"', MANNER) == ['-   "x"']
