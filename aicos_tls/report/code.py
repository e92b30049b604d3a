"""The sources of a project as a person reads them: service by service, then every place that names a server."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from aicos_tls.report.json import envelope
from aicos_tls.report.words import masked, place
from aicos_tls.sources.references import Verdict
from aicos_tls.sources.ways import READY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from aicos_tls.commands.code import StatusResult
    from aicos_tls.errors import Where
    from aicos_tls.report.style import Style
    from aicos_tls.sources.references import SourceReference
    from aicos_tls.sources.status import ServiceStatus

_WORDS = {
    Verdict.CODE: "has to change with its code",
    Verdict.FOLLOWS: "follows TLS_ENABLED already",
    Verdict.COMPOSE: "in the compose plan",
    Verdict.DOCUMENTATION: "documentation",
    Verdict.TEST: "in tests, which stay as they are",
    Verdict.BROWSER: "for browsers",
    Verdict.LOOK: "look at it yourself",
}


def text(result: StatusResult, style: Style, *, verbose: bool = False) -> str:
    """The result of `code status`; `verbose` names documentation and what was not looked at, too."""
    lines: list[str] = []
    for service in result.status.services:
        lines += [*_service(service, result.directory, style), ""]
    lines += _references(result, style, verbose=verbose)
    if verbose:
        lines += [f"not looked at: {skipped}" for skipped in map(str, result.status.skipped)]
    return masked("\n".join(lines).rstrip("\n")) + "\n"


def _service(service: ServiceStatus, directory: Path, style: Style) -> Iterator[str]:
    colour = "good" if service.way in READY else "warn"
    framework = f", {service.framework.what}" if service.framework else ""
    yield f"{style('title', service.service)}  {service.runtime or 'unknown'}{framework}"
    yield f"  {style(colour, service.way.value)}: {service.way_words}"
    if service.problem:
        yield f"  {style('bad', service.problem)}"
    for evidence in (*service.evidence, *service.listens):
        yield f"  {style('quiet', f'{place(directory, evidence.where)}  {evidence.what}')}"
    for read in service.wrong_certificates:
        words = f"its code reads {read.name}, which nobody issues: it is {service.short_name}-cert.pem or -key.pem"
        yield f"  {style('bad', words)}  {style('quiet', place(directory, read.where))}"
    for manual in service.manual:
        yield f"  {style('warn', f'{place(directory, manual.where)}  {manual.reason}')}"


def _references(result: StatusResult, style: Style, *, verbose: bool) -> Iterator[str]:
    counts = Counter(reference.verdict for reference in result.status.references)
    if not counts:
        return
    total = ", ".join(f"{counts[verdict]} {words}" for verdict, words in _WORDS.items() if counts[verdict])
    yield style("title", f"References to servers: {total}")
    for reference in result.status.references:
        if verbose or reference.verdict not in (Verdict.DOCUMENTATION, Verdict.TEST):
            where = place(result.directory, reference.where)
            yield f"  {where}  {reference.text}  {style('quiet', _words(reference))}"


def _words(reference: SourceReference) -> str:
    """What becomes of a reference; of a source for browsers, the evidence as well."""
    evidence = reference.verdict is Verdict.BROWSER and reference.why.startswith("runs")
    return reference.why if evidence else _WORDS[reference.verdict]


def as_json(result: StatusResult) -> str:
    """The result of `code status` as JSON."""
    directory = result.directory
    return envelope(
        "code status",
        {
            "ready": result.ready,
            "services": [
                {
                    "name": s.service,
                    "short_name": s.short_name,
                    "runtime": s.runtime or None,
                    "framework": s.framework.what if s.framework else None,
                    "ports": list(s.ports),
                    "way": s.way.name.lower(),
                    "reason": s.way_words,
                    "evidence": [
                        {"what": e.what, "where": place(directory, e.where)} for e in (*s.evidence, *s.listens)
                    ],
                    "wrong_certificates": [
                        {"name": c.name, "where": place(directory, c.where)} for c in s.wrong_certificates
                    ],
                    "problem": s.problem or None,
                }
                for s in result.status.services
            ],
            "references": [_reference(r, directory) for r in result.status.references],
        },
    )


def _reference(reference: SourceReference, directory: Path) -> dict[str, object]:
    where: Where = reference.where
    return {
        "where": place(directory, where),
        "text": reference.text,
        "server": reference.target,
        "verdict": reference.verdict.value,
        "why": reference.why,
    }
