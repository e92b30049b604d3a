"""Builds the plan: asks the rules, turns their proposals into new texts, and declines what has no form.

The plan is computed once; the diff, the files that are written and every report come from it.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from aicos_tls.compose.dotenv import EnvFile
from aicos_tls.compose.resolve import texts_of
from aicos_tls.compose.urls import DEFAULT_PORT, host_name
from aicos_tls.errors import InternalError
from aicos_tls.plan.model import Certificate, Declined, Edge, Note, Plan, PlannedFile, Proposal
from aicos_tls.plan.policy import BLOCK
from aicos_tls.plan.references import Kind
from aicos_tls.plan.scope import short_names
from aicos_tls.rules import RULES
from aicos_tls.rules.context import Context
from aicos_tls.rules.urls import after
from aicos_tls.yamledit.apply import edit as edited
from aicos_tls.yamledit.apply import splice
from aicos_tls.yamledit.edits import InexpressibleError, Splice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.compose.model import Project
    from aicos_tls.plan.policy import Policy
    from aicos_tls.yamledit.edits import Edit


def plan(project: Project, policy: Policy, recorded_names: dict[str, str] | None = None) -> Plan:
    """Compute what a run would do. `recorded_names` are short names that an earlier run chose."""
    context = Context.of(project, policy)
    outcomes = [outcome for rule in RULES.values() for outcome in rule.check(context)]
    draft = _Draft([o for o in outcomes if isinstance(o, Proposal)])
    draft.write(project)
    changes = [proposal.change for proposal in draft.accepted]
    declined = [*(o for o in outcomes if isinstance(o, Declined)), *draft.declined]
    names = short_names(project, policy, recorded_names or {})
    return Plan(
        project=project,
        policy=policy,
        decisions=context.decisions,
        short_names={name: names[name] for name in names if name in context.in_scope},
        servers=context.servers,
        references=context.references,
        changes=changes,
        declined=[_judged(context, each, draft.accepted) for each in declined],
        notes=list(dict.fromkeys([*(o for o in outcomes if isinstance(o, Note)), *_notes(context)])),
        edges=list(_edges(context)),
        files=draft.files,
        certificates=list(_certificates(context, names)),
    )


class _Draft(Struct, eq=False):
    """Proposals on their way to texts."""

    proposals: list[Proposal]
    accepted: list[Proposal] = field(default_factory=list)
    declined: list[Declined] = field(default_factory=list)
    files: list[PlannedFile] = field(default_factory=list)

    def write(self, project: Project) -> None:
        """Make the new text of every file. A proposal that has no form is declined, the others stand."""
        self.accepted = []
        for proposal in self.proposals:
            outside = next((s.file.path for s, _ in proposal.edits if not project.holds(s.file.path)), None)
            if outside is None:
                self.accepted.append(proposal)
            else:
                self._decline(proposal, f"{outside} lies outside of the project: a change there cannot be rolled back")
        while (result := self._texts(project)) is None:
            self._isolate(project)
        self.files = result

    def _texts(self, project: Project) -> list[PlannedFile] | None:
        try:
            return list(_new_files(project, self.accepted))
        except InexpressibleError:
            return None

    def _isolate(self, project: Project) -> None:
        """Keep the proposals that can be made together; decline the rest with the reason.

        Halves that go well are kept whole, so that one bad proposal among thousands does not cost thousands of runs.
        """
        before, pending, kept = len(self.accepted), [self.accepted], list[Proposal]()
        while pending:
            chunk = pending.pop()
            try:
                list(_new_files(project, [*kept, *chunk]))
            except InexpressibleError as error:
                if len(chunk) == 1:
                    self._decline(chunk[0], str(error))
                else:
                    middle = len(chunk) // 2
                    pending += [chunk[middle:], chunk[:middle]]
            else:
                kept += chunk
        if len(kept) == before:
            raise InternalError("the changes can be made one by one, but not together")
        self.accepted = kept

    def _decline(self, proposal: Proposal, reason: str) -> None:
        change = proposal.change
        paste = proposal.paste or f"{change.path}: {change.after}"
        self.declined.append(Declined(change.rule, change.service, change.where, reason, paste))


def _judged(context: Context, declined: Declined, accepted: list[Proposal]) -> Declined:
    """Say whether the rest can be written without what was declined.

    A URL or its scheme never: client and server would be at odds. What gives a service its certificates neither, when
    it serves or asks over TLS, or is given the other half.
    """
    if declined.rule in ("urls", "schemes"):
        return replace(declined, safe=False)
    if declined.rule not in ("mount", "variables"):
        return declined
    halves = {p.change.service for p in accepted if p.change.rule in ("mount", "variables")}
    clients = {reference.site.service for reference in context.rewritten}
    return replace(declined, safe=declined.service not in {*context.servers, *clients, *halves})


def _new_files(project: Project, proposals: list[Proposal]) -> Iterator[PlannedFile]:
    """Yield each file that changes, with its new bytes; raises `InexpressibleError`."""
    edits: dict[int, list[Edit]] = defaultdict(list)
    env_edits: dict[int, tuple[EnvFile, list[Splice]]] = {}
    for source, edit in (pair for proposal in proposals for pair in proposal.edits):
        if isinstance(edit, Splice):
            assert isinstance(source, EnvFile)  # noqa: S101 - FileEdit pairs them so
            env_edits.setdefault(id(source), (source, []))[1].append(edit)
        else:
            edits[id(source)].append(edit)
    for source in project.files:
        text, stream = edited(source.file, source.stream, edits[id(source)])
        if text != source.file.text:
            yield PlannedFile(source.path, source.file, source.file.encode(text), stream=stream)
    for env_file, splices in env_edits.values():
        text = splice(env_file.file.text, splices)
        yield PlannedFile(env_file.file.path, env_file.file, env_file.file.encode(text), "env")


def _edges(context: Context) -> Iterator[Edge]:
    """Yield the edges that become TLS, or already are."""
    changed = {id(reference) for reference in context.rewritten}
    for reference in context.references:
        server = reference.target
        if reference.kind is Kind.EDGE and server in context.servers and reference.site.service:
            new = after(reference) if id(reference) in changed else reference.text
            site = reference.site
            yield Edge(
                site.service or "", server or "", site.variable or site.name, reference.text, new, reference.where
            )


def _certificates(context: Context, names: dict[str, str]) -> Iterator[Certificate]:
    aliases: dict[str, list[str]] = defaultdict(list)
    for service in context.project.services.values():
        for alias, name in service.links.items():
            aliases[name].append(alias)
    for service in context.services:
        dns = tuple(dict.fromkeys((*service.names, *aliases[service.name])))
        yield Certificate(service.name, names[service.name], dns)


_LEFT_ALONE = (Kind.OUT_OF_SCOPE, Kind.BROWSER, Kind.PROXY, Kind.NO_NETWORK, Kind.UNKNOWN)


def _notes(context: Context) -> Iterator[Note]:
    yield from (Note("warning", text, where=where) for text, where in context.project.notes)
    yield from _unread_settings(context)
    for service in context.services:
        yield from _published(context, service.name)
    yield from _through_the_host(context)
    for reference in context.references:
        if reference.kind in _LEFT_ALONE and reference.url.plain:
            text = (
                f"{reference.site.variable or reference.site.path[-1]}: {reference.text} stays: {reference.kind.value}"
            )
            yield Note("kept", text, reference.site.service or "", reference.where)
    for reference in context.rewritten:
        if names := reference.browser_variables:
            text = f"{reference.site.variable} is changed for a service, but {', '.join(names)} shows it to browsers"
            yield Note("todo", text, reference.site.service or "", reference.where)
    for name in dict.fromkeys(r.site.service for r in context.rewritten):
        if name and name not in context.in_scope:
            text = "it asks a server over TLS now, but is out of scope: it must be told to trust certs/ca-cert.pem"
            yield Note("todo", text, name, context.project.services[name].where)


def _unread_settings(context: Context) -> Iterator[Note]:
    for service in context.project.services.values():
        for layer in service.layers:
            if block := layer.entries.get(BLOCK):
                text = f"`{BLOCK}` in a service is not supported yet, it changes nothing; at the top level it is read"
                yield Note("warning", text, service.name, layer.source.where(block.key))


_HOST_NAMES = frozenset({"host.docker.internal", "gateway.docker.internal", "172.17.0.1"})
"""Names under which a container reaches the host, besides `localhost` for browsers and with `network_mode: host`."""


def _through_the_host(context: Context) -> Iterator[Note]:
    """Tell of URLs that reach a server by its published port: whether that is meant, only a person can say."""
    by_port = {port: name for name in context.servers for port in context.project.services[name].published_ports}
    for reference in context.references:
        url = reference.url
        on_host = reference.kind is Kind.LOOPBACK or host_name(url.host) in _HOST_NAMES
        server = by_port.get(url.port or str(DEFAULT_PORT))
        if server and url.plain and on_host and server != reference.site.service:
            text = f"{reference.site.path[-1]}: {reference.text} is {server}'s published port, which speaks TLS now"
            yield Note("todo", text, reference.site.service or "", reference.where)


def _published(context: Context, name: str) -> Iterator[Note]:
    if name not in context.servers:
        return
    service = context.project.services[name]
    ports = [text for _, entry in service.effective("ports") for text in texts_of(entry.value)]
    if ports:
        text = "a published port speaks TLS now: from the host it is https://, with certs/ca-cert.pem to verify"
        yield Note("todo", text, name, service.where)
