"""Ports that a container listens on, as the kernel of this machine lists them: nothing is run in the container.

`/proc/PID/net/tcp` has the sockets of the network namespace of a process (proc(5)). Where the container is on another
machine, or its processes are counted in another way, it is not this container's, and says nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aicos_tls.live.model import Container

PROC = Path("/proc")
_LISTEN = "0A"
"""TCP_LISTEN (linux, `include/net/tcp_states.h`)."""
_MOST = 1 << 24
"""Characters of a list: some 100,000 sockets."""


def listening(container: Container, proc: Path = PROC) -> frozenset[int]:
    """The TCP ports on which anything in the container's network listens; none where that cannot be found out."""
    process = proc / str(container.pid) / "net"
    addresses = {place.address for place in container.attachments if place.address}
    if not container.pid or not addresses & set(_read(process / "fib_trie").split()):
        return frozenset()
    lines = [line.split() for name in ("tcp", "tcp6") for line in _read(process / name).splitlines()[1:]]
    return frozenset(int(words[1].rpartition(":")[2], 16) for words in lines if len(words) > 3 and words[3] == _LISTEN)  # noqa: PLR2004


def _read(path: Path) -> str:
    """A list of the kernel: such files say that they are empty, so they are not read as those of a project."""
    try:
        with path.open(encoding="ascii", errors="replace") as file:
            return file.read(_MOST)
    except OSError:
        return ""
