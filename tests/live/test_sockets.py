"""Sockets as the kernel lists them."""

from __future__ import annotations

import os
import socket
import sys
from typing import TYPE_CHECKING

import pytest

from aicos_tls.live.model import Attachment, Container
from aicos_tls.live.packets import Side
from aicos_tls.live.sockets import Sockets, sockets

if TYPE_CHECKING:
    from pathlib import Path

MAPPED = "0000000000000000FFFF0000"
V6 = "000000FD" + "0" * 16 + "02000000"
"""fd00::2, as a machine has it whose bytes are in little order."""
LIST = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0300000A:1F41 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1
   1: 0300000A:9C40 0200000A:1538 01 00000000:00000000 00:00000000 00000000     0        0 2 1
   2: cut
"""


def container(pid: int, address: str = "10.0.0.3") -> Container:
    return Container("a", "a", "api", "p", "i", "running", attachments=(Attachment("n", address),), pid=pid)


@pytest.mark.skipif(sys.byteorder != "little", reason="the lists are of such a machine")
def test_a_containers(tmp_path: Path) -> None:
    process = tmp_path / "7/net"
    process.mkdir(parents=True)
    (process / "fib_trie").write_text("Main:\n  +-- 10.0.0.0/24 2 0 2\n     |-- 10.0.0.3\n        /32 host LOCAL\n")
    (process / "tcp").write_text(LIST)
    six = LIST.replace("1F41", "C738").replace(" 0300000A:", f" {MAPPED}0300000A:").replace(" 0200000A:", f" {V6}:")
    (process / "tcp6").write_text(six.replace("00000000:0000 0A", f"{'0' * 32}:0000 0A"))
    here = Side("10.0.0.3", 40000)
    expected = Sockets(
        frozenset({8001, 51000}), frozenset({(here, Side("10.0.0.2", 5432)), (here, Side("fd00::2", 5432))})
    )
    assert sockets(container(7), tmp_path) == expected
    assert sockets(container(7, "10.0.0.9"), tmp_path) == Sockets()  # somebody else's process
    assert sockets(container(8), tmp_path) == Sockets()
    assert sockets(container(0), tmp_path) == Sockets()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /proc/PID/net")
def test_this_machines() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        with socket.create_connection(server.getsockname()) as client:
            found = sockets(container(os.getpid(), "127.0.0.1"))
        assert server.getsockname()[1] in found.listening
        assert client is not None
        ends = Side(*server.getsockname())
        assert ends in {other for _, other in found.open}
