"""What is said of the code half of a plan: the services that are changed, and the servers that would not serve TLS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from aicos_tls.plan.servers import NOTHING_SETTLED, Settled

if TYPE_CHECKING:
    from aicos_tls.connections.model import Connection
    from aicos_tls.plan.model import Plan, PlannedFile
    from aicos_tls.serving.bundles import Bundle
    from aicos_tls.serving.model import Choice


class Gap(Struct, frozen=True):
    """A server that would not serve TLS: why in words, and the command that would make it, where there is one."""

    service: str
    words: str
    command: str = ""


class Coded(Struct, frozen=True):
    """The plan with what the sources need (None: as it was), the services that are changed, their new texts, gaps.

    `choices` are the ways to serve TLS of those that one was asked for, `bundles` files of certificates to write,
    `connections` all that are known, as they are once the run is done, `settled` what the sources say of servers.
    """

    plan: Plan | None = None
    services: tuple[str, ...] = ()
    files: list[PlannedFile] = field(default_factory=list)
    gaps: tuple[Gap, ...] = ()
    choices: tuple[Choice, ...] = ()
    bundles: tuple[Bundle, ...] = ()
    connections: tuple[Connection, ...] = ()
    settled: Settled = NOTHING_SETTLED
