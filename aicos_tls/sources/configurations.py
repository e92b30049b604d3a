"""Configuration files of proxies that are read and changed: nginx, haproxy, Apache httpd, Caddy. One shape for all.

A kind is a package below `aicos_tls.sources` and a line in `KINDS`. They know no TLS_ENABLED: what a file says holds
until the change is taken back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.sources import caddy, haproxy, httpd, nginx

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import PurePath

    from aicos_tls.files import TextFile
    from aicos_tls.sources.model import CodeContext, CodeResult


class Kind(Struct, frozen=True):
    """A kind of configuration.

    `runtime` is what reads it, by the name of `aicos_tls.sources.runtime`; `folder` names the directory of changed
    copies. `recognises` tells a file by its name and text. `serves`: `transform` makes the program serve TLS, too,
    where its service is a server; else it only asks over TLS. `tried` are the versions that it was tried with.
    """

    runtime: str
    folder: str
    recognises: Callable[[PurePath, str], bool]
    transform: Callable[[TextFile, CodeContext], CodeResult]
    serves: bool
    tried: str


KINDS = (
    Kind("nginx", "nginx", nginx.is_nginx, nginx.transform, serves=True, tried="nginx 1.22"),
    Kind("haproxy", "haproxy", haproxy.is_haproxy, haproxy.transform, serves=False, tried="haproxy 2.6"),
    Kind("Apache httpd", "httpd", httpd.is_httpd, httpd.transform, serves=False, tried="httpd 2.4"),
    Kind("Caddy", "caddy", caddy.is_caddy, caddy.transform, serves=False, tried="Caddy 2.6"),
)
"""All kinds; of a file that several know the first one counts."""


def kind_of(path: PurePath, text: str) -> Kind | None:
    """The kind of configuration that a file is; None where it is none."""
    return next((kind for kind in KINDS if kind.recognises(path, text)), None)
