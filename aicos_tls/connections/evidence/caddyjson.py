"""Caddy's configuration in JSON: the upstreams of its handler `reverse_proxy` (its documentation, "JSON Structure")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.connections import structured
from aicos_tls.connections.addresses import split
from aicos_tls.connections.model import Destination, Evidence
from aicos_tls.connections.protocols import Protocol
from aicos_tls.sources import placeholders

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import PurePosixPath

    from aicos_tls.connections.model import Surroundings
    from aicos_tls.connections.readers import Files

_REMEDY = """"transport": {"protocol": "http", "tls": {"ca": {"provider": "file", "pem_files": ["{ca}"]}}}"""


class _CaddyJson:
    def concerns(self, path: PurePosixPath) -> bool:
        return path.suffix.lower() == ".json" and "caddy" in path.as_posix().lower()

    def destinations(self, files: Files, around: Surroundings) -> Iterator[Destination]:
        for file in files.values():
            for root in structured.roots(file) if "reverse_proxy" in file.text else ():
                for each in structured.mappings(root):
                    if structured.text(structured.get(each, "handler"))[0] != "reverse_proxy":
                        continue
                    transport = structured.get(each, "transport")
                    fastcgi = structured.text(structured.get(transport, "protocol"))[0] == "fastcgi"
                    tls = structured.get(transport, "tls") is not None
                    for upstream in structured.items(structured.get(each, "upstreams")):
                        dial, at = structured.text(structured.get(upstream, "dial"))
                        host, port = split(placeholders.caddy(dial, around.environment) or "")
                        if host:
                            protocol = Protocol.FASTCGI if fastcgi else Protocol.HTTP
                            evidence = Evidence("Caddy", dial, file.where(at))
                            yield Destination(host, port, protocol, tls, evidence, "" if tls or fastcgi else _REMEDY)


READER = _CaddyJson()
