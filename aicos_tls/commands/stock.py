"""The stock of connections of a plan: which servers other files name, how each serves once the run is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from aicos_tls.connections.inventory import grouped
from aicos_tls.connections.model import PUBLISHED, Connection, Evidence, State
from aicos_tls.connections.protocols import Protocol
from aicos_tls.connections.state import Serving
from aicos_tls.errors import Where
from aicos_tls.plan.model import Edge
from aicos_tls.plan.references import Kind
from aicos_tls.plan.servers import NOTHING_SETTLED, Settled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from aicos_tls.commands.gaps import Coded
    from aicos_tls.connections.inventory import Claim, Known
    from aicos_tls.plan.model import Plan

_SPEAKS_HTTP = (Protocol.HTTP, Protocol.WS)
_OUTSIDE = (Kind.EXTERNAL, Kind.HOST)
_PUBLISHED = "aicos-tls enable --published tls"
_HOST_ONLY = "no other service is known to ask it over HTTP, and what the host alone asks stays plain"


def named(known: Known, found: Iterable[Claim], *, uwsgi: bool = False) -> Settled:
    """The services that some text asks over HTTP, with the evidence in words, beside those that the plan knows.

    The ports are those of all servers. With `uwsgi`, what is asked by the uwsgi protocol counts, too: a sidecar may
    take it over TLS.
    """
    spoken = (*_SPEAKS_HTTP, Protocol.UWSGI) if uwsgi else _SPEAKS_HTTP
    servers: dict[str, str] = {}
    ports: dict[str, list[int]] = {}
    for group in grouped(known, found):
        if group.protocol in spoken and group.sure and group.client != PUBLISHED:
            first = group.evidence[0]
            words = f"{group.client} asks it at {first.text} ({first.where or first.seen})"
            servers.setdefault(group.server, words)
            if group.port is not None:
                ports.setdefault(group.server, []).append(group.port)
    more = {name: words for name, words in servers.items() if name not in known.plan.servers}
    return Settled(named=more, ports={name: tuple(dict.fromkeys(each)) for name, each in ports.items()})


def servings(coded: Coded, plan: Plan, settled: Settled = NOTHING_SETTLED) -> dict[str, Serving]:
    """How each service speaks once the run is done, or why it stays plain."""
    gaps = {gap.service: Serving(reason=gap.words, remedy=gap.command) for gap in coded.gaps}
    chosen = {choice.service: choice for choice in coded.choices}
    found = {}
    for name, decision in plan.decisions.items():
        if name in settled.plain:
            found[name] = Serving(reason=settled.plain[name].reason, remedy=settled.plain[name].remedy)
        elif not decision.in_scope:
            found[name] = Serving(reason=decision.reason, remedy=f"aicos-tls enable --include {name} --serve auto")
        elif name not in plan.servers:
            found[name] = Serving(reason=_HOST_ONLY, remedy=_PUBLISHED)
        elif name in gaps:
            found[name] = gaps[name]
        elif name in chosen:
            found[name] = Serving(chosen[name].how.value, chosen[name].option.ports)
        else:
            found[name] = Serving("code" if name in coded.services else "as it is")
    return found


def with_edges(plan: Plan, connections: Iterable[Connection]) -> Plan:
    """The plan with an edge for each connection that it encrypts and that no URL of the compose files names."""
    there = {(edge.client, edge.server) for edge in plan.edges}
    more = []
    for each in connections:
        known = (each.client, each.server) in there
        if each.state is State.ENCRYPTED and each.client != PUBLISHED and each.port is not None and not known:
            first = each.evidence[0]
            url = f"https://{each.server}:{each.port}"
            where = first.where or Where(plan.project.main.path)
            more.append(Edge(each.client, each.server, first.kind, first.text, url, where))
    return replace(plan, edges=[*plan.edges, *more])


def still_plain(claim: Claim) -> str:
    """What a client that does not follow goes on doing, in words."""
    evidence = claim.destination.evidence
    place = f"seen on the network, {evidence.seen}" if evidence.seen else ""
    if evidence.where:
        place = f"{evidence.where.path}:{evidence.where.line}"
    return f"{claim.client} goes on asking {evidence.text} in plain" + (f" ({place})" if place else "")


def outside(plan: Plan) -> Iterator[Connection]:
    """Yield the hosts outside of the project that URLs of the compose files name."""
    found: dict[tuple[str, str, str], list[Evidence]] = {}
    for reference in plan.references:
        if reference.kind in _OUTSIDE and reference.site.service:
            key = (reference.site.service, reference.url.host, reference.url.scheme.lower())
            found.setdefault(key, []).append(Evidence("compose", reference.text, reference.where))
    for (client, host, scheme), evidence in found.items():
        words = "outside of the project" + ("" if scheme in ("https", "wss") else ", in plain")
        protocol = Protocol.WS if scheme.startswith("ws") else Protocol.HTTP
        yield Connection(client, host, None, protocol, State.OUTSIDE, tuple(evidence), reason=words)
