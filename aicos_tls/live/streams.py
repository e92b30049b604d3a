"""TCP streams out of segments: who opened each, what is spoken there, how many bytes are clear HTTP, TLS, or others.

Only what is new in a segment counts (RFC 9293, 3.4: sequence numbers), so that what is sent again or seen twice does
not. A stream is what its first bytes say it is; one that was joined in the middle until they say something. No payload
is kept, and however many connections come and go, no more than `TRACKED` of them are remembered one by one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct, field

from aicos_tls.connections.protocols import HTTP_LIKE, Protocol
from aicos_tls.live.openings import RECORD, REQUEST, STATUS
from aicos_tls.live.packets import Datagram, Segment, Side
from aicos_tls.live.spoken import Spoken, sender_is_client

if TYPE_CHECKING:
    from collections.abc import Iterator

TRACKED: Final = 1 << 16
"""Connections that are told apart; the older half of them is then summed up by client and server's end."""
_SYN, _ACK = 0x02, 0x10


class Bytes(Struct):
    """Bytes of payload by what they are."""

    http: int = 0
    tls: int = 0
    other: int = 0

    def add(self, more: Bytes) -> None:
        """Add another count to this one."""
        self.http += more.http
        self.tls += more.tls
        self.other += more.other

    @property
    def clear(self) -> int:
        """Those that anybody can read: what is neither HTTP nor TLS is, unless TLS begins later or began before."""
        return self.http + (0 if self.tls else self.other)

    @property
    def any(self) -> bool:
        """Whether there are any."""
        return bool(self.http or self.tls or self.other)


class _Direction(Struct):
    """One direction of a connection: the next new sequence number, what it is, whether its beginning is to come."""

    next: int | None = None
    kind: str = ""
    opening: bool = False


class Connection(Struct):
    """A connection with the bytes of both directions; `since` is when it was first seen, in seconds of the epoch.

    `sure`: who is the client was seen, by who opened it or by what was sent; else it is a guess.
    """

    client: Side
    server: Side
    bytes: Bytes = field(default_factory=Bytes)
    spoken: Spoken = field(default_factory=Spoken)
    since: float = 0
    sure: bool = False
    accepted: bool = False
    """Whether the server was seen to take it: then it is one, though nothing may be said."""

    @property
    def real(self) -> bool:
        """Whether it is more than an attempt."""
        return self.accepted or self.bytes.any


class Streams:
    """All connections that were seen, and what of UDP was."""

    def __init__(self) -> None:
        self.connections: dict[frozenset[Side], Connection] = {}
        self.datagrams: dict[tuple[str, Side], float] = {}
        self.crowded = False
        """Whether more was there than is remembered."""
        self._directions: dict[tuple[Side, Side], _Direction] = {}
        self._sums: dict[tuple[str, Side], list[Connection]] = {}

    def take(self, packet: Segment | Datagram, at: float = 0) -> None:
        """Count a packet that came at a time (seconds of the epoch)."""
        if isinstance(packet, Datagram):
            self._datagram(packet, at)
            return
        ends = frozenset((packet.source, packet.target))
        if len(ends) == 1:  # no stack sends that, but anybody may
            return
        if packet.flags & _SYN:
            self._open(packet, ends, at)
            return
        if packet.payload:
            connection = self.connections.get(ends) or self._joined(packet, ends, at)
            direction = self._directions.setdefault((packet.source, packet.target), _Direction())
            if new := _new(direction, packet):
                _hear(connection, direction, packet.source, new)

    def all(self) -> Iterator[Connection]:
        """Yield every connection, and sums of those that are no longer told apart: their client's port is 0."""
        for sums in self._sums.values():
            yield from sums
        yield from self.connections.values()

    def _open(self, packet: Segment, ends: frozenset[Side], at: float) -> None:
        client, server = (packet.target, packet.source) if packet.flags & _ACK else (packet.source, packet.target)
        known = self.connections.get(ends)
        if known is None:
            self._remember(ends, Connection(client, server, since=at, sure=True))
        elif not packet.flags & _ACK and (known.real or (known.client, known.server) != (client, server)):
            # a port that is used again begins another connection
            self._sum_up(self.connections.pop(ends))
            self._remember(ends, Connection(client, server, since=at, sure=True))
        else:
            known.client, known.server, known.sure = client, server, True
        self.connections[ends].accepted |= bool(packet.flags & _ACK)
        beginning = (packet.sequence + 1) % 2**32
        self._directions[packet.source, packet.target] = _Direction(beginning, opening=True)

    def _joined(self, packet: Segment, ends: frozenset[Side], at: float) -> Connection:
        """A connection whose opening was not seen: the end with the lower port is the server, until more is known."""
        client, server = sorted((packet.source, packet.target), key=lambda side: side.port, reverse=True)
        return self._remember(ends, Connection(client, server, since=at))

    def _remember(self, ends: frozenset[Side], connection: Connection) -> Connection:
        if len(self.connections) >= TRACKED:
            for old in list(self.connections)[: TRACKED // 2]:
                gone = self.connections.pop(old)
                self._directions.pop((gone.client, gone.server), None)
                self._directions.pop((gone.server, gone.client), None)
                self._sum_up(gone)
        self.connections[ends] = connection
        return connection

    def _sum_up(self, gone: Connection) -> None:
        """Add a connection to those of the same client and server's end, in clear and in TLS apart."""
        if not gone.real:
            return
        key = (gone.client.address, gone.server)
        if key not in self._sums and len(self._sums) >= TRACKED:
            self.crowded = True
            return
        sums = self._sums.setdefault(key, [])
        known = next((each for each in sums if bool(each.bytes.tls) is bool(gone.bytes.tls)), None)
        if known is None:
            gone.client = Side(gone.client.address, 0)
            sums.append(gone)
        else:
            known.bytes.add(gone.bytes)
            known.spoken.add(gone.spoken)
            known.sure = known.sure or gone.sure

    def _datagram(self, packet: Datagram, at: float) -> None:
        """Remember who sends to whom; what comes back is no flow of its own."""
        key = (packet.source.address, packet.target)
        if key in self.datagrams or (packet.target.address, packet.source) in self.datagrams:
            return
        if len(self.datagrams) >= TRACKED:
            self.crowded = True
            return
        self.datagrams[key] = at


def _hear(connection: Connection, direction: _Direction, source: Side, new: bytes) -> None:
    if not connection.sure and (client := sender_is_client(new)) is not None:
        other = next(side for side in (connection.client, connection.server) if side != source)
        connection.client, connection.server = (source, other) if client else (other, source)
        connection.sure = True
    spoken = connection.spoken
    if spoken.hear(new, client=source == connection.client, first=direction.opening):
        direction.opening = False
    direction.kind = _kind(direction.kind, new, spoken)
    setattr(connection.bytes, direction.kind, getattr(connection.bytes, direction.kind) + len(new))


def _new(direction: _Direction, packet: Segment) -> bytes:
    """The bytes of the segment that were not seen before."""
    payload, sequence = packet.payload, packet.sequence
    if direction.next is not None:
        seen = (direction.next - sequence) % 2**32
        if 0 < seen < 2**31:
            payload, sequence = payload[seen:], direction.next
        elif seen:
            direction.opening = False  # its first bytes were missed
    direction.next = (sequence + len(payload)) % 2**32
    return payload


def _kind(before: str, payload: bytes, spoken: Spoken) -> str:
    """What the stream is, by what it was taken for and what it says now; what is known to be no HTTP stays none."""
    if before in ("http", "tls"):
        return before
    if RECORD.match(payload):
        return "tls"
    may_be = spoken.protocol in HTTP_LIKE or spoken.protocol is Protocol.UNKNOWN
    return "http" if may_be and (REQUEST.match(payload) or STATUS.match(payload)) else "other"
