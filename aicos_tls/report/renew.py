"""The result of `certs renew` for a person: what changed, what did not and why, and what running servers need."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from aicos_tls.report.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from aicos_tls.commands.renew import Renewed, Result
    from aicos_tls.commands.takeover import Done
    from aicos_tls.report.style import Style


def text(result: Result, done: Sequence[Done], style: Style) -> str:
    """What was renewed, and what has to happen now."""
    return "\n".join(_lines(result, done, style)) + "\n"


def _lines(result: Result, done: Sequence[Done], style: Style) -> Iterator[str]:
    width = max((len(each.short_name) for each in result.renewed), default=0)
    for each in result.renewed:
        yield _renewed(each, width, style)
    if not result.renewed:
        due = f"; the next one is due on {moment(result.next_due)}" if result.next_due else ""
        yield f"nothing is due{due}"
    for name, problem in result.left_alone:
        yield f"{style('warn', name)}: left alone: {problem.message} ({problem.path})"
        yield f"  → {problem.hint}"
    for name in result.unused:
        yield f"{style('warn', name)}: belongs to no service any more: aicos-tls certs prune"
    for warning in result.warnings:
        yield style("warn", warning)
    if result.renewed and result.dry_run:
        yield "nothing was written (--dry-run)"
    for one in done:
        mark = style("warn" if one.pending else "good", one.advice.service)
        yield f"{mark} {one.words} ({one.advice.why})"
    if waiting := [one.advice.service for one in done if one.pending]:
        yield f"one after the other: docker compose restart {' '.join(waiting)} (--restart does it with the renewal)"
    if result.problem:
        yield style("bad", result.problem)


def _renewed(each: Renewed, width: int, style: Style) -> str:
    name = style("name", each.short_name.ljust(width))
    if each.facts is None:
        return f"{name}  {style('good', 'would be renewed')}: {each.reason}"
    key = "new key" if each.new_key else "key kept"
    return f"{name}  {style('good', 'renewed')}, {key}, until {moment(each.facts.not_after)}: {each.reason}"


def moment(when: datetime) -> str:
    """A moment as it is printed: minutes matter for certificates of hours."""
    return f"{when:%Y-%m-%d %H:%M} UTC"


def line(result: Result) -> str:
    """One line for a log: what was decided and when the next decision is due."""
    renewed = ", ".join(f"{each.short_name} ({each.reason})" for each in result.renewed)
    said = f"renewed {renewed}" if renewed else "nothing is due"
    if result.left_alone:
        said += f"; left alone: {', '.join(f'{name} ({problem.message})' for name, problem in result.left_alone)}"
    if result.problem:
        said += f"; {result.problem}"
    for warning in result.warnings:
        said += f"; {warning}"
    return f"{said}; next due {moment(result.next_due)}" if result.next_due else said


def as_json(result: Result, done: Sequence[Done]) -> str:
    """All of it as data."""
    data: dict[str, Any] = {
        "directory": str(result.directory),
        "dry_run": result.dry_run,
        "renewed": [
            {
                "name": each.short_name,
                "service": each.service,
                "reason": each.reason,
                "new_key": each.new_key,
                "not_after": each.facts.not_after.isoformat() if each.facts else None,
                "serial": each.facts.serial if each.facts else None,
            }
            for each in result.renewed
        ],
        "left_alone": [
            {"name": name, "path": str(problem.path), "message": problem.message, "hint": problem.hint}
            for name, problem in result.left_alone
        ],
        "unused": list(result.unused),
        "warnings": list(result.warnings),
        "next_due": result.next_due.isoformat() if result.next_due else None,
        "problem": result.problem,
        "services": [
            {"service": d.advice.service, "takeover": d.advice.takeover.name.lower(), "words": d.words,
             "why": d.advice.why, "pending": d.pending}
            for d in done
        ],
    }  # fmt: skip
    return json.dumps(data, indent=2) + "\n"


def summary(result: Result) -> str:
    """How many were renewed."""
    return counted(len(result.renewed), "certificate")
