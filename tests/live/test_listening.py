"""Ports that somebody listens on, as the kernel lists them."""

from __future__ import annotations

import os
import socket
import sys
from typing import TYPE_CHECKING

import pytest

from aicos_tls.live.listening import listening
from aicos_tls.live.model import Attachment, Container

if TYPE_CHECKING:
    from pathlib import Path

LIST = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0300000A:1F41 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1
   1: 0300000A:9C40 0200000A:1538 01 00000000:00000000 00:00000000 00000000     0        0 2 1
   2: cut
"""


def container(pid: int, address: str = "10.0.0.3") -> Container:
    return Container("a", "a", "api", "p", "i", "running", attachments=(Attachment("n", address),), pid=pid)


def test_a_containers(tmp_path: Path) -> None:
    process = tmp_path / "7/net"
    process.mkdir(parents=True)
    (process / "fib_trie").write_text("Main:\n  +-- 10.0.0.0/24 2 0 2\n     |-- 10.0.0.3\n        /32 host LOCAL\n")
    (process / "tcp").write_text(LIST)
    (process / "tcp6").write_text(LIST.replace("1F41", "C738").replace("0300000A:", f"{'0' * 32}:"))
    assert listening(container(7), tmp_path) == {8001, 51000}
    assert listening(container(7, "10.0.0.9"), tmp_path) == frozenset()  # somebody else's process
    assert listening(container(8), tmp_path) == frozenset()
    assert listening(container(0), tmp_path) == frozenset()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /proc/PID/net")
def test_this_machines() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert server.getsockname()[1] in listening(container(os.getpid(), "127.0.0.1"))
