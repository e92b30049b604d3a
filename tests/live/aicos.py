"""The AICOS stack as the live tests run it: a copy under a name of its own, and the requests that it must answer."""

from __future__ import annotations

import contextlib
import shutil
import socket
import ssl
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from live.stacks import AGAIN, STEP, Request, Stack, free_ports, project_name
from ruamel.yaml import YAML

from aicos_tls.live.docker import Docker
from aicos_tls.live.stack import look

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from live.engines import Engine

FIXTURE = Path(__file__).resolve().parent.parent.parent / "fixtures/aicos"
IMAGES = (
    "node:20-alpine",
    "nginx:alpine",
    "python:3.11-slim",
    "golang:1.23-alpine",
    "alpine:latest",
    "postgres:15-alpine",
    "redis:7-alpine",
)
PORTS = {
    "aicos-frontend": 3000,
    "aicos-backend": 3001,
    "aicos-ai-intelligence": 8001,
    "aicos-pattern-recognition": 8002,
    "aicos-nl-parser": 8003,
    "aicos-voice-processor": 8004,
    "aicos-context-service": 8005,
    "aicos-integrations": 8006,
}
STORES = ("aicos-postgres", "aicos-redis")
ILL = frozenset(name for name in PORTS if name not in ("aicos-frontend", "aicos-integrations"))
"""Services whose healthcheck calls curl, which their image has not: they are never healthy before `--repair`."""
EDGES = 8
"""The backend asks six services, the frontend's nginx asks the backend, the parser asks the context service."""
REQUESTS = (
    Request(3000, "/", "AI Chief of Staff"),
    Request(3000, "/health", "healthy"),
    Request(3000, "/api/services", '"healthy":true'),
    Request(3001, "/api/health", '"postgres":true,"redis":true'),
    Request(3001, "/api/services", '"healthy":true'),
    Request(3001, "/api/briefing", '"down":[]'),
    Request(3001, "/api/ai/models", '"service":"ai-intelligence"'),
    Request(3001, "/api/patterns", '"service":"pattern-recognition"'),
    Request(3001, "/api/parse?text=call+Ana+at+10:30", "10:30"),
    Request(3001, "/api/voice/recordings", '"recordings"'),
    Request(3001, "/api/context/ana", '"user":"ana"'),
    Request(3001, "/api/integrations/providers", "Slack"),
    Request(3001, "/api/integrations/google/connect", "integrations%2Fgoogle%2Fcallback"),
    Request(3001, "/api/integrations/google/callback?error=access_denied", "access_denied", status=400),
    Request(3001, "/api/context/rui", '"place":"office"', "PUT", {"place": "office"}),
    Request(3001, "/api/parse?text=lunch&user=rui", '"context":{"place":"office"}'),
    *(Request(port, "/health", '"status":"ok"') for port in range(8001, 8007)),
    Request(3001, "/api/tasks", '"time":"13:00"', "POST", {"text": "lunch with Ana on Friday at 1pm"}, 201),
)
"""Through the frontend, through the backend to each of the six services, and to each of them."""


@dataclass
class AicosStack(Stack):
    """The stack, changed for the run as `published` has it: ports of this machine for those of the file."""

    published: dict[int, int] = field(default_factory=dict)

    def compose(
        self, *arguments: str, timeout: float = STEP, check: bool = True, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Run docker compose with an override file for the compose file as it is now (YAML, for the tags of compose).

        What other runs would be in the way of is left to the engine: names of containers and of the network, and ports.
        Healthchecks are made sooner than every 30 seconds: each `up` waits for the first of two in a row.
        """
        services: dict[str, Any] = YAML(typ="safe").load(self.directory / "docker-compose.yml")["services"]
        lines = [line for name, service in services.items() for line in self._override(name, service)]
        network = ["networks:", "  aicos-network:", f"    name: {self.name}-network", ""]
        self.overrides = "\n".join(["services:", *lines, *network])
        return super().compose(*arguments, timeout=timeout, check=check, **variables)

    def _override(self, name: str, service: dict[str, Any]) -> Iterator[str]:
        yield f"  {name}:"
        yield "    container_name: !reset null"
        port = PORTS.get(service.get("x-aicos-tls", {}).get("sidecar-of", name))
        if "ports" in service:
            published = f'!override ["127.0.0.1:{self.published[port]}:{port}"]' if port else "!reset []"
            yield f"    ports: {published}"
        if name in PORTS or name in STORES:
            yield "    healthcheck: {interval: 3s}"
        if "build" in service and self.engine.private:  # its builds reach the package registries that way
            yield from ("    build:", "      network: host")


def copy(engine: Engine, compose: Path, directory: Path) -> tuple[Stack, dict[int, int]]:
    """A copy of the stack in `directory`; returns it with the ports of this machine for those of its file."""
    ignored = shutil.ignore_patterns("node_modules", "__pycache__", "data", "dist")
    shutil.copytree(FIXTURE, directory, ignore=ignored)
    subprocess.run(["git", "init", "-q"], cwd=directory, check=True)
    ports = dict(zip(PORTS.values(), free_ports(len(PORTS)), strict=True))
    name = project_name("aicos")
    return AicosStack(engine, compose, directory, name, ill=ILL, published=ports), ports


def problems(data: dict[str, Any]) -> dict[tuple[str, str], str]:
    """What is not in order in a result of `verify`: service and check to the words."""
    return {
        (service["name"], check["id"]): check["words"]
        for service in data["services"]
        for check in [*service["checks"], *(c for port in service["ports"] for c in port["checks"])]
        if check["state"] in ("failed", "unknown")
    }


def settled(verified: Callable[[], dict[str, Any]], within: float = 90) -> dict[str, Any]:
    """The result of `verify` once everything is in order, or after `within` seconds as it is then."""
    end = time.monotonic() + within
    while problems(data := verified()) and time.monotonic() < end:
        time.sleep(AGAIN)
    return data


def secure_ports(stack: Stack) -> frozenset[int]:
    """The ports that speak TLS, as the files of the certificates directory and a handshake have it."""
    trust = ssl.create_default_context(cafile=str(stack.directory / "certs/ca-cert.pem"))
    found = look(Docker(stack.engine.environment), stack.name)
    secure = set()
    for service, port in PORTS.items():
        for place in found.namespace(found.of(service)[0]).attachments:
            with (
                contextlib.suppress(OSError),
                socket.create_connection((place.address, port), 5) as raw,
                trust.wrap_socket(raw, server_hostname=service),
            ):
                secure.add(port)
    return frozenset(secure)
