"""What the running containers serve, asked port by port: for `certs status` and `certs metrics`. Reads only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from aicos_tls.commands.enabled import as_enabled
from aicos_tls.commands.proxied import with_proxied
from aicos_tls.commands.verify import on_disk
from aicos_tls.errors import TlsError
from aicos_tls.live.docker import Docker
from aicos_tls.live.inside import Inside
from aicos_tls.live.judge import served as judged
from aicos_tls.live.model import State
from aicos_tls.live.probe import interfaces, probe
from aicos_tls.live.questions import Questions
from aicos_tls.live.sidecars import sidecars
from aicos_tls.live.stack import check_own, look, project_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from aicos_tls.live.judge import Served
    from aicos_tls.live.model import Check


class At(Struct, frozen=True):
    """What one port of one container serves."""

    service: str
    container: str
    served: Served

    @property
    def same(self) -> bool:
        """Whether it is the certificate of the file."""
        return any(check.id == "on-disk" and check.state is State.OK for check in self.served.checks)

    @property
    def wrong(self) -> tuple[Check, ...]:
        """What is wrong with the certificate or the handshake, or could not be found out."""
        asked = ("tls", "chain", "names", "expiry", "on-disk")
        bad = (State.FAILED, State.UNKNOWN)
        return tuple(check for check in self.served.checks if check.id in asked and check.state in bad)


class Stack(Struct, frozen=True):
    """The stack under its name, by port; `down` says why there is nothing to ask (then there are no ports)."""

    name: str = ""
    ports: tuple[At, ...] = ()
    down: str = ""


class Options(Struct, frozen=True):
    """`project` is the name docker compose was given, `timeout` seconds for each connection."""

    project: str = ""
    timeout: float = 5


def ask(
    named: Sequence[Path],
    flags: Mapping[str, object],
    options: Options,
    *,
    now: datetime,
    environment: Mapping[str, str],
) -> Stack:
    """Ask every server of the stack; one that does not run is an answer, too. Raises `TlsError` for no project."""
    prepared = as_enabled(named, environment, dict(flags))
    prepared = replace(prepared, plan=with_proxied(prepared.plan))
    plan = prepared.plan
    docker = Docker(environment)
    name = project_name(plan.project, options.project, environment)
    try:
        docker.engine()
        stack = look(docker, name)
        check_own(docker, stack, plan.project, named=bool(options.project))
    except TlsError as error:
        return Stack(name, down=error.message)
    questions = Questions.of(plan, stack)
    before = on_disk(prepared)
    ca = next((disk.ca for disk in before.values()), "")
    inside = Inside(docker, stack.containers)
    answers = probe(stack, questions.wanted, inside, ca=ca, timeout=options.timeout, here=interfaces())
    after, behind = on_disk(prepared), sidecars(plan)
    names = {container.id: container.name for container in stack.containers}
    return Stack(
        name,
        tuple(
            At(
                service,
                names[end.container],
                judged(
                    end.port,
                    answers[end],
                    before[service],
                    after[service],
                    service=service,
                    now=now,
                    sidecar=behind.get(service, ""),
                ),
            )
            for end, service in sorted(questions.services.items(), key=lambda each: (each[1], each[0]))
        ),
    )
