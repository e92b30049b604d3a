"""Where a text names a server in plain text: `http://api:8001`, `ws://api`, `api:8001`, `localhost:8001`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls import budgets
from aicos_tls.compose.urls import DEFAULT_PORT, find, host_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aicos_tls.compose.urls import Url

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]", "0.0.0.0"})  # noqa: S104 - a name that is looked for


class Mention(Struct, frozen=True):
    """A server named from `start` to `end`; `text` is scheme, host and port as written, without credentials."""

    start: int
    end: int
    text: str
    target: str


class Names:
    """The names that mean servers. `ports` are those of `localhost`: a port, and the server that it leads to.

    `own` is the service whose text it is, when it is a server: a port in a variable is then taken for its own.
    """

    def __init__(self, servers: Mapping[str, str], ports: Mapping[int, str], own: str | None = None) -> None:
        self._servers, self._ports, self._own = servers, ports, own
        listed = "|".join(re.escape(name) for name in sorted(servers, key=len, reverse=True))
        self._bare = re.compile(rf"(?<![\w.@/:$-])({listed}):(\d{{1,5}}|\$\{{?\w+\}}?)(?![\w.])", re.IGNORECASE)

    def mentions(self, text: str) -> Iterator[Mention]:
        """Yield the places in order of their kind: addresses, then names with a port."""
        for url in find(text):
            if url.plain and (target := self._target(url)):
                port = "" if url.port is None else f":{_port(url)}"
                yield Mention(url.start, url.end, f"{url.scheme}://{url.host}{port}", target)
        if self._servers:
            for match in self._bare.finditer(text):
                yield Mention(match.start(), match.end(), match[0], self._servers[host_name(match[1])])

    def _target(self, url: Url) -> str | None:
        host = host_name(url.host)
        if host not in _LOOPBACK:
            return self._servers.get(host)
        port = _port(url)
        return self._ports.get(budgets.number(port) or 0) if port.isdecimal() else self._own


def _port(url: Url) -> str:
    """The port as written; a full stop behind it ends a sentence."""
    return str(DEFAULT_PORT) if url.port is None else url.port.rstrip(".")
