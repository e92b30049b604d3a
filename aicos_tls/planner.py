"""Builds the plan: asks the rules, turns their proposals into new texts, and declines what has no form.

The plan is computed once; the diff, the files that are written and every report come from it.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct, field

from aicos_tls.compose.dotenv import EnvFile
from aicos_tls.compose.resolve import texts_of
from aicos_tls.errors import InternalError
from aicos_tls.plan.model import Certificate, Declined, Edge, Note, Plan, PlannedFile, Proposal
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

_BREAKS_ALONE = frozenset({"urls", "schemes", "mount", "variables"})
"""Rules whose declined changes leave a client and its server at odds: the rest must not be written alone."""


def plan(project: Project, policy: Policy, recorded_names: dict[str, str] | None = None) -> Plan:
    """Compute what a run would do. `recorded_names` are short names that an earlier run chose."""
    context = Context.of(project, policy)
    outcomes = [outcome for rule in RULES.values() for outcome in rule.check(context)]
    draft = _Draft([o for o in outcomes if isinstance(o, Proposal)])
    draft.write(project)
    names = short_names(project, policy, recorded_names or {})
    return Plan(
        project=project,
        policy=policy,
        decisions=context.decisions,
        short_names={name: names[name] for name in names if name in context.in_scope},
        servers=context.servers,
        references=context.references,
        changes=[proposal.change for proposal in draft.accepted],
        declined=[*(o for o in outcomes if isinstance(o, Declined)), *draft.declined],
        notes=[*(o for o in outcomes if isinstance(o, Note)), *_notes(context)],
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
        self.accepted = self.proposals
        while (result := self._texts(project)) is None:
            self._isolate(project)
        self.files = result

    def _texts(self, project: Project) -> list[PlannedFile] | None:
        try:
            return list(_new_files(project, self.accepted))
        except InexpressibleError:
            return None

    def _isolate(self, project: Project) -> None:
        """Keep the proposals that can be made together, one after the other; decline the rest with the reason."""
        kept: list[Proposal] = []
        for proposal in self.accepted:
            try:
                list(_new_files(project, [*kept, proposal]))
            except InexpressibleError as error:
                change = proposal.change
                safe = change.rule not in _BREAKS_ALONE
                paste = f"{change.path}: {change.after}"
                self.declined.append(Declined(change.rule, change.service, change.where, str(error), paste, safe))
            else:
                kept.append(proposal)
        if len(kept) == len(self.accepted):
            raise InternalError("the changes can be made one by one, but not together")
        self.accepted = kept


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
    for reference in context.references:
        server = reference.target
        if reference.kind is Kind.EDGE and server in context.servers and reference.site.service:
            new = after(reference) if reference.url.plain else reference.text
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
    for service in context.services:
        yield from _published(context, service.name)
    for reference in context.references:
        if reference.kind in _LEFT_ALONE and reference.url.plain:
            text = (
                f"{reference.site.variable or reference.site.path[-1]}: {reference.text} stays: {reference.kind.value}"
            )
            yield Note("kept", text, reference.site.service or "", reference.where)
    for name in dict.fromkeys(r.site.service for r in context.rewritten):
        if name and name not in context.in_scope:
            text = "it asks a server over TLS now, but is out of scope: it must be told to trust certs/ca-cert.pem"
            yield Note("todo", text, name, context.project.services[name].where)


def _published(context: Context, name: str) -> Iterator[Note]:
    if name not in context.servers:
        return
    service = context.project.services[name]
    ports = [text for _, entry in service.effective("ports") for text in texts_of(entry.value)]
    if ports:
        text = "a published port speaks TLS now: from the host it is https://, with certs/ca-cert.pem to verify"
        yield Note("todo", text, name, service.where)
