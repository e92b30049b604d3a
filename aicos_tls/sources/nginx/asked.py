"""What an nginx configuration asks, service or not, over TLS or not: every address of a directive that asks.

`client` looks for what has to change; this says what is. An address whose host is in a variable without a known value
is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls import budgets
from aicos_tls.compose.urls import host_name
from aicos_tls.sources.asked import Asked
from aicos_tls.sources.nginx.parse import NotNginxError, parse
from aicos_tls.sources.nginx.upstream import SECURE, Names, Parts, parts_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from aicos_tls.errors import Where
    from aicos_tls.files import TextFile
    from aicos_tls.sources.nginx.parse import Directive

UWSGI = "uwsgi"
FAMILIES = {
    "proxy_pass": "http",
    "grpc_pass": "grpc",
    "uwsgi_pass": UWSGI,
    "fastcgi_pass": "fastcgi",
    "scgi_pass": "scgi",
    "memcached_pass": "memcached",
}
"""What is spoken by the directive that asks (ngx_http_*_module)."""
STREAM = "stream"
"""What `proxy_pass` speaks within `stream`: whatever comes in (ngx_stream_proxy_module)."""
_DEFAULT, _SECURE_DEFAULT = 80, 443
_HAS_DEFAULT = frozenset({"http", "grpc"})
"""What has a default port; the others need one."""

_MANY = 50
"""Servers of an `upstream` that are looked at for each address."""


def asked(files: Iterable[TextFile], environment: Mapping[str, str]) -> Iterator[Asked]:
    """Yield what the configuration files of one service ask, each address of a directive once.

    A file that does not parse says nothing.
    """
    trees = list(_trees(files))
    for at, (file, root) in enumerate(trees):
        names = Names(root, {}, environment, [other for place, (_, other) in enumerate(trees) if place != at])
        for directive in root.walk():
            if directive.name in FAMILIES and directive.args:
                yield from dict.fromkeys(_of(names, directive, file.where(directive.start)))


def _trees(files: Iterable[TextFile]) -> Iterator[tuple[TextFile, Directive]]:
    for file in files:
        try:
            yield file, parse(file.text)
        except NotNginxError:
            continue


def _of(names: Names, directive: Directive, where: Where) -> Iterator[Asked]:
    family = STREAM if directive.within("stream") else FAMILIES[directive.name]
    for text in names.values.texts(directive.args[0]):
        parts = parts_of(text)
        if parts is None or (not parts.scheme and family == "http"):
            continue
        tls = parts.scheme in SECURE.values() if family != STREAM else _stream_tls(directive)
        for host, port in _hosts(names, parts, family, tls=tls):
            if "$" not in host:
                scheme = f"{parts.scheme}://" if parts.scheme else ""
                shown = f"{directive.name} {scheme}{host}" + (f":{port}" if port is not None else "")
                yield Asked(family, host_name(host), port, tls, shown, directive.name, where)


def _hosts(names: Names, parts: Parts, family: str, *, tls: bool) -> Iterator[tuple[str, int | None]]:
    """Yield hosts and ports of an address: those of the members where it is an `upstream`."""
    default = (_SECURE_DEFAULT if tls else _DEFAULT) if family in _HAS_DEFAULT else None
    if parts.host not in names.upstreams:
        yield parts.host, budgets.number(parts.port) if parts.port else default
        return
    of_members = _DEFAULT if family in _HAS_DEFAULT else None
    for host, port in names.members(parts.host)[:_MANY]:
        yield host, budgets.number(port) if port else of_members


def _stream_tls(directive: Directive) -> bool:
    """Whether a `proxy_pass` within `stream` asks over TLS: `proxy_ssl on` in its block or one around it."""
    at = directive.parent
    while at is not None:
        for said in at.named("proxy_ssl"):
            return bool(said.args) and said.args[0].value == "on"
        at = at.parent
    return False
