"""`code status` and `code show`: what each service runs on and how it would serve TLS; code to paste for it."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - the type of a field
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.commands.project import prepare
from aicos_tls.errors import TlsError, Where
from aicos_tls.sources.project import Sources
from aicos_tls.sources.status import Status, Way
from aicos_tls.sources.status import status as find_out
from aicos_tls.sources.tree import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aicos_tls.sources.project import ServiceSources

READY = frozenset({Way.CODE, Way.NOT_A_SERVER})
"""The ways of services for which nothing has to be done."""


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
    found = find_out(prepared.plan)
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
    if runtime not in _SNIPPETS:
        raise TlsError(
            f"there is no code to show for {runtime or 'a runtime that is not known'}",
            where=found.service.where,
            hint=f"there is for {', '.join(_SNIPPETS)}",
        )
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


_SNIPPETS = {"Node": _node, "Python": _python, "Go": _go}
"""What renders the code of each runtime."""
