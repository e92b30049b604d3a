"""Certificates on the disk beside what is served, for a person and for a program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.pki import duration
from aicos_tls.report.checked import finding_json
from aicos_tls.report.json import envelope
from aicos_tls.report.rotation import SAYS, rotation_data
from aicos_tls.report.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.commands.certificates.served import At
    from aicos_tls.commands.certificates.status import Line, Status
    from aicos_tls.pki.certificate import CertificateFacts
    from aicos_tls.report.style import Style


def text(result: Status, style: Style) -> str:
    """The result of `certs status`."""
    return "\n".join(_text(result, style)) + "\n"


def _text(result: Status, style: Style) -> Iterator[str]:
    width = max(len(line.short_name) for line in result.lines)
    if result.stack.down:
        yield f"{style('warn', 'nothing is served')}: {result.stack.down}"
    for line in result.lines:
        on_disk = _dates(line.facts) if line.facts else "missing"
        yield f"{style('name', line.short_name.ljust(width))}  {on_disk}{_served(line, result, style)}"
        for found in line.findings:
            yield f"  {style('bad', found.text)}"
            yield f"    → {found.todo}"
        for at in line.served:
            yield from _wrong(at, style)
    yield from _rotation(result, style)
    if result.crl:
        crl = result.crl
        revoked = counted(len(crl.revoked), "certificate")
        yield f"revocation list {crl.number}: {revoked} revoked, valid until {crl.ends:%Y-%m-%d %H:%M} UTC"
    for found in result.others:
        yield f"{style('bad', found.text)}"
        yield f"  → {found.todo}"


def _rotation(result: Status, style: Style) -> Iterator[str]:
    """Where the replacement of the CA stands, held against what is served."""
    step = result.rotation.step.value
    if step == "none":
        return
    since = f" since {result.rotation.since:%Y-%m-%d %H:%M} UTC" if result.rotation.since else ""
    yield f"{style('warn', f'rotation of the CA: {step}')}{since}: {SAYS[step]}"
    behind = sorted({at.container for at in result.stack.ports if not at.same})
    if result.stack.down:
        yield "  who serves what is not known: the stack does not run"
    elif behind:
        yield f"  not yet the next step: another certificate than that of the file is served by {', '.join(behind)}"
    else:
        yield "  every server serves the certificate of its file; what comes next: aicos-tls certs rotate-ca"


def _dates(facts: CertificateFacts) -> str:
    left = duration.words(facts.time_left)
    return f"EXPIRED {left} ago" if facts.time_left.total_seconds() < 0 else f"{left} left"


def _served(line: Line, result: Status, style: Style) -> str:
    if not line.service or result.stack.down:
        return ""
    if not line.served:
        return style("quiet", ", no server")
    same = sum(at.same for at in line.served)
    words = f", served by {same} of {counted(len(line.served), 'port')}"
    return style("good" if same == len(line.served) else "bad", words)


def _wrong(at: At, style: Style) -> Iterator[str]:
    for check in at.wrong:
        yield f"  {at.container}:{at.served.port}: {style('bad', check.words)}"
        if check.todo:
            yield f"    → {check.todo}"


def as_json(result: Status) -> str:
    """The same as data."""
    crl = result.crl
    return envelope(
        "certs status",
        {
            "good": result.good,
            "stack": result.stack.name,
            "down": result.stack.down or None,
            "rotation": rotation_data(result.rotation),
            "certificates": [_line(line) for line in result.lines],
            "revocation_list": {"number": crl.number, "next_update": crl.ends.isoformat()} if crl else None,
            "findings": [finding_json(found) for found in result.others],
        },
    )


def _line(line: Line) -> dict[str, object]:
    facts = line.facts
    return {
        "short_name": line.short_name,
        "service": line.service or None,
        "sha256": facts.fingerprint if facts else None,
        "not_after": facts.not_after.isoformat() if facts else None,
        "findings": [finding_json(found) for found in line.findings],
        "served": [
            {
                "container": at.container,
                "port": at.served.port,
                "same_as_file": at.same,
                "sha256": at.served.fingerprint or None,
                "not_after": at.served.expires.isoformat() if at.served.expires else None,
                "problems": [{"check": c.id, "problem": c.words, "todo": c.todo} for c in at.wrong],
            }
            for at in line.served
        ],
    }
