"""Configuration files of proxies that are read and changed: nginx, haproxy, Apache httpd, Caddy. One shape for all.

A kind is a package below `aicos_tls.sources` and a line in `KINDS`. They know no TLS_ENABLED: what a file says holds
until the change is taken back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.sources import caddy, haproxy, httpd, nginx
from aicos_tls.sources.nginx.asked import asked as asked_by_nginx

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import PurePath

    from aicos_tls.files import TextFile
    from aicos_tls.sources.asked import Asked
    from aicos_tls.sources.model import CodeContext, CodeResult

    Transform = Callable[[TextFile, CodeContext, Iterable[TextFile]], CodeResult]


class Kind(Struct, frozen=True):
    """A kind of configuration.

    `runtime` is what reads it, by the name of `aicos_tls.sources.runtime`; `folder` names the directory of changed
    copies, `places` are the directories in which images of it have their configuration. `recognises` tells a file by
    its name and text, and by its place in the container where that is known. `transform` is given the other files of
    the service, too. `serves`: it makes the program serve TLS, too, where its service is a server; else it only asks
    over TLS. `asked` says what the files of a service ask. `tried` is the version that it was tried with.
    """

    runtime: str
    folder: str
    places: tuple[str, ...]
    recognises: Callable[[PurePath, str, str], bool]
    transform: Transform
    asked: Callable[[Iterable[TextFile], Mapping[str, str]], Iterator[Asked]]
    serves: bool
    tried: str


KINDS = (
    Kind(
        runtime="nginx",
        folder="nginx",
        places=("/etc/nginx/",),
        recognises=nginx.is_nginx,
        transform=nginx.transform,
        asked=asked_by_nginx,
        serves=True,
        tried="nginx 1.22",
    ),
    Kind(
        runtime="haproxy",
        folder="haproxy",
        places=haproxy.PLACES,
        recognises=haproxy.is_haproxy,
        transform=haproxy.transform,
        asked=haproxy.asked,
        serves=False,
        tried="haproxy 2.6",
    ),
    Kind(
        runtime="Apache httpd",
        folder="httpd",
        places=httpd.PLACES,
        recognises=httpd.is_httpd,
        transform=httpd.transform,
        asked=httpd.asked,
        serves=False,
        tried="httpd 2.4",
    ),
    Kind(
        runtime="Caddy",
        folder="caddy",
        places=caddy.PLACES,
        recognises=caddy.is_caddy,
        transform=caddy.transform,
        asked=caddy.asked,
        serves=False,
        tried="Caddy 2.6",
    ),
)
"""All kinds; of a file that several know the first one counts."""


def kind_of(path: PurePath, text: str, place: str = "") -> Kind | None:
    """The kind of configuration that a file is, which may have a `place` in the container; None where it is none."""
    return next((kind for kind in KINDS if kind.recognises(path, text, place)), None)


def may_be_configuration(path: PurePath, text: str) -> bool:
    """Whether a file would be one in the right place, whatever its name."""
    return any(kind.recognises(path, text, kind.places[0]) for kind in KINDS)
