"""What is spoken on a connection, found out while it goes by: a few facts, and no byte of what was said."""

from __future__ import annotations

import re

from msgspec import Struct

from aicos_tls.connections.protocols import Protocol
from aicos_tls.live.openings import (
    COMMAND,
    HELLO,
    PREFACE,
    RECORD,
    REQUEST,
    STATUS,
    frames,
    of_client,
    of_server,
    without_proxy,
)

_GRPC = re.compile(rb"application/grpc|\x1d\x75\xd0\x62\x0d\x26\x3d\x4c\x4d\x65\x64")
"""The type of gRPC's contents, as it is and in HPACK's code (gRPC "over HTTP2"; RFC 7541, appendix B)."""
_UPGRADE = re.compile(rb"(?i:\r\nupgrade:[ \t]*websocket[ \t]*\r\n)")
"""RFC 6455, 4.1 and 4.2.2."""
_ALPN = re.compile(rb"\x00\x10\x00.\x00.(?:\x02h2|\x08http/1\.[01])", re.DOTALL)
"""Application protocols of a ClientHello (RFC 7301, 3.1) that begin with one of HTTP's."""
_LONGEST_HEAD = 1 << 14
"""Bytes of a segment that are searched for an upgrade: more than servers take as the head of a request."""


class Spoken(Struct):
    """The protocol as far as it is known, and whether it is within TLS.

    `begun`: the first bytes of one side were heard, so that what is still unknown is none of the known ones.
    """

    protocol: Protocol = Protocol.UNKNOWN
    tls: bool = False
    begun: bool = False
    framed: bool = False
    """HTTP/2 in clear, which may turn out to be gRPC."""

    def hear(self, data: bytes, *, client: bool, first: bool) -> bool:
        """Hear new bytes of one side, the `first` ones or others; returns whether its beginning was in them."""
        if first and client:
            data = without_proxy(data)
            if not data:
                return False
        if not self.tls and RECORD.match(data):
            self._encrypted(data)
        elif not self.tls:
            self._clear(data, client=client, first=first)
        self.begun = self.begun or first
        return first

    def _encrypted(self, data: bytes) -> None:
        self.tls = True
        if self.protocol is Protocol.UNKNOWN and HELLO.match(data) and _ALPN.search(data):
            self.protocol = Protocol.HTTP

    def _clear(self, data: bytes, *, client: bool, first: bool) -> None:
        if self.protocol is Protocol.UNKNOWN:
            found = (of_client if client else of_server)(data) if first else None
            self.protocol = found or _anywhere(data)
            self.framed = data.startswith(PREFACE)
            if self.protocol is Protocol.UNKNOWN and not self.begun and not first and frames(data):
                self.protocol, self.framed = Protocol.HTTP, True
        if self.protocol is Protocol.HTTP:
            if self.framed and (_GRPC.search(data) or frames(data) is Protocol.GRPC):
                self.protocol = Protocol.GRPC
            elif not self.framed and _begins_http(data) and _upgrades(data):
                self.protocol = Protocol.WS

    def add(self, other: Spoken) -> None:
        """Take what is known of another connection of the same client and server; TLS is only where both have it."""
        self.protocol = better(self.protocol, other.protocol)
        self.tls = self.tls and other.tls
        self.begun = self.begun or other.begun


def _begins_http(data: bytes) -> bool:
    return REQUEST.match(data) is not None or STATUS.match(data) is not None


def _upgrades(data: bytes) -> bool:
    """Whether a request or an answer has, in its head, that the connection becomes a websocket."""
    end = data.find(b"\r\n\r\n", 0, _LONGEST_HEAD)
    return _UPGRADE.search(data, 0, end + 2 if end >= 0 else _LONGEST_HEAD) is not None


def _anywhere(data: bytes) -> Protocol:
    """What bytes say wherever they stand: each request and answer of HTTP begins with a line of its own."""
    if _begins_http(data):
        return Protocol.HTTP
    return Protocol.REDIS if COMMAND.match(data) else Protocol.UNKNOWN


def sender_is_client(data: bytes) -> bool | None:
    """Whether whoever sends these bytes is the client; None where they do not say."""
    if REQUEST.match(data) or HELLO.match(data):
        return True
    return False if STATUS.match(data) else None


def better(one: Protocol, other: Protocol) -> Protocol:
    """The more exact of two protocols: any is more than HTTP, HTTP is more than bytes without a meaning."""
    return max(one, other, key=_exactness)


def _exactness(protocol: Protocol) -> int:
    vague = (Protocol.UNKNOWN, Protocol.TCP, Protocol.HTTP)
    return vague.index(protocol) if protocol in vague else len(vague)
