"""Certificates as a person reads them: one block each, the expiry date in front."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.report.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aicos_tls.commands.certs import IssueResult
    from aicos_tls.pki.certificate import CertificateFacts
    from aicos_tls.pki.store import Inventory
    from aicos_tls.report.style import Style

SOON_DAYS = 30
"""Days before expiry from which on a certificate is shown as due."""


def listed(inventory: Inventory, style: Style) -> str:
    """The result of `certs list`."""
    width = max((len(c.certificate.path.name) for c in inventory.listed), default=0)
    lines: list[str] = []
    for certificate in inventory.listed:
        facts = certificate.certificate
        key = "no key" if certificate.key_mode is None else f"key {certificate.key_mode:04o}"
        lines.append(f"{style('name', facts.path.name.ljust(width))}  {_expiry(facts, style)}")
        lines.append(f"  {facts.subject}; {facts.key_type}; mode {facts.mode:04o}, {key}")
        if facts.names:
            lines.append(f"  {style('quiet', ', '.join(facts.names))}")
    for problem in inventory.problems:
        lines.append(f"{style('bad', str(problem.path))}: {problem.message}")
        lines += [f"  → {problem.hint}"] if problem.hint else []
    return "\n".join(lines or ["no certificates here"]) + "\n"


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
    text = f"expires {facts.not_after:%Y-%m-%d} ({counted(facts.days_left, 'day')})"
    if facts.days_left < 0:
        return style("bad", f"EXPIRED {facts.not_after:%Y-%m-%d}")
    return style("warn", text) if facts.days_left < SOON_DAYS else text
