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


def condition(
    container: Container, behind: Container | None = None, *, asks_in_plain: bool = False
) -> tuple[Check, ...]:
    """Whether it runs, and what its healthcheck says; `behind` is a container that died and that it depends on.

    `asks_in_plain`: its healthcheck may rightly ask over plain HTTP, as behind a sidecar.
    """
    logs = f"docker compose logs {container.service}"
    start = f"docker compose up -d {container.service}"
    if not container.running:
        todo = {
            "paused": f"docker compose unpause {container.service}",
            "restarting": f"{logs} says why",
            "created": start,
            "dead": f"docker compose rm --force {container.service}, then {start}",
        }.get(container.status, f"{logs} says why; then {start}")
        return (_behind(Check("running", State.FAILED, f"its container is {_status(container)}", todo), behind),)
    return (
        Check("running", State.OK, "its container runs"),
        _behind(_health(container, logs, asks_in_plain=asks_in_plain), behind),
    )


_SIGNALS = {137: "it was killed", 139: "it crashed", 143: "it was stopped"}
"""Exit codes that are 128 and the number of a signal: SIGKILL, SIGSEGV, SIGTERM (signal(7))."""
_NOT_FOUND = re.compile(r"executable file not found|not found|No such file or directory", re.IGNORECASE)


def _status(container: Container) -> str:
    """What the engine says of a container that does not run, and how it ended."""
    if container.status not in ("exited", "dead", "restarting"):
        return container.status
    ended = "it ran out of memory" if container.out_of_memory else _SIGNALS.get(container.exit_code, "")
    return f"{container.status} (exit code {container.exit_code}{f': {ended}' if ended else ''})"


def _behind(check: Check, behind: Container | None) -> Check:
    """The check of a container with what is behind it, where that found something."""
    if behind is None or check.state is not State.FAILED:
        return check
    state = "is unhealthy" if behind.running else f"is {_status(behind)}"
    words = f"{check.words}; {behind.service}, which it depends on, {state}"
    return Check(check.id, check.state, words, condition(behind)[-1].todo)


def _health(container: Container, logs: str, *, asks_in_plain: bool) -> Check:
    if not container.health:
        return Check("healthy", State.SKIPPED, "it has no healthcheck")
    if container.health == "healthy":
        return Check("healthy", State.OK, "it is healthy")
    if container.health == "starting":
        return Check("healthy", State.UNKNOWN, "its healthcheck has not succeeded yet", "wait for it: --wait 60")
    said = f": {container.health_output[:160]}" if container.health_output else ""
    again = f"then docker compose up -d {container.service}"
    if _NOT_FOUND.search(container.health_output) and re.search(r"\b(?:curl|wget)\b", container.health_test):
        todo = f"its image lacks the program: aicos-tls enable --repair, {again}"
    elif re.search(r"\bhttp://", container.health_test) and not asks_in_plain:
        todo = f"its healthcheck still asks http: aicos-tls enable, {again}"
    else:
        todo = logs
    return Check("healthy", State.FAILED, f"it is unhealthy{said}", todo)


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
