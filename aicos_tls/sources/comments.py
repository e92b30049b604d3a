"""Where the comments of a text are, by the language that its file name tells. Scanners, no parsers.

A scanner knows the strings of a language, so that the `//` of an address in one is no comment; a quote that is not
closed on its line is taken for an apostrophe. What it takes for a comment is only ever left alone, never changed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import PurePath

_STRING = r"""\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'"""
_C = re.compile(rf"{_STRING}|`(?:\\.|[^`\\])*`|(?P<comment>(?<!:)//[^\n]*|/\*.*?(?:\*/|\Z))", re.DOTALL)
_CSS = re.compile(rf"{_STRING}|(?P<comment>/\*.*?(?:\*/|\Z))", re.DOTALL)
_MARKUP = re.compile(r"(?P<comment><!--.*?(?:-->|\Z))", re.DOTALL)
_HASH = re.compile(rf"{_STRING}|(?P<comment>(?:(?<=[\s;{{}}])|(?<![\s\S]))\#[^\n]*)")
_INI = re.compile(r"(?P<comment>^[ \t]*[#;][^\n]*|(?<=[ \t])[#;][^\n]*)", re.MULTILINE)
_DOCKERFILE = re.compile(r"(?P<comment>^[ \t]*\#[^\n]*)", re.MULTILINE)
_DASHES = re.compile(rf"{_STRING}|(?P<comment>--[^\n]*|/\*.*?(?:\*/|\Z))", re.DOTALL)
_PYTHON = re.compile(
    r"(?P<comment>^[ \t]*[rRbBuU]{0,2}(?:\"\"\".*?(?:\"\"\"|\Z)|'''.*?(?:'''|\Z)))"
    rf"|\"\"\".*?(?:\"\"\"|\Z)|'''.*?(?:'''|\Z)|{_STRING}|(?P<line>\#[^\n]*)",
    re.DOTALL | re.MULTILINE,
)

_STYLES = {
    _C: "js jsx mjs cjs ts tsx mts cts go java kt kts scala c h cc cpp hpp cs rs swift php dart groovy gradle proto",
    _CSS: "css scss less",
    _MARKUP: "html htm xml svg vue svelte",
    _PYTHON: "py pyi",
    _HASH: "sh bash zsh yml yaml toml rb ex exs pl r tf hcl nginx conf template env example mk fish",
    _INI: "ini cfg properties",
    _DASHES: "sql lua hs",
}
_BY_SUFFIX = {suffix: style for style, suffixes in _STYLES.items() for suffix in suffixes.split()}
_BY_NAME = {"makefile": _HASH, "justfile": _HASH, "procfile": _HASH, "caddyfile": _HASH, "vagrantfile": _HASH}

DOCUMENTATION = frozenset({"md", "mdx", "markdown", "rst", "txt", "adoc", "asciidoc", "org", "tex"})
"""Suffixes of texts that people read."""

_READ = frozenset(
    {"readme", "license", "licence", "changelog", "contributing", "authors", "notice", "todo", "security"}
)


def is_documentation(path: PurePath) -> bool:
    """Whether a whole file is for people; lists of packages end in `.txt` as well and are none."""
    name = path.name.lower()
    if name.startswith(("requirements", "constraints")) or name == "cmakelists.txt":
        return False
    return suffix(path) in DOCUMENTATION or name.partition(".")[0] in _READ


def suffix(path: PurePath) -> str:
    """The suffix in lower case without its dot; of `.env` and `.env.local` it is `env`."""
    name = path.name.lower()
    if name == ".env" or name.startswith(".env."):
        return "env"
    return name.rpartition(".")[2] if "." in name else ""


def comments(path: PurePath, text: str) -> list[tuple[int, int]]:
    """Start and end of each comment, in order; docstrings count. None where the language is not known."""
    style = _style(path, text)
    if style is None:
        return []
    return [match.span() for match in style.finditer(text) if match.lastgroup is not None]


def _style(path: PurePath, text: str) -> re.Pattern[str] | None:
    name = path.name.lower()
    if name.startswith("dockerfile") or name.endswith((".dockerfile", ".containerfile")) or name == "containerfile":
        return _DOCKERFILE
    if style := _BY_NAME.get(name) or _BY_SUFFIX.get(suffix(path)):
        return style
    first = text.partition("\n")[0]
    if not first.startswith("#!"):
        return None
    return _PYTHON if "python" in first else _C if "node" in first or "deno" in first else _HASH
