"""Text of others in GitHub flavoured Markdown: it means itself, whatever is written in it.

GitHub makes links of more than the syntax says: mentions (`@user`, `@org/team`), `#1`, `GH-1`, `owner/repo#1`, hashes
of commits, addresses and e-mail addresses are looked for in the rendered text, after backslashes are gone, but never in
code. So what is not a plain word goes into a code span (CommonMark 6.1), and everything of a stranger's passes one of
the functions here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aicos_tls.report.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_WORD = re.compile(
    r"""(?P<open>["'(]{0,2})                           # what may stand around a word
        (?P<word>[^\W\d_]+(?:['\u2019-][^\W\d_]+)*|\d{1,6}(?![.)])|[\u2192\u2713\u2717\u2013\u2014])
        (?P<close>["')]{0,2}[.,:;!?]?["')]{0,2})""",
    re.VERBOSE,
)
"""A word of prose, a number, an arrow or a dash. Seven characters are the shortest hash of a commit that is linked."""
_HASH = re.compile(r"[0-9a-f]{7,}", re.IGNORECASE)
_AROUND = re.compile(r"(?P<open>[\"'(]{0,2})(?P<inner>.*?)(?P<close>[\"')]{0,2}[.,:;!?]?)", re.DOTALL)
_SPACE = re.compile(r"[ \t\r\n]+")


def code(text: str) -> str:
    """A text as a code span on one line."""
    shown = visible(text.replace("\t", " ").replace("\r\n", " ").replace("\n", " "))
    if not shown.strip():
        return '`""`'
    fence = "`" * (_longest(shown) + 1)
    room = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{room}{shown}{room}{fence}"


def prose(text: str) -> str:
    """A sentence that may hold a text of others: what is not plainly a word or a number becomes a code span."""
    parts: list[str] = []
    pending: list[str] = []
    for word in _SPACE.split(text):
        if not word:
            continue
        if _is_plain(word):
            parts += [*_spans(pending), word]
            pending = []
        else:
            pending.append(word)
    return " ".join([*parts, *_spans(pending)])


def _is_plain(word: str) -> bool:
    found = _WORD.fullmatch(word)
    return found is not None and not _HASH.fullmatch(found["word"]) and not word.lower().startswith(("www", "gh-"))


def _spans(words: list[str]) -> list[str]:
    """Words that stand beside one another as one code span, without the punctuation around them."""
    if not words:
        return []
    found = _AROUND.fullmatch(" ".join(words))
    if found is None or not found["inner"]:
        return [code(" ".join(words))]
    return [f"{found['open']}{code(found['inner'])}{found['close']}"]


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """The lines of a table; cells are Markdown. A pipe has no form in a cell where a backslash stands before it."""
    yield "| " + " | ".join(head) + " |"
    yield "|" + " --- |" * len(head)
    for row in rows:
        yield "| " + " | ".join(_cell(cell) for cell in row) + " |"


def _cell(text: str) -> str:
    return re.sub(r"(\\?)\|", lambda found: "\\\u00a6" if found[1] else "\\|", text)


def fenced(language: str, text: str) -> Iterator[str]:
    """The lines of a block of code (CommonMark 4.5)."""
    fence = "`" * max(3, _longest(text) + 1)
    yield f"{fence}{language}"
    yield from (visible(line.removesuffix("\r")) for line in text.rstrip("\n").split("\n"))
    yield fence


def _longest(text: str) -> int:
    """The length of the longest run of backticks."""
    return max(map(len, re.findall("`+", text)), default=0)
