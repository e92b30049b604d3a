"""haproxy.cfg as sections of lines (configuration manual 1, "Quick reminder", and 4, "Proxies").

A `defaults` section counts for the proxies below it until the next one; what a proxy says itself stands over it.
"""

from __future__ import annotations

import re
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import Struct, field

from aicos_tls import budgets
from aicos_tls.compose.urls import host_name
from aicos_tls.sources import configlines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import PurePath

    from aicos_tls.sources.configlines import Line, Word

_SECTIONS = frozenset(
    {"global", "defaults", "frontend", "backend", "listen", "resolvers", "peers", "mailers", "userlist", "program"}
    | {"ring", "cache", "http-errors", "log-forward", "crt-store", "fcgi-app", "traces"}
)
PLACES = ("/usr/local/etc/haproxy/", "/etc/haproxy/")
"""The directories in which images have their configuration."""
_NAMES = re.compile(r"haproxy|\.(?:cfg|conf|tmpl|template)$", re.IGNORECASE)
_LOOKS = re.compile(r"^[ \t]*(?:backend|listen)[ \t]+\S+[^{\n]*$", re.MULTILINE)
_MEMBER = re.compile(
    r"^[ \t]*(?:server|server-template|default-server|dispatch)[ \t]+(?!\{)[^;\n]*[^;\n{\s]\s*$", re.MULTILINE
)
_HOST = re.compile(r"(?:ipv4@|ipv6@|tcp4?6?@)?([^:@/]+)(?::(\d{1,5}))?$")


class Section(Struct, dict=True):
    """A section: its keyword, its lines, and the `defaults` that count for it."""

    keyword: str
    head: Line
    lines: list[Line] = field(default_factory=list)
    defaults: Section | None = None

    def named(self, *names: str) -> list[Line]:
        """Its lines that begin with one of these words."""
        return [line for line in self.lines if line.name in names]

    def last(self, name: str) -> Line | None:
        """The line of that name that counts: the section's own last one, else that of its `defaults`."""
        own = self.named(name) or (self.defaults.named(name) if self.defaults else [])
        return own[-1] if own else None

    @cached_property
    def mode(self) -> str:
        """`http` or `tcp`, which is what haproxy takes where nothing is said."""
        found = self.last("mode")
        return found.values[0] if found and found.values else "tcp"

    @cached_property
    def options(self) -> frozenset[str]:
        """The words of the `default-server` lines that count for its servers."""
        return frozenset(self._given)

    @cached_property
    def check_ports(self) -> frozenset[str]:
        """The ports that these lines have health checked at."""
        return frozenset(after for word, after in pairwise(self._given) if word == "port")

    @cached_property
    def _given(self) -> tuple[str, ...]:
        lines = [*(self.defaults.named("default-server") if self.defaults else []), *self.named("default-server")]
        return tuple(value for line in lines for value in line.values)


class Member(Struct, frozen=True):
    """A server of a section: `name` is haproxy's own, `address` the word with the host, `options` what follows."""

    section: Section
    line: Line
    address: Word
    options: tuple[str, ...]

    @property
    def tls(self) -> bool:
        """Whether haproxy asks it over TLS."""
        return "ssl" in self.options or ("ssl" in self.section.options and "no-ssl" not in self.options)

    @property
    def port(self) -> int | None:
        """The port that it is asked at."""
        return address(self.address.value)[1]

    @property
    def check_elsewhere(self) -> bool:
        """Whether its health is checked at another address or port than the one that it is asked at."""
        own = {after for word, after in pairwise(self.options) if word == "port"}
        ports = own or self.section.check_ports
        there = "addr" in self.options or "addr" in self.section.options
        return there or any(budgets.number(port) != self.port for port in ports)

    @property
    def checked(self) -> bool:
        """Whether haproxy checks its health."""
        return "check" in self.options or ("check" in self.section.options and "no-check" not in self.options)


def is_haproxy(path: PurePath, text: str, place: str = "") -> bool:
    """Whether a file is a haproxy configuration: by its name or place, and by a section with a server."""
    named = _NAMES.search(path.name) is not None or place.startswith(PLACES)
    return named and _LOOKS.search(text) is not None and _MEMBER.search(text) is not None


def parse(text: str) -> list[Section]:
    """The sections of a configuration."""
    found: list[Section] = []
    defaults: Section | None = None
    named: dict[str, Section] = {}
    for line in configlines.haproxy(text):
        if line.name not in _SECTIONS:
            if found:
                found[-1].lines.append(line)
            continue
        values = line.values
        chosen = named.get(values[values.index("from") + 1]) if "from" in values[:-1] else None
        section = Section(line.name, line, defaults=chosen or defaults)
        found.append(section)
        if line.name == "defaults":
            defaults = section
            named.update({values[0]: section} if values else {})
    return found


def members(sections: list[Section]) -> Iterator[Member]:
    """Yield the servers of all sections, in order."""
    for section in sections:
        if section.keyword not in ("backend", "listen"):
            continue
        for line in section.lines:
            at = {"server": 1, "server-template": 2, "dispatch": 0}.get(line.name)
            if at is not None and len(line.args) > at:
                yield Member(section, line, line.args[at], line.values[at + 1 :])


def address(text: str) -> tuple[str, int | None]:
    """Host and port of an address of a server; an empty host for a socket and for what a variable gives."""
    match = _HOST.match(text)
    if match is None or "$" in text:
        return "", None
    return host_name(match[1]), budgets.number(match[2])
