from __future__ import annotations

import sys
from pathlib import Path

import pytest
from editing import Text
from hypothesis import given, settings
from hypothesis import strategies as st

from aicos_tls import budgets
from aicos_tls.errors import TlsError
from aicos_tls.files import TextFile
from aicos_tls.yamledit.nodes import Alias, Mapping, Node, Scalar, Sequence, deref
from aicos_tls.yamledit.parse import parse


def refusal(text: str) -> TlsError:
    with pytest.raises(TlsError) as caught:
        Text(text)
    return caught.value


def span(text: Text, node: Scalar | Sequence | Mapping | Alias) -> str:
    return text.file.text[node.start : node.end]


def test_kinds_styles_and_places() -> None:
    text = Text("a: plain\nb: 'single'\nc: \"double\"\nd: |\n  literal\ne: >-\n  folded\nf: [x, {k: v}]\ng:\n  - y\n")
    styles = [text.at(Scalar, key).style for key in "abcde"]
    assert styles == ["", "'", '"', "|", ">"]
    assert span(text, text.at(Scalar, "b")) == "'single'"
    assert span(text, text.at(Scalar, "d")) == "|\n  literal\n"
    assert (text.at(Sequence, "f").flow, span(text, text.at(Sequence, "f"))) == (True, "[x, {k: v}]")
    assert span(text, text.at(Mapping, "f", 1)) == "{k: v}"
    assert (text.at(Sequence, "g").flow, span(text, text.at(Sequence, "g"))) == (False, "- y")


def test_offsets_are_characters_whatever_their_width() -> None:
    text = Text('a: "🎉 e\u0301"\nb: &x 👩\u200d👧 z\nc: *x\n')
    assert span(text, text.at(Scalar, "b")) == "&x 👩\u200d👧 z"
    assert span(text, text.at(Alias, "c")) == "*x"


def test_anchors_tags_and_aliases() -> None:
    text = Text("a: &A !!str x\nb: *A\nc: &C\n  - *A\nd: !x [1]\n")
    a, b, d = text.at(Scalar, "a"), text.at(Alias, "b"), text.at(Sequence, "d")
    assert (a.anchor, a.tag, span(text, a)) == ("A", "tag:yaml.org,2002:str", "&A !!str x")
    assert b.target is a
    assert deref(b) is a
    assert d.tag == "!x"
    assert text.at(Sequence, "c").anchor == "C"
    assert text.stream.shared
    assert not Text("a: 1").stream.shared


def test_an_alias_is_of_the_last_anchor_of_its_name() -> None:
    text = Text("a: &A 1\nb: *A\nc: &A 2\nd: *A\n")
    assert [deref(text.at(Alias, key)) for key in "bd"] == [text.at(Scalar, "a"), text.at(Scalar, "c")]


def test_an_anchor_counts_in_its_own_document() -> None:
    assert "without an anchor" in refusal("a: &A 1\n---\nb: *A\n").message


@pytest.mark.parametrize(
    ("text", "behind"),
    [
        ("a:\nb:\n", ["a:", "a:\nb:"]),
        ("a: {k, l: }", ["a: {k", "a: {k, l:"]),
        ("? b\n\nc: 1\n", ["? b"]),  # the parser has it where the next token is
        ("a:\n  ? k\n  ? l\n\nz: 1\n", ["a:\n  ? k", "a:\n  ? k\n  ? l"]),
    ],
)
def test_a_missing_value_stands_behind_its_colon_or_its_key(text: str, behind: list[str]) -> None:
    def empty(node: Node) -> list[int]:
        if isinstance(node, Mapping):
            return [end for _, value in node.pairs for end in empty(value)]
        return [node.start] if node.start == node.end else []

    ends = empty(Text(text).stream.documents[0])
    assert [text[:end].rstrip(" ") for end in ends] == behind


def test_several_documents() -> None:
    documents = Text("%YAML 1.2\n---\na: 1\n...\n---\n- b\n--- c\n").stream.documents
    assert [type(document) for document in documents] == [Mapping, Sequence, Scalar]


@pytest.mark.parametrize("text", ["", "# nothing\n", "\ufeff"])
def test_an_empty_text_has_no_documents(text: str) -> None:
    assert Text(text).stream.documents == []


def test_what_libyaml_refuses_and_the_other_parser_reads() -> None:
    text = Text("a: [http://x]\nb: \U00010000\n")
    assert text.at(Scalar, "a", 0).value == "http://x"


def test_without_libyaml(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ruamel.yaml.cyaml", None)
    text = Text("a: &A [1]\nb: *A # c\n")
    assert deref(text.at(Alias, "b")) is text.at(Sequence, "a")
    assert refusal("a: [").where is not None


@pytest.mark.parametrize(
    ("text", "line", "column", "says"),
    [
        ("a: 1\nb: [\n", 3, 1, "flow"),
        ("a: 1\n  b: 2\n", 2, 4, "mapping values are not allowed"),
        ('a: "x\n', 2, 1, "quoted scalar"),
        ("a: *b\n", 1, 4, "alias *b without an anchor &b before it"),
        ("a: &b [*b]\n", 1, 8, "inside its own anchor"),
        ("a: 1\nb: \x07\n", 2, 4, "special characters are not allowed"),
        ("\ta: 1\n", 1, 1, "cannot start any token"),
    ],
)
def test_what_is_not_yaml_is_refused_with_its_place(text: str, line: int, column: int, says: str) -> None:
    error = refusal(text)
    assert error.where is not None
    assert (error.where.line, error.where.column) == (line, column)
    assert says in error.message


@pytest.mark.parametrize("deep", ["[" * 300 + "]" * 300, "- " * 300 + "x"])
def test_deep_nesting_is_refused(deep: str) -> None:
    assert f"more than {budgets.DEPTH} levels" in refusal(deep).message
    Text("[" * budgets.DEPTH + "]" * budgets.DEPTH)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.text(alphabet="ab:-?&*!|>{}[],#'\"\\ \t\n\r%@`\u00e9\U0001f389\x00\ufeff~", max_size=30))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        spans = [(node.start, node.end) for node in parse(TextFile(Path("x"), text.encode())).documents]
    except TlsError as error:
        offset = 0 if error.where else -1
        spans = [(offset, offset)]
    assert all(0 <= start <= end <= len(text) for start, end in spans)
