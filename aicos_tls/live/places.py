"""Whose an address is: containers by the addresses that they have, and had, while somebody listens."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.connections.model import PUBLISHED
from aicos_tls.live.sidecars import stands_before
from aicos_tls.live.sockets import sockets

if TYPE_CHECKING:
    from ipaddress import IPv4Network, IPv6Network

    from aicos_tls.live.packets import Side
    from aicos_tls.live.stack import Stack

OUTSIDE = "(outside)"
"""Who is no container of the stack: this machine, a container of another project, any other host."""
ELSEWHERE = frozenset({OUTSIDE, PUBLISHED})
"""Clients that are no services."""
_EARLY = 1.0
"""Seconds that a program may have run before the engine says that its container has started."""


class _Place(Struct, frozen=True):
    """Who has an address from when on (seconds of the epoch), and the ports that it publishes and listens on."""

    service: str
    since: float
    published: frozenset[int]
    ports: frozenset[int]


class Places:
    """The addresses of a stack's containers. Containers that are restarted may take each other's."""

    def __init__(self, *stacks: Stack) -> None:
        self._places: dict[str, dict[tuple[str, float], _Place]] = {}
        self.open: dict[tuple[Side, Side], float] = {}
        """Connections that were open when somebody looked: a container's end, the other end, and when."""
        self._gateways: set[str] = set()
        self._subnets: set[IPv4Network | IPv6Network] = set()
        for stack in stacks:
            self.add(stack)

    def add(self, stack: Stack) -> None:
        """Take in how the stack is now, and which connections of it are open."""
        now = time.time()
        for network in stack.networks.values():
            self._subnets.update(ip_network(subnet, strict=False) for subnet in network.subnets)
        for container in stack.containers:
            known = sockets(container)
            self.open |= dict.fromkeys(known.open, now)
            for place in container.attachments:
                self._gateways.add(place.gateway)
                found = _Place(
                    stands_before(stack, container), _time(container.started), container.published, known.listening
                )
                for address in filter(None, (place.address, place.ipv6)):
                    self._places.setdefault(address, {})[container.id, found.since] = found

    def service(self, address: str, at: float) -> str:
        """The service that has an address at a time; `OUTSIDE` for none."""
        found = self._at(address, at)
        return found.service if found else OUTSIDE

    def client(self, address: str, server: Side, at: float) -> str:
        """Who asks a server: a service, `PUBLISHED` for whoever comes by a published port, `OUTSIDE` for all others."""
        found = self._at(address, at)
        if found:
            return found.service
        asked = self._at(server.address, at)
        published = asked is not None and server.port in asked.published
        return PUBLISHED if published and self._by_the_host(address) else OUTSIDE

    def listens(self, side: Side, at: float) -> bool:
        """Whether a container of the stack listens there."""
        found = self._at(side.address, at)
        return found is not None and side.port in found.ports

    def is_host(self, address: str) -> bool:
        """Whether it is this machine, as containers reach it."""
        return address in self._gateways

    def _by_the_host(self, address: str) -> bool:
        """Whether a packet from an address came through the host: not from a container of another project."""
        if self.is_host(address):
            return True
        asking = ip_address(address)
        return not any(asking in subnet for subnet in self._subnets if subnet.version == asking.version)

    def _at(self, address: str, at: float) -> _Place | None:
        """Who had the address then: the last that had begun, or the first of all."""
        known = sorted(self._places.get(address, {}).values(), key=lambda place: place.since)
        begun = [place for place in known if place.since <= at + _EARLY]
        return begun[-1] if begun else next(iter(known), None)


def _time(text: str) -> float:
    """A time of the engine (RFC 3339) in seconds of the epoch; 0 for what is none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return 0
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
