"""`certs check` and `certs show`: what is wrong with the certificates, for a cron job or CI. Reads only.

The verdicts are those of `doctor` about the certificates directory, so that the two never disagree; of its warnings
those about dates and names count here as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.commands.certificates.looking import Looked, look
from aicos_tls.doctor import certificates, revocation
from aicos_tls.doctor.facts import Facts
from aicos_tls.doctor.model import CHECKS, Finding, Severity
from aicos_tls.errors import Where
from aicos_tls.pki import CA_NAME
from aicos_tls.pki.layout import certificate_path, key_path
from aicos_tls.pki.store import inventory

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime, timedelta
    from pathlib import Path

    from aicos_tls.pki.store import Listed

ALSO = frozenset({"cert-expires-soon", "cert-name-spare", "crl-expires-soon", "key-not-checked"})
"""Checks that find no fault as yet, or could find none, and for which somebody should come all the same."""
_ORDER = {check: index for index, check in enumerate(CHECKS)}


class Checked(Struct, frozen=True):
    """What was found, the worst first; nothing when all is well. `certificates` were looked at, the CA's among them."""

    looked: Looked
    certificates: int
    findings: tuple[Finding, ...]


def check(
    named: Sequence[Path],
    services: Sequence[str],
    flags: Mapping[str, object],
    *,
    within: timedelta | None,
    now: datetime,
    environment: Mapping[str, str],
) -> Checked:
    """Check the CA and the certificates of all services in scope, or of the `services` named.

    `within` is the time before an expiry from which it is reported; None as `pki.duration.notice` has it. Raises
    `TlsError` for what is no project, and for services that have no certificate.
    """
    looked = look(named, flags, environment)
    chosen = {looked.service(looked.short_name(name)) for name in services}
    found = [each for each in findings(looked, within=within, now=now) if not chosen or each.service in {*chosen, ""}]
    count = 1 + len(chosen or looked.wanted)
    return Checked(looked, count, tuple(sorted(found, key=lambda each: _ORDER[each.check])))


class Shown(Struct, frozen=True):
    """One certificate with all that is known of it; `listed` is None where its file cannot be read."""

    short_name: str
    service: str
    listed: Listed | None
    findings: tuple[Finding, ...]


def show(
    named: Sequence[Path], name: str, flags: Mapping[str, object], *, now: datetime, environment: Mapping[str, str]
) -> Shown:
    """Everything about the certificate of a service, by its name or short name, or of the CA (`ca`). Reads only.

    Raises `TlsError` for what is no project, and for a name that no file and no service has.
    """
    looked = look(named, flags, environment)
    there = {each.short_name: each for each in inventory(looked.certs, now=now).listed}
    short = name if name in there or name == CA_NAME else looked.short_name(name)
    paths = {certificate_path(looked.certs, short), key_path(looked.certs, short)}
    found = [each for each in findings(looked, within=None, now=now) if each.where and each.where.path in paths]
    if looked.belongs(short) is False:
        found.append(Finding("orphan", "it belongs to no service", "aicos-tls certs prune", Where(min(paths))))
    return Shown(short, looked.service(short), there.get(short), tuple(found))


def findings(looked: Looked, *, within: timedelta | None, now: datetime) -> Iterator[Finding]:
    """Yield what has to be seen to."""
    plan = looked.prepared.plan
    facts = Facts(plan, plan.project, looked.certs, now, within)
    for part in (certificates, revocation):
        for found in part.check(facts):
            if found.severity is Severity.FAULT or found.check in ALSO:
                yield found
