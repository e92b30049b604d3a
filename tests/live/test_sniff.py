"""Listening on the loopback interface, where that is allowed; and what is said where it is not."""

from __future__ import annotations

import socket
import sys

import pytest

from aicos_tls.errors import InternalError, TlsError
from aicos_tls.live import sniff
from aicos_tls.live.packets import Side
from aicos_tls.live.sniff import Sniffer


def test_what_is_sent_is_seen() -> None:
    try:
        with Sniffer(["lo"]) as sniffer, socket.create_server(("127.0.0.1", 0)) as server:
            client = socket.create_connection(server.getsockname())
            accepted, _ = server.accept()
            with client, accepted:
                client.sendall(b"GET / HTTP/1.1\r\n\r\n")
                assert accepted.recv(100)
                ends = Side(*client.getsockname()), Side(*server.getsockname())
    except TlsError as error:
        pytest.skip(str(error))
    found = sniffer.streams.connections[frozenset(ends)]
    assert (found.client, found.server) == ends
    assert found.bytes.http == 18  # once, though the loopback interface shows each packet twice
    assert sniffer.lost == 0


@pytest.mark.parametrize(
    ("error", "words", "hint"),
    [
        (PermissionError(1, "Operation not permitted"), "no right to listen", "sudo"),
        (OSError(19, "No such device"), "cannot listen on br-x: No such device", ""),
    ],
)
def test_without_the_right(error: OSError, words: str, hint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> socket.socket:
        raise error

    monkeypatch.setattr(sniff, "_open", refuse)
    with pytest.raises(TlsError, match=words) as caught, Sniffer(["br-x"]):
        pass
    assert hint in caught.value.hint


def test_a_fault_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: bytes) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(sniff, "packet", broken)
    try:
        with pytest.raises(InternalError) as caught, Sniffer(["lo"]), socket.create_server(("127.0.0.1", 0)) as server:
            socket.create_connection(server.getsockname()).close()
    except TlsError as error:
        pytest.skip(str(error))
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_no_such_interface() -> None:
    with pytest.raises(TlsError, match=r"cannot listen on nosuch0|no right to listen"), Sniffer(["nosuch0"]):
        pass


def test_nothing_to_listen_on_and_no_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TlsError, match="no network of the stack has a bridge on this machine"), Sniffer([]):
        pass
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(TlsError, match="needs Linux"), Sniffer(["lo"]):
        pass
