"""An Apache httpd configuration as directives with the sections around each (manual, "Configuration Sections")."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls import budgets
from aicos_tls.sources import configlines, placeholders

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import PurePath

    from aicos_tls.sources.configlines import Line, Word

PLACES = ("/usr/local/apache2/conf/", "/etc/apache2/", "/etc/httpd/")
"""The directories in which images have their configuration."""
_NAMES = re.compile(r"\.(?:conf|vhost|tmpl|template|inc)$", re.IGNORECASE)
_LOOKS = re.compile(
    r"^[ \t]*(?:<(?:VirtualHost|Proxy|ProxyMatch|Location|LocationMatch|IfModule|Directory|IfDefine)\b[^>\n]*>"
    r"|(?:ProxyPass|ProxyPassMatch|BalancerMember|LoadModule|DocumentRoot|RewriteRule)[ \t]+[^\n]*[^;{\s][ \t]*\r?$)",
    re.IGNORECASE | re.MULTILINE,
)
_ADDRESS = re.compile(r"(?:proxy:)?(?:unix:[^|\s]{1,500}\|)?(?P<scheme>[a-z][a-z0-9]{1,10})://", re.IGNORECASE)
_AUTHORITY = re.compile(r"://([^/\s\"'>?#]{1,2048})")
_FLAGS = re.compile(r"\[(?:[^\]]*,)?\s*(?:P|proxy)\s*(?:,[^\]]*)?\]$", re.IGNORECASE)
_COMPARED = frozenset({"proxypassreverse", "proxy", "proxymatch"})
_TARGETS = frozenset({"proxypass", "proxypassmatch", "balancermember", "proxyset"})


class Directive(Struct, frozen=True, eq=False):
    """A directive; `within` are the lines that open the sections around it, from the outside."""

    line: Line
    within: tuple[Line, ...]

    @property
    def name(self) -> str:
        """Its name in lower case, without the bracket of a section."""
        return self.line.name.strip("<>")

    @property
    def host(self) -> Line | None:
        """The line that opens the virtual host around it."""
        return next((line for line in reversed(self.within) if line.name == "<virtualhost"), None)


class Target(Struct, frozen=True):
    """What a directive asks.

    `url` has the variables put in that are known, `word` is as written. `scheme_at` is where the scheme ends in the
    text, be it that of a `Define`; None where it does not stand in the text. `port_at` is where a port would have to be
    written; None where its authority is not all that stands there.
    """

    directive: Directive
    word: Word
    url: str
    scheme: str
    scheme_at: int | None
    port_at: int | None


def is_httpd(path: PurePath, text: str, place: str = "") -> bool:
    """Whether a file is a configuration of httpd: by its name or place, and by a directive."""
    directories = {part.lower() for part in path.parts[:-1]}
    named = _NAMES.search(path.name) is not None or "sites-available" in directories or "sites-enabled" in directories
    return (named or place.startswith(PLACES)) and _LOOKS.search(text) is not None


def parse(text: str) -> list[Directive]:
    """The directives of a configuration, those that open sections included."""
    found: list[Directive] = []
    within: tuple[Line, ...] = ()
    for line in configlines.httpd(text):
        if line.name.startswith("</"):
            within = within[:-1]
            continue
        found.append(Directive(line, within))
        if line.name.startswith("<") and len(within) < budgets.NESTED:
            within = (*within, line)
    return found


class Configuration:
    """A file: its directives, those of each virtual host, and what its variables are."""

    def __init__(self, text: str, variables: Mapping[str, str]) -> None:
        self.text = text
        self.directives = parse(text)
        self._defines = {
            d.line.values[0]: d.line.args[1] for d in self.directives if d.name == "define" and len(d.line.args) > 1
        }
        self._known = {**variables, **{name: word.value for name, word in self._defines.items()}}
        self._hosts: dict[int, list[Directive]] = {}
        for directive in self.directives:
            self._hosts.setdefault(id(directive.host), []).append(directive)

    def of(self, host: Line | None) -> list[Directive]:
        """The directives of the virtual host that a line opens, or those outside of any."""
        return self._hosts.get(id(host), [])

    def targets(self, directives: Iterable[Directive], *, compared: bool = False) -> Iterator[Target]:
        """Yield what directives ask, or with `compared` the addresses that are compared with those that are asked."""
        for directive in directives:
            for word in _compared(directive) if compared else _words(directive):
                value = placeholders.braces(word.value, self._known)
                value = placeholders.braces(value, self._known) if value is not None else None  # a Define of a Define
                match = _ADDRESS.match(value) if value else None
                if value and match:
                    at = _scheme_end(self.text, word, match, self._defines)
                    url = value[match.start("scheme") :].rstrip(">")
                    port_at = _port_at(self.text, at, url, self._known)
                    yield Target(directive, word, url, match["scheme"].lower(), at, port_at)


def _words(directive: Directive) -> Iterator[Word]:
    """Yield the words that may hold the address of a server."""
    if directive.name in _TARGETS:
        yield from directive.line.args[:2]
    elif directive.name == "rewriterule" and _FLAGS.search(directive.line.words[-1].value):
        yield from directive.line.args[1:2]
    elif directive.name == "sethandler":
        yield from (word for word in directive.line.args[:1] if word.value.lower().startswith("proxy:"))


def _compared(directive: Directive) -> Iterator[Word]:
    if directive.name in _COMPARED:
        yield from directive.line.args[:2]


def _port_at(text: str, at: int | None, url: str, known: Mapping[str, str]) -> int | None:
    """Where the authority of a URL ends in the text, whose scheme ends at `at`."""
    written = _AUTHORITY.match(text, at) if at is not None else None
    meant = _AUTHORITY.search(url)
    if written is None or meant is None or placeholders.braces(written[1], known) != meant[1]:
        return None
    return written.end()


def _scheme_end(text: str, word: Word, match: re.Match[str], defines: Mapping[str, Word]) -> int | None:
    """Where a scheme ends in the text: in the word itself, or in the `Define` that the word begins with."""
    if word.value.startswith(match[0]):
        return word.at + match.end("scheme") if word.literal(text) else None
    name = re.match(r"\$\{(\w{1,100})\}", word.value)
    given = defines.get(name[1]) if name else None
    if given is not None and given.value.startswith(match[0]) and given.literal(text):
        return given.at + match.end("scheme")
    return None
