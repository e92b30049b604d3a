"""Certificates as a person reads them: lists, one in full, what was issued."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.pki import duration
from aicos_tls.report.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from aicos_tls.commands.certificates.checking import Shown
    from aicos_tls.commands.certs import IssueResult
    from aicos_tls.pki.certificate import CertificateFacts
    from aicos_tls.pki.reading import Problem
    from aicos_tls.pki.store import Inventory, Listed
    from aicos_tls.report.style import Style


def listed(inventory: Inventory, style: Style) -> str:
    """The result of `certs list`: a table, then what could not be read."""
    rows = [_row(each) for each in inventory.listed]
    table = [_HEADER, *rows] if rows else []
    widths = [max(len(row[column]) for row in table) for column in range(len(_HEADER))] if rows else []
    lines: list[str] = []
    for row, facts in zip(table, [None, *(each.certificate for each in inventory.listed)], strict=bool(rows)):
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        if facts is None:
            lines.append(style("quiet", "  ".join(cells).rstrip()))
            continue
        cells[0], cells[1] = style("name", cells[0]), _coloured(cells[1], facts, style)
        cells[-1] = style("quiet", cells[-1].rstrip())
        lines.append("  ".join(cells).rstrip())
    lines += _problems(inventory.problems, style)
    return "\n".join(lines or ["no certificates here"]) + "\n"


_HEADER = ("certificate", "expires", "key", "modes", "names")


def _row(listed: Listed) -> tuple[str, ...]:
    facts = listed.certificate
    left = duration.words(facts.time_left)
    ends = f"{facts.not_after:%Y-%m-%d %H:%M}"
    expires = f"EXPIRED {ends}" if facts.time_left.total_seconds() < 0 else f"{ends} ({left})"
    modes = f"{facts.mode:04o} {'no key' if listed.key_mode is None else format(listed.key_mode, '04o')}"
    return listed.short_name, expires, facts.key_type, modes, ", ".join(facts.names) or facts.subject


def _coloured(cell: str, facts: CertificateFacts, style: Style) -> str:
    if facts.time_left.total_seconds() < 0:
        return style("bad", cell)
    soon = facts.time_left < duration.notice(facts.not_after - facts.not_before)
    return style("warn", cell) if soon else cell


def _problems(problems: Iterable[Problem], style: Style) -> Iterator[str]:
    for problem in problems:
        yield f"{style('bad', str(problem.path))}: {problem.message}"
        if problem.hint:
            yield f"  → {problem.hint}"


def shown(result: Shown, style: Style) -> str:
    """The result of `certs show`: everything that is known of one certificate, then what is wrong with it."""
    return "\n".join(_shown(result, style)) + "\n"


def _shown(result: Shown, style: Style) -> Iterator[str]:
    facts = result.listed.certificate if result.listed else None
    if facts:
        key = (
            "none here" if result.listed is None or result.listed.key_mode is None else f"{result.listed.key_mode:04o}"
        )
        rows = {
            "certificate": f"{facts.path} ({facts.mode:04o})",
            "service": result.service,
            "subject": facts.subject,
            "issuer": facts.issuer,
            "names": ", ".join(facts.names),
            "valid from": f"{facts.not_before:%Y-%m-%d %H:%M} UTC",
            "valid until": f"{facts.not_after:%Y-%m-%d %H:%M} UTC ({_left(facts)})",
            "key": f"{facts.key_type}, file {key}",
            "serial": facts.serial,
            "sha256": facts.fingerprint,
        }
        for name, value in rows.items():
            if value:
                yield f"{style('quiet', name.ljust(_LABEL))}  {value}"
    for found in result.findings:
        yield f"{style('bad', found.text)}"
        yield f"  → {found.todo}"


_LABEL = len("valid until")


def _left(facts: CertificateFacts) -> str:
    words = duration.words(facts.time_left)
    return f"expired {words} ago" if facts.time_left.total_seconds() < 0 else f"{words} left"


def issued(result: IssueResult, style: Style, restarted: Sequence[str] = ()) -> str:
    """The result of `certs issue`; `restarted` are the services that were stopped meanwhile."""
    return "\n".join(_issued(result, style, restarted)) + "\n"


def _issued(result: IssueResult, style: Style, restarted: Sequence[str]) -> Iterator[str]:
    width = max(len(c.facts.path.name) for c in result.issued.certificates)
    for certificate in result.issued.certificates:
        state = certificate.step.action.value
        colour = "quiet" if state == "kept" else "good"
        reason = f" ({certificate.step.reason})" if certificate.step.reason else ""
        facts = certificate.facts
        yield f"{style('name', facts.path.name.ljust(width))}  {style(colour, state)}{reason}, {_expiry(facts, style)}"
        if certificate.shortened:
            yield "  it ends with its CA, before the days that were asked for are over"
    for name in result.issued.orphans:
        yield f"{style('warn', name)}: these files belong to no service, and the new CA does not vouch for them"
    for remark in result.remarks:
        yield f"{style('warn', str(remark.path))}: {remark.message}"
        yield f"  → {remark.hint}"
    if result.written:
        yield f"{counted(len(result.written), 'file')} in {result.directory}"
        if not restarted:
            yield "restart the containers: docker compose up -d --force-recreate"
    if restarted:
        yield f"stopped and started again: {', '.join(restarted)}"


def _expiry(facts: CertificateFacts, style: Style) -> str:
    if facts.time_left.total_seconds() < 0:
        return style("bad", f"EXPIRED {facts.not_after:%Y-%m-%d}")
    return _coloured(f"expires {facts.not_after:%Y-%m-%d} ({duration.words(facts.time_left)})", facts, style)
