"""haproxy.cfg, Apache httpd and Caddyfiles: what the proxy of a service asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.compose.urls import without_password
from aicos_tls.connections.model import Destination, Evidence
from aicos_tls.connections.protocols import PORTS, Protocol
from aicos_tls.sources import caddy, haproxy, httpd
from aicos_tls.sources.configurations import KINDS, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import PurePosixPath

    from aicos_tls.connections.model import Surroundings
    from aicos_tls.connections.readers import Files
    from aicos_tls.sources.asked import Asked
    from aicos_tls.sources.configurations import Kind

_ASKED = {"haproxy": haproxy.asked, "Apache httpd": httpd.asked, "Caddy": caddy.asked}
_SUFFIXES = frozenset(
    {".cfg", ".conf", ".config", ".vhost", ".inc", ".tmpl", ".tpl", ".template", ".caddy", ".site", ".default", ""}
)
"""A mount may give a file any name; with others than these it is seen by its directory."""
_WORDS = ("haproxy", "caddyfile")
_DIRECTORIES = frozenset({"sites-available", "sites-enabled", "caddy"})
_FAMILIES = {family.value: family for family in Protocol}


class _Proxies:
    def concerns(self, path: PurePosixPath) -> bool:
        name = path.name.lower()
        return path.suffix.lower() in _SUFFIXES or path.parent.name in _DIRECTORIES or any(w in name for w in _WORDS)

    def destinations(self, files: Files, around: Surroundings) -> Iterator[Destination]:
        for path, file in files.items():
            kind = kind_of(path, file.text) or _in_its_place(path, file.text)
            if kind is not None and kind.runtime in _ASKED:
                for each in _ASKED[kind.runtime]([file], around.environment):
                    yield _destination(kind.runtime, each)


def _in_its_place(path: PurePosixPath, text: str) -> Kind | None:
    """The kind that a file would be in the directory of its program."""
    return next((kind for kind in KINDS if kind.recognises(path, text, kind.places[0])), None)


def _destination(kind: str, asked: Asked) -> Destination:
    protocol = _FAMILIES.get(asked.family, Protocol.UNKNOWN)
    if protocol is Protocol.TCP:
        protocol = PORTS.get(asked.port or 0, Protocol.TCP)
    evidence = Evidence(kind, without_password(asked.text), asked.where)
    return Destination(asked.host, asked.port, protocol, asked.tls, evidence, asked.paste)


READER = _Proxies()
