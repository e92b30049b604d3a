"""`.env` and `env_file` files: which variable has which value, and where it stands.

Syntax: compose specification, "env_file format": `KEY=VALUE` or `KEY: VALUE`, `export` before it, single and double
quotes that may span lines, comments. The raw text of the value is kept, since edits go into it and everything else
stays.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls import budgets
from aicos_tls.compose.interpolation import expand
from aicos_tls.errors import TlsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.files import TextFile

_BINDING = r"""^[ \t]*(?:export[ \t]+)?(?P<key>[A-Za-z_][A-Za-z0-9_.\-]*)[ \t]*(?:=|:(?=[ \t]|$))[ \t]*
    (?P<value>'[^']*'|"(?:[^"\\]|\\.)*"|[^\r\n]*)"""
_COMMENT = r"(?:^|(?<![ \t])[ \t]++)#[^\r\n]*$|(?<![ \t])[ \t]++$"
"""Each run of blanks is looked at once, from its beginning: all else takes quadratic time."""


class Binding(Struct, frozen=True):
    """`key` has `value`; the value as written is `text[start:end]`, without quotes and comment.

    `literal` when it stands in single quotes: then it is not interpolated.
    """

    key: str
    value: str
    start: int
    end: int
    literal: bool = False


class EnvFile(Struct, frozen=True, dict=True):
    """A parsed file. Of a key that occurs twice, the last one counts."""

    file: TextFile

    @cached_property
    def bindings(self) -> dict[str, Binding]:
        """The bindings by key."""
        return {binding.key: binding for binding in parse(self.file.text)}

    @cached_property
    def values(self) -> dict[str, str]:
        """The values by key, interpolated with earlier ones; as written where another value would be needed."""
        found: dict[str, str] = {}
        total = 0
        for binding in parse(self.file.text):
            try:
                expanded = None if binding.literal else expand(binding.value, found)
            except TlsError as error:
                raise TlsError(error.message, where=self.file.where(binding.start), hint=error.hint) from None
            found[binding.key] = binding.value if expanded is None else expanded
            total += len(found[binding.key])
            if total > budgets.VALUES:
                raise TlsError(
                    f"its values come to more than {budgets.VALUES:,} characters once their variables are put in",
                    where=self.file.where(binding.start),
                    hint="write out what they are to be: no program can be given that much",
                )
        return found


def parse(text: str) -> Iterator[Binding]:
    """Yield every binding of `text`, in order; what is none (comments, keys without a value) is passed over."""
    at = 0
    pattern = re.compile(_BINDING, re.MULTILINE | re.VERBOSE | re.DOTALL)  # here: most projects have no such file
    while match := pattern.search(text, at):
        at = max(match.end(), match.start() + 1)
        start, end = match.span("value")
        raw = match.group("value")
        if raw[:1] in ("'", '"') and len(raw) > 1 and raw[-1] == raw[0]:
            start, end = start + 1, end - 1
        else:
            end = start + len(re.sub(_COMMENT, "", raw))
        yield Binding(match.group("key"), text[start:end], start, end, literal=raw[:1] == "'" and end < match.end())
