"""Builds the plan: asks the rules, turns their proposals into new texts, and declines what has no form.

The plan is computed once; the diff, the files that are written and every report come from it.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from aicos_tls import files
from aicos_tls.compose.dotenv import EnvFile
from aicos_tls.compose.load import load
from aicos_tls.compose.urls import without_password
from aicos_tls.plan.model import Certificate, Declined, Edge, Note, Plan, PlannedFile, Proposal
from aicos_tls.plan.references import Kind
from aicos_tls.plan.scope import short_names
from aicos_tls.plan.servers import NOTHING_SETTLED
from aicos_tls.proof.check import prove
from aicos_tls.rules import RULES
from aicos_tls.rules.context import Context
from aicos_tls.rules.notes import notes
from aicos_tls.rules.urls import after
from aicos_tls.yamledit.apply import apply, splice
from aicos_tls.yamledit.edits import InexpressibleError, Splice

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aicos_tls.compose.model import ComposeFile, Project
    from aicos_tls.plan.policy import Policy
    from aicos_tls.plan.servers import Settled
    from aicos_tls.serving.model import Wanted
    from aicos_tls.yamledit.edits import Edit

_ADDRESSES = frozenset({"urls", "schemes"})
"""Rules whose declined changes leave a client and its server at odds: the rest must not be written alone."""


def plan(
    project: Project,
    policy: Policy,
    recorded_names: dict[str, str] | None = None,
    wanted: Wanted | None = None,
    settled: Settled = NOTHING_SETTLED,
) -> Plan:
    """Compute what a run would do. `recorded_names` are short names that an earlier run chose.

    `wanted` is what services need besides what the guide asks for, `settled` what is known of servers from elsewhere.
    """
    context = Context.of(project, policy, wanted, settled)
    outcomes = [outcome for rule in RULES.values() for outcome in rule.check(context)]
    draft = _Draft(context, [o for o in outcomes if isinstance(o, Proposal)])
    draft.write(project)
    changes = [proposal.change for proposal in draft.accepted]
    prove(project, changed_project(project, draft.files), changes, draft.files)
    names = short_names(project, policy, recorded_names or {})
    return Plan(
        project=project,
        policy=policy,
        decisions=context.decisions,
        short_names={name: names[name] for name in names if name in context.in_scope},
        servers=context.servers,
        references=context.references,
        changes=changes,
        declined=_for_eyes(project, [*(o for o in outcomes if isinstance(o, Declined)), *draft.declined]),
        notes=[*(o for o in outcomes if isinstance(o, Note)), *notes(context)],
        edges=list(_edges(context)),
        files=draft.files,
        certificates=list(_certificates(context, names, wanted.names if wanted else {})),
    )


def _for_eyes(project: Project, declined: list[Declined]) -> list[Declined]:
    """What was declined; of env files, which are not in the repository as a rule, no password is repeated."""
    env_files = {env.file.path for service in project.services.values() for env in service.env_files}
    env_files |= {project.dotenv.file.path} if project.dotenv else set()
    return [
        replace(each, paste=without_password(each.paste)) if each.where.path in env_files else each for each in declined
    ]


def changed_project(project: Project, planned: list[PlannedFile]) -> Project:
    """The project as it will be: loaded again with the new texts, whose parse is known from their proof."""
    parsed = {source.path: (source.file, source.stream) for source in project.files}
    parsed |= {file.path: (file.edited.file, file.edited.stream) for file in planned if file.edited}
    env_files = [env for service in project.services.values() for env in service.env_files]
    texts = {env.file.path: env.file for env in (*env_files, *([project.dotenv] if project.dotenv else ()))}
    texts |= {f.path: replace(f.before, raw=f.after) for f in planned if f.before and not f.edited}
    return load(project.named, read=lambda path: texts.get(path) or files.read(path), parsed=parsed)


_REPEATING = _ADDRESSES | {"healthcheck", "command"}
"""Rules whose new lines hold what stood in the old ones."""


class _Draft(Struct, eq=False):
    """Proposals on their way to texts."""

    context: Context
    proposals: list[Proposal]
    accepted: list[Proposal] = field(default_factory=list)
    declined: list[Declined] = field(default_factory=list)
    files: list[PlannedFile] = field(default_factory=list)
    inside: dict[int, bool] = field(default_factory=dict)

    def write(self, project: Project) -> None:
        """Make the new text of every file. A proposal that has no form is declined, the others stand."""
        inside = [proposal for proposal in self.proposals if self._stays_inside(project, proposal)]
        self.accepted = self._largest(project, [], inside)

    def _largest(self, project: Project, kept: list[Proposal], more: list[Proposal]) -> list[Proposal]:
        """`kept` and what of `more` can be made with it, one after the other; the rest is declined with the reason.

        By halves: a single change without a form in a large project costs few attempts.
        """
        try:
            self.files = list(_new_files(project, kept + more))
        except InexpressibleError as error:
            if len(more) == 1:
                self._decline(more[0], str(error))
                return kept
            middle = len(more) // 2
            return self._largest(project, self._largest(project, kept, more[:middle]), more[middle:])
        return kept + more

    def _stays_inside(self, project: Project, proposal: Proposal) -> bool:
        """Decline a change of a file outside of the project directory: it could not be taken back."""
        outside = next((source for source, _ in proposal.edits if not self._inside(project, source)), None)
        if outside is not None:
            where = f"{outside.file.path} lies outside of the project directory"
            self._decline(proposal, f"{where}: a change there could not be taken back", _guarded_lines(proposal))
        return outside is None

    def _inside(self, project: Project, source: ComposeFile | EnvFile) -> bool:
        if id(source) not in self.inside:
            self.inside[id(source)] = project.holds(source.file)
        return self.inside[id(source)]

    def _decline(self, proposal: Proposal, reason: str, paste: str = "") -> None:
        change = proposal.change
        service = self.context.project.services.get(change.service)
        breaks = change.rule in _ADDRESSES or (
            change.rule != "healthcheck" and service is not None and self.context.needs_settings(service)
        )
        paste = paste or proposal.paste or _lines_to_paste(proposal) or f"{change.path}: {change.after}"
        declined = Declined(change.rule, change.service, change.where, reason, paste, not breaks)
        if declined not in self.declined:
            self.declined.append(declined)


def _lines_to_paste(proposal: Proposal) -> str:
    """The lines that a proposal would have put into its file; empty when it has no form there."""
    source, _ = proposal.edits[0]
    try:
        if isinstance(source, EnvFile):
            text = splice(source.file.text, [e for _, e in proposal.edits if isinstance(e, Splice)])
        else:
            edits = [edit for _, edit in proposal.edits if not isinstance(edit, Splice)]
            text = apply(source.file, source.stream, edits).file.text
    except InexpressibleError:
        return ""
    there = set(source.file.text.splitlines())
    return "\n".join(line for line in text.splitlines() if line not in there)


def _guarded_lines(proposal: Proposal) -> str:
    """What to change in a file outside of the project: its lines are not repeated because a compose file names it.

    They are when they hold an address and nothing besides, and no password in it, or are lines of this program's own.
    """
    change = proposal.change
    lines = proposal.paste or _lines_to_paste(proposal)
    known = lines.endswith(change.after) and "\n" not in lines and without_password(lines) == lines
    return lines if known or change.rule not in _REPEATING else f"{change.path}: {without_password(change.after)}"


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
        edited = apply(source.file, source.stream, edits[id(source)])
        if edited.file is not source.file:
            yield PlannedFile(source.path, source.file, edited.file.raw, edited=edited)
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


def _certificates(
    context: Context, names: dict[str, str], more: Mapping[str, tuple[str, ...]]
) -> Iterator[Certificate]:
    aliases: dict[str, list[str]] = defaultdict(list)
    for service in context.project.services.values():
        for alias, name in service.links.items():
            aliases[name].append(alias)
    for service in context.services:
        dns = tuple(dict.fromkeys((*service.names, *aliases[service.name], *more.get(service.name, ()))))
        yield Certificate(service.name, names[service.name], dns)
