"""Protocols by their first bytes, which are those of the protocols' own documentation."""

from __future__ import annotations

import struct
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aicos_tls.connections.protocols import Protocol
from aicos_tls.live import openings
from aicos_tls.live.spoken import Spoken, better, sender_is_client

STARTUP = struct.pack("!ii", 37, 196608) + b"user\0postgres\0database\0app\0\0"
SSL_REQUEST = struct.pack("!ii", 8, 80877103)
GREETING = b"\x4a\x00\x00\x00\x0a8.0.36\x00\x08\x00\x00\x00" + b"a" * 8 + b"\x00\xff\xf7\xff\x02\x00" + bytes(45)
HELLO = struct.pack("<iiii", 41, 1, 0, 2013) + b"\0\0\0\0\0\x10hello\0\x01\0\0\0\0" + bytes(7)
API_VERSIONS = struct.pack("!ihhih", 33, 18, 3, 1, 9) + b"rdkafka-1" + b"\0\x08librdkafk"
MQTT = b"\x10\x16\x00\x04MQTT\x04\x02\x00\x3c\x00\x0asensor-001"
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"
ALPN = b"\x00\x10\x00\x0e\x00\x0c\x02h2\x08http/1.1"
CLIENT_HELLO = b"\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03" + bytes(32) + b"\x00\x00\x02\x13\x01\x01\x00\x00\x80"
UPGRADE = b"GET /chat HTTP/1.1\r\nHost: feed\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: WebSocket\r\nConnection: Upgrade\r\n\r\n"
ZOOKEEPER = struct.pack("!iiqiqi", 44, 0, 0, 30000, 0, 16) + bytes(16)
CQL = b"\x04\x00\x00\x00\x01\x00\x00\x00\x16\x00\x01\x00\x0bCQL_VERSION\x00\x053.0.0"
PRELOGIN = b"\x12\x01\x00\x0e\x00\x00\x01\x00\xff\x00\x00\x00\x00\x00"
FASTCGI = b"\x01\x01\x00\x01\x00\x08\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01\x04\x00\x01"
UWSGI = b"\x00\x59\x01\x00\x0c\x00QUERY_STRING\x00\x00\x0e\x00REQUEST_METHOD\x03\x00GET"
BIND = b"\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00"

PING = b"\0\0\x08\x06\0\0\0\0\0\xa7\x0dN7|\xc1U\xcb"
CALL = b"\0\0\x04\x01\x04\0\0\0\x03\xc4\x83\x86\xbf\0\0\x06\0\x01\0\0\0\x03\0\0\0\0\x01x"
"""HEADERS that refer to what was sent before, and DATA with a message of one byte."""

CLIENTS = [
    (Protocol.HTTP, b"GET /orders?id=7 HTTP/1.1\r\nHost: api\r\n\r\n"),
    (Protocol.HTTP, b"OPTIONS * HTTP/1.0\r\n\r\n"),
    (Protocol.HTTP, PREFACE),
    (Protocol.POSTGRES, STARTUP),
    (Protocol.POSTGRES, SSL_REQUEST),
    (Protocol.POSTGRES, struct.pack("!iiii", 16, 80877102, 7, 9)),
    (Protocol.REDIS, b"*2\r\n$4\r\nINCR\r\n$6\r\norders\r\n"),
    (Protocol.REDIS, b"PING\r\n"),
    (Protocol.AMQP, b"AMQP\x00\x00\x09\x01"),
    (Protocol.AMQP, b"AMQP\x03\x01\x00\x00"),
    (Protocol.MONGODB, HELLO),
    (Protocol.KAFKA, API_VERSIONS),
    (Protocol.KAFKA, struct.pack("!ihhih", 14, 3, 1, 1, -1) + bytes(4)),
    (Protocol.NATS, b'CONNECT {"verbose":false,"lang":"go"}\r\nPING\r\n'),
    (Protocol.MQTT, MQTT),
    (Protocol.MQTT, b"\x10\xa6\x01\x00\x06MQIsdp\x03\x02\x00\x3c" + bytes(20)),
    (Protocol.MEMCACHED, b"get session:42\r\n"),
    (Protocol.MEMCACHED, b"set key 0 900 5\r\nvalue\r\n"),
    (Protocol.MEMCACHED, b"\x80\x0b" + bytes(22)),
    (Protocol.SMTP, b"EHLO shop.example\r\n"),
    (Protocol.CASSANDRA, CQL),
    (Protocol.MSSQL, PRELOGIN),
    (Protocol.CLICKHOUSE, b"\x00\x11ClickHouse client\x18\x03\xb4\xa9\x03"),
    (Protocol.ZOOKEEPER, ZOOKEEPER),
    (Protocol.LDAP, BIND),
    (Protocol.FASTCGI, FASTCGI),
    (Protocol.UWSGI, UWSGI),
    (None, b"one order\n"),
    (None, b"SSH-2.0-OpenSSH_9.2\r\n"),
    (None, b"\x00\x00\x00\x08order"),
    (None, b""),
]
SERVERS = [
    (Protocol.HTTP, b"HTTP/1.1 200 OK\r\n\r\n"),
    (Protocol.MYSQL, GREETING),
    (Protocol.MYSQL, b"\x45\x00\x00\x00\xff\x6a\x04Host '172.18.0.3' is not allowed to connect"),
    (Protocol.NATS, b'INFO {"server_id":"N1","version":"2.10.0"}\r\n'),
    (Protocol.SMTP, b"220 mail.example ESMTP Postfix\r\n"),
    (None, b"220 ProFTPD Server ready\r\n"),
    (None, b"entry 1\n"),
]


@pytest.mark.parametrize(("protocol", "data"), CLIENTS)
def test_what_clients_begin_with(protocol: Protocol | None, data: bytes) -> None:
    assert openings.of_client(data) is protocol
    spoken = Spoken()
    spoken.hear(data, client=True, first=True)
    assert (spoken.protocol, spoken.tls) == (protocol or Protocol.UNKNOWN, False)


@pytest.mark.parametrize(("protocol", "data"), SERVERS)
def test_what_servers_begin_with(protocol: Protocol | None, data: bytes) -> None:
    assert openings.of_server(data) is protocol


def heard(*said: tuple[str, bytes]) -> Spoken:
    """A connection by what was said in turn: `c` the client, `s` the server; capitals for the first bytes of each."""
    spoken = Spoken()
    for who, data in said:
        spoken.hear(data, client=who.lower() == "c", first=who.isupper())
    return spoken


@pytest.mark.parametrize(
    ("said", "protocol", "tls"),
    [
        ([("C", CLIENT_HELLO)], Protocol.UNKNOWN, True),
        ([("C", CLIENT_HELLO + ALPN)], Protocol.HTTP, True),
        ([("C", SSL_REQUEST), ("S", b"S"), ("c", CLIENT_HELLO)], Protocol.POSTGRES, True),
        ([("C", SSL_REQUEST), ("S", b"N"), ("c", STARTUP)], Protocol.POSTGRES, False),
        ([("S", GREETING), ("C", b"\x20\x00\x00\x01" + bytes(32)), ("c", CLIENT_HELLO)], Protocol.MYSQL, True),
        ([("S", b"220 mail\r\n"), ("C", b"EHLO web\r\n"), ("c", CLIENT_HELLO)], Protocol.SMTP, True),
        ([("c", b"\x17\x03\x03\x00\x20" + bytes(32))], Protocol.UNKNOWN, True),
        ([("C", UPGRADE)], Protocol.WS, False),
        ([("C", b"GET / HTTP/1.1\r\n\r\n"), ("S", b"HTTP/1.1 200 OK\r\n\r\n"), ("c", UPGRADE)], Protocol.WS, False),
        ([("s", SWITCHED)], Protocol.WS, False),
        ([("C", UPGRADE.replace(b"websocket", b"h2c"))], Protocol.HTTP, False),
        ([("C", b"POST / HTTP/1.1\r\nHost: a\r\n\r\n" + UPGRADE)], Protocol.HTTP, False),
        ([("C", PREFACE), ("c", b"\0\0\x20\1\4\0\0\0\1\x83_\x10application/grpc")], Protocol.GRPC, False),
        ([("C", PREFACE), ("c", b"\x83_\x8b\x1d\x75\xd0\x62\x0d\x26\x3d\x4c\x4d\x65\x64z")], Protocol.GRPC, False),
        ([("C", PREFACE), ("c", b"\x83_\x10application/json")], Protocol.HTTP, False),
        ([("C", b"POST / HTTP/1.1\r\nContent-Type: application/grpc-web\r\n\r\n")], Protocol.HTTP, False),
        ([("C", b"PROXY TCP4 10.0.0.1 10.0.0.2 5 80\r\nGET / HTTP/1.1\r\n\r\n")], Protocol.HTTP, False),
        ([("C", b"PROXY UNKNOWN\r\n"), ("C", STARTUP)], Protocol.POSTGRES, False),
        ([("C", b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c" + bytes(12) + STARTUP)], Protocol.POSTGRES, False),
        ([("C", STARTUP), ("c", b"GET / HTTP/1.1\r\n")], Protocol.POSTGRES, False),
        ([("c", b"*1\r\n$4\r\nPING\r\n")], Protocol.REDIS, False),
        ([("c", STARTUP)], Protocol.UNKNOWN, False),
        ([("c", PING)], Protocol.HTTP, False),
        ([("s", PING), ("c", CALL)], Protocol.GRPC, False),
        ([("c", CALL + PING)], Protocol.GRPC, False),
        ([("c", CALL[:-1])], Protocol.UNKNOWN, False),
        ([("c", CALL[:5])], Protocol.UNKNOWN, False),
        ([("C", b"one order\n"), ("c", CALL)], Protocol.UNKNOWN, False),
    ],
)
def test_a_conversation(said: list[tuple[str, bytes]], protocol: Protocol, tls: bool) -> None:  # noqa: FBT001
    spoken = heard(*said)
    assert (spoken.protocol, spoken.tls) == (protocol, tls)


def test_a_proxys_header_is_no_beginning() -> None:
    spoken = Spoken()
    assert not spoken.hear(b"PROXY UNKNOWN\r\n", client=True, first=True)
    assert not spoken.begun
    assert spoken.hear(b"one order\n", client=True, first=True)
    assert spoken.begun


def test_who_is_the_client() -> None:
    assert sender_is_client(CLIENT_HELLO) is True
    assert sender_is_client(UPGRADE) is True
    assert sender_is_client(SWITCHED) is False
    assert sender_is_client(b"anything") is None


def test_the_more_exact() -> None:
    ranked = [Protocol.UNKNOWN, Protocol.TCP, Protocol.HTTP, Protocol.WS]
    for low, high in pairwise(ranked):
        assert better(low, high) is better(high, low) is high
    assert better(Protocol.GRPC, Protocol.WS) is Protocol.GRPC


@given(st.lists(st.tuples(st.sampled_from("CcSs"), st.binary(max_size=300)), max_size=6))
@example([("C", b"\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff")])
@example([("C", struct.pack("!ihhih", 1 << 26, 18, 3, 1, 200) + b"\xff" * 250)])
def test_nothing_that_is_said_raises_or_is_kept(said: list[tuple[str, bytes]]) -> None:
    spoken = heard(*said)
    facts = [getattr(spoken, name) for name in Spoken.__struct_fields__]
    assert all(isinstance(fact, bool | Protocol) for fact in facts)


@given(st.sampled_from(CLIENTS + SERVERS), st.integers(0, 60))
def test_a_beginning_that_is_cut_off_is_no_other_protocol(case: tuple[Protocol | None, bytes], length: int) -> None:
    protocol, data = case
    for found in (openings.of_client(data[:length]), openings.of_server(data[:length])):
        assert found in (None, protocol)
