"""What `verify` says of a service and the sidecar before it, whichever of them died or was restarted."""

from __future__ import annotations

from typing import Any

import pytest

from aicos_tls.live.flows import flows
from aicos_tls.live.model import Attachment, Container, State
from aicos_tls.live.packets import Side
from aicos_tls.live.places import Places
from aicos_tls.live.sidecars import check, stands_before
from aicos_tls.live.stack import Stack
from aicos_tls.live.streams import Bytes, Connection, Streams

EARLY, LATE = "2026-01-01T00:00:00.123456789Z", "2026-01-01T00:00:01.5Z"


def container(service: str, **more: Any) -> Container:
    values: dict[str, Any] = {"status": "running", "started": LATE, **more}
    return Container(f"id-{service}", f"shop-{service}-1", service, "shop", "image", **values)


def sidecar(**more: Any) -> Container:
    return container("api-tls", **{"started": EARLY, "environment": {"TLS_SERVICE": "api"}, **more})


def api(**more: Any) -> Container:
    return container("api", **{"network_of": "id-api-tls", **more})


def stack(*containers: Container) -> Stack:
    return Stack("shop", containers, {})


@pytest.mark.parametrize(
    ("before", "service", "words", "todo"),
    [
        (None, api(), "api-tls has no container", "docker compose up -d --build api"),
        (sidecar(status="exited", exit_code=1), api(), "is exited (exit code 1)", "docker compose logs api-tls"),
        (sidecar(), api(network_of=""), "not started behind its sidecar", "docker compose up -d api"),
        (sidecar(), api(network_of="id-of-one-that-is-gone"), "not started behind", "docker compose up -d api"),
        (sidecar(started=LATE), api(started=EARLY), "cut off", "docker compose restart api"),
        (sidecar(health="unhealthy", health_output="no"), api(), "is unhealthy: no", "docker compose logs api-tls"),
        (sidecar(health="unhealthy"), api(), "is unhealthy", "docker compose logs api-tls"),
    ],
)
def test_the_sidecar_is_named_with_the_command_that_helps(
    before: Container | None, service: Container, words: str, todo: str
) -> None:
    found = check(stack(service, *([before] if before else [])), service, "api-tls")
    assert found.state is State.FAILED
    assert words in found.words
    assert todo in found.todo


@pytest.mark.parametrize("before", [sidecar(), sidecar(health="healthy"), sidecar(started="")])
def test_a_sidecar_in_its_place(before: Container) -> None:
    service = api()
    assert check(stack(service, before), service, "api-tls").state is State.OK


def test_what_is_seen_on_the_network_belongs_to_the_service() -> None:
    place = Attachment("n", "172.18.0.2", ipv6="fd00::2")
    other = container("tools", environment={"TLS_SERVICE": "api"}, attachments=(Attachment("n", "172.18.0.3"),))
    whole = stack(api(), sidecar(attachments=(place,)), other)
    assert [stands_before(whole, each) for each in whole.containers] == ["api", "api", "tools"]
    streams = Streams()
    ends = Side("172.18.0.3", 4000), Side("172.18.0.2", 80)
    streams.connections[frozenset(ends)] = Connection(*ends, Bytes(other=1))
    ends = Side("172.18.0.3", 4000), Side("fd00::2", 81)
    streams.connections[frozenset(ends)] = Connection(*ends, Bytes(other=1))
    assert [(f.client, f.server, f.port) for f in flows(streams, Places(whole))] == [
        ("tools", "api", 80),
        ("tools", "api", 81),
    ]
