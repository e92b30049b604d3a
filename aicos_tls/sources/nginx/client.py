"""nginx as a client: asks servers over TLS and verifies who answers (ngx_http_proxy_module, ngx_http_grpc_module).

    proxy_pass http://api:8001;       proxy_pass https://api:8001;
                                      proxy_ssl_trusted_certificate /app/certs/ca-cert.pem;
                                      proxy_ssl_verify on;
                                      proxy_ssl_server_name on;
                                      proxy_ssl_name api;

The lines stand in the block of the address that they are for, so that they say nothing about other upstreams; where
they would, a person has to look. What the block says itself about one of them stays. Sessions are reused and
connections kept alive as before: `proxy_ssl_session_reuse` is on by default, and `proxy_http_version` is not touched.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.compose.urls import find
from aicos_tls.sources.model import CodeChange, Manual
from aicos_tls.sources.nginx.insert import after, before
from aicos_tls.sources.nginx.upstream import DEFAULT_PORT, Address, Names, Unclear, address
from aicos_tls.yamledit.edits import Splice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.files import TextFile
    from aicos_tls.sources.model import CodeContext
    from aicos_tls.sources.nginx.parse import Directive, Word

_ASKS = ("proxy_pass", "grpc_pass")
_NOT_HTTP = {"uwsgi_pass": "uwsgi", "fastcgi_pass": "FastCGI", "scgi_pass": "SCGI", "memcached_pass": "memcached"}
_NO_SSL_LINES = ("if", "limit_except")
"""Blocks in which `proxy_pass` may stand and `proxy_ssl_…` may not."""
_NAME = re.compile(r"[\w.-]+")
_HOST = re.compile(r"(?:\w+://)?([^\s:/$?#]+)")


def trust_lines(family: str, context: CodeContext, name: str) -> dict[str, str]:
    """The directives that let nginx verify an upstream called `name`, by directive name."""
    values = {
        "ssl_trusted_certificate": f"{context.mount_path}/ca-cert.pem",
        "ssl_verify": "on",
        "ssl_server_name": "on",
        "ssl_name": name,
    }
    return {f"{family}_{key}": f"{family}_{key} {value};" for key, value in values.items()}


def changes(file: TextFile, root: Directive, context: CodeContext) -> Iterator[CodeChange | Manual]:
    """Yield the change of each address of a server, and those that a person has to look at."""
    names = Names(root, context)
    done: dict[int, set[str]] = {}
    blocks: dict[tuple[int, str], _Block] = {}
    for directive in root.walk():
        if directive.name in _ASKS and directive.args:
            if directive.within("stream"):
                yield from _not_http(file, directive, names, "stream")
            else:
                yield from _ask(file, directive, names, done, blocks)
        elif directive.name in _NOT_HTTP and directive.args:
            yield from _not_http(file, directive, names, _NOT_HTTP[directive.name])
        elif directive.name == "proxy_redirect" and directive.args:
            yield from _redirect(file, directive, context)
    yield from _unused_pools(file, root, names)


def _ask(
    file: TextFile,
    directive: Directive,
    names: Names,
    done: dict[int, set[str]],
    blocks: dict[tuple[int, str], _Block],
) -> Iterator[CodeChange | Manual]:
    family = directive.name.removesuffix("_pass")
    found = list(address(names, directive))
    plain = [item for item in found if isinstance(item, Address)]
    anchor = _anchor(directive)
    reasons = [item.reason for item in found if isinstance(item, Unclear)]
    if len({item.host for item in plain}) > 1:
        reasons.append("its variable leads to more than one server")
    if plain and _speaks_of_others(anchor, directive, blocks):
        reasons.append("the same block asks something else, which the lines for this server would be about too")
    where = file.where(directive.start)
    if reasons:
        name = plain[0].host if plain else "NAME"
        lines = [f"{directive.name} {family.replace('proxy', 'http')}s://…;"]
        yield Manual(where, f"{directive.name}: {reasons[0]}", "\n".join([*lines, *_trust(names, family, name)]))
    elif plain:
        splices = [splice for item in plain for splice in _over_tls(item)]
        if lines := _missing(anchor, trust_lines(family, names.context, plain[0].host), done):
            splices.append(after(file, directive, lines) if anchor is directive else before(file, anchor, lines))
        yield CodeChange(f"asks {plain[0].host} over TLS and verifies it", where, tuple(splices))


def _trust(names: Names, family: str, name: str) -> list[str]:
    return list(trust_lines(family, names.context, name).values())


class _Block(Struct, frozen=True):
    """What a block asks by one kind of directive: itself, and over TLS in the blocks within it."""

    values: frozenset[str]
    secure: bool


def _speaks_of_others(anchor: Directive, directive: Directive, blocks: dict[tuple[int, str], _Block]) -> bool:
    """Whether lines in the block of `anchor` would count for another address too: in an `if`, or inherited."""
    if anchor.parent is None:
        return False
    place = (id(anchor.parent), directive.name)
    if place not in blocks:
        blocks[place] = _block(anchor.parent, directive.name)
    return blocks[place].secure or bool(blocks[place].values - {directive.args[0].value})


def _block(block: Directive, name: str) -> _Block:
    asking = [(each, each.args[0].value) for each in block.walk() if each.name == name and each.args]
    beside = {id(each) for each, _ in asking if _anchor(each).parent is block}
    return _Block(
        frozenset(value for each, value in asking if id(each) in beside),
        any(value.lower().startswith(("https:", "grpcs:")) for each, value in asking if id(each) not in beside),
    )


def _over_tls(item: Address) -> Iterator[Splice]:
    yield Splice(item.scheme_at, item.scheme_at, (0,), item.scheme)
    if item.port_at is not None:
        yield Splice(item.port_at, item.port_at, (1,), DEFAULT_PORT)


def _anchor(directive: Directive) -> Directive:
    """The directive itself, or the outermost block around it that may not hold `proxy_ssl_…`."""
    at = directive
    while at.parent is not None and at.parent.name in _NO_SSL_LINES:
        at = at.parent
    return at


def _missing(anchor: Directive, lines: dict[str, str], done: dict[int, set[str]]) -> list[str]:
    """The lines that the block around `anchor` does not have, and that no change before has put there."""
    block = anchor.parent
    if id(block) not in done:
        done[id(block)] = {child.name for child in (block.block if block else None) or ()}
    missing = [line for name, line in lines.items() if name not in done[id(block)]]
    done[id(block)].update(lines)
    return missing


def _redirect(file: TextFile, directive: Directive, context: CodeContext) -> Iterator[CodeChange]:
    """Change the address that `proxy_redirect` compares: a server that speaks TLS redirects to https."""
    word = directive.args[0]
    for url in find(word.value):
        if url.plain and url.start == 0 and context.names_server(url.host):
            splices = tuple(Splice(word.start + i.at, word.start + i.at, (0,), i.text) for i in url.insertions)
            yield CodeChange(f"redirects of {url.host} are https", file.where(directive.start), splices)


def _not_http(file: TextFile, directive: Directive, names: Names, protocol: str) -> Iterator[Manual]:
    host = _host(directive.args[0])
    if host and names.host(host):
        reason = f"{directive.name} {directive.args[0].value}: {protocol} is not HTTP, left as it is"
        yield Manual(file.where(directive.start), reason, "")


def _host(word: Word) -> str:
    match = _HOST.match(word.value)
    return match[1] if match else ""


def _unused_pools(file: TextFile, root: Directive, names: Names) -> Iterator[Manual]:
    """Report `upstream` blocks of servers that nothing in this file asks: another file does."""
    text = [d.args[-1].value for d in root.walk() if d.args and (d.name.endswith("_pass") or d.name == "set")]
    words = {word for value in text for word in _NAME.findall(value)}
    for pool, directive in names.upstreams.items():
        if not words.issuperset(_NAME.findall(pool)) and (name := names.name_in(pool)) is not None:
            known = name if isinstance(name, str) else "NAME"
            paste = "\n".join((f"proxy_pass https://{pool};", *_trust(names, "proxy", known)))
            yield Manual(file.where(directive.start), f"upstream {pool} is asked from another file", paste)
