"""Which servers a run switches: those of which every known client follows, and that have a way to serve TLS.

A plan is drafted, what it leaves plain is taken out, and it is drafted again, until nothing is in the way any more.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from aicos_tls import planner
from aicos_tls.commands.coding import SERVE, gap_of, with_sources
from aicos_tls.commands.gaps import Coded, Gap
from aicos_tls.commands.stock import named, outside, servings, still_plain
from aicos_tls.connections.inventory import Known, Texts, claims, told
from aicos_tls.connections.state import connections, in_the_way
from aicos_tls.plan.model import Note
from aicos_tls.plan.serve import AUTO
from aicos_tls.plan.servers import Plain, Settled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from aicos_tls.connections.inventory import Claim
    from aicos_tls.connections.seen import Seen
    from aicos_tls.plan.model import Declined, Plan
    from aicos_tls.plan.serve import Ask
    from aicos_tls.sources.project import Sources

_CODE = "code"
"""The rule of changes in sources (`aicos_tls.sources.codeplan`)."""
_LACKS = "the list of connections may lack some"
_NOTHING = "there are no sources of it here"


class Request(Struct, frozen=True):
    """What a run asks of the sources.

    `wanted` are the services whose code is to change, `originals` the texts from before the last run, `names` the short
    names that it chose, `asked` the ways to serve TLS that were asked for. `templates` is a directory with templates of
    the user's; `seen` is what was seen on the network.

    Not `undoable`: the texts are those of a run that was edited since, so that it is not known what that switched:
    nothing is decided anew.
    """

    wanted: Sequence[str]
    originals: Mapping[str, bytes | None]
    templates: Path | None = None
    names: dict[str, str] | None = None
    asked: Mapping[str, Ask] = {}
    seen: tuple[Seen, ...] = ()
    undoable: bool = True

    @property
    def switches(self) -> bool:
        """Whether the run makes servers speak TLS itself: then none may do so while a client cannot follow."""
        return self.undoable and bool(self.wanted or self.asked)


def coded_plan(plan: Plan, request: Request) -> Coded:
    """Look at the sources of a project: who asks whom, and what changes with `--code` and `--serve`.

    A server is switched when each of its clients that are known follows, or not at all. Raises `TlsError`.
    """
    sources = None
    if request.wanted or request.asked or has_sources(plan.project.directory, plan.policy.certs_dir):
        from aicos_tls.sources.project import Sources

        sources = Sources(plan, originals=request.originals, templates=request.templates)
    known = Known(plan, sources)
    before = claims(known, Texts(plan.project, sources), told(known, request.seen))
    settled = named(known, before, uwsgi=bool(request.asked))
    found = _drafted(plan, sources, settled, request, known)
    left_to_people: list[Declined] = []
    while request.switches and (more := _unswitched(found, request)):
        left_to_people += _declined_in_code(found)
        settled = replace(settled, plain={**settled.plain, **more})
        found = _drafted(plan, sources, settled, request, known)
    found.plan.declined.extend(_more(found.plan, left_to_people))
    found.plan.notes.extend(
        Note(
            "warning",
            f"{count} of its files that name a service were not read, as its code is too much: {_LACKS}",
            name,
        )
        for name, count in known.unread.items()
    )
    authority = f"{plan.policy.mount_path}/ca-cert.pem"
    stock = connections(known, before, found.after, servings(found.coded, found.plan, settled), authority)
    left = tuple(Gap(name, why.reason, "; ".join(why.remedy.splitlines())) for name, why in settled.plain.items())
    gaps = (*found.coded.gaps, *left)
    return replace(found.coded, gaps=gaps, connections=(*stock, *outside(plan)), settled=settled)


def _declined_in_code(found: _Drafted) -> list[Declined]:
    """What could not be changed in sources: it is why a server stays plain, so it is said whatever becomes of that."""
    return [replace(each, safe=True) for each in found.plan.declined if each.rule == _CODE]


def _more(plan: Plan, declined: Sequence[Declined]) -> list[Declined]:
    """Those that the plan does not have, each once."""
    there = {(each.service, each.where, each.reason) for each in plan.declined}
    return [each for each in dict.fromkeys(declined) if (each.service, each.where, each.reason) not in there]


class _Drafted(Struct, frozen=True):
    """A plan as far as it is settled, and what is claimed of connections once it is carried out."""

    plan: Plan
    coded: Coded
    known: Known
    after: list[Claim]


def _drafted(plan: Plan, sources: Sources | None, settled: Settled, request: Request, known: Known) -> _Drafted:
    """The plan with the servers that are settled, and what the sources need for it."""
    if settled != Settled():
        plan = planner.plan(plan.project, plan.policy, request.names, None, settled)
        sources = sources.under(plan) if sources else None
    if sources is None or not (plan.servers or request.wanted):
        gaps = tuple(Gap(name, _NOTHING, SERVE) for name in plan.servers)
        coded, texts = Coded(plan, gaps=gaps), Texts(plan.project, sources)
    else:
        coded, texts = with_sources(plan, sources, settled, request)
    final = coded.plan or plan
    if final.files:
        texts = replace(texts, project=planner.changed_project(plan.project, final.files))
    return _Drafted(final, coded, known, claims(known, texts, told(known, request.seen)))


def _unswitched(found: _Drafted, request: Request) -> dict[str, Plain]:
    """The servers that must stay plain after all, save those for which a way was asked by name: that is obeyed."""
    coded, plan = found.coded, found.plan
    by_name = {name for name, ask in request.asked.items() if ask.by_name}
    serving = servings(coded, plan, Settled())
    authority = f"{plan.policy.mount_path}/ca-cert.pem"
    more = {
        server: _following(claim, plan, authority)
        for server, claim in in_the_way(found.known, found.after, serving).items()
    }
    for choice in coded.choices:
        asked = request.asked.get(choice.service)
        if asked and asked.how == AUTO and (choice.how.value == "none" or choice.option.asks_port):
            gaps = gap_of(choice)
            more.setdefault(choice.service, Plain(gaps[0].words, gaps[0].command))
    for declined in plan.declined:
        if not declined.safe and request.asked:
            more.setdefault(declined.service, Plain(declined.reason))
    for gap in coded.gaps:
        if gap.service in request.wanted:
            more.setdefault(gap.service, Plain(gap.words, gap.command))
    return {name: why for name, why in more.items() if name in plan.servers and name not in by_name}


def _following(claim: Claim, plan: Plan, authority: str) -> Plain:
    """Why a client does not follow: what it goes on asking, and what stands in the way of changing that."""
    where = claim.destination.evidence.where
    of_file = [each for each in plan.declined if where and each.where.path == where.path]
    nearest = min(of_file, key=lambda each: each.where.line != (where.line if where else None), default=None)
    remedy = claim.destination.remedy.replace("{ca}", authority)
    if nearest is None:
        return Plain(still_plain(claim), remedy)
    return Plain(f"{still_plain(claim)}: {nearest.reason}", remedy or nearest.paste.replace("\n", " "))


def has_sources(directory: Path, certs_dir: str) -> bool:
    """Whether there is anything beside compose and env files in a directory: a quick look that saves a long one."""
    certs = os.path.normpath(certs_dir)
    with os.scandir(directory) as entries:
        return any(
            not entry.name.startswith(".")
            and entry.name != certs
            and not entry.name.endswith((".yml", ".yaml", ".json", ".env"))
            for entry in entries
        )
