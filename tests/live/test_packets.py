from __future__ import annotations

import socket

import pytest

from aicos_tls.live.model import Attachment, Container
from aicos_tls.live.packets import Bytes, Connection, Side, Streams, segment
from aicos_tls.live.sniff import OUTSIDE, Flow, flows
from aicos_tls.live.stack import Stack

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
    head = b"\x45\0" + length.to_bytes(2, "big") + bytes(5) + bytes([protocol]) + bytes(2)
    return bytes(12) + b"\x08\0" + head + ends + tcp


def seen(*frames: bytes) -> Streams:
    streams = Streams()
    for each in frames:
        packet = segment(each)
        assert packet is not None
        streams.take(packet)
    return streams


def only(streams: Streams) -> Connection:
    (connection,) = streams.connections.values()
    return connection


@pytest.mark.parametrize("ends", [(CLIENT, SERVER), (Side("fd00::2", 40000), Side("fd00::3", 8001))])
@pytest.mark.parametrize("odd", [{}, {"length": 0}])
def test_a_segment(ends: tuple[Side, Side], odd: dict[str, int]) -> None:
    source, target = ends
    found = segment(frame(source, target, 7, REQUEST, **odd))
    assert found is not None
    assert (found.source, found.target) == ends
    assert (found.sequence, found.flags, found.payload) == (7, PUSH, REQUEST)


def test_padding_is_no_payload() -> None:
    found = segment(frame(CLIENT, SERVER, 7) + bytes(6))
    assert found is not None
    assert found.payload == b""


@pytest.mark.parametrize(
    "other",
    [
        b"",
        bytes(60),
        frame(CLIENT, SERVER, 1, protocol=17),
        frame(Side("fd00::2", 1), Side("fd00::3", 2), 1, protocol=17),
        frame(CLIENT, SERVER, 1)[:40],
    ],
)
def test_no_segment(other: bytes) -> None:
    assert segment(other) is None


@pytest.mark.parametrize(
    ("payload", "counts"),
    [
        (REQUEST, Bytes(http=len(REQUEST))),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Bytes(http=24)),
        (RECORD, Bytes(tls=len(RECORD))),
        (b"*1\r\n$4\r\nPING\r\n", Bytes(other=14)),
        (b"GETTING nowhere", Bytes(other=15)),
    ],
)
def test_what_a_stream_is(payload: bytes, counts: Bytes) -> None:
    found = only(seen(frame(CLIENT, SERVER, 9, flags=SYN), frame(CLIENT, SERVER, 10, payload)))
    assert (found.client, found.server, found.bytes) == (CLIENT, SERVER, counts)


def test_both_directions_and_what_follows() -> None:
    streams = seen(
        frame(CLIENT, SERVER, 9, flags=SYN),
        frame(SERVER, CLIENT, 99, flags=SYN | ACK),
        frame(CLIENT, SERVER, 10, REQUEST),
        frame(SERVER, CLIENT, 100, b"HTTP/1.1 200 OK\r\n\r\n"),
        frame(SERVER, CLIENT, 119, RECORD),
    )
    assert only(streams).bytes == Bytes(http=len(REQUEST) + 19 + len(RECORD))


def test_what_is_sent_again_counts_once() -> None:
    begin = 2**32 - 5  # the numbers begin again at 0 within the payload
    streams = seen(
        frame(CLIENT, SERVER, begin - 1, flags=SYN),
        frame(CLIENT, SERVER, begin, REQUEST),
        frame(CLIENT, SERVER, begin, REQUEST),
        frame(CLIENT, SERVER, begin + 4, REQUEST[4:] + b"more"),
        frame(CLIENT, SERVER, begin, b""),
    )
    assert only(streams).bytes == Bytes(http=len(REQUEST) + 4)


def test_joined_in_the_middle() -> None:
    streams = seen(frame(SERVER, CLIENT, 50, b"\x00rest of a record"), frame(SERVER, CLIENT, 67, RECORD))
    found = only(streams)
    assert (found.client, found.server) == (CLIENT, SERVER)
    assert found.bytes == Bytes(tls=len(RECORD), other=17)


def test_a_port_that_is_used_again() -> None:
    streams = seen(
        frame(CLIENT, SERVER, 9, flags=SYN),
        frame(CLIENT, SERVER, 10, REQUEST),
        frame(CLIENT, SERVER, 5000, flags=SYN),
        frame(CLIENT, SERVER, 5001, RECORD),
    )
    assert only(streams).bytes == Bytes(http=len(REQUEST), tls=len(RECORD))


def test_flows_by_service() -> None:
    def container(service: str, address: str) -> Container:
        return Container(service, service, service, "p", "i", "running", attachments=(Attachment("n", address),))

    stack = Stack("p", (container("web", CLIENT.address), container("api", SERVER.address)), {})
    gateway, ours, elsewhere = Side("10.0.0.1", 50000), Side("10.0.0.1", 50001), Side("10.9.9.9", 80)
    streams = seen(
        *(frame(end, SERVER, 9, flags=SYN) for end in (CLIENT, gateway, ours)),
        frame(CLIENT, elsewhere, 9, flags=SYN),
        frame(CLIENT, SERVER, 10, RECORD),
        *(frame(end, SERVER, 10, REQUEST) for end in (gateway, ours)),
        frame(CLIENT, elsewhere, 10, REQUEST),
    )
    assert flows(streams, stack, {(SERVER, 50001)}) == (
        Flow(OUTSIDE, "api", 8001, len(REQUEST), 0, 0),
        Flow("web", "api", 8001, 0, len(RECORD), 0),
    )
