"""What was asked for of each service: flags over blocks over the general way."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aicos_tls.compose.load import load
from aicos_tls.errors import TlsError
from aicos_tls.plan.policy import Policy
from aicos_tls.plan.serve import Ask, asks

if TYPE_CHECKING:
    from support import Project as MakeProject


def asked(project: MakeProject, block: str, *serve: str) -> dict[str, Ask]:
    project(f"services:\n  api:\n    build: .\n{block}  web: {{build: .}}\n")
    return asks(load([Path("docker-compose.yml")]), Policy(serve=serve))


BLOCK = "    x-aicos-tls: {serve: sidecar, port: 8005}\n"


@pytest.mark.parametrize(
    ("block", "serve", "expected"),
    [
        ("", (), {}),
        ("", ("code",), {}),
        ("", ("auto",), {"api": Ask("auto"), "web": Ask("auto")}),
        ("", ("auto", "web=none"), {"api": Ask("auto"), "web": Ask("none")}),
        ("", ("web=preload",), {"web": Ask("preload", by_name=True)}),
        ("", ("auto", "api=code"), {"web": Ask("auto")}),
        ("", ("env", "sidecar"), {"api": Ask("sidecar"), "web": Ask("sidecar")}),
        (BLOCK, (), {"api": Ask("sidecar", (8005,), by_name=True)}),
        (BLOCK, ("auto",), {"api": Ask("sidecar", (8005,), by_name=True), "web": Ask("auto")}),
        (BLOCK, ("api=auto",), {"api": Ask("auto", (8005,), by_name=True)}),
        ("    x-aicos-tls: {port: [1, 65535]}\n", ("auto",), {"api": Ask("auto", (1, 65535)), "web": Ask("auto")}),
        ("    x-aicos-tls: {port: 8005, sidecar-of: web}\n", (), {}),
        (
            "    x-aicos-tls: {mode: tcp, port: 1}\n",
            ("api=sidecar",),
            {"api": Ask("sidecar", (1,), "tcp", by_name=True)},
        ),
    ],
)
def test_what_is_asked_for(project: MakeProject, block: str, serve: tuple[str, ...], expected: dict[str, Ask]) -> None:
    assert asked(project, block, *serve) == expected


@pytest.mark.parametrize(
    ("block", "serve", "message"),
    [
        ("", "magic", "'magic' is no way to serve TLS"),
        ("", "api=magic", "'magic' is no way to serve TLS"),
        ("", "shop=auto", "there is no service 'shop' (--serve shop=auto)"),
        ("    x-aicos-tls: {serve: magic}\n", "auto", "docker-compose.yml:4:26: 'magic' is no way"),
        ("    x-aicos-tls: {serve: []}\n", "auto", "'' is no way"),
        ("    x-aicos-tls: {port: 0}\n", "auto", "'0' is no port"),
        ("    x-aicos-tls: {port: 65536}\n", "auto", "'65536' is no port"),
        ("    x-aicos-tls: {mode: udp}\n", "auto", "'udp' is no mode of a sidecar"),
        ("    x-aicos-tls: {mode: []}\n", "auto", "'' is no mode of a sidecar"),
        ("    x-aicos-tls: {port: http}\n", "auto", "'http' is no port"),
    ],
)
def test_what_makes_no_sense_is_refused(project: MakeProject, block: str, serve: str, message: str) -> None:
    with pytest.raises(TlsError) as refused:
        asked(project, block, serve)
    assert message in str(refused.value)
    assert refused.value.hint


def test_a_later_definition_stands_over_an_earlier_one(project: MakeProject) -> None:
    project(
        {
            "docker-compose.yml": f"services:\n  api:\n    build: .\n{BLOCK}",
            "more.yml": "services:\n  api:\n    x-aicos-tls: {serve: preload}\n",
        }
    )
    found = asks(load([Path("docker-compose.yml"), Path("more.yml")]), Policy())
    assert found == {"api": Ask("preload", (8005,), by_name=True)}
