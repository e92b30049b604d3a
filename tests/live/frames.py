"""Ethernet frames as they come from a network, and what is made of them."""

from __future__ import annotations

import socket

from aicos_tls.live.packets import Segment, Side, packet
from aicos_tls.live.streams import Connection, Streams

CLIENT, SERVER = Side("10.0.0.2", 40000), Side("10.0.0.3", 8001)
REQUEST = b"GET / HTTP/1.1\r\nHost: api\r\n\r\n"
RECORD = b"\x16\x03\x01\x00\x05hello"
SYN, ACK, PUSH = 0x02, 0x10, 0x18


def frame(source: Side, target: Side, sequence: int, payload: bytes = b"", *, flags: int = PUSH, **odd: int) -> bytes:
    """An Ethernet frame, IPv4 or IPv6 by the addresses; `odd` replaces the length, or the protocol."""
    six = ":" in source.address
    family = socket.AF_INET6 if six else socket.AF_INET
    ends = socket.inet_pton(family, source.address) + socket.inet_pton(family, target.address)
    tcp = source.port.to_bytes(2, "big") + target.port.to_bytes(2, "big") + (sequence % 2**32).to_bytes(4, "big")
    tcp += bytes(4) + bytes([5 << 4, flags]) + bytes(6) + payload
    protocol = odd.get("protocol", 6)
    if six:
        length = odd.get("length", len(tcp))
        return bytes(12) + b"\x86\xdd\x60\0\0\0" + length.to_bytes(2, "big") + bytes([protocol, 64]) + ends + tcp
    length = odd.get("length", 20 + len(tcp))
    place = bytes(2) + odd.get("offset", 0).to_bytes(2, "big")
    head = b"\x45\0" + length.to_bytes(2, "big") + place + bytes(1) + bytes([protocol]) + bytes(2)
    return bytes(12) + b"\x08\0" + head + ends + tcp


def seen(*frames: bytes) -> Streams:
    streams = Streams()
    for each in frames:
        found = packet(each)
        assert isinstance(found, Segment)
        streams.take(found)
    return streams


def only(streams: Streams) -> Connection:
    (connection,) = streams.all()
    return connection
