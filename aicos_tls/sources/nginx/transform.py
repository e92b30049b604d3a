"""The change of one nginx configuration file: its addresses, its listeners, and what a person has to look at."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aicos_tls.compose.urls import find
from aicos_tls.sources.model import CodeChange, CodeResult, Manual
from aicos_tls.sources.nginx import client, server
from aicos_tls.sources.nginx.parse import NotNginxError, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import PurePath

    from aicos_tls.files import TextFile
    from aicos_tls.sources.model import CodeContext
    from aicos_tls.sources.nginx.parse import Directive

_NAMES = re.compile(r"\.(?:nginx|nginxconf|conf|vhost|location|template|tmpl|inc)$|(?:^|[.-])nginx", re.IGNORECASE)
_DIRECTORY = "/etc/nginx/"
"""Where nginx has its configuration in all images of it."""
_DIRECTIVES = re.compile(
    r"^[ \t]*(?:location\b[^\n;{]*\{|server\s*\{|upstream\s+\S+\s*\{"
    r"|(?:proxy|grpc|uwsgi|fastcgi|scgi)_pass\s+[^;\n]+;)",
    re.MULTILINE,
)


def is_nginx(path: PurePath, text: str, place: str = "") -> bool:
    """Whether a file is an nginx configuration: by its name, or its `place` in the container, and by a directive."""
    directories = {part.lower() for part in path.parts[:-1]}
    named = _NAMES.search(path.name) is not None or "sites-available" in directories or "conf.d" in directories
    return (named or place.startswith(_DIRECTORY)) and _DIRECTIVES.search(text) is not None


def transform(file: TextFile, context: CodeContext, beside: Iterable[TextFile] = ()) -> CodeResult:
    """What is to be done about an nginx configuration; applied twice, nothing more is.

    `beside` are the other configuration files of the service: `upstream` blocks and variables may stand there.
    """
    try:
        root = parse(file.text)
    except NotNginxError as error:
        return CodeResult(file, manual=tuple(_not_understood(file, context, error)))
    found = list(client.changes(file, root, context, list(_trees(file, beside))))
    if context.is_server:
        found += server.changes(file, root, context)
    changes = tuple(item for item in found if isinstance(item, CodeChange))
    manual = [item for item in found if isinstance(item, Manual)]
    touched = {splice.start for change in changes for splice in change.splices}
    said = {item.where.line for item in manual}
    manual += [item for item in _rest(file, root, context, touched) if item.where.line not in said]
    return CodeResult(file, changes, tuple(sorted(manual, key=lambda item: item.where)))


def _trees(file: TextFile, beside: Iterable[TextFile]) -> Iterator[Directive]:
    for other in beside:
        if other.path != file.path:
            try:
                yield parse(other.text)
            except NotNginxError:
                continue


def _not_understood(file: TextFile, context: CodeContext, error: NotNginxError) -> Iterator[Manual]:
    if any(context.names_server(url.host) for url in find(file.text)) or context.is_server:
        where = file.where(error.offset)
        asked = (context.names_server(url.host) for url in find(file.text) if url.plain)
        services = frozenset(service for service in asked if service)
        yield Manual(where, f"not understood as nginx configuration: {error}", "", services)


def _rest(file: TextFile, root: Directive, context: CodeContext, touched: set[int]) -> Iterator[Manual]:
    """Report plain addresses of servers in directives that nothing is known about (`return`, `map`, `add_header`)."""
    for directive in root.walk():
        for word in directive.words:
            for url in find(word.value):
                at = word.start + url.start + len(url.scheme)
                if url.plain and at not in touched and context.names_server(url.host):
                    written = word.value[url.start : url.end]
                    yield Manual(file.where(at), f"{directive.name} names {written}: a server that speaks TLS", "")
