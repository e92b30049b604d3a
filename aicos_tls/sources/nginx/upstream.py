"""What an nginx configuration asks: the address in each `proxy_pass`, through variables and `upstream` blocks.

An address is `scheme://host[:port][/uri]` (nginx documentation, ngx_http_proxy_module, `proxy_pass`). A host is first
looked for among the `upstream` blocks, then by DNS; `set` gives variables their values.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.compose.urls import host_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.sources.model import CodeContext
    from aicos_tls.sources.nginx.parse import Directive, Word

ADDRESS = re.compile(
    r"(?:(?P<scheme>https?|grpcs?)://)?"
    r"(?P<host>[^\s:/$?#]+|\$\w+|\$\{\w+\})"
    r"(?P<port>:[^/$?#]+|:\$\{?\w+\}?)?",
    re.IGNORECASE,
)
_VARIABLE = re.compile(r"\$\{?(\w+)\}?")
BEGINS = re.compile(r"\$\{?\w+\}?(?![\w:])")
"""A variable that an address begins with: `$backend/v1`, but not `$scheme://api`."""
MANY = 50
"""Places where a variable is set, servers of an `upstream`: so many are looked at for each address."""
DEFAULT_PORT = ":80"
"""The port of a plain `proxy_pass` and of a `server` in an `upstream` that name none."""


class Address(Struct, frozen=True):
    """Where a plain scheme stands and what it leads to; offsets are characters of the file.

    `scheme_at` is where the `s` goes, or where the whole scheme goes for a `grpc_pass` without one; `port_at` is where
    a port has to be written so that the address goes on meaning the same one, or None.
    """

    scheme_at: int
    scheme: str
    port_at: int | None
    host: str


class Unclear(Struct, frozen=True):
    """An address that may lead to a server, and what is not known about it."""

    reason: str


class Names:
    """What names mean in one file: `upstream` blocks, and the variables that `set` gives one value."""

    def __init__(self, root: Directive, context: CodeContext) -> None:
        self.context = context
        blocks = [d for d in root.walk() if d.name == "upstream" and d.args and d.block is not None]
        self.upstreams = {block.args[0].value: block for block in blocks}
        self.servers = {
            pool: list(dict.fromkeys(d.args[0].value for d in block.named("server") if d.args))
            for pool, block in self.upstreams.items()
        }
        self._names: dict[str, str | Unclear | None] = {}
        self._sets: dict[str, list[Directive]] = {}
        for directive in root.walk():
            if directive.name == "set" and len(directive.args) == 2:  # noqa: PLR2004 - set $name value
                self._sets.setdefault(directive.args[0].value.lstrip("$"), []).append(directive)

    def variable(self, text: str) -> list[Directive]:
        """The `set` directives of the variable that `text` is, one more than `MANY` at most."""
        match = _VARIABLE.fullmatch(text)
        return self._sets.get(match[1], [])[: MANY + 1] if match else []

    def members(self, pool: str) -> list[str]:
        """The hosts of an `upstream` block, without ports, each once."""
        return list(dict.fromkeys(server.rsplit(":", 1)[0] for server in self.servers[pool]))

    def name_in(self, pool: str) -> str | Unclear | None:
        """The one name by which all members of a pool can be verified; None when no member is a server."""
        if pool not in self._names:
            self._names[pool] = self._name_in(pool)
        return self._names[pool]

    def _name_in(self, pool: str) -> str | Unclear | None:
        hosts = self.members(pool)
        services = {self.context.names_server(host) for host in hosts}
        if not hosts or services == {None}:
            return None
        if len(services) > 1:
            return Unclear(f"the servers of upstream {pool} are not all one service, so no one name can be verified")
        return host_name(hosts[0])

    def host(self, text: str) -> str | Unclear | None:
        """The DNS name of the server that a host in an address means; None when it means none."""
        if text in self.upstreams:
            return self.name_in(text)
        return host_name(text) if self.context.names_server(text) else None


def address(names: Names, directive: Directive) -> Iterator[Address | Unclear]:
    """Yield where a `proxy_pass` or `grpc_pass` leads, when it leads to a server in plain text."""
    word = directive.args[0]
    if (begins := BEGINS.match(word.value)) is None:
        yield from _of(names, word, directive)
        return
    sets = names.variable(begins[0])
    if not sets:
        yield Unclear(f"the address is in {begins[0]}, which is not set in this file")
    if len(sets) > MANY:
        yield Unclear(f"{begins[0]} is set in more than {MANY} places")
        return
    for given in sets:  # set $backend http://api:8001; proxy_pass $backend/v1;
        yield from _of(names, given.args[1], directive)


def _of(names: Names, word: Word, directive: Directive) -> Iterator[Address | Unclear]:
    match = ADDRESS.match(word.value)
    if match is None or (match["scheme"] or "").lower() in ("https", "grpcs"):
        return
    if match["scheme"] is None and directive.name == "proxy_pass":
        return  # nginx refuses it
    found = _host(names, match["host"])
    if isinstance(found, Unclear):
        yield found
    elif found is not None:
        name, has_port = found
        scheme_at = word.start + len(match["scheme"] or "")
        port_at = None if match["port"] or has_port else word.start + match.end("host")
        yield Address(scheme_at, "s" if match["scheme"] else f"{_family(directive)}s://", port_at, name)


def _family(directive: Directive) -> str:
    return directive.name.removesuffix("_pass")


def _host(names: Names, text: str) -> tuple[str, bool] | Unclear | None:
    """The DNS name that `text` means, and whether the port comes with it (or is that of an `upstream`)."""
    if not text.startswith("$"):
        found = names.host(text)
        return found if found is None or isinstance(found, Unclear) else (found, text in names.upstreams)
    sets = names.variable(text)
    if not sets:
        return Unclear(f"the host is in {text}, which is not set in this file")
    if len(sets) > MANY:
        return Unclear(f"{text} is set in more than {MANY} places")
    hosts = {given.args[1].value for given in sets}
    if len(hosts) > 1:
        known = [host for host in hosts if names.host(host.partition(":")[0])]
        return Unclear(f"{text} is set to more than one host") if known else None
    value = hosts.pop()
    host, colon, _ = value.partition(":")
    found = names.host(host)
    return found if found is None or isinstance(found, Unclear) else (found, bool(colon) or host in names.upstreams)
