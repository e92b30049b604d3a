"""Servers on the loopback interface, as odd as a test wants them."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
LINK = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nsee https://docs.example/"
MOVED = b"HTTP/1.1 308 Permanent Redirect\r\nLocation: https://api:8001/\r\nConnection: close\r\n\r\n"
NGINX = (
    b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"
    b"<center>The plain HTTP request was sent to HTTPS port</center>"
)


@contextmanager
def serving(handle: Callable[[socket.socket], None], port: int = 0, address: str = "127.0.0.1") -> Iterator[int]:
    """A server that gives each connection to `handle`; yields its port."""
    server = socket.create_server((address, port))

    def one(stream: socket.socket) -> None:
        with stream:
            stream.settimeout(10)
            with suppress(OSError):  # clients that refuse are what this is about
                handle(stream)

    def loop() -> None:
        while True:
            try:
                stream, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=one, args=(stream,), daemon=True).start()

    thread = threading.Thread(target=loop, daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(10)


def tls(certs: Path, name: str, plain: bytes = b"") -> Callable[[socket.socket], None]:
    """TLS with the certificate of `name`; plain HTTP gets `plain`, or is cut off."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certs / f"{name}-cert.pem", certs / f"{name}-key.pem")

    def handle(stream: socket.socket) -> None:
        if plain and stream.recv(1, socket.MSG_PEEK) == b"G":
            stream.recv(4096)
            stream.sendall(plain)
            return
        with context.wrap_socket(stream, server_side=True) as secure:
            if secure.recv(1):
                secure.sendall(OK)

    return handle
