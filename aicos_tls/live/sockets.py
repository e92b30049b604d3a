"""TCP sockets of a container, as the kernel of this machine lists them: nothing is run in the container.

`/proc/PID/net/tcp` has those of the network namespace of a process (proc(5), proc_pid_net(5)). Where the container is
on another machine, or its processes are counted in another way, it is not this container's, and says nothing.
"""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.live.packets import Side

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.live.model import Container

PROC = Path("/proc")
_ESTABLISHED, _LISTEN = "01", "0A"
"""TCP_ESTABLISHED and TCP_LISTEN (linux, `include/net/tcp_states.h`)."""
_MOST = 1 << 24
"""Characters of a list: some 100,000 sockets."""
_MAPPED = bytes(10) + b"\xff\xff"
"""How an IPv6 address begins that stands for one of IPv4 (RFC 4291, 2.5.5.2)."""


class Sockets(Struct, frozen=True):
    """The ports that somebody listens on, and the connections that are open: this container's end, the other one."""

    listening: frozenset[int] = frozenset()
    open: frozenset[tuple[Side, Side]] = frozenset()


def sockets(container: Container, proc: Path = PROC) -> Sockets:
    """What the kernel lists of a container's network, but for its loopback; nothing where it cannot be found out."""
    process = proc / str(container.pid) / "net"
    addresses = {place.address for place in container.attachments if place.address}
    if not container.pid or not addresses & set(_read(process / "fib_trie").split()):
        return Sockets()
    found = [one for name in ("tcp", "tcp6") for one in _sockets(_read(process / name))]
    return Sockets(
        frozenset(mine.port for mine, _, state in found if state == _LISTEN),
        frozenset((mine, other) for mine, other, state in found if state == _ESTABLISHED and mine.address in addresses),
    )


def _sockets(listing: str) -> Iterator[tuple[Side, Side, str]]:
    for line in listing.splitlines()[1:]:
        words = line.split()
        if len(words) > 3:  # noqa: PLR2004 - number, both ends, state
            yield _side(words[1]), _side(words[2]), words[3]


def _side(text: str) -> Side:
    """An end as the kernel writes it: 32-bit words of the address as this machine orders their bytes, and the port."""
    address, _, port = text.rpartition(":")
    data = bytes.fromhex(address)
    if sys.byteorder == "little":
        data = b"".join(data[at : at + 4][::-1] for at in range(0, len(data), 4))
    data = data.removeprefix(_MAPPED)
    family = socket.AF_INET if len(data) == 4 else socket.AF_INET6  # noqa: PLR2004 - bytes of an address
    return Side(socket.inet_ntop(family, data), int(port, 16))


def _read(path: Path) -> str:
    """A list of the kernel: such files say that they are empty, so they are not read as those of a project."""
    try:
        with path.open(encoding="ascii", errors="replace") as file:
            return file.read(_MOST)
    except OSError:
        return ""
