"""Watches the bridges of a stack's networks: who sends how much to whom, in clear and in TLS.

Linux only (`packet(7)`), and only with the right to open packet sockets (CAP_NET_RAW). Nothing of the contents is kept.
"""

from __future__ import annotations

import selectors
import socket
import struct
import sys
import threading
from collections import defaultdict
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from msgspec import Struct

from aicos_tls.errors import TlsError
from aicos_tls.live.packets import Bytes, Streams, segment
from aicos_tls.live.sidecars import stands_before

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from types import TracebackType

    from aicos_tls.live.packets import Side
    from aicos_tls.live.stack import Stack

OUTSIDE = "(outside)"
"""Who is no container of the stack: this machine, and whoever comes in through a published port."""
_EVERY_PROTOCOL = 3  # ETH_P_ALL (linux/if_ether.h)
_SOL_PACKET, _ADD_MEMBERSHIP, _STATISTICS, _PROMISCUOUS = 263, 1, 6, 1  # linux/if_packet.h
_RCVBUFFORCE = 33  # SO_RCVBUFFORCE (asm-generic/socket.h)
_BUFFER = 64 << 20
_FRAME = 1 << 17
"""Bytes: a frame of the largest segment that offloads make."""


class Flow(Struct, frozen=True):
    """Bytes of payload, both ways, between a client and a server's port; services by name."""

    client: str
    server: str
    port: int
    http: int
    tls: int
    other: int


class Sniffer:
    """Listens from `with` on until its end; then `flows` says what was seen."""

    def __init__(self, interfaces: Iterable[str]) -> None:
        self.streams = Streams()
        self.lost = 0
        self._interfaces = sorted(set(interfaces))
        self._sockets: list[socket.socket] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> Self:
        """Open the sockets; raises `TlsError` without the right to, or where there is nothing to listen on."""
        if sys.platform != "linux":
            raise TlsError("--sniff needs Linux", hint="run it on the machine where the engine is")
        if not self._interfaces:
            raise TlsError("no network of the stack has a bridge on this machine", hint="run --sniff on the engine's")
        try:
            self._sockets = [_open(name) for name in self._interfaces]
        except PermissionError:
            raise TlsError(
                "there is no right to listen on the networks (CAP_NET_RAW)", hint="run --sniff with sudo"
            ) from None
        except OSError as error:
            raise TlsError(f"cannot listen on {', '.join(self._interfaces)}: {error.strerror}") from None
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take what has arrived, and close."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        for opened in self._sockets:
            with suppress(OSError):
                self.lost += struct.unpack("II", opened.getsockopt(_SOL_PACKET, _STATISTICS, 8))[1]
            opened.close()

    def _listen(self) -> None:
        with selectors.DefaultSelector() as chosen:
            for opened in self._sockets:
                chosen.register(opened, selectors.EVENT_READ)
            while True:
                ready = chosen.select(0.1)
                if not ready and self._stop.is_set():
                    return
                for key, _ in ready:
                    self._drain(self._sockets[self._sockets.index(key.fileobj)])  # type: ignore[arg-type]

    def _drain(self, opened: socket.socket) -> None:
        for _ in range(1000):
            try:
                packet = segment(opened.recv(_FRAME))
            except OSError:  # nothing more for now
                return
            if packet is not None:
                self.streams.take(packet)


def _open(name: str) -> socket.socket:
    """A packet socket on an interface, with a large buffer, that sees what the bridge forwards."""
    opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_EVERY_PROTOCOL))
    try:
        with suppress(OSError):  # more than others may have needs a right of its own
            opened.setsockopt(socket.SOL_SOCKET, _RCVBUFFORCE, _BUFFER)
        opened.bind((name, 0))
        request = struct.pack("iHH8s", socket.if_nametoindex(name), _PROMISCUOUS, 0, b"")
        opened.setsockopt(_SOL_PACKET, _ADD_MEMBERSHIP, request)
        opened.settimeout(0)
    except OSError:
        opened.close()
        raise
    return opened


def flows(streams: Streams, stack: Stack, ours: Collection[tuple[Side, int]]) -> tuple[Flow, ...]:
    """What was seen, by service; a sidecar is the service that it stands before.

    `ours` are our own attempts in clear: the server's end and the port on our side.
    """
    places = [(stands_before(stack, c), a) for c in stack.containers for a in c.attachments]
    names = {address: service for service, a in places for address in (a.address, a.ipv6) if address}
    sums: dict[tuple[str, str, int], Bytes] = defaultdict(Bytes)
    for connection in streams.connections.values():
        server = names.get(connection.server.address)
        if server is None or (connection.server, connection.client.port) in ours:
            continue
        client = names.get(connection.client.address, OUTSIDE)
        sums[client, server, connection.server.port].add(connection.bytes)
    return tuple(Flow(*key, count.http, count.tls, count.other) for key, count in sorted(sums.items()))
