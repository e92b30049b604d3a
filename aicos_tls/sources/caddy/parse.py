"""A Caddyfile as directives with their blocks (documentation, "Caddyfile Concepts", "Blocks")."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls import budgets
from aicos_tls.sources import configlines, placeholders

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import PurePath

    from aicos_tls.sources.configlines import Line, Word

PLACES = ("/etc/caddy/",)
"""The directories in which images have their configuration."""
_NAMES = re.compile(r"caddyfile|\.caddy$", re.IGNORECASE)
_LOOKS = re.compile(r"^[ \t]*(?:reverse_proxy|forward_auth|php_fastcgi|to|import)[ \t]+\S", re.MULTILINE)
_UPSTREAM = re.compile(
    r"(?:(?P<scheme>https?|h2c|wss?)://)?(?P<host>[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,252})?)(?::(?P<port>\d{1,5}))?/?$",
    re.IGNORECASE,
)
PROXIES = ("reverse_proxy", "forward_auth")
"""Directives that ask servers over HTTP and take the lines of `reverse_proxy`."""


class Directive(Struct, eq=False):
    """A directive; `block` is None where it has none, `depth` counts the blocks around it."""

    line: Line
    block: list[Directive] | None = None
    depth: int = 0

    @property
    def args(self) -> tuple[Word, ...]:
        """Its arguments, without a matcher and without the brace."""
        words = self.line.args if self.block is None else self.line.args[:-1]
        return words[1:] if words and words[0].value.startswith(("/", "*", "@")) else words

    @property
    def over_tls(self) -> bool:
        """Whether its transport asks over TLS: each of the options that begin so says that."""
        return any(
            item.line.name.startswith("tls") for transport in self.named("transport") for item in transport.block or ()
        )

    def named(self, name: str) -> list[Directive]:
        """The directives of that name in its block."""
        return [item for item in self.block or () if item.line.name == name]


class Upstream(Struct, frozen=True):
    """An upstream: the word, and what it means with the variables put in that are known."""

    word: Word
    scheme: str
    host: str
    port: int | None


def is_caddy(path: PurePath, text: str, place: str = "") -> bool:
    """Whether a file is a Caddyfile or part of one: by its name or place, and by a directive."""
    named = _NAMES.search(path.name) or place.startswith(PLACES) or path.parent.name.lower() == "caddy"
    return bool(named) and _LOOKS.search(text) is not None


def parse(text: str) -> list[Directive]:
    """All directives of a Caddyfile, those in blocks included, in order."""
    found: list[Directive] = []
    within: list[list[Directive]] = []
    for line in configlines.caddy(text):
        if line.words[0].value == "}":
            if within:
                within.pop()
            continue
        opens = line.words[-1].value == "{"
        directive = Directive(line, [] if opens else None, len(within))
        found.append(directive)
        if within:
            within[-1].append(directive)
        if opens and directive.block is not None and len(within) < budgets.DEPTH:
            within.append(directive.block)
    return found


def upstreams(directive: Directive, variables: Mapping[str, str]) -> Iterator[Upstream | None]:
    """Yield the upstreams of a `reverse_proxy`; None for one whose address is not known."""
    for word in (*directive.args, *(word for to in directive.named("to") for word in to.args)):
        value = placeholders.caddy(word.value, variables)
        match = _UPSTREAM.match(value) if value else None
        if match is None:
            yield None
        else:
            port = budgets.number(match["port"])
            yield Upstream(word, (match["scheme"] or "").lower(), match["host"], port)
