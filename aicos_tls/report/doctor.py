"""What `doctor` found, as a person reads it: group by group what is wrong, where, and what to do; then a summary."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from aicos_tls.commands.project import relative
from aicos_tls.doctor.model import CHECKS, Severity
from aicos_tls.report.gfm import code, prose, table
from aicos_tls.report.json import envelope
from aicos_tls.report.style import plain
from aicos_tls.report.words import masked, place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.commands.doctor import Result
    from aicos_tls.doctor.model import Finding
    from aicos_tls.report.style import Style

_COLOURS = {Severity.FAULT: "bad", Severity.WARNING: "warn", Severity.HINT: "info"}


def text(result: Result, style: Style, *, verbose: bool = False) -> str:
    """The findings; `verbose` lists what was checked and is fine, too."""
    lines: list[str] = []
    group = ""
    for index, finding in enumerate(result.findings):
        if finding.group != group:
            group = finding.group
            lines += ["", style("title", group)] if lines else [style("title", group)]
        lines.append(_finding(result, finding, style))
        following = result.findings[index + 1] if index + 1 < len(result.findings) else None
        if following is None or (following.check, following.todo) != (finding.check, finding.todo):
            lines.append(f"           → {finding.todo}")
    if verbose:
        lines += _fine(result, style)
    summary = [_summary(result, style)]
    if result.enable_repairs and result.faulty:
        summary.append("  → what is wrong in compose files and .gitignore, this puts right: aicos-tls enable")
    return "\n".join([*lines, *([""] if lines else []), *summary]) + "\n"


def _finding(result: Result, finding: Finding, style: Style) -> str:
    mark = style(_COLOURS[finding.severity], finding.severity.value.ljust(7))
    where = f"{place(result.directory, finding.where)}  " if finding.where else ""
    service = f"{style('name', finding.service)}: " if finding.service else ""
    return f"  {mark}  {style('quiet', where)}{service}{finding.text}  {style('quiet', f'[{finding.check}]')}"


def _fine(result: Result, style: Style) -> Iterator[str]:
    found = {finding.check for finding in result.findings}
    fine = [CHECKS[check] for check in result.checked if check not in found]
    if fine:
        yield ""
        yield style("title", "Fine")
        yield from (
            f"  {style('good', 'ok'.ljust(7))}  {check.fine}  {style('quiet', f'[{check.id}]')}" for check in fine
        )


def _summary(result: Result, style: Style) -> str:
    counts = Counter(finding.severity for finding in result.findings)
    words = [f"{counts[each]} {each.value}{'s' if counts[each] != 1 else ''}" for each in Severity if counts[each]]
    scope = f" in {result.services} services, {result.servers} servers" if result.services else ""
    name = style("name", relative(result.directory, result.main))
    if result.faulty:
        return f"{name}: {style('bad', ', '.join(words))}{scope}"
    also = f" ({', '.join(words)})" if words else ""
    return f"{name}: {style('good', 'no fault')}{scope}{also}; what runs is checked by: aicos-tls verify"


def as_json(result: Result) -> str:
    """The findings as JSON."""
    return envelope(
        "doctor",
        {
            "faulty": result.faulty,
            "services": result.services,
            "servers": result.servers,
            "findings": [
                {
                    "check": f.check,
                    "severity": f.severity.value,
                    "service": f.service or None,
                    "file": relative(result.directory, f.where.path) if f.where else None,
                    "line": (f.where.line or None) if f.where else None,
                    "text": f.text,
                    "todo": f.todo,
                }
                for f in result.findings
            ],
            "checked": list(result.checked),
        },
    )


def markdown(result: Result) -> str:
    """The findings as a comment on a pull request."""
    lines = ["### TLS between the containers: doctor", "", prose(masked(_summary(result, plain)))]
    if result.findings:
        rows = (
            (
                f.severity.value,
                code(f.check),
                code(place(result.directory, f.where)) if f.where else "",
                code(f.service) if f.service else "",
                prose(masked(f.text)),
                prose(masked(f.todo)),
            )
            for f in result.findings
        )
        lines += ["", *table(("", "check", "where", "service", "what", "to do"), rows)]
    return "\n".join(lines) + "\n"
