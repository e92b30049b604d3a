"""Where each question about a server is asked from: this machine where it reaches the network, else inside of it."""

from __future__ import annotations

import socket
import sys
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct, field

from aicos_tls.errors import InternalError
from aicos_tls.live.asking import ask_all

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from aicos_tls.live.inside import Inside
    from aicos_tls.live.model import Endpoint, Network
    from aicos_tls.live.stack import Stack


class Plain(Struct, frozen=True):
    """What plain HTTP was answered with: a status line or nothing, and whether that says that TLS is wanted.

    `port` is the one on our side, by which a sniffer knows the stream.
    """

    status: str = ""
    hint: bool = False
    port: int = field(default=0, name="from")


class Handshake(Struct, frozen=True):
    """A TLS handshake as a client that knows the project's CA and asks for one name.

    `handshake` says why there was none; `code` is OpenSSL's number of the certificate's fault (0: none).
    """

    version: str
    cipher: str
    leaf: str
    code: int
    error: str
    handshake: str


class Stranger(Struct, frozen=True):
    """A TLS handshake as a client with the public roots only. `knows`: the project's CA is among them."""

    accepted: bool = False
    error: str = ""
    roots: int = 0
    knows: bool = False


class Answer(Struct, frozen=True):
    """What a server said; `connect` says why nothing could be asked. See `asking` for the whole."""

    connect: str
    plain: Plain = Plain()
    names: dict[str, Handshake] = {}
    stranger: Stranger = Stranger()


class Unreached(Struct, frozen=True):
    """Why a server could not be asked from anywhere."""

    reason: str


def interfaces() -> frozenset[str]:
    """The network interfaces of this machine; none where bridges of containers are never among them (macOS)."""
    return frozenset(name for _, name in socket.if_nameindex()) if sys.platform == "linux" else frozenset()


def reached_from_here(network: Network | None, here: frozenset[str]) -> bool:
    """Whether the bridge of the network is an interface of this machine: then its addresses can be asked directly."""
    return network is not None and network.interface in here


def probe(
    stack: Stack,
    wanted: Mapping[Endpoint, Sequence[str]],
    inside: Inside,
    *,
    ca: str,
    timeout: float,
    here: frozenset[str],
    told: Callable[[int], None] = lambda _: None,
) -> dict[Endpoint, Answer | Unreached]:
    """Ask every endpoint as each of the names that `wanted` has for it; `timeout` in seconds for each connection.

    `told` is called with the number of endpoints that were asked since the last time.
    """
    found: dict[Endpoint, Answer | Unreached] = {}
    for network, endpoints in _by_network(wanted).items():
        questions = [question(e.address, e.port, wanted[e], ca, timeout) for e in endpoints]
        if reached_from_here(stack.networks.get(network), here):
            answers: list[dict[str, Any]] | None = ask_all(questions)
        else:
            known = stack.networks.get(network)
            answers = inside.ask(known.name if known and known.driver == "host" else network, questions)
        if answers is None:
            where = stack.networks[network].name if network in stack.networks else network
            reason = (
                f"network {where} is not reachable from here, and no image of the stack has Python or Node to ask with"
            )
            found |= dict.fromkeys(endpoints, Unreached(reason))
        else:
            found |= dict(zip(endpoints, map(_answer, answers), strict=True))
        told(len(endpoints))
    return found


def _by_network(wanted: Mapping[Endpoint, Sequence[str]]) -> dict[str, list[Endpoint]]:
    grouped: dict[str, list[Endpoint]] = defaultdict(list)
    for endpoint in sorted(wanted):
        grouped[endpoint.network].append(endpoint)
    return grouped


def question(
    address: str, port: int, names: Sequence[str], ca: str, timeout: float, *, only: str = ""
) -> dict[str, Any]:
    """A question as `asking` takes it."""
    return {"address": address, "port": port, "names": list(names), "ca": ca, "timeout": timeout, "only": only}


def _answer(raw: dict[str, Any]) -> Answer:
    try:
        return msgspec.convert(raw, Answer)
    except msgspec.ValidationError as error:
        raise InternalError(f"a probe answered in another form: {error}") from error
