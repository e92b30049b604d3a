"""Packets out of frames: segments of TCP and datagrams of UDP, with who sends them to whom."""

from __future__ import annotations

import socket
from typing import NamedTuple

from msgspec import Struct

_ETHERNET = 14
_TCP, _UDP = 6, 17
_FRAGMENT = 0x1FFF
"""Where in its packet a fragment begins (RFC 791, 3.1)."""
_IPV4, _IPV6 = b"\x08\x00", b"\x86\xdd"


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


class Datagram(Struct, frozen=True):
    """The ends of a packet of UDP."""

    source: Side
    target: Side


def packet(frame: bytes) -> Segment | Datagram | None:
    """The TCP segment or UDP datagram in an Ethernet frame (RFC 894, 791, 8200); None when there is none."""
    kind = frame[12:_ETHERNET]
    if kind == _IPV4 and len(frame) >= _ETHERNET + 20:
        if int.from_bytes(frame[20:22], "big") & _FRAGMENT:  # a later part of a packet begins with no header
            return None
        start = _ETHERNET + (frame[14] & 15) * 4
        total = int.from_bytes(frame[16:18], "big")
        end = _ETHERNET + total if total else len(frame)  # 0: larger than 64 KiB, as segmentation offload makes them
        protocol = frame[23]
        places = socket.inet_ntop(socket.AF_INET, frame[26:30]), socket.inet_ntop(socket.AF_INET, frame[30:34])
    elif kind == _IPV6 and len(frame) >= _ETHERNET + 40:
        start = _ETHERNET + 40
        length = int.from_bytes(frame[18:20], "big")
        end = start + length if length else len(frame)
        protocol = frame[20]
        places = socket.inet_ntop(socket.AF_INET6, frame[22:38]), socket.inet_ntop(socket.AF_INET6, frame[38:54])
    else:
        return None
    ports = int.from_bytes(frame[start : start + 2], "big"), int.from_bytes(frame[start + 2 : start + 4], "big")
    source, target = Side(places[0], ports[0]), Side(places[1], ports[1])
    if protocol == _UDP and len(frame) >= start + 8:
        return Datagram(source, target)
    return _segment(frame[start:end], source, target) if protocol == _TCP else None


def _segment(data: bytes, source: Side, target: Side) -> Segment | None:
    """A segment from its header on (RFC 9293, 3.1)."""
    if len(data) < 20:  # noqa: PLR2004 - bytes of a TCP header
        return None
    return Segment(source, target, int.from_bytes(data[4:8], "big"), data[13], data[(data[12] >> 4) * 4 :])
