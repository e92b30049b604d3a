"""The stock of connections of a plan: which servers other files name, how each serves once the run is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.connections.inventory import grouped
from aicos_tls.connections.model import PUBLISHED, Connection, Evidence, State
from aicos_tls.connections.protocols import Protocol
from aicos_tls.connections.state import Serving
from aicos_tls.plan.references import Kind
from aicos_tls.plan.servers import NOTHING_SETTLED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from aicos_tls.commands.gaps import Coded
    from aicos_tls.connections.inventory import Claim, Known
    from aicos_tls.plan.model import Plan
    from aicos_tls.plan.servers import Settled

_SPEAKS_HTTP = (Protocol.HTTP, Protocol.WS)
_OUTSIDE = (Kind.EXTERNAL, Kind.HOST)
_PUBLISHED = "aicos-tls enable --published tls"


def named(known: Known, found: Iterable[Claim]) -> dict[str, str]:
    """The services that some text asks over HTTP, with the evidence in words, beside those that the plan knows."""
    servers: dict[str, str] = {}
    for group in grouped(known, found):
        if group.protocol in _SPEAKS_HTTP and group.sure and group.client != PUBLISHED:
            first = group.evidence[0]
            words = f"{group.client} asks it at {first.text} ({first.where or first.seen})"
            servers.setdefault(group.server, words)
    return {name: words for name, words in servers.items() if name not in known.plan.servers}


def servings(coded: Coded, plan: Plan, settled: Settled = NOTHING_SETTLED) -> dict[str, Serving]:
    """How each service speaks once the run is done, or why it stays plain."""
    plan = coded.plan or plan
    gaps = {gap.service: Serving(reason=gap.words, remedy=gap.command) for gap in coded.gaps}
    chosen = {choice.service: choice for choice in coded.choices}
    found = {}
    for name, decision in plan.decisions.items():
        if name in settled.plain:
            found[name] = Serving(reason=settled.plain[name].reason, remedy=settled.plain[name].remedy)
        elif not decision.in_scope:
            found[name] = Serving(reason=decision.reason, remedy=f"aicos-tls enable --include {name} --serve auto")
        elif name not in plan.servers:
            found[name] = Serving(reason="no other service is known to ask it over HTTP", remedy=_PUBLISHED)
        elif name in gaps:
            found[name] = gaps[name]
        elif name in chosen:
            found[name] = Serving(chosen[name].how.value, chosen[name].option.ports)
        else:
            found[name] = Serving("code" if name in coded.services else "as it is")
    return found


def still_plain(claim: Claim) -> str:
    """What a client that does not follow goes on doing, in words."""
    evidence = claim.destination.evidence
    place = evidence.where or (f"seen on the network, {evidence.seen}" if evidence.seen else "")
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
