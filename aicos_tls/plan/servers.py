"""Which services are servers: another service's URL points to them, or their healthcheck asks them over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.plan.model import Server
from aicos_tls.plan.references import Kind

if TYPE_CHECKING:
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
) -> dict[str, Server]:
    """Servers in scope by name, with the first evidence that was found. A frontend that only browsers reach is none."""
    found: dict[str, Server] = {}
    for reference in references:
        if reference.kind is Kind.EDGE and reference.target and reference.is_http:
            asker = reference.site.service or reference.site.name
            evidence = f"{asker} asks it at {reference.text} ({reference.where})"
            found.setdefault(reference.target, Server(reference.target, evidence))
    for scheme in schemes:
        evidence = f"{scheme.service} asks it ({scheme.host_key}, {scheme.variable.key})"
        found.setdefault(scheme.target, Server(scheme.target, evidence))
    for name, check in checks.items():
        if check.asks:
            found.setdefault(name, Server(name, f"its healthcheck asks it over HTTP ({check.where})"))
    return {name: found[name] for name in project.services if name in found and decisions[name].in_scope}
