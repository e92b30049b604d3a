"""Whether containers run and are well, and whether their logs say HTTPS."""

from __future__ import annotations

import re
import subprocess
import threading
from typing import TYPE_CHECKING

from aicos_tls.live.model import Check, State

if TYPE_CHECKING:
    from aicos_tls.live.docker import Docker
    from aicos_tls.live.model import Container

SAYS_HTTPS = re.compile(
    rb"https[^\n]*\b(?:server|listen\w*|running|serving|started|ready|port)\b"
    rb"|\b(?:server|listen\w*|running|serving|started|ready)\b[^\n]*https",
    re.IGNORECASE,
)
"""The guide's "HTTPS server listening", uvicorn's "running on https://…", and their like; no mere request to a URL."""
MUCH = 4 * 1024 * 1024
"""Bytes of a log, from the container's last start on, in which the line has to be."""


def condition(container: Container) -> tuple[Check, ...]:
    """Whether it runs, and what its healthcheck says."""
    logs = f"docker compose logs {container.service}"
    if not container.running:
        ended = f" (exit code {container.exit_code})" if container.status in ("exited", "dead", "restarting") else ""
        todo = {"paused": f"docker compose unpause {container.service}", "restarting": logs}.get(
            container.status, f"docker compose up -d {container.service}; {logs}"
        )
        return (Check("running", State.FAILED, f"its container is {container.status}{ended}", todo),)
    return (Check("running", State.OK, "its container runs"), _health(container, logs))


def _health(container: Container, logs: str) -> Check:
    if not container.health:
        return Check("healthy", State.SKIPPED, "it has no healthcheck")
    if container.health == "healthy":
        return Check("healthy", State.OK, "it is healthy")
    if container.health == "starting":
        return Check("healthy", State.UNKNOWN, "its healthcheck has not succeeded yet", "wait for it: --wait 60")
    said = f": {container.health_output[:160]}" if container.health_output else ""
    plain = re.search(r"\bhttp://", container.health_test)
    todo = f"its healthcheck still asks http: aicos-tls enable, then docker compose up -d {container.service}"
    return Check("healthy", State.FAILED, f"it is unhealthy{said}", todo if plain else logs)


def log(docker: Docker, container: Container, *, encrypted: bool, timeout: float) -> Check:
    """Whether its log has a line that says HTTPS. Without TLS its lack is a fault, with TLS a server may be silent."""
    found, problem = _search(docker, container, timeout)
    if found:
        return Check("log", State.OK, f"its log says: {found}")
    if problem:
        return Check("log", State.SKIPPED, f"its log cannot be read: {problem}")
    words = "no line of its log says HTTPS"
    return Check("log", State.SKIPPED if encrypted else State.FAILED, words)


def _search(docker: Docker, container: Container, timeout: float) -> tuple[str, str]:
    """The first line that says HTTPS, and why there is no log; `timeout` in seconds."""
    since = ["--since", container.started] if container.started else []
    with subprocess.Popen(  # noqa: S603 - the arguments are ours
        [docker.command, "logs", *since, container.id],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=docker.environment,
    ) as process:
        clock = threading.Timer(timeout, process.kill)
        clock.start()
        read, last = 0, b""
        try:
            for line in process.stdout or ():
                read, last = read + len(line), line
                if SAYS_HTTPS.search(line):
                    return line.strip()[:120].decode("utf-8", "replace"), ""
                if read > MUCH:
                    break
        finally:
            clock.cancel()
            process.kill()
        process.wait()
    text = last.strip().decode("utf-8", "replace")
    return "", text if text.startswith("Error") else ""
