"""Whom to ask as which names: every edge by the containers of its ends, and the servers that no client asks."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.live.addresses import asked, endpoint, ports, shared

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.live.addresses import Address
    from aicos_tls.live.model import Attachment, Container, Endpoint
    from aicos_tls.live.stack import Stack
    from aicos_tls.plan.model import Edge, Plan


class Pair(Struct, frozen=True):
    """One container of an edge's client and one of its server, with where they meet; None where there is none."""

    client: Container | None
    server: Container | None
    address: Address | None
    place: Attachment | None = None
    end: Endpoint | None = None


class Asking(Struct, frozen=True):
    """An edge with every pair of containers that it has."""

    edge: Edge
    pairs: tuple[Pair, ...]


class Questions(Struct, frozen=True):
    """Whom to ask as which names: for edges, and for servers that no client asks."""

    asking: tuple[Asking, ...]
    wanted: dict[Endpoint, list[str]]
    services: dict[Endpoint, str]

    @classmethod
    def of(cls, plan: Plan, stack: Stack) -> Questions:
        """Find out whom to ask."""
        asking = tuple(Asking(edge, tuple(_pairs(plan, stack, edge))) for edge in _each_once(plan))
        names: dict[Endpoint, dict[str, None]] = defaultdict(dict)
        services: dict[Endpoint, str] = {}
        for asked_edge in asking:
            for pair in asked_edge.pairs:
                if pair.end and pair.address:
                    names[pair.end][pair.address.host] = None
                    services[pair.end] = asked_edge.edge.server
        for service in plan.servers:
            clients = [c for edge in plan.edges if edge.server == service for c in stack.of(edge.client)]
            for container in filter(lambda c: c.running, stack.of(service)):
                place = shared(stack, next(iter(clients), None), container) or shared(stack, None, container)
                for end in [endpoint(container, place, port) for port in ports(plan, service)] if place else []:
                    if not names[end]:
                        names[end][service] = None
                    services[end] = service
        return cls(asking, {end: list(found) for end, found in names.items()}, services)


def _each_once(plan: Plan) -> Iterator[Edge]:
    """Yield the edges; one that several files name is one."""
    seen: set[tuple[str, ...]] = set()
    for edge in plan.edges:
        key = (edge.client, edge.server, edge.variable, edge.after)
        if key not in seen:
            seen.add(key)
            yield edge


def _pairs(plan: Plan, stack: Stack, edge: Edge) -> Iterator[Pair]:
    for client in stack.of(edge.client) or (None,):
        address = asked(plan, edge, client)
        for server in stack.of(edge.server) or (None,):
            if server is None or not server.running or address is None:
                yield Pair(client, server, address)
                continue
            place = shared(stack, client, server)
            yield Pair(client, server, address, place, endpoint(server, place, address.port) if place else None)
