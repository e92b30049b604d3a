"""The revocation list, where there is one: whether verifiers can use it, and what is served although it was revoked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.doctor.model import Finding
from aicos_tls.errors import Where
from aicos_tls.pki import CA_NAME, duration, revocation
from aicos_tls.pki.judgement import find_pair
from aicos_tls.pki.profile import whole_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from aicos_tls.doctor.facts import Facts
    from aicos_tls.pki.revocation import RevocationList

REFRESH = "aicos-tls certs crl, then reload whoever checks it"


def check(facts: Facts) -> Iterator[Finding]:
    """Yield what is wrong with the list, and the certificates on it that are still there."""
    found = revocation.read(facts.certs, find_pair(facts.certs, CA_NAME).certificate.value)
    where = Where(found.path)
    if found.problem:
        yield Finding("crl-unusable", found.problem.message, found.problem.hint, where)
    if found.value is None:
        return
    yield from _time(found.value, facts.now, where)
    for wanted in facts.plan.certificates:
        certificate = find_pair(facts.certs, wanted.short_name).certificate
        entry = found.value.of(certificate.value.serial_number) if certificate.value else None
        if entry:
            text = f"the certificate was revoked on {entry.moment:%Y-%m-%d} ({entry.reason.value})"
            todo = f"aicos-tls certs issue {wanted.short_name} --force, then restart the container"
            yield Finding("cert-revoked", text, todo, Where(certificate.path), wanted.service)


def _time(crl: RevocationList, now: datetime, where: Where) -> Iterator[Finding]:
    if objection := crl.objection(now=now):
        yield Finding("crl-expired", f"the list {objection}", REFRESH, where)
        return
    left = crl.ends - whole_seconds(now)
    if left < duration.notice(crl.lifetime):
        text = (
            f"the list expires on {crl.ends:%Y-%m-%d %H:%M} UTC, in {duration.words(left)}: then everybody is refused"
        )
        yield Finding("crl-expires-soon", text, f"before that: {REFRESH}", where)
