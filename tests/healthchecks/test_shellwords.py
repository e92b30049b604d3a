from __future__ import annotations

import shlex
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aicos_tls.healthchecks.edits import apply_text
from aicos_tls.healthchecks.model import TextEdit
from aicos_tls.healthchecks.quoting import UnquotableError
from aicos_tls.healthchecks.shellwords import UnreadableShellError, commands


def values(text: str) -> list[list[str]]:
    return [list(command.values) for command in commands(text) if command.words]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("a b", [["a", "b"]]),
        ("a|b||c&&d;e&f\ng", [["a"], ["b"], ["c"], ["d"], ["e"], ["f"], ["g"]]),
        ("a 'b c' \"d e\" f\\ g", [["a", "b c", "d e", "f g"]]),
        ("a'b'\"c\"d", [["abcd"]]),
        ("a '' \"\"", [["a", "", ""]]),
        ('a "\\$b \\" \\\\ \\` \\x"', [["a", '$b " \\ ` \\x']]),
        ("a \\\n b", [["a", "b"]]),
        ("a \\\r\n b", [["a", "b"]]),
        ("a\\\nb", [["ab"]]),
        ('"a\\\nb"', [["ab"]]),
        ("a # b", [["a"]]),
        ("a#b", [["a#b"]]),
        ("# a\nb", [["b"]]),
        ("a >b 2>&1 </c >>d 3<>e &>f >|g", [["a"]]),
        ("a 2>/dev/null b", [["a", "b"]]),
        ("a > 'b c'", [["a"]]),
        ("a 2 > b", [["a", "2"]]),
        ("a <<< b", [["a"]]),
        ("diff <(a) >(b)", [["a"], ["b"], ["diff"]]),
        ("(a; b)", [["a"], ["b"]]),
        ("(a)", [["a"]]),
        ("{ a; }", [["a"]]),
        ("if a; then b; elif c; then d; else e; fi", [["a"], ["b"], ["c"], ["d"], ["e"]]),
        ("! a", [["a"]]),
        ("X=1 Y='2 3' a", [["a"]]),
        ("X=1", []),
        ("X+=1 a", [["a"]]),
        ("x$(a b)y c", [["a", "b"], ["x$(___)y", "c"]]),
        ("x$$(a 'b)')y", [["a", "b)"], ["x$$(______)y"]]),
        ('"$(a "b c")"', [["a", "b c"], ["$(_______)"]]),
        ("$(a $(b))", [["b"], ["a", "$(_)"], ["$(______)"]]),
        ("`a b`c", [["a", "b"], ["`___`c"]]),
        (
            "http://$(hostname -i)/ `hostname`",
            [["hostname", "-i"], ["hostname"], ["http://$(hostname -i)/", "`hostname`"]],
        ),
        ("${A:-b c} $${D} $E $$F", [["${A:-b c}", "$${D}", "$E", "$$F"]]),
        ("${A:-${B}}c", [["${A:-${B}}c"]]),
        ("${A:-\\}}", [["${A:-\\}}"]]),
        ("$'a\\'b' c", [["$'a\\'b'", "c"]]),
        ("\"$'a'\"", [["$'a'"]]),
        ("a $ b", [["a", "$", "b"]]),
        ("case x in y) a;; esac", [["case", "x", "in", "y"], ["a"]]),
        ("a 💚", [["a", "💚"]]),
    ],
)
def test_commands(text: str, expected: list[list[str]]) -> None:
    assert values(text) == expected


def test_assignments_and_redirections() -> None:
    (command,) = commands("A=1 b c >d <e")
    assert [word.value for word in command.assignments] == ["A=1"]
    assert [word.value for word in command.redirects] == ["d", "e"]
    (only,) = commands("> x")
    assert only.words == ()


@pytest.mark.parametrize(
    "text", ["'a", '"a', "a\\", "$(a", "(a", "`a", "`a\\`", "${a", "$'a", "cat <<E\nE", "cat <<-E", '"a\\', "<(a"]
)
def test_unreadable(text: str) -> None:
    with pytest.raises(UnreadableShellError):
        commands(text)


PIECES = st.sampled_from(["a", "é", " ", "'", '"', "\\", "b c", "#", ";", "|", "&", "<", ">", "(", ")", "\n", "*", "~"])
WORDS = st.lists(st.lists(PIECES, max_size=5).map("".join), min_size=1, max_size=4)


@st.composite
def shell_word(draw: st.DrawFn, value: str) -> str:
    """`value`, quoted in pieces, in any of the three ways."""
    written = "" if value else "''"
    for char in value:
        ways = [f'"{char}"' if char not in '"\\' else f'"\\{char}"']
        ways += [f"'{char}'"] if char != "'" else []
        ways += [f"\\{char}"] if char != "\n" else []
        written += draw(st.sampled_from(ways))
    return written


@given(st.data(), WORDS)
def test_words_are_what_the_shell_makes_of_them(data: st.DataObject, words: list[str]) -> None:
    text = " ".join(data.draw(shell_word(word)) for word in words)
    assert values(text) == [words] == [shlex.split(text)]


@given(st.data(), st.lists(PIECES, min_size=1, max_size=6).map("".join), st.lists(PIECES, max_size=3).map("".join))
def test_an_edit_of_a_value_becomes_the_same_edit_of_the_source(data: st.DataObject, value: str, new: str) -> None:
    text = f"x {data.draw(shell_word(value))} y"
    (command,) = commands(text)
    at = data.draw(st.integers(0, len(value)))
    try:
        lifted = command.words[1].lift(TextEdit(1, at, at, new))
    except UnquotableError:
        return
    assert shlex.split(apply_text(text, [lifted])) == ["x", value[:at] + new + value[at:], "y"]


@pytest.mark.parametrize(
    ("text", "edit", "expected"),
    [
        ("'abc'", TextEdit(0, 1, 2, "X"), "'aXc'"),
        ('"a\\"c"', TextEdit(0, 1, 2, '"$'[:1]), '"a\\"c"'),
        ("a\\ c", TextEdit(0, 1, 2, "-"), "a-c"),
        ("ab''cd", TextEdit(0, 0, 2, "x"), "x''cd"),
    ],
)
def test_a_replacement(text: str, edit: TextEdit, expected: str) -> None:
    assert apply_text(text, [commands(text)[0].words[0].lift(edit)]) == expected


@pytest.mark.parametrize(
    ("text", "edit"),
    [
        ("ab''cd", TextEdit(0, 1, 3, "x")),
        ("a'b'", TextEdit(0, 0, 2, "x")),
        ("''", TextEdit(0, 0, 0, "x")),
        ("'a'", TextEdit(0, 1, 1, "'")),
        ("$'a'", TextEdit(0, 3, 3, "x")),
        ("a", TextEdit(0, 1, 1, "$x")),
        ("a", TextEdit(0, 1, 1, "\n")),
    ],
)
def test_what_the_quotes_do_not_allow(text: str, edit: TextEdit) -> None:
    with pytest.raises(UnquotableError):
        commands(text)[0].words[0].lift(edit)


@pytest.mark.parametrize(
    "text", ['a \'b c\' "d\\"e" f\\ g', "a \\\n b#c # d", "a '' x'y'\"z\" \\# \"\\a\"", "a 1 > /dev/null", "a b 2>&1"]
)
def test_a_real_shell_agrees(text: str) -> None:
    script = f'a() {{ printf "%s\\0" a "$@" >&3; }}\n{text}\n'
    done = subprocess.run(["sh", "-c", f"exec 3>&1\n{script}"], capture_output=True, check=True, text=True)
    assert values(text) == [done.stdout.split("\0")[:-1]]
