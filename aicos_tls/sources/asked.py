"""What the configuration of a proxy asks: the shape in which every kind of configuration says it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from aicos_tls.errors import Where

SECURE = {"http": "https", "ws": "wss", "grpc": "grpcs", "uwsgi": "suwsgi"}
"""The scheme over TLS of each one that has one."""


class Asked(Struct, frozen=True):
    """One address that is asked: what is spoken (`http`, `grpc`, `fastcgi`, … `tcp`), host and port, and whether TLS.

    `text` is the line as written or as it is understood, `directive` its name. `paste` are the lines by which it would
    be asked over TLS, with `{ca}` for the path of the CA's certificate in the container; empty where none are known.
    """

    family: str
    host: str
    port: int | None
    tls: bool
    text: str
    directive: str
    where: Where
    paste: str = ""

    @property
    def url(self) -> str:
        """The address as a URL."""
        scheme = SECURE.get(self.family, self.family) if self.tls else self.family
        return f"{scheme}://{self.host}" + (f":{self.port}" if self.port is not None else "")
