"""The result of `certs rotate-ca` for a person and as data."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from aicos_tls.report.renew import moment
from aicos_tls.report.renew import text as renewals_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.commands.rotation import Result
    from aicos_tls.pki.certificate import CertificateFacts
    from aicos_tls.pki.rotation import Rotation
    from aicos_tls.report.style import Style

SAYS = {
    "none": "no CA is being replaced",
    "trust": "both CAs are trusted, the old one issues",
    "issue": "both CAs are trusted, the new one issues",
    "drop": "the new CA alone is trusted; the old one could come back",
}
_THEN = {
    "trust": "restart who reads ca-cert.pem only when it starts (NODE_EXTRA_CA_CERTS, SSL_CERT_FILE, …), then",
    "issue": "have every server take its new certificate over, then",
    "drop": "restart who reads ca-cert.pem only when it starts, so that it forgets the old one, then",
}


def text(result: Result, style: Style) -> str:
    """Where the rotation stands, and what comes next."""
    return "\n".join(_lines(result, style)) + "\n"


def _lines(result: Result, style: Style) -> Iterator[str]:
    rotation = result.after
    step = rotation.step.value
    since = f" since {moment(rotation.since)}" if rotation.since else ""
    yield f"{style('name', step)}: {SAYS[step]}{since}"
    if step != "none":
        yield from (_authority(word, facts) for word, facts in (("old", rotation.old), ("new", rotation.new)) if facts)
    elif rotation.issuing:
        yield _authority("CA", rotation.issuing)
    if result.renewals:
        yield renewals_text(result.renewals, (), style).rstrip()
    if result.dry_run:
        yield "nothing was written (--dry-run)"
    if result.problem:
        yield style("bad", result.problem)
    if result.next_move:
        yield f"{_THEN[step]}: aicos-tls certs rotate-ca {result.next_move} (or back)"


def _authority(word: str, facts: CertificateFacts) -> str:
    return f"  {word}  {facts.subject}, serial {facts.serial[:16]}, until {moment(facts.not_after)}"


def as_json(result: Result) -> str:
    """All of it as data."""
    data = {"directory": str(result.directory), "dry_run": result.dry_run, **rotation_data(result.after)}
    data |= {"next": result.next_move, "problem": result.problem}
    data["renewed"] = [each.short_name for each in result.renewals.renewed] if result.renewals else []
    return json.dumps(data, indent=2) + "\n"


def rotation_data(rotation: Rotation) -> dict[str, Any]:
    """Where a rotation stands, as data."""

    def about(facts: CertificateFacts | None) -> dict[str, str] | None:
        if facts is None:
            return None
        names = ("subject", "serial", "fingerprint")
        return {**{name: getattr(facts, name) for name in names}, "not_after": facts.not_after.isoformat()}

    return {
        "step": rotation.step.value,
        "since": rotation.since.isoformat() if rotation.since else None,
        "old": about(rotation.old),
        "new": about(rotation.new),
    }
