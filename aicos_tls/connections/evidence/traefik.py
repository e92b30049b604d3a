"""Traefik's dynamic configuration: the servers of its services, and whom it asks before it lets a request through.

Traefik documentation, "Services" (`http.services.NAME.loadBalancer.servers`, `tcp.…`), "ForwardAuth". Labels of the
compose file are read by `aicos_tls.connections.labels`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.compose.urls import without_password
from aicos_tls.connections import structured
from aicos_tls.connections.addresses import split, urls
from aicos_tls.connections.model import Destination, Evidence
from aicos_tls.connections.protocols import PORTS, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import PurePosixPath

    from aicos_tls.connections.model import Surroundings
    from aicos_tls.connections.readers import Files
    from aicos_tls.files import TextFile
    from aicos_tls.yamledit.nodes import Mapping

_KIND = "Traefik"
_SUFFIXES = frozenset({".yml", ".yaml", ".toml"})


class _Traefik:
    def concerns(self, path: PurePosixPath) -> bool:
        return path.suffix.lower() in _SUFFIXES

    def destinations(self, files: Files, around: Surroundings) -> Iterator[Destination]:  # noqa: ARG002 - a Reader
        for file in files.values():
            lower = file.text.lower()
            if "loadbalancer" in lower or "forwardauth" in lower:
                for root in structured.roots(file):
                    yield from _of(file, root)


def _of(file: TextFile, root: Mapping) -> Iterator[Destination]:
    for _, service in structured.pairs(structured.get(root, "http", "services")):
        for server in structured.items(structured.get(service, "loadbalancer", "servers")):
            yield from _urls(file, *structured.text(structured.get(server, "url")), _servers)
    for _, middleware in structured.pairs(structured.get(root, "http", "middlewares")):
        address = structured.get(middleware, "forwardauth", "address")
        yield from _urls(file, *structured.text(address), _forward_auth)
    for _, service in structured.pairs(structured.get(root, "tcp", "services")):
        for server in structured.items(structured.get(service, "loadbalancer", "servers")):
            written, at = structured.text(structured.get(server, "address"))
            host, port = split(written)
            if host:
                tls = structured.text(structured.get(server, "tls"))[0] == "true"
                protocol = PORTS.get(port or 0, Protocol.TCP)
                yield Destination(host, port, protocol, tls, Evidence(_KIND, written, file.where(at)))


def _urls(file: TextFile, text: str, at: int, remedy: Callable[[str, int], str]) -> Iterator[Destination]:
    for found in urls(text.replace("h2c://", "http://")):
        evidence = Evidence(_KIND, without_password(text), file.where(at))
        lines = "" if found.tls else remedy(found.host, found.port or 80)
        yield Destination(found.host, found.port, found.protocol, found.tls, evidence, lines)


def _servers(host: str, port: int) -> str:
    return (
        f'loadBalancer:\n  serversTransport: own-ca\n  servers:\n    - url: "https://{host}:{port}"\n'
        '# and once, below `http:`\nserversTransports:\n  own-ca:\n    rootCAs: ["{ca}"]'
    )


def _forward_auth(host: str, port: int) -> str:
    return f'forwardAuth:\n  address: "https://{host}:{port}"  # and the path\n  tls:\n    ca: "{{ca}}"'


READER = _Traefik()
