"""Markdown as a parser of it sees it, and what GitHub would make something of besides (mentions, numbers, hashes)."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
LIVE = re.compile(
    r"@|#|://|www\.|\bGH-\d|\b[0-9a-f]{7,40}\b|[<>\[\]*_~$&:]\w|\w[*_~]\w|[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]",
    re.IGNORECASE,
)
"""What GitHub makes something of in a text that is no code, and what moves or hides it."""
_WORDS = frozenset({"text", "softbreak", "code_inline"})
HOSTILE = (
    "@user", "@org/team", "#123", "GH-123", "owner/repo#1", "deadbeef", "0123456789abcdef0123456789abcdef01234567",
    "defaced", "![x](https://evil.example/a.png)", "[x](javascript:alert(1))", "<img src=x onerror=alert(1)>",
    "<https://evil.example>", "https://evil.example", "www.evil.example", "a@evil.example", "`", "``", "`@user`",
    "``` ```", "a|b", "a\\|b", "\\", "\\`", "| --- |", "&commat;user", "&#64;user", "</details>", "<!--", "-->", "* a",
    "- a", "1. a", "# a", "> a", "---", "~~~", "```", "$x$", ":tada:", "[^1]", "[ ]", "**a**", "_a_", "~~a~~",
    "a\nb", "a\r@user\r\nb", "\n\n# @user", "a\u2028@user", "a\x0b@user", "\x1b[31m", "\u202e", "\x85", "\t", "", " ",
    "a`b", "`a", "a`", "``a", "(@user)", '"@user"', "'#1',", "(`)", "x@", "@", "#",
)  # fmt: skip


def tokens(markdown: str) -> list[tuple[str, str]]:
    """The type and text of each leaf, whatever the block is that it is in."""
    found: list[tuple[str, str]] = []
    for token in PARSER.parse(markdown):
        if token.type == "inline":
            found += [(child.type, child.content) for child in token.children or ()]
        elif token.type in ("fence", "code_block", "html_block", "hr", "heading_open"):
            found.append((token.type, token.content))
    return found


def is_dead(markdown: str, *, also: frozenset[str] = frozenset()) -> None:
    """Nothing but words and code is in it, and no word means more than it says. `also` are types of a report's own."""
    for kind, content in tokens(markdown):
        assert kind in _WORDS | also, (kind, content)
        assert kind != "text" or not LIVE.search(content), content
