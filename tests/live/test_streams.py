"""Segments to streams: counted once, whoever opened them, and however many there are."""

from __future__ import annotations

import pytest
from live.frames import ACK, CLIENT, RECORD, REQUEST, SERVER, SYN, frame, only, seen

from aicos_tls.live.streams import Bytes


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
    assert [found.bytes for found in streams.all()] == [Bytes(http=len(REQUEST)), Bytes(tls=len(RECORD))]
