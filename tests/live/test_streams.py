"""Segments to streams: counted once, whoever opened them, and however many there are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from live.frames import ACK, CLIENT, PUSH, RECORD, REQUEST, SERVER, SYN, frame, only, seen

from aicos_tls.connections.protocols import Protocol
from aicos_tls.live import streams as module
from aicos_tls.live.packets import Datagram, Segment, Side
from aicos_tls.live.streams import Bytes, Connection, Streams


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


def test_an_attempt_and_a_connection_without_words() -> None:
    refused = seen(frame(CLIENT, SERVER, 9, flags=SYN), frame(SERVER, CLIENT, 0, flags=0x14))
    assert not only(refused).real
    taken = only(seen(frame(CLIENT, SERVER, 9, flags=SYN), frame(SERVER, CLIENT, 99, flags=SYN | ACK)))
    assert (taken.client, taken.server, taken.real, taken.bytes.any) == (CLIENT, SERVER, True, False)


def test_the_answer_to_an_opening_says_who_is_who() -> None:
    streams = seen(frame(SERVER, CLIENT, 99, b"late"), frame(Side(CLIENT.address, 80), Side(SERVER.address, 81), 1))
    high = Side("10.0.0.9", 51000)
    low = Side("10.0.0.8", 40000)
    streams = seen(frame(high, low, 1, b"before"), frame(high, low, 99, flags=SYN | ACK))
    assert (only(streams).client, only(streams).server, only(streams).sure) == (low, high, True)


@pytest.mark.parametrize(
    ("source", "data"), [(CLIENT, REQUEST), (SERVER, b"HTTP/1.1 200 OK\r\n\r\n"), (CLIENT, b"\x16\x03\x01\x02\0\x01")]
)
def test_joined_at_a_request(source: Side, data: bytes) -> None:
    """Though the server's port is the higher one."""
    ends = {CLIENT: Side("10.0.0.2", 5000), SERVER: Side("10.0.0.3", 51000)}
    other = ends[SERVER if source is CLIENT else CLIENT]
    found = only(seen(frame(ends[source], other, 1, data)))
    assert (found.client, found.server, found.sure) == (ends[CLIENT], ends[SERVER], True)


def test_what_is_no_http_stays_none() -> None:
    startup = b"\0\0\0\x16\0\3\0\0user\0app\0\0\0\0\0"
    found = only(
        seen(
            frame(CLIENT, SERVER, 9, flags=SYN),
            frame(CLIENT, SERVER, 10, startup),
            frame(CLIENT, SERVER, 10 + len(startup), REQUEST),
        )
    )
    assert found.spoken.protocol is Protocol.POSTGRES
    assert found.bytes == Bytes(other=len(startup) + len(REQUEST))


def test_first_bytes_that_were_missed() -> None:
    found = only(seen(frame(CLIENT, SERVER, 9, flags=SYN), frame(CLIENT, SERVER, 20, b"one order\n")))
    assert not found.spoken.begun
    assert found.bytes == Bytes(other=10)


def test_clear_bytes() -> None:
    assert Bytes(http=3, other=4).clear == 7
    assert Bytes(http=3, other=4, tls=5).clear == 3
    assert not Bytes().any


def test_old_connections_are_summed_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TRACKED", 4)
    streams = Streams()
    for number in range(20):
        client = Side("10.0.0.2", 40000 + number)
        streams.take(Segment(client, SERVER, 9, SYN, b""))
        streams.take(Segment(client, SERVER, 10, PUSH, REQUEST if number % 2 else RECORD))
    found = list(streams.all())
    assert sum(each.bytes.http for each in found) == 10 * len(REQUEST)
    assert sum(each.bytes.tls for each in found) == 10 * len(RECORD)
    assert all(each.client.address == "10.0.0.2" and each.server == SERVER for each in found)
    assert len(found) <= 4 + 2
    assert not streams.crowded
    for number in range(20):
        streams.take(Segment(Side(f"10.1.0.{number}", 1), SERVER, 10, PUSH, REQUEST))
    assert streams.crowded


def test_udp_is_remembered_once() -> None:
    streams = Streams()
    for packet in (Datagram(CLIENT, SERVER), Datagram(SERVER, CLIENT), Datagram(Side(CLIENT.address, 7), SERVER)):
        streams.take(packet, 5)
    assert streams.datagrams == {(CLIENT.address, SERVER): 5}
    for number in range(module.TRACKED):
        streams.take(Datagram(CLIENT, Side(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", 9)))
    assert (len(streams.datagrams), streams.crowded) == (module.TRACKED, True)


SIDES = st.builds(Side, st.sampled_from(["10.0.0.1", "10.0.0.2", "fd00::1"]), st.integers(1, 6))
PACKETS = st.one_of(
    st.builds(Datagram, SIDES, SIDES),
    st.builds(
        Segment,
        SIDES,
        SIDES,
        st.integers(0, 2**32 - 1),
        st.sampled_from([SYN, SYN | ACK, ACK, PUSH, 0x11, 0x04]),
        st.one_of(st.just(b""), st.binary(max_size=40), st.sampled_from([REQUEST, RECORD, b"HTTP/1.1 200 OK\r\n"])),
    ),
)


@given(st.lists(PACKETS, max_size=60))
def test_no_packets_raise_and_memory_is_bounded(packets: list[Datagram | Segment]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "TRACKED", 8)
        streams = Streams()
        for packet in packets:
            streams.take(packet)
        assert len(streams.connections) <= 8
        assert len(streams._directions) <= 16  # noqa: SLF001 - what is bounded is inside
        assert len(streams._sums) <= 8  # noqa: SLF001 - the same
        assert len(streams.datagrams) <= 8
    sent = sum(len(packet.payload) for packet in packets if isinstance(packet, Segment))
    found = list(streams.all())
    assert sum(each.bytes.http + each.bytes.tls + each.bytes.other for each in found) <= sent
    assert not any(keeps_bytes(each) for each in found)


def test_a_packet_from_a_place_to_itself() -> None:
    assert list(seen(frame(CLIENT, CLIENT, 1, REQUEST), frame(CLIENT, CLIENT, 1, flags=SYN)).all()) == []


def keeps_bytes(connection: Connection) -> bool:
    """Whether anything of it is a byte string: what was sent."""
    held = [connection, connection.bytes, connection.spoken]
    return any(isinstance(getattr(each, name), bytes) for each in held for name in each.__struct_fields__)
