"""Who takes renewed files over by itself, who is told, and who is restarted, in which order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aicos_tls.serving.model import Choice, How, Option
from aicos_tls.serving.reloading import PROGRAMS, Takeover, advise, facts_of, in_order

PATHS = {"certificate": "/c/x-cert.pem", "key": "/c/x-key.pem", "ca": "/c/ca-cert.pem"}


@pytest.mark.parametrize("facts", PROGRAMS, ids=lambda facts: facts.name)
def test_each_line_of_the_table_is_whole(facts: object) -> None:
    found = facts
    assert found.source  # type: ignore[attr-defined]
    told = bool(found.signal) != bool(found.command)  # type: ignore[attr-defined]
    assert told == (found.takeover is Takeover.TOLD)  # type: ignore[attr-defined]
    assert all(name == name.lower() for name in found.repositories)  # type: ignore[attr-defined]


def test_no_image_stands_twice() -> None:
    every = [name for facts in PROGRAMS for name in facts.repositories]
    assert len(every) == len(set(every))


@pytest.mark.parametrize(
    ("image", "takeover", "signal"),
    [
        ("nginx:alpine", Takeover.TOLD, "HUP"),
        ("registry.example:5000/nginx@sha256:0", Takeover.TOLD, "HUP"),
        ("docker.io/library/postgres:15-alpine", Takeover.TOLD, "HUP"),
        ("haproxy:2.9", Takeover.TOLD, "USR2"),
        ("prom/prometheus", Takeover.ITSELF, ""),
        ("shop/api", Takeover.RESTART, ""),
        ("", Takeover.RESTART, ""),
    ],
)
def test_what_an_image_needs(image: str, takeover: Takeover, signal: str) -> None:
    found = advise("x", image, paths=PATHS)
    assert (found.takeover, found.signal) == (takeover, signal)


def test_the_files_stand_in_the_command() -> None:
    command = advise("x", "redis:7", paths=PATHS).command
    assert command[:4] == ("redis-cli", "--tls", "--cacert", "/c/ca-cert.pem")
    assert "/c/x-key.pem" in command


def choice(how: How, *, renews: bool = False) -> Choice:
    return Choice("x", Option(how, "because", renews=renews))


@pytest.mark.parametrize(
    ("found", "takeover", "why"),
    [
        (advise("x", "", choice=choice(How.SIDECAR), paths=PATHS), Takeover.ITSELF, "the sidecar before it"),
        (advise("x", "", choice=choice(How.PRELOAD), paths=PATHS), Takeover.ITSELF, "its preload"),
        (advise("x", "", choice=choice(How.ENV, renews=True), paths=PATHS), Takeover.ITSELF, "read anew"),
        (advise("x", "", choice=choice(How.ENV), paths=PATHS), Takeover.RESTART, "nothing is known"),
        (advise("x", "", helper=True, paths=PATHS), Takeover.ITSELF, "its helper"),
        (advise("x", "nginx", helper=True, single_file=True, paths=PATHS), Takeover.RESTART, "single file"),
    ],
)
def test_the_way_it_serves_counts(found: object, takeover: Takeover, why: str) -> None:
    assert found.takeover is takeover  # type: ignore[attr-defined]
    assert why in found.why  # type: ignore[attr-defined]


def test_nothing_is_known_of_no_image() -> None:
    assert facts_of("") is None


NAMES = st.sampled_from("abcdef")


@given(st.lists(NAMES, unique=True), st.lists(st.tuples(NAMES, NAMES)))
def test_servers_come_before_their_clients(services: list[str], edges: list[tuple[str, str]]) -> None:
    found = in_order(services, edges)
    assert sorted(found) == sorted(services)
    forward = [(client, server) for client, server in edges if client > server]  # without circles
    ordered = in_order(services, forward)
    for client, server in forward:
        if client in ordered and server in ordered:
            assert ordered.index(server) < ordered.index(client)


def test_a_circle_has_an_order() -> None:
    assert in_order(["a", "b"], [("a", "b"), ("b", "a")]) == ["b", "a"]
