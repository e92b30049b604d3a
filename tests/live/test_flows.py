"""What was seen, by service."""

from __future__ import annotations

from live.frames import CLIENT, RECORD, REQUEST, SERVER, SYN, frame, seen

from aicos_tls.connections.protocols import Protocol
from aicos_tls.live.flows import Flow, flows
from aicos_tls.live.model import Attachment, Container
from aicos_tls.live.packets import Side
from aicos_tls.live.places import OUTSIDE, Places
from aicos_tls.live.stack import Stack


def test_flows_by_service() -> None:
    def container(service: str, address: str) -> Container:
        return Container(service, service, service, "p", "i", "running", attachments=(Attachment("n", address),))

    stack = Stack("p", (container("web", CLIENT.address), container("api", SERVER.address)), {})
    gateway, ours, elsewhere = Side("10.0.0.1", 50000), Side("10.0.0.1", 50001), Side("10.9.9.9", 80)
    streams = seen(
        *(frame(end, SERVER, 9, flags=SYN) for end in (CLIENT, gateway, ours)),
        frame(CLIENT, elsewhere, 9, flags=SYN),
        frame(CLIENT, SERVER, 10, RECORD),
        *(frame(end, SERVER, 10, REQUEST) for end in (gateway, ours)),
        frame(CLIENT, elsewhere, 10, REQUEST),
    )
    assert flows(streams, Places(stack), {(SERVER, 50001)}) == (
        Flow(OUTSIDE, "api", 8001, len(REQUEST), 0, 0, Protocol.HTTP, len(REQUEST)),
        Flow("web", "api", 8001, 0, len(RECORD), 0),
    )
