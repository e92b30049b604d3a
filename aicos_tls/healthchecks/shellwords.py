r"""A small reader of POSIX shell text that knows where every character of every word came from.

`shlex` gives no positions; `bashlex` is GPL; a full grammar would weigh megabytes and trip over compose's `$$`. What is
needed is little: simple commands, their words with quotes removed, assignments, redirections, and the commands inside
`$(…)`, backquotes and subshells (POSIX.1-2017, Shell Command Language, 2.2, 2.3, 2.6, 2.7, 2.9). Here-documents and
unfinished quotes are `UnreadableShellError`. Since the text is a compose value, `$$` is read as one `$`.
"""

from __future__ import annotations

import re

from msgspec import Struct

from aicos_tls import budgets
from aicos_tls.healthchecks.quoting import ESCAPED_IN_DOUBLE, Origin, Quote, ShellWord


class UnreadableShellError(Exception):
    """The shell text uses something that this reader does not read; nothing of it may be changed."""


class Command(Struct, frozen=True):
    """A simple command: assignments before it, its words, and the targets of its redirections."""

    assignments: tuple[ShellWord, ...]
    words: tuple[ShellWord, ...]
    redirects: tuple[ShellWord, ...]

    @property
    def values(self) -> tuple[str, ...]:
        """The values of the words: the program and its arguments."""
        return tuple(word.value for word in self.words)


_REDIRECT = re.compile(r"\d*(?:<<<|<<|<>|<&|>&|>>|>\||<|>)|&>>?")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=")
_HOSTNAME = re.compile(r"\$?\$\(\s*hostname[^)]*\)|`\s*hostname[^`]*`")
_RESERVED = frozenset({"if", "then", "elif", "else", "fi", "while", "until", "do", "done", "!", "{", "}", "esac"})
_BREAKS = frozenset(" \t\r\n;&|()<>")


def commands(text: str) -> tuple[Command, ...]:
    """The simple commands of `text`, inner ones before the one they stand in; raises `UnreadableShellError`."""
    if len(text) > budgets.VALUE:
        raise UnreadableShellError(f"more than {budgets.VALUE:,} characters")
    reader = _Reader(text, 0, len(text))
    reader.read_list(closing=False)
    return tuple(reader.found)


class _Pending:
    """The command that is being read."""

    def __init__(self) -> None:
        self.words: list[ShellWord] = []
        self.redirects: list[ShellWord] = []

    def command(self) -> Command | None:
        """The command, without reserved words in front; None when nothing was there."""
        words = self.words
        while words and words[0].value in _RESERVED:
            words = words[1:]
        first = 0
        while first < len(words) and _ASSIGNMENT.match(words[first].value):
            first += 1
        if not words and not self.redirects:
            return None
        return Command(tuple(words[:first]), tuple(words[first:]), tuple(self.redirects))


class _Value:
    """The value of the word that is being read."""

    def __init__(self) -> None:
        self.chars: list[str] = []
        self.origins: list[Origin] = []

    def add(self, char: str, start: int, end: int, quote: Quote) -> None:
        self.chars.append(char)
        self.origins.append(Origin(start, end, quote))


class _Reader:
    """Reads `text` from `at` to `end`; `found` collects the commands."""

    def __init__(self, text: str, at: int, end: int) -> None:
        self.text = text
        self.at = at
        self.end = end
        self.found: list[Command] = []
        self.depth = 0

    def peek(self, count: int = 1) -> str:
        return self.text[self.at : min(self.at + count, self.end)]

    def read_list(self, *, closing: bool) -> None:
        """Read commands up to the end, or past the `)` that closes the list."""
        self.depth += 1
        if self.depth > budgets.NESTED:
            raise UnreadableShellError(f"parentheses more than {budgets.NESTED} levels deep")
        pending = _Pending()
        while self.at < self.end:
            char = self.peek()
            if self._skip_blank(char):
                continue
            if redirect := _REDIRECT.match(self.text, self.at, self.end):
                self._read_redirect(redirect, pending)
            elif char in "\n;&|()":
                pending = self._finish(pending)
                self.at += 1
                if char == ")" and closing:
                    self.depth -= 1
                    return
                if char == "(":
                    self.read_list(closing=True)
            else:
                pending.words.append(self._read_word())
        if closing:
            raise UnreadableShellError("a parenthesis is not closed")
        self._finish(pending)
        self.depth -= 1

    def _finish(self, pending: _Pending) -> _Pending:
        command = pending.command()
        if command is not None:
            self.found.append(command)
        return _Pending()

    def _skip_blank(self, char: str) -> bool:
        """Skip a blank, a line continuation or a comment; whether there was one."""
        if char in " \t\r":
            self.at += 1
        elif continuation := re.compile(r"\\\r?\n").match(self.text, self.at, self.end):
            self.at = continuation.end()
        elif char == "#":
            newline = self.text.find("\n", self.at, self.end)
            self.at = self.end if newline < 0 else newline
        else:
            return False
        return True

    def _read_redirect(self, redirect: re.Match[str], pending: _Pending) -> None:
        self.at = redirect.end()
        if redirect[0].lstrip("0123456789") == "<<":
            raise UnreadableShellError("a here-document")
        if self.peek() == "(":
            self.at += 1
            self.read_list(closing=True)
            return
        while self.peek() and self.peek() in " \t":
            self.at += 1
        pending.redirects.append(self._read_word())

    def _read_word(self) -> ShellWord:
        start = self.at
        value = _Value()
        while self.at < self.end and self.peek() not in _BREAKS:
            if self.peek() == "'":
                self._read_single(value)
            elif self.peek() == '"':
                self._read_double(value)
            elif self.peek() == "\\":
                self._read_escape(value, Quote.BARE)
            elif not self._read_expansion(value, Quote.BARE):
                self._take(value, Quote.BARE)
        return ShellWord(start, self.at, "".join(value.chars), tuple(value.origins))

    def _take(self, value: _Value, quote: Quote) -> None:
        value.add(self.peek(), self.at, self.at + 1, quote)
        self.at += 1

    def _read_single(self, value: _Value) -> None:
        close = self.text.find("'", self.at + 1, self.end)
        if close < 0:
            raise UnreadableShellError("a single quote is not closed")
        self.at += 1
        while self.at < close:
            self._take(value, Quote.SINGLE)
        self.at += 1

    def _read_double(self, value: _Value) -> None:
        self.at += 1
        while self.peek() != '"':
            if self.at >= self.end:
                raise UnreadableShellError("a double quote is not closed")
            if self.peek() == "\\" and self.peek(2)[1:] in {*ESCAPED_IN_DOUBLE, "\n"}:
                self._read_escape(value, Quote.DOUBLE)
            elif not self._read_expansion(value, Quote.DOUBLE):
                self._take(value, Quote.DOUBLE)
        self.at += 1

    def _read_escape(self, value: _Value, quote: Quote) -> None:
        escaped = self.peek(2)[1:]
        if not escaped:
            raise UnreadableShellError("a backslash ends the text")
        if escaped != "\n":
            value.add(escaped, self.at, self.at + 2, quote)
        self.at += 2

    def _read_expansion(self, value: _Value, quote: Quote) -> bool:
        """Read `$(…)`, backquotes, `${…}` or `$'…'`; whether there was one.

        The commands inside are found on their own, so the value shows only that there is something, except for
        `$(hostname)`, which is a host's name.
        """
        start = self.at
        opening = re.compile(r"\$?\$[({']|`").match(self.text, self.at, self.end)
        if opening is None or (opening[0].endswith("'") and quote is not Quote.BARE):
            return False
        self.at = opening.end()
        kind = opening[0][-1]
        if kind == "(":
            self.read_list(closing=True)
        elif kind == "`":
            self._read_backquoted()
        else:
            self._skip_to("}" if kind == "{" else "'")
        inner = Quote.ANSI if kind == "'" else quote
        raw = self.text[start : self.at]
        masked = opening[0] + "_" * (len(raw) - len(opening[0]) - 1) + raw[-1]
        shown = raw if kind in "{'" or _HOSTNAME.fullmatch(raw) else masked
        for offset, char in enumerate(shown):
            value.add(char, start + offset, start + offset + 1, inner)
        return True

    def _read_backquoted(self) -> None:
        close = self.text.find("`", self.at, self.end)
        if close < 0 or "\\" in self.text[self.at : close]:
            raise UnreadableShellError("backquotes that are not closed or hold a backslash")
        inner = _Reader(self.text, self.at, close)
        inner.depth = self.depth
        inner.read_list(closing=False)
        self.found += inner.found
        self.at = close + 1

    def _skip_to(self, close: str) -> None:
        """Past the `close` that matches, over nested braces and escapes."""
        depth = 1
        while depth:
            char = self.peek()
            if not char:
                raise UnreadableShellError(f"{close} is missing")
            self.at += 2 if char == "\\" else 1
            depth += (char == "{" and close == "}") - (char == close)
