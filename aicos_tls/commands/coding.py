"""The code half of a plan: what changes in the sources or because of them, and the servers that would not serve TLS."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec.structs import replace

from aicos_tls import files, planner
from aicos_tls.commands.gaps import Coded, Gap
from aicos_tls.commands.proxied import over_tls
from aicos_tls.connections.inventory import Texts
from aicos_tls.errors import TlsError, Where
from aicos_tls.files import TextFile
from aicos_tls.plan.model import Note, PlannedFile

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from aicos_tls.commands.switching import Request
    from aicos_tls.plan.model import Plan
    from aicos_tls.plan.serve import Ask
    from aicos_tls.plan.servers import Settled
    from aicos_tls.serving.model import Choice, RuntimeFile
    from aicos_tls.serving.served import Served
    from aicos_tls.sources.codeplan import CodePlan
    from aicos_tls.sources.languages import Facts
    from aicos_tls.sources.project import ServiceSources, Sources


_COMMAND = "aicos-tls enable --code, or --serve auto without a change of the code"
SERVE = "aicos-tls enable --serve auto"


def with_sources(plan: Plan, sources: Sources, settled: Settled, request: Request) -> tuple[Coded, Texts]:
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
            found += gap_of(chosen[name])
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
                    _COMMAND if helps else SERVE,
                )
            )
    return found


def gap_of(choice: Choice) -> list[Gap]:
    """The gap that a choice leaves; none when it serves TLS."""
    from aicos_tls.serving.model import How

    if choice.option.asks_port:
        block = f"x-aicos-tls: {{serve: {choice.how.value}, port: N}}"
        return [Gap(choice.service, f"nothing says on which port it listens: {block} in the service")]
    return [Gap(choice.service, choice.option.reason)] if choice.how is How.NONE else []
