"""Copies of the stacks of fixtures/stacks that publish one port, and requests to it while the networks are watched."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from live.stacks import Request, Stack, ask_all, compose_binary, free_ports, project_name

from aicos_tls.live.docker import Docker
from aicos_tls.live.flows import Flow, flows
from aicos_tls.live.places import ELSEWHERE, Places
from aicos_tls.live.probe import interfaces, reached_from_here
from aicos_tls.live.sniff import Sniffer
from aicos_tls.live.stack import look

if TYPE_CHECKING:
    from live.engines import Engine

STACKS = Path(__file__).resolve().parents[2] / "fixtures/stacks"
FRONT = 8080
"""The port that each stack publishes."""


def copy(engine: Engine, name: str, folder: Path) -> tuple[Stack, int]:
    """A copy of a stack that publishes a free port."""
    shutil.copytree(STACKS / name, folder)
    (port,) = free_ports(1)
    compose = folder / "docker-compose.yml"
    compose.write_text(compose.read_text().replace(f'"{FRONT}:', f'"{port}:'))
    return Stack(engine, compose_binary(), folder, project_name(name)), port


def asked(stack: Stack, paths: dict[str, str], port: int) -> tuple[list[str], tuple[Flow, ...]]:
    """What is wrong with the answers, and what crossed the networks between containers meanwhile.

    `paths` are asked three times each; an answer has to hold the text beside it.
    """
    found = look(Docker(stack.engine.environment), stack.name)
    here = interfaces()
    bridges = [n.interface for n in found.networks.values() if reached_from_here(n, here)]
    requests = [Request(FRONT, path, holds) for path, holds in paths.items() for _ in range(3)]
    with Sniffer(bridges) as sniffer:
        faults = ask_all(requests, {FRONT: port}, None)
    assert sniffer.lost == 0
    return faults, tuple(flow for flow in flows(sniffer.streams, Places(found)) if flow.client not in ELSEWHERE)
