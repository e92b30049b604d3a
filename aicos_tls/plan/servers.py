"""Which services are servers: another service's URL points to them, or their healthcheck asks them over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from aicos_tls.plan.checks import from_dotenv
from aicos_tls.plan.model import Server
from aicos_tls.plan.references import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aicos_tls.compose.model import Project
    from aicos_tls.plan.checks import Healthcheck
    from aicos_tls.plan.references import Reference
    from aicos_tls.plan.schemes import SchemeVariable
    from aicos_tls.plan.scope import Decision


class Plain(Struct, frozen=True):
    """Why a server is left as it is, and what would change that."""

    reason: str
    remedy: str = ""


class Settled(Struct, frozen=True):
    """What is known of servers besides what the compose files say.

    `named` are services that other files name, with the evidence, `ports` where these ask servers. `plain` are servers
    that do not come to speak TLS, because a client could not follow or no way is open: nothing of them is changed.
    """

    named: Mapping[str, str] = {}
    plain: Mapping[str, Plain] = {}
    ports: Mapping[str, tuple[int, ...]] = {}


NOTHING_SETTLED = Settled()


def find_servers(
    project: Project,
    decisions: dict[str, Decision],
    references: list[Reference],
    schemes: list[SchemeVariable],
    checks: dict[str, Healthcheck],
    ordered: Iterable[str] = (),
    settled: Settled = NOTHING_SETTLED,
) -> dict[str, Server]:
    """Servers in scope by name, with the first evidence that was found. A frontend that only browsers reach is none.

    `ordered` are services for which a person named a way to serve TLS: that is obeyed, whoever asks them. `settled` is
    what is known from elsewhere.
    """
    found: dict[str, Server] = {}
    for reference in references:
        if reference.kind is Kind.EDGE and reference.target:
            asker = reference.site.service or reference.site.name
            evidence = f"{asker} asks it at {reference.text} ({reference.where})"
            found.setdefault(reference.target, Server(reference.target, evidence))
    for scheme in schemes:
        if scheme.service == scheme.target:
            continue
        evidence = f"{scheme.service} asks it ({scheme.host_key}, {scheme.setting.key})"
        found.setdefault(scheme.target, Server(scheme.target, evidence))
    for name, check in checks.items():
        if check.asks or from_dotenv(project.services[name], check):
            found.setdefault(name, Server(name, f"its healthcheck asks it over HTTP ({check.where})"))
    for name in ordered:
        found.setdefault(name, Server(name, "a way to serve TLS was asked for it by name"))
    for name, evidence in settled.named.items():
        found.setdefault(name, Server(name, evidence))
    inside = (name for name in project.services if name in found and decisions[name].in_scope)
    ports = settled.ports
    return {name: replace(found[name], ports=ports.get(name, ())) for name in inside if name not in settled.plain}
