"""Which host and port a client asks, by its running container or else by the plan, and whom that reaches."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.compose.interpolation import expand
from aicos_tls.compose.urls import DEFAULT_PORT, PLAIN, find, host_name
from aicos_tls.live.model import Endpoint
from aicos_tls.plan.checks import ports_asked
from aicos_tls.sources.ports import listening

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aicos_tls.live.model import Attachment, Container
    from aicos_tls.live.stack import Stack
    from aicos_tls.plan.model import Edge, Plan

HTTPS_PORT = 443
"""The port of `https` and `wss` URLs that name none (RFC 9110, 4.2.2)."""


class Address(Struct, frozen=True):
    """What a URL names. `running`: it was read from the environment of a running container, not from the plan."""

    scheme: str
    host: str
    port: int
    running: bool = False

    @property
    def plain(self) -> bool:
        """Whether it asks without TLS."""
        return self.scheme in PLAIN

    def __str__(self) -> str:
        """Scheme, host and port; never what else was in the URL, such as a password."""
        return f"{self.scheme}://{self.host}:{self.port}"


def asked(plan: Plan, edge: Edge, client: Container | None) -> Address | None:
    """The address that an edge's client asks; None when a variable in it has no known value."""
    planned = next(_addresses(edge.after, _dotenv(plan)), None)
    if client is None or edge.variable not in client.environment:
        return planned
    server = plan.project.services[edge.server]
    names = {host_name(name) for name in (*server.names, *([planned.host] if planned else ()))}
    for found in _addresses(client.environment[edge.variable], {}):
        if host_name(found.host) in names and (planned is None or found.port == planned.port):
            return Address(found.scheme, found.host, found.port, running=True)
    return planned


def _dotenv(plan: Plan) -> Mapping[str, str]:
    return plan.project.dotenv.values if plan.project.dotenv else {}


_PORT = re.compile(r"[0-9]{1,5}")


def _addresses(text: str, values: Mapping[str, str]) -> Iterator[Address]:
    """Yield the addresses in a text; those with a variable whose value is not known are left out."""
    for url in find(text, values):
        host, port = (expand(part, values) if "$" in part else part for part in (url.host, url.port or ""))
        if not url.port:
            port = str(DEFAULT_PORT if url.plain else HTTPS_PORT)
        if host and "$" not in host and port and _PORT.fullmatch(port):
            yield Address(url.scheme.lower(), host_name(host), int(port))


def ports(plan: Plan, service: str) -> tuple[int, ...]:
    """The ports at which a server is asked over HTTP: by its clients and its healthcheck, else where it listens."""
    found = {address.port for edge in plan.edges if edge.server == service and (address := asked(plan, edge, None))}
    known = plan.project.services[service]
    found.update(ports_asked(known))
    return tuple(sorted(found or listening(plan, known, None)))


def shared(stack: Stack, client: Container | None, server: Container) -> Attachment | None:
    """The server's place on a network that it shares with the client; its first one where there is no client."""
    places = [a for a in stack.namespace(server).attachments if _reachable(stack, a)]
    if client is None:
        return next(iter(places), None)
    own = stack.namespace(client)
    return next((a for a in places if own.on(a.network)), None)


def _reachable(stack: Stack, place: Attachment) -> bool:
    known = stack.networks.get(place.network)
    return bool(place.address) or (known is not None and known.driver == "host")


def endpoint(server: Container, place: Attachment, port: int) -> Endpoint:
    """Where to ask a server; on the host's network it is the loopback address."""
    return Endpoint(server.id, place.network, place.address or "127.0.0.1", port)


def resolves(place: Attachment, host: str) -> bool:
    """Whether Docker's name server knows `host` for the container at `place` (Engine, "Embedded DNS server")."""
    return not place.aliases or host in {host_name(alias) for alias in place.aliases}
