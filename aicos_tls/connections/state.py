"""What each connection is once a run is done: encrypted, and in which way, or plain, and why.

A connection is encrypted when its server serves TLS on its port and every text of its client that is sure asks over
TLS. The texts are those after the run; what was found before the run is the evidence that people are shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.connections.inventory import Group, grouped
from aicos_tls.connections.known import SETTINGS
from aicos_tls.connections.model import PUBLISHED, Connection, State, Strength
from aicos_tls.connections.protocols import HTTP_LIKE, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from aicos_tls.connections.inventory import Claim, Known
    from aicos_tls.connections.model import Destination

_LIKE_HTTP = HTTP_LIKE | {Protocol.UNKNOWN, Protocol.TCP}
"""What a server that speaks TLS serves on its port, be it that nothing says what."""


class Serving(Struct, frozen=True):
    """How a server speaks once a run is done. `way` is empty where it is plain: `reason` says why, `remedy` what helps.

    `ports` are those that speak TLS, all where there are none.
    """

    way: str = ""
    ports: tuple[int, ...] = ()
    reason: str = ""
    remedy: str = ""

    def speaks_tls(self, port: int | None) -> bool:
        """Whether it speaks TLS at a port."""
        return bool(self.way) and (not self.ports or port is None or port in self.ports)


def connections(
    known: Known, before: Iterable[Claim], after: Iterable[Claim], serving: Mapping[str, Serving], authority: str
) -> list[Connection]:
    """All connections with their state. `authority` is the path of the CA's certificate in containers."""
    left = {(group.client, group.server, group.port): group for group in grouped(known, after)}
    found = []
    for group in grouped(known, before):
        now = left.get((group.client, group.server, group.port), group)
        one = serving.get(group.server, Serving(reason="it is not changed"))
        found.append(_connection(group, now, one, _protocol(group, left.values()), authority))
    return found


def _protocol(group: Group, others: Iterable[Group]) -> Protocol:
    """What is spoken at a published port is what the other clients of that port speak."""
    if group.protocol not in (Protocol.UNKNOWN, Protocol.TCP):
        return group.protocol
    same = (o.protocol for o in others if (o.server, o.port) == (group.server, group.port) and o.client != group.client)
    return next((protocol for protocol in same if protocol is not Protocol.UNKNOWN), group.protocol)


def _connection(group: Group, now: Group, serving: Serving, protocol: Protocol, authority: str) -> Connection:
    way, reason, remedy = _judged(group, now, serving, protocol)
    return Connection(
        client=group.client,
        server=group.server,
        port=group.port,
        protocol=protocol,
        state=State.ENCRYPTED if way else State.PLAIN,
        evidence=group.evidence,
        way=way,
        reason=reason,
        remedy=remedy.replace("{ca}", authority),
        waits=not way and _demands(now) and not serving.speaks_tls(group.port),
    )


def _judged(group: Group, now: Group, serving: Serving, protocol: Protocol) -> tuple[str, str, str]:
    """The way in which a connection is encrypted; or none, why not, and what would change it."""
    if not serving.speaks_tls(group.port):
        return ("", *_unserved(group, now, serving, protocol))
    asking = list(sure(now))
    if group.client == PUBLISHED:
        return serving.way, "", ""
    plain = next((destination for destination in asking if not destination.tls), None)
    if plain is not None:
        return "", f"{group.client} goes on asking {plain.evidence.text} in plain", plain.remedy or _REMEDY
    if not asking:
        return "", f"nothing says how {group.client} asks {group.server}: in plain it is refused", _LEARN
    return serving.way, "", ""


_REMEDY = "aicos-tls enable --code, or ask https:// there and trust {ca}"
_LEARN = "aicos-tls learn, while the stack runs, or take it out of depends_on"


def _unserved(group: Group, now: Group, serving: Serving, protocol: Protocol) -> tuple[str, str]:
    """Why a connection is plain to a server that does not serve TLS there, or fails, and what would change it."""
    server = group.server
    demands = _demands(now)
    if protocol not in _LIKE_HTTP:
        words = f"its client demands TLS; whether {server} serves it is not known here"
        return words if demands else f"{server} speaks {protocol.value}, which is left alone", SETTINGS.get(
            protocol, ""
        )
    if serving.way:
        ports = ", ".join(map(str, serving.ports))
        return f"{server} serves TLS on {ports} only", f"x-aicos-tls: {{port: [{ports}, {group.port}]}} in {server}"
    why = f": {serving.reason}" if serving.reason else ""
    if demands:
        return f"it is asked over TLS, and fails until {server} serves it{why}", serving.remedy
    return f"{server} does not serve TLS{why}", serving.remedy


def _demands(group: Group) -> bool:
    """Whether every text that is sure of how a client asks says: over TLS."""
    asking = list(sure(group))
    return bool(asking) and all(destination.tls for destination in asking)


def sure(group: Group) -> Iterator[Destination]:
    """Yield what is sure of how a client asks: its texts; where none is known, how it asked before the run.

    A host and a port without a scheme say nothing of TLS where another text says how they are asked.
    """
    texts = [claim.destination for claim in group.claims if claim.strength is Strength.STATED and not claim.told]
    exact = [destination for destination in texts if destination.protocol not in (Protocol.UNKNOWN, Protocol.TCP)]
    yield from exact or texts or [claim.destination for claim in group.claims if claim.told]


def in_the_way(known: Known, after: Iterable[Claim], serving: Mapping[str, Serving]) -> dict[str, Claim]:
    """The servers that would speak TLS while a client goes on asking in plain, each with what the client says."""
    found: dict[str, Claim] = {}
    for group in grouped(known, after):
        one = serving.get(group.server)
        if one is None or group.client == PUBLISHED or not one.speaks_tls(group.port):
            continue
        asking = set(sure(group))
        plain = next((c for c in group.claims if c.destination in asking and not c.destination.tls), None)
        if plain is not None:
            found.setdefault(group.server, plain)
    return found
