"""What every rule is given: the project, the policy, and what was found out about both. Computed once per run."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.compose.sites import is_looked_at
from aicos_tls.plan.checks import Healthcheck, healthchecks
from aicos_tls.plan.published import published_ports, publishes
from aicos_tls.plan.references import REWRITABLE, Directory, Kind, Reference, references
from aicos_tls.plan.schemes import BareHost, SchemeVariable, scheme_variables
from aicos_tls.plan.scope import Decision, decide
from aicos_tls.plan.serve import asks
from aicos_tls.plan.servers import NOTHING_SETTLED, Settled, find_servers
from aicos_tls.rules.images import Images
from aicos_tls.rules.placement import NoPlaceError, Placement
from aicos_tls.sources.nodeless import may_run_node
from aicos_tls.sources.runtime import STATIC, runtime_of_image
from aicos_tls.yamledit.apply import set_text
from aicos_tls.yamledit.edits import SetText

if TYPE_CHECKING:
    from collections import abc

    from aicos_tls.compose.model import Project, Service
    from aicos_tls.plan.model import Server
    from aicos_tls.plan.policy import Policy
    from aicos_tls.serving.model import Needs, Sidecar, Wanted
    from aicos_tls.yamledit.nodes import Mapping, Scalar


class Context(Struct, frozen=True, dict=True):
    """The facts that rules decide on."""

    project: Project
    policy: Policy
    decisions: dict[str, Decision]
    references: list[Reference]
    schemes: list[SchemeVariable]
    bare_hosts: list[BareHost]
    healthchecks: dict[str, Healthcheck]
    servers: dict[str, Server]
    needs: abc.Mapping[str, Needs]
    sidecars: tuple[Sidecar, ...]
    node: bool = True
    """Whether Node runs in a service in scope, or nobody knows what does."""

    @classmethod
    def of(cls, project: Project, policy: Policy, wanted: Wanted | None, settled: Settled = NOTHING_SETTLED) -> Context:
        """Find out everything about a project under a policy.

        `wanted` is what services need besides the guide's, `settled` what is known of servers from elsewhere.
        """
        decisions = decide(project, policy)
        outside = (service for name, service in project.services.items() if not decisions[name].in_scope)
        if any(runtime_of_image(service.image or "") in STATIC for service in outside):
            from aicos_tls.sources.mounted import configured  # reads files: few projects have such a service

            if proxies := configured(project, decisions):
                decisions = decide(project, policy, proxies)
        found = list(references(project, decisions))
        apart = list(scheme_variables(project))
        schemes = [found for found in apart if isinstance(found, SchemeVariable)]
        bare = [found for found in apart if isinstance(found, BareHost)]
        checks = healthchecks(project)
        ordered = [name for name, ask in asks(project, policy).items() if ask.by_name]
        if policy.published == "tls":
            ordered += [name for name, service in project.services.items() if publishes(service)]
        servers = find_servers(project, decisions, found, schemes, checks, ordered, settled)
        needs, sidecars = (wanted.needs, wanted.sidecars) if wanted else ({}, ())
        node = may_run_node(project, [name for name, decision in decisions.items() if decision.in_scope])
        return cls(project, policy, decisions, found, schemes, bare, checks, servers, needs, sidecars, node)

    @cached_property
    def in_scope(self) -> frozenset[str]:
        """Names of the services in scope."""
        return frozenset(name for name, decision in self.decisions.items() if decision.in_scope)

    @cached_property
    def services(self) -> list[Service]:
        """The services in scope, in the order of the files."""
        return [service for service in self.project.services.values() if service.name in self.in_scope]

    @cached_property
    def _asked(self) -> list[Reference]:
        return [r for r in self.references if r.kind in REWRITABLE and r.url.plain and r.target in self.servers]

    @cached_property
    def rewritten(self) -> list[Reference]:
        """The references that become TLS: plain ones to a server in scope."""
        return [r for r in self._asked if _place(r) not in self._stays and not self.elsewhere(r)]

    def elsewhere(self, reference: Reference) -> str:
        """As what else the text of a reference counts, by an anchor, where no reference is looked for; or nothing."""
        return self._elsewhere.get(id(reference.site.node), "")

    @cached_property
    def _elsewhere(self) -> dict[int, str]:
        """For each node that counts as something where no reference is looked for: as what, in words."""
        found: dict[int, str] = {}
        for node, paths in self.project.sharing.paths.items():
            if other := min((path for path in paths if path and not is_looked_at(path)), default=()):
                found[node] = ".".join(filter(None, other))
        return found

    @cached_property
    def entangled(self) -> list[tuple[Reference, str]]:
        """References that cannot become TLS, each with what else their text is."""
        return [(r, other) for r in self._asked if (other := self.elsewhere(r))]

    @cached_property
    def _sharing(self) -> list[tuple[Reference, Reference]]:
        """Pairs of a reference that is to become TLS, and one that is the same text for another service, and is not."""
        asked = {place: r for r in self._asked if (place := _place(r)) is not None and not self.elsewhere(r)}
        known = set(map(id, self._asked))
        return [(asked[place], r) for r in self.references if (place := _place(r)) in asked and id(r) not in known]

    @cached_property
    def along(self) -> list[Reference]:
        """References that change with the text that others have, too, and may: they are of the same server."""
        return [other for one, other in self._sharing if _may_follow(one, other) and _place(one) not in self._stays]

    @cached_property
    def torn(self) -> list[tuple[Reference, Reference]]:
        """References that cannot become TLS, each with one that is the same text and must stay as it is."""
        return [(r, self._stays[place]) for r in self._asked if (place := _place(r)) in self._stays]

    @cached_property
    def _stays(self) -> dict[tuple[int, int] | None, Reference]:
        return {_place(other): other for one, other in self._sharing if not _may_follow(one, other)}

    def check_entangled(self, nodes: abc.Iterable[Scalar]) -> None:
        """Raise `NoPlaceError` when one of `nodes` is also the text of a reference that cannot become TLS for that."""
        wanted = set(map(id, nodes))
        if other := next((r.site.name for r, _ in self.entangled if id(r.site.node) in wanted), ""):
            raise NoPlaceError(f"the same text is {other}, by an anchor")

    @cached_property
    def clients(self) -> frozenset[str]:
        """Names of the services that will ask a server over TLS."""
        asking = {r.site.service for r in self.rewritten if r.kind is Kind.EDGE}
        asking |= {scheme.service for scheme in self.schemes if scheme.target in self.servers}
        return frozenset(name for name in asking if name)

    def needs_settings(self, service: Service) -> bool:
        """Whether something breaks without certificates and variables: the service, or one that extends it."""
        concerned = {service.name, *(n for layer in service.own_layers for n in self._extending(layer.mapping))}
        return any(name in self.servers or name in self.clients for name in concerned)

    def wanting(self, service: Service) -> frozenset[str]:
        """The services that want what this one gets: all in scope, unless its way to serve TLS asks for more."""
        return frozenset({service.name}) if service.name in self.needs else self.in_scope

    def _extending(self, mapping: Mapping) -> frozenset[str]:
        return frozenset(self.project.sharing.users.get(id(mapping), ()))

    @cached_property
    def published(self) -> dict[int, str]:
        """Port of the machine to the service that it leads to."""
        return published_ports(self.project)

    @cached_property
    def namespaces(self) -> dict[str, frozenset[str]]:
        """For each service that shares its network with others (`network_mode: service:NAME`): all of them."""
        directory = Directory(self.project)
        found: dict[str, set[str]] = {}
        for service in self.project.services.values():
            found.setdefault(directory.namespace(service).name, set()).add(service.name)
        return {name: frozenset(names) for names in found.values() if len(names) > 1 for name in names}

    @cached_property
    def images(self) -> Images:
        """What the services run on, as far as it is known."""
        return Images(self.project)

    @cached_property
    def torn_schemes(self) -> dict[str, list[Reference]]:
        """Variables of `.env` that hold the scheme of servers and of others, with the plain URLs of the others."""
        wanted = {reference.url.scheme_name for reference in self.rewritten}
        kept = set(map(id, self.rewritten))
        found: dict[str, list[Reference]] = {}
        for reference in self.references:
            name = reference.url.scheme_name
            if name and name in wanted and reference.url.plain and id(reference) not in kept:
                found.setdefault(name, []).append(reference)
        return found

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


_MAY_FOLLOW = frozenset({Kind.NO_NETWORK, Kind.BROWSER})
"""What may become https with another reference: it reaches nothing, or is said to have changed."""


def _may_follow(one: Reference, other: Reference) -> bool:
    return other.target == one.target and other.kind in _MAY_FOLLOW


def _place(reference: Reference) -> tuple[int, int] | None:
    """Where a URL stands in a compose file; what an anchor or a merge key repeats stands in one place."""
    node = reference.site.node
    return None if node is None else (id(node), reference.site.offset + reference.url.start)


def url_edits(node: Scalar, reference: Reference) -> list[SetText]:
    """Edits that make a URL in `node` the same one over TLS."""
    offset = reference.site.offset
    return [SetText(node, offset + i.at, offset + i.at, i.text) for i in reference.url.insertions]
