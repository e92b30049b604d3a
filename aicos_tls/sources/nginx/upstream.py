"""What an nginx configuration asks: the address in each `proxy_pass`, through variables and `upstream` blocks.

An address is `scheme://host[:port][/uri]` (nginx documentation, ngx_http_proxy_module, `proxy_pass`). A host is first
looked for among the `upstream` blocks, then by DNS. Blocks and variables may stand in another file of the service.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.compose.urls import host_name
from aicos_tls.sources.nginx.values import Values

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from aicos_tls.sources.model import CodeContext
    from aicos_tls.sources.nginx.parse import Directive
    from aicos_tls.sources.nginx.values import Text

_ADDRESS = re.compile(
    r"(?:(?P<scheme>[A-Za-z]+|\$\w+|\$\{\w+\})://)?"
    r"(?P<host>\[[0-9A-Fa-f:.]*\]|[^\s:/$?#\[\]]+|\$\w+|\$\{\w+\})"
    r"(?P<port>:(?:[^/$?#]+|\$\w+|\$\{\w+\})?)?"
)
"""A variable behind a host begins with the path as a rule: `http://api$request_uri`."""
DEFAULT_PORT = ":80"
"""The port of a plain `proxy_pass` and of a `server` in an `upstream` that name none."""
SECURE = {"http": "https", "grpc": "grpcs", "uwsgi": "suwsgi"}
"""The schemes of nginx, and those over TLS (`proxy_pass`, `grpc_pass`, `uwsgi_pass`)."""
_SCHEMES = frozenset({"", *SECURE, *SECURE.values()})
_PLAIN = {"proxy": "http", "grpc": "grpc", "uwsgi": "uwsgi"}
"""The plain scheme by the family of directives."""
_NAME = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?")
"""What a certificate may name."""


class Parts(Struct, frozen=True):
    """An address taken apart; `port` is empty where none is written. The ends are offsets in the text."""

    scheme: str
    host: str
    port: str
    host_end: int


class Address(Struct, frozen=True):
    """Where a plain scheme stands and what it leads to; offsets are characters of the file.

    `scheme_at` is where `scheme` goes: an `s`, or a whole one where none is written; None where the environment gives
    the scheme. `port_at` is where a port has to be written so that the address goes on meaning the same one, or None.
    `host` is the name by which whoever answers can be verified, `services` whoever that may be. With `shared`, the name
    is none that they have: their certificates have to get it.
    """

    scheme_at: int | None
    scheme: str
    port_at: int | None
    host: str
    services: frozenset[str]
    shared: bool = False


class Unclear(Struct, frozen=True):
    """An address that may lead to servers, and what is not known about it; `services` are those that it leads to."""

    reason: str
    services: frozenset[str] = frozenset()


class Target(Struct, frozen=True):
    """What a host means: the name to verify, and the services behind it."""

    name: str
    services: frozenset[str]
    shared: bool = False


class Names:
    """What names mean in one file: `upstream` blocks, and variables, of this file and of those beside it."""

    def __init__(
        self,
        root: Directive,
        services: Mapping[str, str],
        environment: Mapping[str, str],
        beside: Iterable[Directive] = (),
    ) -> None:
        """`services` are the names that mean services, in lower case; `environment` the variables of the container."""
        others = list(beside)
        self._services = services
        self._environment = environment
        self.values = Values(root, others, environment)
        self.own = _pools(root)
        self._members: dict[str, list[tuple[str, str]]] = {}
        self._targets: dict[str, Target | Unclear | None] = {}
        self.upstreams = {name: (block, self.values) for name, block in self.own.items()}
        for other in others:
            for name, block in _pools(other).items():
                self.upstreams.setdefault(name, (block, Values(other, (), environment)))

    @classmethod
    def of(cls, root: Directive, context: CodeContext, beside: Iterable[Directive] = ()) -> Names:
        """The names for whoever is given a context: those of servers."""
        return cls(root, context.servers, context.environment, beside)

    def service(self, host: str) -> str | None:
        """The service that a host means, or None."""
        return self._services.get(host_name(host))

    def members(self, pool: str) -> list[tuple[str, str]]:
        """Host and port (empty where none is written) of each server of an `upstream` block."""
        if pool not in self._members:
            self._members[pool] = self._servers(pool)
        return self._members[pool]

    def _servers(self, pool: str) -> list[tuple[str, str]]:
        block, values = self.upstreams[pool]
        words = [directive.args[0] for directive in block.named("server") if directive.args]
        found = (parts_of(text) for word in words for text in values.meanings(word))
        return list(dict.fromkeys((parts.host, parts.port) for parts in found if parts))

    def target(self, host: str) -> Target | Unclear | None:
        """What a host in an address means; None when it means no server."""
        if host not in self._targets:
            self._targets[host] = self._target(host)
        return self._targets[host]

    def _target(self, host: str) -> Target | Unclear | None:
        if host not in self.upstreams:
            service = self.service(host)
            return Target(host_name(host), frozenset({service})) if service else None
        hosts = [member for member, _ in self.members(host)]
        services = [self.service(member) for member in hosts]
        known = frozenset(service for service in services if service)
        if not known:
            return None
        if None in services:
            others = ", ".join(member for member, service in zip(hosts, services, strict=True) if not service)
            return Unclear(
                f"upstream {host} has {others} beside servers of the project, which nothing vouches for", known
            )
        if len(known) == 1:
            return Target(host_name(hosts[0]), known)
        return Target(self._shared(host, known), known, shared=True)

    def _shared(self, pool: str, services: frozenset[str]) -> str:
        """A name for all services of a pool: that of the pool, unless it means another service."""
        name = host_name(pool)
        taken = self._services.get(name, next(iter(services))) not in services
        return f"{name}-upstream" if taken else name


def _pools(root: Directive) -> dict[str, Directive]:
    blocks = (d for d in root.walk() if d.name == "upstream" and d.args and d.block is not None)
    return {block.args[0].value: block for block in blocks}


def parts_of(text: Text) -> Parts | None:
    """Take an address apart; None for one that is none: a socket, or something else."""
    match = _ADDRESS.match(text.value)
    if match is None or match["host"].lower() == "unix":
        return None
    return Parts((match["scheme"] or "").lower(), match["host"], (match["port"] or "")[1:], match.end("host"))


def address(names: Names, directive: Directive) -> Iterator[Address | Unclear]:
    """Yield where a directive that asks leads, when it leads to a server in plain text."""
    places: set[int | None] = set()
    others: list[tuple[Text, Parts]] = []
    for text in names.values.meanings(directive.args[0]):
        parts = parts_of(text)
        if parts is None:
            continue
        found = _of(names, text, parts, directive)
        if found is None:
            others.append((text, parts))
        else:
            places |= {found.scheme_at} if isinstance(found, Address) else set()
            yield found
    for text, parts in others if places else ():
        if parts.scheme in SECURE.values() and not isinstance(names.target(parts.host), Target):
            yield Unclear(f"its variable also leads to {parts.host}, which another CA vouches for")
        elif _scheme(text, parts, directive)[0] in places:
            yield Unclear(f"its variable is set to more than one host, and {parts.host} is no server of the project")


def _of(names: Names, text: Text, parts: Parts, directive: Directive) -> Address | Unclear | None:
    family = directive.name.removesuffix("_pass")
    if "$" in parts.host:
        part = "host" if parts.scheme else "address"
        return Unclear(f"the {part} is in {parts.host}, which is not set in the files of this service")
    if (not parts.scheme and family == "proxy") or not ("$" in parts.scheme or parts.scheme in _SCHEMES):
        return None  # nginx refuses it
    given = bool(parts.scheme) and text.origins[len(parts.scheme) - 1] is None  # elsewhere than in this file
    if parts.scheme in SECURE.values() and not given:
        return None
    found = names.target(parts.host)
    if found is None or isinstance(found, Unclear):
        return found
    if reason := _unfit(parts, found, given=given):
        return Unclear(reason, found.services)
    at, scheme = (None, "") if given else _scheme(text, parts, directive)
    has_port = bool(parts.port) or given or parts.host in names.upstreams or family == "uwsgi"
    port_at = None if has_port else _behind(text, parts)
    return Address(at, scheme, port_at, found.name, found.services, found.shared)


def _unfit(parts: Parts, found: Target, *, given: bool) -> str:
    """Why a server cannot be asked over TLS by a change of this file; empty where it can."""
    if "$" in parts.scheme:
        return f"the scheme is in {parts.scheme}"
    if not _NAME.fullmatch(found.name):
        return f"{found.name} is no name that a certificate can have"
    if given and parts.scheme not in SECURE.values():
        return f"the address {parts.scheme}://{parts.host} comes from another file"
    return ""


def _scheme(text: Text, parts: Parts, directive: Directive) -> tuple[int, str]:
    """Where the text goes that makes the scheme that of TLS, and the text."""
    family = directive.name.removesuffix("_pass")
    first = text.origins[0]
    start = directive.args[0].start if first is None else first
    if not parts.scheme:
        return start, f"{SECURE[_PLAIN[family]]}://"
    return (start if family == "uwsgi" else start + len(parts.scheme)), "s"


def _behind(text: Text, parts: Parts) -> int:
    """Where a port goes: behind the host where the scheme stands beside it, else behind the variable that brings it."""
    begin = max(len(parts.scheme) - 1, 0)
    first, last = text.origins[begin], text.origins[parts.host_end - 1]
    if first is not None and last is not None and last - first == parts.host_end - 1 - begin:
        return last + 1
    return text.ends[parts.host_end - 1]
