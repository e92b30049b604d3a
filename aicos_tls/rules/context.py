"""What every rule is given: the project, the policy, and what was found out about both. Computed once per run."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.plan.checks import Healthcheck, healthchecks
from aicos_tls.plan.references import REWRITABLE, Reference, references
from aicos_tls.plan.schemes import SchemeVariable, scheme_variables
from aicos_tls.plan.scope import Decision, decide
from aicos_tls.plan.servers import find_servers
from aicos_tls.rules.placement import Placement
from aicos_tls.yamledit.apply import set_text
from aicos_tls.yamledit.edits import SetText

if TYPE_CHECKING:
    from aicos_tls.compose.model import Project, Service
    from aicos_tls.plan.model import Server
    from aicos_tls.plan.policy import Policy
    from aicos_tls.yamledit.nodes import Scalar


class Context(Struct, frozen=True, dict=True):
    """The facts that rules decide on."""

    project: Project
    policy: Policy
    decisions: dict[str, Decision]
    references: list[Reference]
    schemes: list[SchemeVariable]
    healthchecks: dict[str, Healthcheck]
    servers: dict[str, Server]

    @classmethod
    def of(cls, project: Project, policy: Policy) -> Context:
        """Find out everything about a project under a policy."""
        decisions = decide(project, policy)
        found = list(references(project, decisions))
        schemes = list(scheme_variables(project, decisions))
        checks = healthchecks(project)
        servers = find_servers(project, decisions, found, schemes, checks)
        return cls(project, policy, decisions, found, schemes, checks, servers)

    @cached_property
    def in_scope(self) -> frozenset[str]:
        """Names of the services in scope."""
        return frozenset(name for name, decision in self.decisions.items() if decision.in_scope)

    @cached_property
    def services(self) -> list[Service]:
        """The services in scope, in the order of the files."""
        return [service for service in self.project.services.values() if service.name in self.in_scope]

    @cached_property
    def rewritten(self) -> list[Reference]:
        """The references that become TLS: plain ones to a server in scope."""
        known = self.project.dotenv.values if self.project.dotenv else {}
        return [
            r
            for r in self.references
            if r.kind in REWRITABLE and r.url.plain and r.target in self.servers and r.url.variable not in known
        ]

    @cached_property
    def _text_edits(self) -> dict[int, list[SetText]]:
        """The edits of URLs in YAML scalars by the scalar's identity, each once."""
        found: dict[int, dict[SetText, None]] = {}
        for reference in self.rewritten:
            if (node := reference.site.node) is not None:
                found.setdefault(id(node), {}).update(dict.fromkeys(url_edits(node, reference)))
        return {key: list(edits) for key, edits in found.items()}

    def new_value(self, node: Scalar) -> str:
        """The value of a scalar after the URL edits, for the case that it is copied."""
        return set_text(node.value, self._text_edits.get(id(node), ()))

    @cached_property
    def placement(self) -> Placement:
        """Finds places for additions."""
        return Placement(self.project, self.new_value)


def url_edits(node: Scalar, reference: Reference) -> list[SetText]:
    """Edits that make a URL in `node` the same one over TLS."""
    offset = reference.site.offset
    return [SetText(node, offset + i.at, offset + i.at, i.text) for i in reference.url.insertions]
