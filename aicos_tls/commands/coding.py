"""The code half of a plan: the sources that change with `--code`, and the servers that would not serve TLS."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from aicos_tls import planner
from aicos_tls.commands.gaps import Coded, Gap
from aicos_tls.errors import Where
from aicos_tls.plan.model import Note

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from aicos_tls.plan.model import Plan
    from aicos_tls.sources.languages import Facts
    from aicos_tls.sources.project import ServiceSources, Sources


_NOTHING = "there are no sources of it here"
_COMMAND = "aicos-tls enable --code"


def coded_plan(
    plan: Plan,
    wanted: Sequence[str],
    originals: Mapping[str, bytes | None],
    templates: Path | None,
    names: dict[str, str] | None,
) -> Coded:
    """Look at the sources of a project; change those of the services `wanted`. Raises `TlsError`.

    `originals` are the texts from before the last run, `names` the short names that it chose.
    """
    if not plan.servers and not wanted:
        return Coded()
    if not wanted and not has_sources(plan.project.directory, plan.policy.certs_dir):
        return Coded(gaps=tuple(Gap(name, _NOTHING) for name in plan.servers))
    from aicos_tls.sources.codeplan import CodePlan, code_plan
    from aicos_tls.sources.project import Sources
    from aicos_tls.sources.ways import wanted_settings

    sources = Sources(plan, originals=originals, templates=templates)
    code = code_plan(sources, wanted) if wanted else CodePlan()
    settings = wanted_settings(sources.services, code.services)
    if settings:
        plan = planner.plan(plan.project, plan.policy, names, settings)
    if wanted:
        plan.notes.extend(
            Note("kept", f"not looked at: {each.reason}", where=Where(each.path)) for each in sources.skipped
        )
    plan.changes.extend(code.changes)
    plan.declined.extend(code.declined)
    after = sources.with_texts({f.path: f.after for f in code.files}) if code.files else sources
    return Coded(plan, code.services, list(code.files), tuple(_gaps(plan, after, settings, code.services)))


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


def _gaps(plan: Plan, sources: Sources, settings: Mapping[str, Mapping[str, str]], coded: Sequence[str]) -> list[Gap]:
    from aicos_tls.sources.ways import READY, Way, way_of

    found = []
    for name in plan.servers:
        service = sources.services[name]
        variables = {*service.service.environment, *settings.get(name, {})}
        way, words = way_of(service, _facts(service), None, variables)
        if way not in READY:
            helps = way in (Way.NEEDS_CODE, Way.SETTINGS, Way.CONFIGURATION) and name not in coded
            found.append(
                Gap(
                    name,
                    words if way is not Way.NEEDS_CODE else "the code serves plain HTTP",
                    _COMMAND if helps else "",
                )
            )
    return found
