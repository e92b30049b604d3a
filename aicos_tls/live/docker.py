"""The docker command line as a subprocess, and what it says when it cannot do its work, as one line each.

The command line and not the SDK: it is there wherever a stack is brought up with docker compose, it knows contexts,
DOCKER_HOST, DOCKER_CONTEXT, SSH and TLS to remote engines by itself, and it is no dependency.
"""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from aicos_tls.errors import TlsError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PATIENCE = 30.0
"""Seconds after which an answer of the engine is given up on; a healthy one answers within one."""

_SAYS = (
    (
        r"permission denied while trying to connect|dial unix .*: permission denied",
        "there is no permission to talk to the Docker engine",
        "run this with sudo, or join the group docker and log in again",
    ),
    (
        r"Cannot connect to the Docker daemon|Is the docker daemon running|error during connect|connection refused",
        "the Docker engine does not answer{place}",
        "start it, or name another one: DOCKER_HOST, DOCKER_CONTEXT",
    ),
    (r"context .*(not found|does not exist)", "docker has no such context{place}", "see: docker context ls"),
)
"""What the command line says (docker 20 to 28), what that means, and what to do."""


class Ran(Struct, frozen=True):
    """What a command printed, and its exit code."""

    code: int
    out: str
    error: str

    @property
    def last(self) -> str:
        """The last line that it complained with."""
        lines = self.error.strip().splitlines()
        return lines[-1].strip() if lines else f"exit code {self.code}"


class Docker:
    """The engine that the docker command line reaches in `environment`."""

    def __init__(self, environment: Mapping[str, str], command: str = "docker") -> None:
        self.environment = dict(environment)
        self.command = command

    def run(self, *arguments: str, text: str | None = None, timeout: float = PATIENCE) -> Ran:
        """Run `docker ARGUMENTS`, with `text` as its input; `timeout` in seconds. Its exit code is no error here.

        Raises `TlsError` when there is no docker, or it does not end in time.
        """
        try:
            done = subprocess.run(  # noqa: S603 - the arguments are ours
                [self.command, *arguments],
                input=text,
                stdin=subprocess.DEVNULL if text is None else None,
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
                timeout=timeout,
                env=self.environment,
            )
        except FileNotFoundError:
            raise TlsError("there is no docker here", hint="install the docker command line") from None
        except OSError as error:
            raise TlsError(f"docker cannot be run: {error.strerror}", hint="see: docker version") from None
        except subprocess.TimeoutExpired:
            raise TlsError(
                f"docker {arguments[0]} did not answer within {timeout:.0f} s", hint="see: docker version"
            ) from None
        return Ran(done.returncode, done.stdout, done.stderr)

    def ask(self, *arguments: str) -> str:
        """What `docker ARGUMENTS` prints; raises `TlsError` with what is wrong when it fails."""
        done = self.run(*arguments)
        if done.code:
            raise self._error(done)
        return done.out

    def ask_json(self, *arguments: str) -> Any:
        """The JSON that `docker ARGUMENTS` prints; raises `TlsError`."""
        out = self.ask(*arguments)
        try:
            return json.loads(out)
        except ValueError:
            raise TlsError(f"docker {arguments[0]} printed no JSON: {out[:60]!r}", hint="see: docker version") from None

    def engine(self) -> str:
        """The version of the engine. Raises `TlsError` when it does not answer or is none of Docker's."""
        answer = self.ask_json("version", "--format", "{{json .}}")
        server = answer.get("Server") if isinstance(answer, dict) else None
        if not server:
            raise TlsError("the Docker engine does not answer", hint="see: docker version")
        names = [str(part.get("Name", "")) for part in server.get("Components") or []]
        if podman := next((name for name in names if "podman" in name.lower()), ""):
            raise TlsError(
                f"the engine here is Podman ({podman}), whose networks are built in another way than Docker's",
                hint="name a Docker engine: DOCKER_HOST, DOCKER_CONTEXT",
            )
        return str(server.get("Version", ""))

    def _error(self, done: Ran) -> TlsError:
        host = self.environment.get("DOCKER_HOST", "")
        context = self.environment.get("DOCKER_CONTEXT", "")
        place = f" ({f'DOCKER_HOST={host}' if host else f'context {context}'})" if host or context else ""
        for pattern, message, hint in _SAYS:
            if re.search(pattern, done.error, re.IGNORECASE):
                return TlsError(message.format(place=place), hint=hint)
        return TlsError(f"docker: {done.last}", hint="see: docker version")


def words(output: str) -> Sequence[str]:
    """The identifiers that a `--quiet` listing printed."""
    return output.split()
