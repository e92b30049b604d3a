"""Which services are servers: another service's URL points to them, or their healthcheck asks them over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.plan.checks import from_dotenv
from aicos_tls.plan.model import Server
from aicos_tls.plan.references import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aicos_tls.compose.model import Project
    from aicos_tls.plan.checks import Healthcheck
    from aicos_tls.plan.references import Reference
    from aicos_tls.plan.schemes import SchemeVariable
    from aicos_tls.plan.scope import Decision


def find_servers(
    project: Project,
    decisions: dict[str, Decision],
    references: list[Reference],
    schemes: list[SchemeVariable],
    checks: dict[str, Healthcheck],
    ordered: Iterable[str] = (),
) -> dict[str, Server]:
    """Servers in scope by name, with the first evidence that was found. A frontend that only browsers reach is none.

    `ordered` are services for which a person named a way to serve TLS: that is obeyed, whoever asks them.
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
    return {name: found[name] for name in project.services if name in found and decisions[name].in_scope}
