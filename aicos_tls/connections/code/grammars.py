"""How languages write comments, strings and what is embedded in strings, each as far as it takes to tell them apart.

Sources: the lexical chapters of the language references (JLS 3.10, Kotlin and Scala "String literals", C# 6.4.5 and
12.8.3, Go "String literals", ECMA-262 12.9, Rust "Tokens", PHP "Strings", Ruby "Literals", Elixir "Syntax reference",
Python 2.4, Dart "Strings", C++ [lex.string], perlop "Quote and Quote-like Operators", Lua 3.1).
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable

_PAIRS = {"(": ")", "[": "]", "{": "}", "<": ">"}
_C_COMMENTS = r"//[^\n]*|/\*(?:[^*]|\*(?!/))*(?:\*/|\Z)"
_HASH_COMMENTS = r"\#[^\n]*"
_QUOTES = r"\"|'"


class Form(Struct, frozen=True):
    """How a string goes on: a pattern of its end, what escapes, and what opens an expression in it."""

    close: str
    escape: bool = True
    embeds: str = ""
    names: bool = False
    """`$name` is the value of a variable."""
    lines: bool = False
    """It may hold newlines."""
    doubled: bool = False
    """Its quote, twice, is a quote in it."""

    def pattern(self) -> re.Pattern[str]:
        """What ends a piece of the text: an escape, an expression, the end, or the newline that may not be there."""
        return _pattern(self)


@cache
def _pattern(form: Form) -> re.Pattern[str]:
    parts = [r"(?P<escape>\\[\s\S])"] if form.escape else []
    if form.doubled:
        parts.append(f"(?P<escape>{form.close}{form.close})")
    if form.embeds in {"{", "{{"}:  # f-strings and C#: a doubled brace is a brace
        parts.append(r"(?P<brace>\{\{|\}\})")
    if form.embeds:
        parts.append(rf"(?P<embed>{re.escape(form.embeds)})")
    if form.names:
        parts.append(r"(?P<name>\$[A-Za-z_]\w*)")
    parts.append(f"(?P<close>{form.close})")
    if not form.lines:
        parts.append(r"(?P<newline>\n)")
    return re.compile("|".join(parts))


class Grammar(Struct, frozen=True):
    """A language. `strings` opens a string, `form` says how it goes on."""

    language: str
    comments: str
    strings: str
    form: Callable[[str], Form]
    newlines: bool = False
    """A newline ends a statement."""
    braces: bool = True
    """It does so within braces, too."""
    patterns: bool = False
    """`/…/` is a regular expression where no operand stands before it."""
    joins: str = "+"
    """The operator that joins texts."""
    names: str = r"[A-Za-z_$][\w$]*"
    outside: str = ""
    """What ends the markup around code (PHP)."""
    later: str = ""
    """What opens a text that begins on the next line, with the word that ends it as `word` (PHP, Ruby)."""


def _plain(
    close: str,
    *,
    escape: bool = True,
    embeds: str = "",
    names: bool = False,
    lines: bool = False,
    doubled: bool = False,
) -> Form:
    return Form(re.escape(close), escape, embeds, names, lines, doubled)


def _java(mark: str) -> Form:
    return _plain(mark, lines=len(mark) > 1)


def _dollar(mark: str) -> Form:
    """Kotlin, Groovy, Dart: `${}` and `$name` in double quotes."""
    quote = mark.lstrip("r")
    embeds = "" if mark.startswith("r") or (quote[0] == "'" and quote != mark) else "${"
    return _plain(quote, embeds=embeds, names=bool(embeds), lines=len(quote) > 1, escape=not mark.startswith("r"))


def _kotlin(mark: str) -> Form:
    if mark == "'":
        return _plain("'")
    return _plain(mark, embeds="${", names=True, lines=len(mark) > 1, escape=len(mark) == 1)


def _groovy(mark: str) -> Form:
    if mark[0] == "'":
        return _plain(mark, lines=len(mark) > 1)
    return _plain(mark, embeds="${", names=True, lines=len(mark) > 1)


def _scala(mark: str) -> Form:
    quote = mark.lstrip("abcdefghijklmnopqrstuvwxyz")
    if quote == "'":
        return _plain("'")
    embeds = "${" if mark != quote else ""
    return _plain(quote, embeds=embeds, names=bool(embeds), lines=len(quote) > 1, escape=len(quote) == 1)


def _csharp(mark: str) -> Form:
    head = mark.rstrip('"')
    quotes = mark[len(head) :]
    if mark == "'":
        return _plain("'")
    embeds = "{" * head.count("$")
    if len(quotes) > 1:
        return _plain(quotes, embeds=embeds, lines=True, escape=False)
    if "@" in head:
        return _plain('"', embeds=embeds, lines=True, escape=False, doubled=True)
    return _plain('"', embeds=embeds)


def _go(mark: str) -> Form:
    return _plain(mark, lines=mark == "`", escape=mark != "`")


def _script(mark: str) -> Form:
    return _plain(mark, embeds="${" if mark == "`" else "", lines=mark == "`")


def _rust(mark: str) -> Form:
    if "r" in mark:
        return _plain('"' + mark.partition('"')[0].lstrip("bcr"), escape=False, lines=True)
    return _plain('"', lines=True)


def _php(mark: str) -> Form:
    double = mark == '"'
    return _plain(mark, embeds="{$" if double else "", names=double, lines=True)


def _ruby(mark: str) -> Form:
    if mark[0] == "%":
        raw = mark[1:2] in {"q", "w", "i"}
        return _plain(_PAIRS.get(mark[-1], mark[-1]), embeds="" if raw else "#{", lines=True)
    return _plain(mark, embeds="" if mark == "'" else "#{", lines=True)


def _elixir(mark: str) -> Form:
    if mark[0] == "~":
        quote = _PAIRS.get(mark[-1], mark[2:])
        raw = mark[1].isupper()
        return _plain(quote, embeds="" if raw else "#{", lines=True, escape=not raw)
    return _plain(mark, embeds="#{", lines=True)


def _python(mark: str) -> Form:
    head = mark.rstrip("\"'")
    quote = mark[len(head) :]
    embeds = "{" if "f" in head.lower() else ""
    return _plain(quote, embeds=embeds, lines=len(quote) > 1)


def _cpp(mark: str) -> Form:
    if mark.startswith("R"):
        return _plain(f'){mark[2:-1]}"', escape=False, lines=True)
    return _plain(mark[-1])


def _perl(mark: str) -> Form:
    if mark[0] == "q":
        return _plain(_PAIRS.get(mark[-1], mark[-1]), names=mark[1] == "q", lines=True)
    return _plain(mark, names=mark == '"', lines=True)


def _lua(mark: str) -> Form:
    if mark[0] == "[":
        return _plain(mark.replace("[", "]"), escape=False, lines=True)
    return _plain(mark)


_JAVA = Grammar("Java", _C_COMMENTS, rf"\"\"\"|{_QUOTES}", _java)
_KOTLIN = Grammar("Java", _C_COMMENTS, rf"\"\"\"|{_QUOTES}", _kotlin, newlines=True)
_SCALA = Grammar("Java", _C_COMMENTS, r"[a-z]{0,5}\"\"\"|(?<!\w)[a-z]{0,5}\"|'(?=\\?.')", _scala, newlines=True)
_GROOVY = Grammar("Java", _C_COMMENTS, rf"\"\"\"|'''|{_QUOTES}", _groovy, newlines=True)
_CSHARP = Grammar(".NET", rf"{_C_COMMENTS}|^[ \t]*\#[^\n]*", r"\$*\"{3,9}|[$@]{1,2}\"|\"|'(?=\\?[^\n]{1,8}')", _csharp)
_FSHARP = Grammar(
    ".NET", r"//[^\n]*|\(\*(?!\))(?:[^*]|\*(?!\)))*(?:\*\)|\Z)", r"\$*\"{3}|[$@]{1,2}\"|\"", _csharp, newlines=True
)
_VB = Grammar(".NET", r"'[^\n]*", r"\$?\"", _csharp, newlines=True, joins="&")
_GO = Grammar("Go", _C_COMMENTS, r"[\"`]|'(?=\\?[^\n]{1,8}')", _go, newlines=True)
_SCRIPT = Grammar("Node", _C_COMMENTS, r"[\"'`]", _script, newlines=True, patterns=True)
_RUST = Grammar(
    "Rust",
    _C_COMMENTS,
    r"[bc]?r\#{0,9}\"|[bc]?\"",
    _rust,
    names=r"[A-Za-z_]\w*|'\w+(?!')|b?'(?:\\[^\n]{1,8}?|[^'\\\n])'",
)
_PHP = Grammar(
    "PHP",
    rf"{_C_COMMENTS}|\#(?!\[)[^\n]*",
    r"[\"'`]",
    _php,
    joins=".",
    names=r"\$*[A-Za-z_][\w\\]*",
    outside=r"<\?(?:php\b|=)",
    later=r"<<<[ \t]*[\"']?(?P<word>[A-Za-z_]\w*)[\"']?",
)
_RUBY = Grammar(
    "Ruby",
    rf"{_HASH_COMMENTS}|^=begin\b(?:[^\n]|\n(?!=end))*(?:\n=end[^\n]*|\Z)|^__END__[\s\S]*",
    r"%[qQwWiI]?(?:[({\[<]|[|!/](?=\S))(?!\s)|[\"'`]",
    _ruby,
    newlines=True,
    patterns=True,
    names=r":?@{0,2}\$?[A-Za-z_]\w*[?!]?",
    later=r"<<[~-]?[\"']?(?P<word>[A-Z_]\w*)[\"']?",
)
_ELIXIR = Grammar(
    "Elixir",
    _HASH_COMMENTS,
    r"~[A-Za-z]+(?:\"\"\"|'''|[({\[</|\"'])|\"\"\"|'''|[\"']",
    _elixir,
    newlines=True,
    joins="<>",
    names=r":?@?[A-Za-z_]\w*[?!]?|\?\\?\S",
)
_PYTHON = Grammar(
    "Python", _HASH_COMMENTS, r"(?<!\w)[A-Za-z]{0,2}(?:\"\"\"|'''|[\"'])", _python, newlines=True, braces=False
)
_DART = Grammar("Dart", _C_COMMENTS, r"r?(?:\"\"\"|'''|[\"'])", _dollar)
_CPP = Grammar("C++", rf"{_C_COMMENTS}|^[ \t]*\#[^\n]*", r"R\"[^\s()\\]{0,16}\(|\"|'(?=\\?[^\n]{1,8}')", _cpp)
_PERL = Grammar(
    "Perl",
    rf"{_HASH_COMMENTS}|^=[a-z](?:[^\n]|\n(?!=cut))*(?:\n=cut[^\n]*|\Z)",
    r"(?<![\w$@%])qq?[({\[|/]|[\"'`]",
    _perl,
    joins=".",
    names=r"[$@%]?[A-Za-z_]\w*",
)
_LUA = Grammar(
    "Lua", r"--\[(=*)\[(?:[^\]]|\](?!=*\]))*\]=*\]|--[^\n]*", r"\[=*\[|[\"']", _lua, newlines=True, joins=".."
)
HOCON = Grammar("Java", r"//[^\n]*|\#[^\n]*", r"\"\"\"|\"", _java, newlines=True, names=r"[A-Za-z_][\w-]*|\$(?=\{)")
"""Typesafe's configuration (Play, Akka), which is read as code is."""

_SUFFIXES = {
    "java": _JAVA,
    "kt kts": _KOTLIN,
    "scala sc": _SCALA,
    "groovy": _GROOVY,
    "cs razor cshtml": _CSHARP,
    "fs fsx": _FSHARP,
    "vb": _VB,
    "go": _GO,
    "js jsx mjs cjs ts tsx mts cts": _SCRIPT,
    "rs": _RUST,
    "php": _PHP,
    "rb rake ru": _RUBY,
    "ex exs": _ELIXIR,
    "py": _PYTHON,
    "dart": _DART,
    "c cc cpp cxx h hpp": _CPP,
    "pl pm psgi": _PERL,
    "lua": _LUA,
}
GRAMMARS: dict[str, Grammar] = {suffix: found for listed, found in _SUFFIXES.items() for suffix in listed.split()}
"""By the suffix of a file."""
