"""Watches the bridges of a stack's networks: who sends how much to whom, in clear and in TLS.

Linux only (`packet(7)`), and only with the right to open packet sockets (CAP_NET_RAW). Nothing of the contents is kept.
"""

from __future__ import annotations

import selectors
import socket
import struct
import sys
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from aicos_tls.errors import InternalError, TlsError
from aicos_tls.live.packets import packet
from aicos_tls.live.streams import Streams

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

_EVERY_PROTOCOL = 3  # ETH_P_ALL (linux/if_ether.h)
_SOL_PACKET, _ADD_MEMBERSHIP, _STATISTICS, _PROMISCUOUS = 263, 1, 6, 1  # linux/if_packet.h
_RCVBUFFORCE = 33  # SO_RCVBUFFORCE (asm-generic/socket.h)
_BUFFER = 64 << 20
_FRAME = 1 << 17
"""Bytes: a frame of the largest segment that offloads make."""
_LEFT = 5.0
"""Seconds that reading what has arrived may take at the end: on a busy network there is always more."""


class Sniffer:
    """Listens from `with` on until its end; then `streams` has what was seen. `asked` is what wants it, for errors."""

    def __init__(self, interfaces: Iterable[str], asked: str = "--sniff") -> None:
        self._asked = asked
        self.streams = Streams()
        self.lost = 0
        self._interfaces = sorted(set(interfaces))
        self._sockets: list[socket.socket] = []
        self._stop = threading.Event()
        self._fault: Exception | None = None
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> Self:
        """Open the sockets; raises `TlsError` without the right to, or where there is nothing to listen on."""
        if sys.platform != "linux":
            raise TlsError(f"{self._asked} needs Linux", hint="run it on the machine where the engine is")
        if not self._interfaces:
            hint = f"run {self._asked} on the engine's"
            raise TlsError("no network of the stack has a bridge on this machine", hint=hint)
        try:
            self._sockets = [_open(name) for name in self._interfaces]
        except PermissionError:
            raise TlsError(
                "there is no right to listen on the networks (CAP_NET_RAW)", hint=f"run {self._asked} with sudo"
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
        if self._fault is not None and kind is None:
            raise InternalError("listening to the networks broke off") from self._fault

    def _listen(self) -> None:
        try:
            self._read()
        except Exception as fault:  # noqa: BLE001 - it is raised where the program waits for the thread
            self._fault = fault

    def _read(self) -> None:
        with selectors.DefaultSelector() as chosen:
            for opened in self._sockets:
                chosen.register(opened, selectors.EVENT_READ)
            last = 0.0
            while not last or time.monotonic() < last:
                if self._stop.is_set() and not last:
                    last = time.monotonic() + _LEFT
                ready = chosen.select(0.1)
                if not ready and last:
                    return
                for key, _ in ready:
                    self._drain(self._sockets[self._sockets.index(key.fileobj)])  # type: ignore[arg-type]

    def _drain(self, opened: socket.socket) -> None:
        for _ in range(1000):
            try:
                found = packet(opened.recv(_FRAME))
            except OSError:  # nothing more for now
                return
            if found is not None:
                self.streams.take(found, time.time())


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
