"""What `certs check` found: one line each, nothing when all is well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.report.json import envelope, listed_json

if TYPE_CHECKING:
    from aicos_tls.commands.certificates.checking import Checked, Shown
    from aicos_tls.doctor.model import Finding
    from aicos_tls.report.style import Style


def text(result: Checked, style: Style) -> str:
    """One line for each finding: file, what, what to do."""
    lines = (
        f"{style('name', str(found.where) + ': ' if found.where else '')}{style('bad', found.text)} → {found.todo}"
        for found in result.findings
    )
    return "".join(f"{line}\n" for line in lines)


def as_json(result: Checked) -> str:
    """The result as data."""
    body: dict[str, object] = {
        "good": not result.findings,
        "certificates": result.certificates,
        "findings": [finding_json(found) for found in result.findings],
    }
    return envelope("certs check", body)


def shown_json(result: Shown) -> str:
    """The result of `certs show` as data."""
    body: dict[str, object] = {
        "short_name": result.short_name,
        "service": result.service or None,
        "certificate": listed_json(result.listed) if result.listed else None,
        "findings": [finding_json(found) for found in result.findings],
    }
    return envelope("certs show", body)


def finding_json(found: Finding) -> dict[str, object]:
    """A finding as data."""
    return {
        "check": found.check,
        "severity": found.severity.value,
        "service": found.service or None,
        "file": str(found.where.path) if found.where else None,
        "problem": found.text,
        "todo": found.todo,
    }
