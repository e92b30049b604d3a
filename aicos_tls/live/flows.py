"""Flows: what was seen on the networks, by service."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.connections.protocols import PORTS, Protocol
from aicos_tls.live.places import OUTSIDE
from aicos_tls.live.spoken import Spoken, better
from aicos_tls.live.streams import Bytes, Connection

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from aicos_tls.live.packets import Side
    from aicos_tls.live.places import Places
    from aicos_tls.live.streams import Streams

_DNS = 53
HOST = "(host)"
"""The machine itself, as the one that a container asks."""


class Flow(Struct, frozen=True):
    """Bytes of payload, both ways, between a client and a server's port; services by name.

    `clear` are those of `http` and `other` that belong to connections without TLS; `protocol` is the most exact one.
    """

    client: str
    server: str
    port: int
    http: int
    tls: int
    other: int
    protocol: Protocol = Protocol.UNKNOWN
    clear: int = 0

    @property
    def sent(self) -> int:
        """All of them; 0 for a connection that is open and silent."""
        return self.http + self.tls + self.other


class Datagrams(Struct, frozen=True, order=True):
    """UDP from a client to a server's port: seen, and nothing more is known of it."""

    client: str
    server: str
    port: int


class _Sum(Struct):
    bytes: Bytes
    clear: int = 0
    protocol: Protocol = Protocol.UNKNOWN


def flows(streams: Streams, places: Places, ours: Collection[tuple[Side, int]] = ()) -> tuple[Flow, ...]:
    """What was asked of the services. `ours` are our own attempts in clear: server's end and the port on our side."""
    return tuple(flow for flow in leaving_too(streams, places, ours) if flow.server not in (OUTSIDE, HOST))


def leaving_too(streams: Streams, places: Places, ours: Collection[tuple[Side, int]] = ()) -> tuple[Flow, ...]:
    """The same with what the services asked of others: servers are then `OUTSIDE`, or the `HOST`."""
    sums: dict[tuple[str, str, int], _Sum] = defaultdict(lambda: _Sum(Bytes()))
    for connection in _directed(streams, places):
        if not connection.real or (connection.server, connection.client.port) in ours:
            continue
        server, at = connection.server, connection.since
        asked = places.service(server.address, at)
        if asked == OUTSIDE and places.is_host(server.address):
            asked = HOST
        client = places.client(connection.client.address, server, at)
        if client == OUTSIDE and asked in (OUTSIDE, HOST):  # others among themselves
            continue
        total = sums[client, asked, server.port]
        total.bytes.add(connection.bytes)
        total.clear += connection.bytes.clear
        total.protocol = better(total.protocol, spoken(connection.spoken, server.port))
    return tuple(
        Flow(*key, total.bytes.http, total.bytes.tls, total.bytes.other, total.protocol, total.clear)
        for key, total in sorted(sums.items())
    )


def spoken(heard: Spoken, port: int) -> Protocol:
    """The protocol of a connection: what was heard, else what is usual at the port."""
    if heard.protocol is not Protocol.UNKNOWN:
        return heard.protocol
    return PORTS.get(port, Protocol.TCP if heard.begun and not heard.tls else Protocol.UNKNOWN)


def _directed(streams: Streams, places: Places) -> list[Connection]:
    """The connections, those that were open before turned so that the server is where somebody listens.

    Where that cannot be told, it is the end that others were seen to ask, then the one with a port of servers.
    """
    found = [*streams.all(), *_silent(streams, places)]
    asked = {connection.server for connection in found if connection.sure}
    for connection in found:
        if not connection.sure and connection.client.port:

            def likely(side: Side, at: float = connection.since) -> tuple[bool, bool, bool, int]:
                return places.listens(side, at), side in asked, side.port in PORTS, -side.port

            ends = sorted((connection.client, connection.server), key=likely)
            connection.client, connection.server = ends
    return found


def _silent(streams: Streams, places: Places) -> Iterator[Connection]:
    """Yield the connections that were open, and on which nothing was seen."""
    for (mine, other), at in places.open.items():
        if frozenset((mine, other)) not in streams.connections:
            yield Connection(other, mine, since=at, accepted=True)


def datagrams(streams: Streams, places: Places) -> tuple[Datagrams, ...]:
    """Who sends UDP to whom, with a service at one end; names that are asked for (DNS) are no flow of the project."""
    found = set()
    for (address, side), at in streams.datagrams.items():
        client, server = places.service(address, at), places.service(side.address, at)
        if side.port != _DNS and (client, server) != (OUTSIDE, OUTSIDE):
            found.add(Datagrams(client, server, side.port))
    return tuple(sorted(found))
