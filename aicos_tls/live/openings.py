"""What protocols begin with: the first bytes of a client, and of servers that speak first.

Looked at and forgotten: none of these functions keeps a byte. They are asked in the order of the tables, the sharpest
first. A port is no evidence here; `aicos_tls.live.spoken` knows what else there is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aicos_tls.connections.protocols import Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

REQUEST = re.compile(rb"[A-Z]{3,10} [^ \r\n]{1,4096} HTTP/1\.[01]\r\n|PRI \* HTTP/2\.0\r\n")
"""A request line (RFC 9112, 3), or HTTP/2's opening without TLS (RFC 9113, 3.4)."""
STATUS = re.compile(rb"HTTP/1\.[01] \d{3}[ \r]")
"""A status line (RFC 9112, 4)."""
PREFACE = b"PRI * HTTP/2.0\r\n"
RECORD = re.compile(rb"[\x14-\x18]\x03[\x00-\x04][\x00-\x48]", re.DOTALL)
"""A TLS record: type, legacy version, a length of at most 2^14 + 2048 bytes (RFC 8446, 5.1; RFC 5246, 6.2.3)."""
HELLO = re.compile(rb"\x16\x03[\x00-\x04]..\x01", re.DOTALL)
"""A record with a ClientHello (RFC 8446, 4)."""
COMMAND = re.compile(rb"\*[1-9]\d{0,6}\r\n\$\d{1,9}\r\n")
"""An array of bulk strings, as every Redis client sends its commands (Redis documentation, "RESP protocol spec")."""
PROXY = re.compile(rb"PROXY (?:TCP4|TCP6|UNKNOWN)[^\r\n]{0,90}\r\n|\r\n\r\n\x00\r\nQUIT\n.{2}(?P<length>..)", re.DOTALL)
"""What a proxy puts before the first bytes of a client (haproxy, `doc/proxy-protocol.txt`, 2.1 and 2.2)."""

_INT32 = 4
_POSTGRES = frozenset({196608, 196610, 80877102, 80877103, 80877104})
"""Protocol 3.0 and 3.2, CancelRequest, SSLRequest, GSSENCRequest (PostgreSQL, "Message Formats")."""
_MONGODB = frozenset({2004, 2012, 2013})
"""OP_QUERY, OP_COMPRESSED, OP_MSG (MongoDB, "Wire Protocol")."""
_KAFKA = frozenset({0, 1, 2, 3, 10, 17, 18, 22})
"""First requests: Produce, Fetch, ListOffsets, Metadata, FindCoordinator, SaslHandshake, ApiVersions and so on."""
_PATTERNS = {
    Protocol.AMQP: rb"AMQP(?:\x00\x00\x09\x01|[\x00\x02\x03]\x01\x00\x00|\x01\x01\x00\x0a|\x01\x01\x08\x00)",
    Protocol.MQTT: rb"\x10(?:[\x80-\xff]{0,3}[\x00-\x7f])\x00(?:\x04MQTT|\x06MQIsdp)",
    Protocol.NATS: rb"CONNECT \{",
    Protocol.SMTP: rb"(?i:EHLO|HELO|LHLO) [^\r\n]{1,512}\r\n",
    Protocol.CLICKHOUSE: rb"\x00[\x0b-\x7f]ClickHouse ",
    Protocol.FASTCGI: rb"\x01\x01..\x00\x08.\x00\x00[\x01-\x03][\x00\x01]\x00{5}",
    Protocol.UWSGI: rb"\x00..\x00[\x01-\x40]\x00[A-Z][A-Z_]{3,}",
    Protocol.LDAP: rb"\x30(?:[\x00-\x7f]|\x81.|\x82..|\x84....)\x02\x01[\x01-\x7f][\x60\x63\x77]",
    Protocol.MEMCACHED: (
        rb"(?:gets?|gats?|set|add|replace|append|prepend|cas|touch|incr|decr|delete|m[gsdan]) [^\r\n]{1,300}\r\n"
        rb"|(?:stats|version|flush_all|verbosity|mn)(?: [^\r\n]{1,80})?\r\n"
        rb"|\x80[\x00-\x22]..[\x00-\x14]\x00\x00\x00.{16}"
    ),
    Protocol.REDIS: COMMAND.pattern + rb"|PING\r\n",
}
"""AMQP 0-9-1 (4.2.2) and 1.0 (2.2); MQTT 3.1.1 (3.1) and 5.0; NATS "Client protocol"; RFC 5321 (4.1.1.1) and 2033;
ClickHouse "Native protocol"; FastCGI 1.0 (3.3, 5.1); uWSGI "The uwsgi Protocol"; RFC 4511 (4.2, 4.5, 4.12); memcached
`protocol.txt` and "BinaryProtocolRevamped"; Redis "RESP protocol spec"."""
_COMPILED = {protocol: re.compile(pattern, re.DOTALL) for protocol, pattern in _PATTERNS.items()}


def _number(data: bytes, start: int, length: int = _INT32) -> int:
    return int.from_bytes(data[start : start + length], "big")


def _postgres(data: bytes) -> bool:
    """Its length counts itself, and the code of what is asked follows."""
    return len(data) >= 2 * _INT32 and _number(data, 0) >= 2 * _INT32 and _number(data, _INT32) in _POSTGRES


def _mongodb(data: bytes) -> bool:
    """Little-endian: length, request, what it answers (nothing), kind of message."""
    if len(data) < 4 * _INT32:
        return False
    length, _, answers, kind = (int.from_bytes(data[at : at + _INT32], "little") for at in range(0, 16, _INT32))
    return length >= len(data) and answers == 0 and kind in _MONGODB


def _zookeeper(data: bytes) -> bool:
    """A ConnectRequest: 44 or 45 bytes, of version 0, with a password of 16 bytes (ZooKeeper, `zookeeper.jute`)."""
    return len(data) in (48, 49) and _number(data, 0) == len(data) - 4 and data[4:8] == bytes(4) and data[31] == 16  # noqa: PLR2004


def _kafka(data: bytes) -> bool:
    """Size, kind and version of the request, a number, the client's name (Kafka, "Protocol", request headers 1, 2)."""
    if len(data) < 14 or not 10 <= _number(data, 0) <= 1 << 27:  # noqa: PLR2004 - sizes of the header and of requests
        return False
    kind, version, name = (_number(data, at, 2) for at in (4, 6, 12))
    named = name == 0xFFFF or (len(data) >= 14 + name and name < 256 and data[14 : 14 + name].isascii())  # noqa: PLR2004
    return kind in _KAFKA and version <= 20 and (kind or version) > 0 and named  # noqa: PLR2004 - versions so far


def _cassandra(data: bytes) -> bool:
    """STARTUP or OPTIONS in a frame of version 3 to 5 (Apache Cassandra, "Native protocol", 2)."""
    return (
        len(data) >= 9  # noqa: PLR2004 - the header
        and data[0] in (3, 4, 5, 66)
        and data[4] in (1, 5)
        and _number(data, 5) == len(data) - 9
    )


def _mssql(data: bytes) -> bool:
    """PRELOGIN, one packet (MS-TDS, 2.2.3.1, 2.2.6.5)."""
    return len(data) > 8 and data[:2] == b"\x12\x01" and _number(data, 2, 2) == len(data) and data[7] == 0  # noqa: PLR2004


_CLIENT: tuple[tuple[Protocol, Callable[[bytes], object]], ...] = (
    (Protocol.HTTP, REQUEST.match),
    (Protocol.POSTGRES, _postgres),
    *((protocol, pattern.match) for protocol, pattern in _COMPILED.items()),
    (Protocol.MSSQL, _mssql),
    (Protocol.MONGODB, _mongodb),
    (Protocol.ZOOKEEPER, _zookeeper),
    (Protocol.CASSANDRA, _cassandra),
    (Protocol.KAFKA, _kafka),
)
_SERVER: tuple[tuple[Protocol, Callable[[bytes], object]], ...] = (
    (Protocol.HTTP, STATUS.match),
    (Protocol.MYSQL, re.compile(rb"..\x00\x00(?:\x0a[\x20-\x7e]{1,80}\x00|\xff..[\x20-\x7e])", re.DOTALL).match),
    (Protocol.NATS, re.compile(rb"INFO \{").match),
    (Protocol.SMTP, re.compile(rb"220[ -][^\r\n]{0,500}SMTP").match),
)
"""MySQL, "Connection Phase" (HandshakeV10, ERR_Packet); NATS "Client protocol"; RFC 5321 (4.2)."""


def frames(data: bytes) -> Protocol | None:
    """HTTP/2 or gRPC by the frames that a piece of a stream consists of; None where it is no row of whole frames.

    A frame has a length, a type with the lengths and the streams that it allows, and flags (RFC 9113, 4.1 and 6); a
    message of gRPC begins with whether it is compressed, and its length (gRPC "over HTTP2").
    """
    found, at = None, 0
    while at < len(data):
        length, kind = _number(data, at, 3), data[at + 3] if at + _FRAME <= len(data) else -1
        stream, body = _number(data, at + 5), data[at + _FRAME : at + _FRAME + length]
        if kind not in _FRAMES or len(body) != length or not _FRAMES[kind](length, stream):
            return None
        message = kind == 0 and not data[at + 4] & 8 and length > _INT32 and body[0] <= 1
        grpc = message and _number(body, 1) == length - 1 - _INT32
        found = Protocol.GRPC if grpc or found is Protocol.GRPC else Protocol.HTTP
        at += _FRAME + length
    return found


_FRAME = 9
_FRAMES: dict[int, Callable[[int, int], bool]] = {
    0: lambda _, stream: 0 < stream < 1 << 31,  # DATA
    1: lambda _, stream: 0 < stream < 1 << 31,  # HEADERS
    3: lambda length, stream: length == 4 and 0 < stream < 1 << 31,  # noqa: PLR2004 - RST_STREAM
    4: lambda length, stream: length % 6 == 0 and stream == 0,  # SETTINGS
    6: lambda length, stream: length == 8 and stream == 0,  # noqa: PLR2004 - PING
    8: lambda length, stream: length == 4 and stream < 1 << 31,  # noqa: PLR2004 - WINDOW_UPDATE
}


def of_client(data: bytes) -> Protocol | None:
    """The protocol that a client begins with `data`; None for none that is known."""
    return next((protocol for protocol, is_it in _CLIENT if is_it(data)), None)


def of_server(data: bytes) -> Protocol | None:
    """The protocol that a server greets with `data`, or answers what was not heard."""
    return next((protocol for protocol, is_it in _SERVER if is_it(data)), None)


def without_proxy(data: bytes) -> bytes:
    """The first bytes of a client without what a proxy put before them; nothing where that is all."""
    match = PROXY.match(data)
    if match is None:
        return data
    length = match["length"]
    return data[match.end() + (int.from_bytes(length, "big") if length else 0) :]
