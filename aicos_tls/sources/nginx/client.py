"""nginx as a client: asks servers over TLS and verifies who answers (ngx_http_proxy_module, ngx_http_grpc_module).

    proxy_pass http://api:8001;       proxy_pass https://api:8001;
                                      proxy_ssl_trusted_certificate /app/certs/ca-cert.pem;
                                      proxy_ssl_verify on;
                                      proxy_ssl_server_name on;
                                      proxy_ssl_name api;

The lines stand in the block of the address that they are for, so that they say nothing about other upstreams; where
they would, a person has to look. What the block says itself about one of them stays. Sessions are reused and
connections kept alive as before: `proxy_ssl_session_reuse` is on by default, and `proxy_http_version` is not touched.

nginx verifies all servers of an `upstream` by one name. Where these are several services, it is that of the block, and
their certificates get it. Where a variable leads to several services, nothing is said of the name: it is then the host
of the address (`proxy_ssl_name`). `uwsgi_pass suwsgi://` is the uwsgi protocol over TLS (ngx_http_uwsgi_module).
FastCGI, SCGI and memcached have no TLS in nginx.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct, field

from aicos_tls.compose.urls import find
from aicos_tls.sources.model import CodeChange, Manual
from aicos_tls.sources.nginx.insert import after, before
from aicos_tls.sources.nginx.upstream import DEFAULT_PORT, Address, Names, Unclear, address, parts_of
from aicos_tls.yamledit.edits import Splice

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from aicos_tls.files import TextFile
    from aicos_tls.sources.model import CodeContext
    from aicos_tls.sources.nginx.parse import Directive

_ASKS = ("proxy_pass", "grpc_pass")
_UWSGI = "uwsgi_pass"
_NO_TLS = {"fastcgi_pass": "FastCGI", "scgi_pass": "SCGI", "memcached_pass": "memcached"}
_WORD = re.compile(r"[\w.-]+")
_NO_SSL_LINES = ("if", "limit_except")
"""Blocks in which `proxy_pass` may stand and `proxy_ssl_…` may not."""


def trust_lines(family: str, mount_path: str, name: str) -> dict[str, str]:
    """The directives that let nginx verify an upstream called `name`, by directive name; no name is the host's own."""
    values = {
        "ssl_trusted_certificate": f"{mount_path}/ca-cert.pem",
        "ssl_verify": "on",
        "ssl_server_name": "on",
        **({"ssl_name": name} if name else {}),
    }
    return {f"{family}_{key}": f"{family}_{key} {value};" for key, value in values.items()}


def changes(
    file: TextFile, root: Directive, context: CodeContext, beside: Iterable[Directive] = ()
) -> Iterator[CodeChange | Manual]:
    """Yield the change of each address of a server, and those that a person has to look at.

    `beside` are the trees of the other files that nginx reads in the same container.
    """
    others = list(beside)
    names = Names.of(root, context, others)
    state = _State()
    for directive in root.walk():
        if not directive.args:
            continue
        if directive.name in (*_ASKS, _UWSGI):
            if directive.within("stream"):
                yield from _stream(file, directive, names, context)
            else:
                yield from _ask(file, directive, names, context, state)
        elif directive.name in _NO_TLS:
            yield from _no_tls(file, directive, names)
        elif directive.name == "proxy_redirect":
            yield from _redirect(file, directive, context)
    yield from _unused_pools(file, [root, *others], names, context)


def _ask(
    file: TextFile, directive: Directive, names: Names, context: CodeContext, state: _State
) -> Iterator[CodeChange | Manual]:
    family = directive.name.removesuffix("_pass")
    found = list(address(names, directive))
    plain = [item for item in found if isinstance(item, Address)]
    anchor = _anchor(directive)
    reasons = [item.reason for item in found if isinstance(item, Unclear)]
    services = frozenset(service for item in found for service in item.services)
    hosts = {item.host for item in plain}
    if len(hosts) > 1 and any(item.shared for item in plain):
        reasons.append("its variable leads to an upstream and to more than it")
    if plain and _speaks_of_others(anchor, directive, state):
        reasons.append("the same block asks something else, which the lines for this server would be about too")
    if family == "uwsgi" and services - context.uwsgi:
        reasons.append("the uwsgi protocol is spoken in plain until a sidecar takes it over TLS (mode: tcp)")
    where = file.where(directive.start)
    name = hosts.pop() if len(hosts) == 1 else ""
    lines = trust_lines(family, context.mount_path, name)
    if reasons:
        paste = [f"{directive.name} {_SCHEMES[family]}://…;", *lines.values()]
        yield Manual(where, f"{directive.name}: {reasons[0]}", "\n".join(paste), services)
    elif plain:
        splices = list(dict.fromkeys(splice for item in plain for splice in _over_tls(item)))
        if missing := _missing(anchor, lines, state):
            splices.append(after(file, directive, missing) if anchor is directive else before(file, anchor, missing))
        if splices:
            asked = name or " and ".join(sorted({item.host for item in plain}))
            more = tuple((service, item.host) for item in plain if item.shared for service in sorted(item.services))
            yield CodeChange(f"asks {asked} over TLS and verifies it", where, tuple(splices), names=more)


_SECURE = ("https:", "grpcs:", "suwsgi:")
_SCHEMES = {"proxy": "https", "grpc": "grpcs", "uwsgi": "suwsgi"}


class _Block(Struct, frozen=True):
    """What a block asks by one kind of directive: itself, and over TLS in the blocks within it."""

    values: frozenset[str]
    secure: bool


class _State(Struct):
    """What is known of blocks, by their identity: the names of the lines they have, and what they ask."""

    lines: dict[int, set[str]] = field(default_factory=dict)
    asked: dict[tuple[int, str], _Block] = field(default_factory=dict)


def _speaks_of_others(anchor: Directive, directive: Directive, state: _State) -> bool:
    """Whether lines in the block of `anchor` would count for another address too: in an `if`, or inherited."""
    if anchor.parent is None:
        return False
    place = (id(anchor.parent), directive.name)
    if place not in state.asked:
        state.asked[place] = _block(anchor.parent, directive.name)
    return state.asked[place].secure or bool(state.asked[place].values - {directive.args[0].value})


def _block(block: Directive, name: str) -> _Block:
    asking = [(each, each.args[0].value) for each in block.walk() if each.name == name and each.args]
    beside = {id(each) for each, _ in asking if _anchor(each).parent is block}
    return _Block(
        frozenset(value for each, value in asking if id(each) in beside),
        any(value.lower().startswith(_SECURE) for each, value in asking if id(each) not in beside),
    )


def _over_tls(item: Address) -> Iterator[Splice]:
    if item.scheme_at is not None:
        yield Splice(item.scheme_at, item.scheme_at, (0,), item.scheme)
    if item.port_at is not None:
        yield Splice(item.port_at, item.port_at, (1,), DEFAULT_PORT)


def _anchor(directive: Directive) -> Directive:
    """The directive itself, or the outermost block around it that may not hold `proxy_ssl_…`."""
    at = directive
    while at.parent is not None and at.parent.name in _NO_SSL_LINES:
        at = at.parent
    return at


def _missing(anchor: Directive, lines: dict[str, str], state: _State) -> list[str]:
    """The lines that the block around `anchor` does not have, and that no change before has put there."""
    block = anchor.parent
    if id(block) not in state.lines:
        state.lines[id(block)] = {child.name for child in (block.block if block else None) or ()}
    missing = [line for name, line in lines.items() if name not in state.lines[id(block)]]
    state.lines[id(block)].update(lines)
    return missing


def _redirect(file: TextFile, directive: Directive, context: CodeContext) -> Iterator[CodeChange]:
    """Change the address that `proxy_redirect` compares: a server that speaks TLS redirects to https."""
    word = directive.args[0]
    for url in find(word.value):
        if url.plain and url.start == 0 and context.names_server(url.host):
            splices = tuple(Splice(word.start + i.at, word.start + i.at, (0,), i.text) for i in url.insertions)
            yield CodeChange(f"redirects of {url.host} are https", file.where(directive.start), splices)


def _led_to(names: Names, directive: Directive) -> frozenset[str]:
    """The servers that the address of a directive leads to."""
    found = (parts_of(text) for text in names.values.meanings(directive.args[0]))
    targets = (names.target(parts.host) for parts in found if parts)
    return frozenset(service for target in targets if target for service in target.services)


def _no_tls(file: TextFile, directive: Directive, names: Names) -> Iterator[Manual]:
    if services := _led_to(names, directive):
        protocol = _NO_TLS[directive.name]
        reason = f"{directive.name} {directive.args[0].value}: nginx has no TLS for {protocol}, it stays plain"
        yield Manual(file.where(directive.start), reason, "", services)


def _stream(file: TextFile, directive: Directive, names: Names, context: CodeContext) -> Iterator[Manual]:
    """Report what passes bytes on: only a person knows whether these are TLS already."""
    if services := _led_to(names, directive):
        reason = f"{directive.name} {directive.args[0].value}: stream passes on what comes in, it stays as it is"
        paste = ["proxy_ssl on;", *trust_lines("proxy", context.mount_path, min(services)).values()]
        yield Manual(file.where(directive.start), reason, "\n".join(paste), services)


def _unused_pools(file: TextFile, trees: list[Directive], names: Names, context: CodeContext) -> Iterator[Manual]:
    """Report `upstream` blocks of servers that nothing in these files asks: something else does."""
    others = (d for root in trees for d in root.walk() if d.name not in ("upstream", "server"))
    words = {word for d in others if d.args for word in _WORD.findall(d.args[-1].value)}
    for pool, directive in names.own.items():
        target = names.target(pool)
        if target is not None and not words.issuperset(_WORD.findall(pool)):
            known = target.name if not isinstance(target, Unclear) else "NAME"
            lines = trust_lines("proxy", context.mount_path, known).values()
            paste = "\n".join((f"proxy_pass https://{pool};", *lines))
            reason = f"upstream {pool} is asked from no file that is known"
            yield Manual(file.where(directive.start), reason, paste, target.services)
