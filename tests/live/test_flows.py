"""What was seen, by service."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from live.frames import ACK, CLIENT, PUSH, RECORD, REQUEST, SERVER, SYN, frame, seen
from msgspec.structs import replace

from aicos_tls.connections.model import PUBLISHED
from aicos_tls.connections.protocols import Protocol
from aicos_tls.live import places as module
from aicos_tls.live.flows import HOST, Datagrams, Flow, datagrams, flows, leaving_too
from aicos_tls.live.model import Attachment, Container, Network
from aicos_tls.live.packets import Datagram, Segment, Side
from aicos_tls.live.places import OUTSIDE, Places
from aicos_tls.live.sockets import Sockets
from aicos_tls.live.stack import Stack
from aicos_tls.live.streams import Streams

if TYPE_CHECKING:
    import pytest

NETWORK = Network("n", "shop_default", "bridge", "br-1", ("10.0.0.0/24",))
GATEWAY, INTERNET, NEIGHBOUR = "10.0.0.1", "203.0.113.9", "10.0.0.77"


def container(service: str, address: str, **differs: object) -> Container:
    places = (Attachment("n", address, gateway=GATEWAY),)
    found = Container(service, service, service, "p", "i", "running", attachments=places)
    return replace(found, **differs)


def stack(*containers: Container) -> Stack:
    return Stack("p", containers, {"n": NETWORK})


WEB = container("web", CLIENT.address)
API = container("api", SERVER.address, published=frozenset({8001}))


def test_who_comes_from_outside() -> None:
    streams = Streams()
    inner = Side(SERVER.address, 9000)
    for number, address in enumerate((GATEWAY, INTERNET, NEIGHBOUR)):
        for server in (SERVER, inner):
            streams.take(Segment(Side(address, 5000 + number), server, 9, SYN, b""))
            streams.take(Segment(Side(address, 5000 + number), server, 10, PUSH, REQUEST))
    size = len(REQUEST)
    assert flows(streams, Places(stack(WEB, API))) == (
        Flow(OUTSIDE, "api", 8001, size, 0, 0, Protocol.HTTP, size),
        Flow(OUTSIDE, "api", 9000, 3 * size, 0, 0, Protocol.HTTP, 3 * size),
        Flow(PUBLISHED, "api", 8001, 2 * size, 0, 0, Protocol.HTTP, 2 * size),
    )


def test_what_leaves_the_stack() -> None:
    streams = Streams()
    for address, port in ((INTERNET, 443), (GATEWAY, 9999), ("fd00::9", 25)):
        streams.take(Segment(CLIENT, Side(address, port), 10, PUSH, RECORD))
    streams.take(Segment(Side(GATEWAY, 5000), Side(INTERNET, 80), 10, PUSH, REQUEST))
    found = leaving_too(streams, Places(stack(WEB, API)))
    assert [(flow.client, flow.server, flow.port) for flow in found] == [
        ("web", HOST, 9999),
        ("web", OUTSIDE, 25),
        ("web", OUTSIDE, 443),
    ]
    assert flows(streams, Places(stack(WEB, API))) == ()


def test_open_before_it_began(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither opening nor request is seen: the server is where somebody listens, then the end that others ask."""
    low, high = Side(CLIENT.address, 5000), Side(SERVER.address, 51000)
    streams = seen(frame(high, low, 1, b"entry 1\n"))
    assert [flow.server for flow in flows(streams, Places(stack(WEB, API)))] == ["web"]
    with monkeypatch.context() as patch:
        patch.setattr(module, "sockets", lambda one: Sockets(frozenset({51000} if one is API else ())))
        (flow,) = flows(streams, Places(stack(WEB, API)))
    assert (flow.client, flow.server, flow.port, flow.protocol) == ("web", "api", 51000, Protocol.UNKNOWN)
    streams = seen(frame(high, low, 1, b"entry 1\n"), frame(Side(CLIENT.address, 7), high, 1, flags=SYN))
    streams.take(Segment(high, Side(CLIENT.address, 7), 1, SYN | ACK, b""))
    assert [flow.server for flow in flows(streams, Places(stack(WEB, API)))] == ["api"]


def test_open_and_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    mine, other = Side(CLIENT.address, 5000), Side(SERVER.address, 5432)
    lists = {
        "web": Sockets(open=frozenset({(mine, other)})),
        "api": Sockets(frozenset({5432}), frozenset({(other, mine)})),
    }
    monkeypatch.setattr(module, "sockets", lambda one: lists[one.service])
    assert flows(Streams(), Places(stack(WEB, API))) == (Flow("web", "api", 5432, 0, 0, 0, Protocol.POSTGRES),)
    (said,) = flows(seen(frame(mine, other, 1, REQUEST)), Places(stack(WEB, API)))
    assert said.sent == len(REQUEST)


def test_what_is_usual_at_a_port() -> None:
    database = Side(SERVER.address, 5432)
    streams = seen(frame(CLIENT, database, 1, b"Q\0\0\0\rselect 1\0"))
    assert [flow.protocol for flow in flows(streams, Places(stack(WEB, API)))] == [Protocol.POSTGRES]
    streams = seen(frame(CLIENT, SERVER, 9, flags=SYN), frame(CLIENT, SERVER, 10, b"one order\n"))
    assert [flow.protocol for flow in flows(streams, Places(stack(WEB, API)))] == [Protocol.TCP]


def test_clear_and_tls_at_one_port() -> None:
    streams = seen(frame(CLIENT, SERVER, 1, REQUEST), frame(Side(CLIENT.address, 4), SERVER, 1, RECORD))
    (flow,) = flows(streams, Places(stack(WEB, API)))
    assert (flow.http, flow.tls, flow.clear) == (len(REQUEST), len(RECORD), len(REQUEST))


def test_addresses_that_change_hands() -> None:
    before = stack(replace(WEB, started="2026-11-25T10:00:00Z"), replace(API, started="2026-11-25T10:00:00Z"))
    swapped = stack(
        container("web", SERVER.address, started="2026-11-25T10:05:00.123456789Z"),
        container("api", CLIENT.address, started="2026-11-25T10:05:00.5Z"),
    )
    places, start = Places(before), datetime(2026, 11, 25, 10, tzinfo=UTC).timestamp()
    places.add(swapped)
    assert [places.service(SERVER.address, start + late) for late in (-60, 60, 299.5, 301)] == [
        "api", "api", "web", "web",
    ]  # fmt: skip
    streams = Streams()
    streams.take(Segment(CLIENT, SERVER, 1, PUSH, REQUEST), start + 10)
    streams.take(Segment(Side(SERVER.address, 4), Side(CLIENT.address, 8001), 1, PUSH, REQUEST), start + 400)
    (flow,) = flows(streams, places)
    assert (flow.client, flow.server, flow.http) == ("web", "api", 2 * len(REQUEST))


def test_udp() -> None:
    streams = Streams()
    for target in (Side(SERVER.address, 8125), Side(SERVER.address, 53), Side("224.0.0.251", 5353)):
        streams.take(Datagram(CLIENT, target))
    streams.take(Datagram(Side(INTERNET, 1), Side(GATEWAY, 2)))
    found = datagrams(streams, Places(stack(WEB, API)))
    assert found == (Datagrams("web", OUTSIDE, 5353), Datagrams("web", "api", 8125))


def test_flows_by_service() -> None:
    gateway, ours, elsewhere = Side("10.0.0.1", 50000), Side("10.0.0.1", 50001), Side("10.9.9.9", 80)
    streams = seen(
        *(frame(end, SERVER, 9, flags=SYN) for end in (CLIENT, gateway, ours)),
        frame(CLIENT, elsewhere, 9, flags=SYN),
        frame(CLIENT, SERVER, 10, RECORD),
        *(frame(end, SERVER, 10, REQUEST) for end in (gateway, ours)),
        frame(CLIENT, elsewhere, 10, REQUEST),
    )
    assert flows(streams, Places(stack(WEB, replace(API, published=frozenset()))), {(SERVER, 50001)}) == (
        Flow(OUTSIDE, "api", 8001, len(REQUEST), 0, 0, Protocol.HTTP, len(REQUEST)),
        Flow("web", "api", 8001, 0, len(RECORD), 0),
    )
