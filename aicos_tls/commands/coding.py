"""The code half of a plan: the sources that change with `--code`, and the servers that would not serve TLS."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from aicos_tls import files, planner
from aicos_tls.commands.gaps import Coded, Gap
from aicos_tls.commands.proxied import over_tls
from aicos_tls.commands.stock import named, outside, servings, still_plain
from aicos_tls.connections.inventory import Known, Texts, claims, told
from aicos_tls.connections.state import connections, in_the_way
from aicos_tls.errors import TlsError, Where
from aicos_tls.files import TextFile
from aicos_tls.plan.model import Note, PlannedFile
from aicos_tls.plan.serve import AUTO
from aicos_tls.plan.servers import Plain, Settled

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from aicos_tls.connections.inventory import Claim
    from aicos_tls.connections.seen import Seen
    from aicos_tls.plan.model import Declined, Plan
    from aicos_tls.plan.serve import Ask
    from aicos_tls.serving.model import Choice, RuntimeFile
    from aicos_tls.serving.served import Served
    from aicos_tls.sources.codeplan import CodePlan
    from aicos_tls.sources.languages import Facts
    from aicos_tls.sources.project import ServiceSources, Sources


_CODE = "code"
"""The rule of changes in sources (`aicos_tls.sources.codeplan`)."""
_LACKS = "the list of connections may lack some"
_NOTHING = "there are no sources of it here"
_COMMAND = "aicos-tls enable --code, or --serve auto without a change of the code"
_SERVE = "aicos-tls enable --serve auto"


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
    if found.coded.plan:
        found.coded.plan.declined.extend(_more(found.coded.plan, left_to_people))
    final = found.coded.plan or plan
    final.notes.extend(
        Note(
            "warning",
            f"{count} of its files that name a service were not read, as its code is too much: {_LACKS}",
            name,
        )
        for name, count in known.unread.items()
    )
    authority = f"{plan.policy.mount_path}/ca-cert.pem"
    stock = connections(known, before, found.after, servings(found.coded, plan, settled), authority)
    left = tuple(Gap(name, why.reason, "; ".join(why.remedy.splitlines())) for name, why in settled.plain.items())
    gaps = (*found.coded.gaps, *left)
    return replace(found.coded, gaps=gaps, connections=(*stock, *outside(plan)), settled=settled)


def _declined_in_code(found: _Drafted) -> list[Declined]:
    """What could not be changed in sources: it is why a server stays plain, so it is said whatever becomes of that."""
    declined = found.coded.plan.declined if found.coded.plan else []
    return [replace(each, safe=True) for each in declined if each.rule == _CODE]


def _more(plan: Plan, declined: Sequence[Declined]) -> list[Declined]:
    """Those that the plan does not have, each once."""
    there = {(each.service, each.where, each.reason) for each in plan.declined}
    return [each for each in dict.fromkeys(declined) if (each.service, each.where, each.reason) not in there]


class _Drafted(Struct, frozen=True):
    """A plan as far as it is settled, and what is claimed of connections once it is carried out."""

    coded: Coded
    known: Known
    after: list[Claim]


def _drafted(plan: Plan, sources: Sources | None, settled: Settled, request: Request, known: Known) -> _Drafted:
    """The plan with the servers that are settled, and what the sources need for it."""
    if settled != Settled():
        plan = planner.plan(plan.project, plan.policy, request.names, None, settled)
        sources = sources.under(plan) if sources else None
    if sources is None or not (plan.servers or request.wanted):
        gaps = tuple(Gap(name, _NOTHING, _SERVE) for name in plan.servers)
        coded, texts = Coded(plan, gaps=gaps), Texts(plan.project, sources)
    else:
        coded, texts = _with_sources(plan, sources, settled, request)
    final = coded.plan or plan
    if final.files:
        texts = replace(texts, project=planner.changed_project(plan.project, final.files))
    return _Drafted(coded, known, claims(known, texts, told(known, request.seen)))


def _unswitched(found: _Drafted, request: Request) -> dict[str, Plain]:
    """The servers that must stay plain after all, save those for which a way was asked by name: that is obeyed."""
    coded = found.coded
    plan = coded.plan
    assert plan is not None  # noqa: S101 - `_drafted` gives one
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
            gaps = _gap_of(choice)
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


def _with_sources(plan: Plan, sources: Sources, settled: Settled, request: Request) -> tuple[Coded, Texts]:
    """The plan with what changes in the sources, or because of them, and the texts once that is written."""
    from aicos_tls.sources import codeplan

    wanted, asked = request.wanted, request.asked
    code = codeplan.code_plan(sources, wanted) if wanted else codeplan.CodePlan()
    after = sources.with_texts({f.path: f.after for f in code.files}) if code.files else sources
    served = _served(plan, after, asked, code)
    if served.wanted.needs or served.wanted.sidecars or served.wanted.names:
        plan = planner.plan(plan.project, plan.policy, request.names, served.wanted, settled)
    if wanted:
        plan.notes.extend(
            Note("kept", f"not looked at: {each.reason}", where=Where(each.path)) for each in sources.skipped
        )
    plan.changes.extend(code.changes)
    plan.declined.extend((*code.declined, *served.declined))
    plan.notes.extend(code.notes)
    plan.notes.extend(_untold(plan, served))
    plan.notes.extend(_health_scripts(plan, sources, served, code.services))
    if wanted:
        plan.notes.extend(_unread(after, code.services))
    runtime = [_runtime_file(plan, file, request.originals) for file in served.files]
    plan.edges.extend(edge for edge in (*served.edges, *over_tls(after, runtime)) if edge not in plan.edges)
    gaps = tuple(_gaps(plan, after, served, code.services))
    coded = Coded(plan, code.services, [*code.files, *runtime], gaps, served.choices, served.bundles)
    return coded, Texts(plan.project, after, _copies(served))


def _copies(served: Served) -> dict[tuple[str, Path], TextFile]:
    """The changed copies that are mounted over files of services, by service and the file."""
    return {
        (name, file.instead_of): TextFile(file.instead_of, file.text.encode())
        for name, needs in served.wanted.needs.items()
        for file in needs.files
        if file.instead_of is not None
    }


def _served(plan: Plan, sources: Sources, asked: Mapping[str, Ask], code: CodePlan) -> Served:
    """What services need besides what the guide asks for: by their code, or by the way that was chosen."""
    from aicos_tls.serving.configuration import configured_settings
    from aicos_tls.serving.model import Needs, Wanted, Words
    from aicos_tls.serving.served import joined_wanted, serve, settings_as_needs
    from aicos_tls.sources.ways import wanted_settings

    served = serve(plan, sources, asked, code.services, code.trusting)
    settings = wanted_settings(sources.services, [name for name in code.services if name not in asked])
    words = Wanted({name: Needs(words=Words(edits=edits)) for name, edits in code.words.items()})
    read = {name: dict(configured_settings(sources.services[name])) for name in code.services}
    more = replace(settings_as_needs({name: each for name, each in read.items() if each}), names=code.names)
    wanted = joined_wanted(joined_wanted(served.wanted, settings_as_needs(settings)), joined_wanted(words, more))
    return replace(served, wanted=wanted)


def _runtime_file(plan: Plan, file: RuntimeFile, originals: Mapping[str, bytes | None]) -> PlannedFile:
    """A file below the certificates directory, which the run makes. Raises `TlsError` for one of the person's there."""
    path = plan.project.directory / plan.policy.certs_dir / file.path
    name = os.path.relpath(path, plan.project.directory)
    if name.startswith(".."):
        raise TlsError(
            "--serve writes files into the certificates directory, and what is written outside of the project could "
            "not be taken back",
            where=Where(path.parent),
            hint="use a directory within the project (--certs-dir)",
        )
    if os.path.lexists(path) and name not in originals and files.read(path).raw != file.text.encode():
        raise TlsError("this file is in the way: the run would write it", where=Where(path), hint="move it away")
    return PlannedFile(path, None, file.text.encode(), "created")


def _untold(plan: Plan, served: Served) -> Iterator[Note]:
    from aicos_tls.sources.trust import how_to_trust

    authority = f"{plan.policy.mount_path}/ca-cert.pem"
    for name, runtime in served.untold:
        text = f"its clients ({runtime or 'nothing says what it runs on'}) must be told to trust {authority}"
        text += f": {how}" if (how := how_to_trust(runtime, authority)) else ""
        yield Note("todo", text, name, plan.project.services[name].where)
    for name, reference in served.plain:
        text = f"its code asks {reference.text} in plain, and no variable stands over it: aicos-tls code apply {name}"
        yield Note("todo", text, name, reference.where)


def _health_scripts(plan: Plan, sources: Sources, served: Served, coded: Collection[str]) -> Iterator[Note]:
    """Yield what a person has to do about scripts that healthchecks run, where nothing else answers or changes them."""
    from aicos_tls.serving.model import How
    from aicos_tls.sources.healthscripts import asked_in_plain, script_of

    inside = {choice.service for choice in served.choices if choice.how in (How.SIDECAR, How.PRELOAD)}
    for name, service in sources.services.items():
        if name not in plan.servers or name in inside or name in coded:
            continue
        script = script_of(service)
        for address, where in asked_in_plain(service):
            text = (
                f"its healthcheck runs this script, which asks {address}: aicos-tls code apply {name}, or ask https://"
            )
            yield Note("todo", text, name, where)
        if script and script.file is None:
            text = f"its healthcheck runs {script.path}, which is no file of the project: it has to ask over https"
            yield Note("todo", text, name, service.service.where)


def _unread(sources: Sources, coded: tuple[str, ...]) -> Iterator[Note]:
    """Yield where services whose language is not read ask a server, and how they come to trust the CA."""
    from aicos_tls.sources.unread import unread_clients

    for each in unread_clients(sources, coded):
        yield Note("todo", each.words, each.service, each.where)


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


def _facts(service: ServiceSources) -> Facts | None:
    """What its languages find; sources in which nothing hints at TLS are not parsed."""
    from aicos_tls.sources.languages import Facts
    from aicos_tls.sources.ways import facts_of, hints_at_tls

    if any(hints_at_tls(file.text) for file in service.files.values()):
        return next(iter(facts_of(service)), None)
    languages = service.languages
    return Facts(languages[0].name) if languages else None


def _gaps(plan: Plan, sources: Sources, served: Served, coded: Sequence[str]) -> list[Gap]:
    from aicos_tls.sources.ways import READY, Way, way_of

    found = []
    chosen = {choice.service: choice for choice in served.choices}
    for name in plan.servers:
        if name in chosen:
            found += _gap_of(chosen[name])
            continue
        service = sources.services[name]
        needs = served.wanted.needs.get(name)
        variables = {*service.service.environment, *(setting.name for setting in (needs.settings if needs else ()))}
        way, words = way_of(service, _facts(service), None, variables)
        if way not in READY:
            helps = way in (Way.NEEDS_CODE, Way.SETTINGS, Way.CONFIGURATION) and name not in coded
            found.append(
                Gap(
                    name,
                    words if way is not Way.NEEDS_CODE else "the code serves plain HTTP",
                    _COMMAND if helps else _SERVE,
                )
            )
    return found


def _gap_of(choice: Choice) -> list[Gap]:
    """The gap that a choice leaves; none when it serves TLS."""
    from aicos_tls.serving.model import How

    if choice.option.asks_port:
        block = f"x-aicos-tls: {{serve: {choice.how.value}, port: N}}"
        return [Gap(choice.service, f"nothing says on which port it listens: {block} in the service")]
    return [Gap(choice.service, choice.option.reason)] if choice.how is How.NONE else []
