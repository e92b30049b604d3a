from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aicos_tls.sources.dockerlines import read

CASES = {
    "lower case": ("from a\ncmd x\n", [("FROM", "a", 1), ("CMD", "x", 2)]),
    "tabs": ("FROM a\nCMD\tx\ty", [("FROM", "a", 1), ("CMD", "x\ty", 2)]),
    "indented": ("  FROM a  \n", [("FROM", "a", 1)]),
    "empty value": ("FROM a\nCMD   \nRUN x", [("FROM", "a", 1), ("CMD", "", 2), ("RUN", "x", 3)]),
    "continued": ("RUN a \\\n  b", [("RUN", "a   b", 1)]),
    "blanks after the backslash": ("RUN a \\  \n b", [("RUN", "a  b", 1)]),
    "comments and empty lines between": (
        "RUN a \\\n # c\\\n\n\n  # d\n b\nCMD x",
        [("RUN", "a  b", 1), ("CMD", "x", 7)],
    ),
    "crlf": ("FROM a\r\nCMD a \\\r\n  # comment\r\n\r\n  b\r\n", [("FROM", "a", 1), ("CMD", "a   b", 2)]),
    "escaped backslash": ("RUN a\\\\\nRUN b", [("RUN", "a\\\\", 1), ("RUN", "b", 2)]),
    "backslash at the end of the file": ("CMD a \\", [("CMD", "a", 1)]),
    "name alone is continued": ("CMD \\\n x", [("CMD", "x", 1)]),
    "hash within a value": ("RUN a # b", [("RUN", "a # b", 1)]),
    "escape directive": (
        "# escape=`\nCMD a `\n b\nCMD c:\\\nCMD d",
        [("CMD", "a  b", 2), ("CMD", "c:\\", 4), ("CMD", "d", 5)],
    ),
    "directives in any order": ("# syntax=x\n#escape = `\nCMD a `\n b", [("CMD", "a  b", 3)]),
    "a directive after a comment is a comment": (
        "# a comment\n# escape=`\nCMD a `\nCMD b",
        [("CMD", "a `", 3), ("CMD", "b", 4)],
    ),
    "an unknown escape": ("# escape=x\nCMD a \\\nb", [("CMD", "a b", 2)]),
    "here-document": ("RUN <<EOF\nCMD x\nFROM y\nEOF\nCMD z", [("RUN", "<<EOF", 1), ("CMD", "z", 5)]),
    "quoted end, tabs": (
        "RUN cat <<-'E O' \\\n > f\n\tCMD x\n\tE O\nCMD z",
        [("RUN", "cat <<-'E O'  > f", 1), ("CMD", "z", 5)],
    ),
    "two here-documents": ("COPY <<A <<B /x/\nA\nCMD x\nB\nCMD y", [("COPY", "<<A <<B /x/", 1), ("CMD", "y", 5)]),
    "here-document on build": ("ONBUILD RUN <<E\nCMD x\nE\nCMD y", [("ONBUILD", "RUN <<E", 1), ("CMD", "y", 4)]),
    "no here-document in quotes": ('RUN echo "a <<EOF"\nCMD y', [("RUN", 'echo "a <<EOF"', 1), ("CMD", "y", 2)]),
    "no here-document in CMD": ("CMD cat <<EOF\nRUN y", [("CMD", "cat <<EOF", 1), ("RUN", "y", 2)]),
    "here-string": ("RUN cat <<<EOF\nCMD y", [("RUN", "cat <<<EOF", 1), ("CMD", "y", 2)]),
    "unfinished here-document": ("RUN <<EOF\nCMD x\n", [("RUN", "<<EOF", 1)]),
    "a backslash alone": ("\\\nRUN x\n\\", [("RUN", "x", 1)]),
    "directives alone": ("# syntax=x", []),
    "nothing": ("# only\n\n", []),
}


@pytest.mark.parametrize("case", CASES)
def test_instructions(case: str) -> None:
    text, expected = CASES[case]
    assert [(i.name, i.value, i.line) for i in read(text)] == expected


@given(st.text(alphabet="CMDRUN \t\\`#\r\n<E'\"aé", max_size=60))
def test_every_character_has_its_place(text: str) -> None:
    for instruction in read(text):
        assert "".join(text[at] for at in instruction.offsets) == instruction.value
        assert list(instruction.offsets) == sorted(set(instruction.offsets))
