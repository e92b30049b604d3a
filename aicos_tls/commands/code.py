"""`code status`, `code show`, `code apply`: how each service would serve TLS; code to paste for it, or put in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from aicos_tls.commands import enable as enabling
from aicos_tls.commands.holding import holding
from aicos_tls.commands.project import prepare
from aicos_tls.commands.records import recorded_run
from aicos_tls.compose.load import load
from aicos_tls.errors import TlsError, Where
from aicos_tls.sources import nginx
from aicos_tls.sources.project import Sources
from aicos_tls.sources.status import Status
from aicos_tls.sources.status import status as find_out
from aicos_tls.sources.tree import DEFAULT
from aicos_tls.sources.ways import READY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from aicos_tls.sources.project import ServiceSources


class StatusResult(Struct, frozen=True):
    """What was found; `directory` is what the paths are shown relative to."""

    directory: Path
    status: Status

    @property
    def ready(self) -> bool:
        """Whether every server serves TLS by its code already, with the certificates that are issued."""
        return all(s.way in READY and not s.wrong_certificates for s in self.status.services)


def status(
    named: Sequence[Path], services: Sequence[str], flags: dict[str, object], environment: Mapping[str, str]
) -> StatusResult:
    """Look at the sources of the services in scope, or of those named. Reads only; raises `TlsError`."""
    prepared = prepare(named, flags, environment)
    found = find_out(prepared.plan, now=load(prepared.compose_now))
    known = [service.service for service in found.services]
    for name in services:
        if name not in known:
            raise TlsError(
                f"service {name!r} is not in scope",
                where=Where(prepared.selection.files[0]),
                hint=f"in scope: {', '.join(known) or 'none'}",
            )
    if services:
        found = Status(
            tuple(s for s in found.services if s.service in services),
            tuple(r for r in found.references if r.target in services),
            found.skipped,
        )
    return StatusResult(prepared.directory, found)


def apply(
    named: Sequence[Path],
    services: Sequence[str],
    options: enabling.Options,
    *,
    now: datetime,
    environment: Mapping[str, str],
    certs_dir: str | None = None,
) -> enabling.Result:
    """Change the code of an enabled project: of the services named, or of all in scope. Raises `TlsError`.

    The rest of the last run stays as it is: it is planned again with its settings, in one record with the code.
    `certs_dir` has to be given where that run had its certificates outside of the project.
    """
    if options.dry_run:
        return enabling.enable(
            *_wanted(named, services, options, environment, certs_dir), now=now, environment=environment
        )
    with holding(named, environment) as locked:
        files, flags, wanted = _wanted(named, services, options, environment, certs_dir)
        return enabling.enable_held(files, flags, wanted, locked, now=now, environment=environment)


def _wanted(
    named: Sequence[Path],
    services: Sequence[str],
    options: enabling.Options,
    environment: Mapping[str, str],
    certs_dir: str | None,
) -> tuple[list[Path], dict[str, object], enabling.Options]:
    """Compose files, flags and options of the run that changes the code besides what the last one did."""
    directory = named[0].parent if named else Path()
    files, flags = recorded_run(directory, {"certs_dir": certs_dir} if certs_dir else {})
    files = list(named) or files
    decisions = prepare(files, flags, environment).plan.decisions
    in_scope = [name for name, decision in decisions.items() if decision.in_scope]
    if unknown := [name for name in services if name not in in_scope]:
        raise TlsError(
            f"service {unknown[0]!r} is not in scope",
            where=Where(files[0] if files else directory),
            hint=f"in scope: {', '.join(in_scope) or 'none'}",
        )
    flags.pop("code", None)
    return files, flags, structs.replace(options, code=tuple(services or in_scope), certificates=False)


class Shown(Struct, frozen=True):
    """Code for one part of a service, ready to paste."""

    service: str
    runtime: str
    framework: str
    part: str
    text: str


def show(
    named: Sequence[Path],
    service: str,
    part: str,
    environment: Mapping[str, str],
    *,
    framework: str = "",
    templates: Path | None = None,
) -> Shown:
    """Render code for a service, right for its runtime and framework. Raises `TlsError` where there is none.

    `templates` is a directory with templates that go before those of the program, laid out in the same way.
    """
    prepared = prepare(named, {}, environment)
    sources = Sources(prepared.plan, DEFAULT)
    found = sources.services.get(service)
    if found is None:
        raise TlsError(
            f"service {service!r} is not in scope",
            where=Where(prepared.selection.files[0]),
            hint=f"in scope: {', '.join(sources.services) or 'none'}",
        )
    runtime = found.runtime[0]
    if part == "nginx":
        return Shown(service, runtime, "nginx", part, _in_front(found, templates))
    if runtime not in (*_SNIPPETS, "nginx"):
        raise TlsError(
            f"there is no code to show for {runtime or 'a runtime that is not known'}",
            where=found.service.where,
            hint=f"there is for {', '.join(_SNIPPETS)} and nginx",
        )
    if runtime == "nginx":
        others = (s for s in sources.services.values() if s.context.is_server and s is not found)
        asked = next(others, found).context
        return Shown(service, runtime, "nginx", part, nginx.snippets(found.context, part, templates, asked=asked))
    name, text = _SNIPPETS[runtime](found, part, framework, templates)
    return Shown(service, runtime, name, part, text)


def _node(found: ServiceSources, part: str, framework: str, templates: Path | None) -> tuple[str, str]:
    from aicos_tls.sources.node import detect, snippets

    facts = detect(found.files)
    name = framework or facts.framework or "http"
    return name, snippets(found.context, name, part, kind=facts.module_kind, templates=templates)


def _python(found: ServiceSources, part: str, framework: str, templates: Path | None) -> tuple[str, str]:
    from aicos_tls.sources.python import detect, snippets

    facts = detect(found.files)
    known = facts.server or facts.framework
    name = framework or (known.value if known else "uvicorn")
    return name, snippets(found.context, name, part, templates)


def _go(found: ServiceSources, part: str, framework: str, templates: Path | None) -> tuple[str, str]:
    from aicos_tls.sources.go import detect, snippets

    facts = detect(found.files)
    name = framework or (facts.framework.value if facts.framework else "net/http")
    return name, snippets(found.context, name.replace("/", "-"), part, templates)


def _in_front(found: ServiceSources, templates: Path | None) -> str:
    """What an nginx in front of the service needs, and for one that is nginx itself what makes it serve TLS."""
    context = found.context
    client = nginx.snippets(context, "client", templates, asked=context)
    server = nginx.snippets(context, "server", templates, asked=context) if found.runtime[0] == "nginx" else ""
    return f"{server}\n{client}" if server else client


_SNIPPETS = {"Node": _node, "Python": _python, "Go": _go}
"""What renders the code of each runtime."""
