"""TCP streams out of packets: how many bytes of each are clear HTTP, how many TLS records, how many something else.

Only what is new in a segment counts (RFC 9293, 3.4: sequence numbers), so that what is sent again or seen twice does
not. A stream is what its first bytes say it is; one that was joined in the middle until they say something.
"""

from __future__ import annotations

import re
import socket
from typing import NamedTuple

from msgspec import Struct

_ETHERNET = 14
_TCP = 6
_IPV4, _IPV6 = b"\x08\x00", b"\x86\xdd"
_SYN, _ACK = 0x02, 0x10
_HTTP = re.compile(rb"[A-Z]{3,10} [^ \r\n]{1,4096} HTTP/1\.[01]\r\n|HTTP/1\.[01] \d{3}[ \r]|PRI \* HTTP/2\.0\r\n")
"""A request line, a status line (RFC 9112, 3 and 4), or HTTP/2's opening without TLS (RFC 9113, 3.4)."""
_RECORD = re.compile(rb"[\x14-\x18]\x03[\x00-\x04]")
"""A TLS record: its type and the legacy version (RFC 8446, 5.1)."""


class Side(NamedTuple):
    """One end of a connection."""

    address: str
    port: int


class Segment(Struct, frozen=True):
    """What a packet carries of a TCP stream."""

    source: Side
    target: Side
    sequence: int
    flags: int
    payload: bytes


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


def segment(frame: bytes) -> Segment | None:
    """The TCP segment in an Ethernet frame (RFC 894, 791, 8200, 9293); None when there is none."""
    kind = frame[12:_ETHERNET]
    if kind == _IPV4 and len(frame) >= _ETHERNET + 20 and frame[23] == _TCP:
        start = _ETHERNET + (frame[14] & 15) * 4
        total = int.from_bytes(frame[16:18], "big")
        end = _ETHERNET + total if total else len(frame)  # 0: larger than 64 KiB, as segmentation offload makes them
        places = socket.inet_ntop(socket.AF_INET, frame[26:30]), socket.inet_ntop(socket.AF_INET, frame[30:34])
    elif kind == _IPV6 and len(frame) >= _ETHERNET + 40 and frame[20] == _TCP:
        start = _ETHERNET + 40
        length = int.from_bytes(frame[18:20], "big")
        end = start + length if length else len(frame)
        places = socket.inet_ntop(socket.AF_INET6, frame[22:38]), socket.inet_ntop(socket.AF_INET6, frame[38:54])
    else:
        return None
    head = frame[start : start + 20]
    if len(head) < 20:  # noqa: PLR2004 - bytes of a TCP header
        return None
    source = Side(places[0], int.from_bytes(head[0:2], "big"))
    target = Side(places[1], int.from_bytes(head[2:4], "big"))
    payload = frame[start + (head[12] >> 4) * 4 : end]
    return Segment(source, target, int.from_bytes(head[4:8], "big"), head[13], payload)


class _Direction(Struct):
    """One direction of a connection: the next new sequence number, and what it is."""

    next: int | None = None
    kind: str = ""


class Connection(Struct):
    """A connection, by who opened it, with the bytes of both directions."""

    client: Side
    server: Side
    bytes: Bytes


class Streams:
    """All connections that were seen."""

    def __init__(self) -> None:
        self.connections: dict[frozenset[Side], Connection] = {}
        self._directions: dict[tuple[Side, Side], _Direction] = {}

    def take(self, packet: Segment) -> None:
        """Count a segment."""
        ends = frozenset((packet.source, packet.target))
        if packet.flags & _SYN:
            opener = (packet.target, packet.source) if packet.flags & _ACK else (packet.source, packet.target)
            known = self.connections.get(ends)
            # a port that is used again begins another connection, which adds up with the first
            self.connections[ends] = Connection(*opener, known.bytes if known else Bytes())
            self._directions[packet.source, packet.target] = _Direction((packet.sequence + 1) % 2**32)
            return
        direction = self._directions.setdefault((packet.source, packet.target), _Direction())
        new = _new(direction, packet)
        if new:
            direction.kind = _kind(direction.kind, new)
            connection = self.connections.setdefault(ends, _guess(packet))
            setattr(connection.bytes, direction.kind, getattr(connection.bytes, direction.kind) + len(new))


def _new(direction: _Direction, packet: Segment) -> bytes:
    """The bytes of the segment that were not seen before."""
    payload, sequence = packet.payload, packet.sequence
    if direction.next is not None:
        seen = (direction.next - sequence) % 2**32
        if 0 < seen < 2**31:
            payload, sequence = payload[seen:], direction.next
    if payload:
        direction.next = (sequence + len(payload)) % 2**32
    return payload


def _kind(before: str, payload: bytes) -> str:
    """What the stream is, by what it was taken for and what it says now."""
    if before in ("http", "tls"):
        return before
    if _RECORD.match(payload):
        return "tls"
    return "http" if _HTTP.match(payload) else "other"


def _guess(packet: Segment) -> Connection:
    """Of a connection whose opening was not seen, the end with the lower port is the server."""
    ends = sorted((packet.source, packet.target), key=lambda side: side.port)
    return Connection(client=ends[1], server=ends[0], bytes=Bytes())
