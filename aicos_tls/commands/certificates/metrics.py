"""`certs metrics`: what a monitoring system needs to know of the certificates, as data. Reads only.

Every metric of a file is there as long as the file is: an expired certificate goes on saying when it expired, or the
alert about it would end at the worst moment. A file that is gone says so by `present`.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from aicos_tls.commands.certificates import served
from aicos_tls.commands.certificates.checking import findings
from aicos_tls.commands.certificates.looking import look
from aicos_tls.errors import TlsError
from aicos_tls.pki import CA_NAME, revocation
from aicos_tls.pki.authority import BACKDATED
from aicos_tls.pki.due import due_at
from aicos_tls.pki.judgement import find_pair
from aicos_tls.pki.layout import certificate_path, key_path
from aicos_tls.pki.rotation import read_rotation
from aicos_tls.pki.store import inventory
from aicos_tls.sources.templates import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from aicos_tls.commands.certificates.looking import Looked
    from aicos_tls.commands.certificates.served import At, Options, Stack
    from aicos_tls.doctor.model import Finding
    from aicos_tls.pki.certificate import CertificateFacts
    from aicos_tls.pki.revocation import RevocationList

PREFIX: Final = "aicos_tls_"

HELP: Final = {
    "certificate_present": "Whether the file of the certificate is there and can be read.",
    "certificate_expiry_timestamp_seconds": "When the certificate in the file expires (Unix time).",
    "certificate_renewed_timestamp_seconds": "When the certificate in the file was issued (Unix time).",
    "certificate_renewal_due_timestamp_seconds": "When two thirds of its lifetime are over (Unix time).",
    "certificate_lifetime_seconds": "From its beginning to its end.",
    "certificate_problems": "What `aicos-tls certs check` finds wrong with the certificate or its key.",
    "certificate_revoked": "Whether it is on the revocation list.",
    "ca_rotation_started_timestamp_seconds": "When the step began in which the CA's replacement stands (Unix time).",
    "crl_number": "The number of the revocation list.",
    "crl_expiry_timestamp_seconds": "When the revocation list expires (Unix time).",
    "crl_lifetime_seconds": "From the making of the revocation list to its end.",
    "crl_revoked_certificates": "How many certificates are on the revocation list.",
    "stack_up": "Whether containers of the project run and could be asked.",
    "served_tls": "Whether the port of the container came to a TLS handshake.",
    "served_expiry_timestamp_seconds": "When the certificate that is served expires (Unix time).",
    "served_lifetime_seconds": "From the beginning to the end of the certificate that is served.",
    "served_matches_file": "Whether the certificate that is served is the one of the file.",
    "served_problems": "What is wrong with what is served.",
    "collection_failed": "Whether the last look failed; the figures are those of the one before.",
    "collected_timestamp_seconds": "When this was found out (Unix time).",
}
"""Every metric, without the prefix."""


class Sample(Struct, frozen=True):
    """One value of a metric; the name is one of `HELP`."""

    name: str
    labels: tuple[tuple[str, str], ...]
    value: float


def collect(
    named: Sequence[Path],
    flags: Mapping[str, object],
    options: Options | None,
    *,
    now: datetime,
    environment: Mapping[str, str],
) -> tuple[Sample, ...]:
    """All samples; without `options` no container is asked. Raises `TlsError` for what is no project."""
    looked = look(named, flags, environment)
    samples = list(_files(looked, now=now))
    if options is not None:
        stack = served.ask(named, flags, options, now=now, environment=environment)
        samples += _stack(looked.project, stack)
    samples.append(_sample("collection_failed", 0, looked.project))
    return (*samples, _sample("collected_timestamp_seconds", now.timestamp(), looked.project))


class Latest:
    """The samples for whoever asks at any time, found out anew when the last ones are `age` seconds old.

    A look that fails leaves the figures of the one before, and says so: `complain` is told why, each reason once. The
    first one raises what it raises.
    """

    def __init__(
        self,
        look: Callable[[], Sequence[Sample]],
        complain: Callable[[TlsError], None],
        *,
        age: float,
        clock: Callable[[], float],
    ) -> None:
        self._look, self._complain, self._age, self._clock = look, complain, age, clock
        self._lock = threading.Lock()
        self._found: tuple[Sample, ...] = ()
        self._at: float | None = None
        self._said = ""

    def __call__(self) -> tuple[Sample, ...]:
        """The samples; several threads may ask."""
        with self._lock:
            if self._at is None or self._clock() - self._at >= self._age:
                self._renew()
                self._at = self._clock()
            return self._found

    def _renew(self) -> None:
        try:
            self._found, self._said = tuple(self._look()), ""
        except TlsError as error:
            if not self._found:
                raise
            failed = Sample("collection_failed", self._found[-1].labels, 1.0)
            self._found = (*(each for each in self._found if each.name != failed.name), failed)
            self._found = tuple(sorted(self._found, key=lambda each: each.name == "collected_timestamp_seconds"))
            if str(error) != self._said:
                self._complain(error)
                self._said = str(error)


def monitoring(name: str) -> str:
    """A file for a monitoring system that has these metrics: `rules` or `dashboard`."""
    return plain({"rules": "monitoring/rules.yml", "dashboard": "monitoring/dashboard.json"}[name])


def _files(looked: Looked, *, now: datetime) -> Iterator[Sample]:
    """Yield what the certificates directory says; certificates that belong to no service are `certs prune`'s."""
    project = looked.project
    wanted = {CA_NAME: "", **{each.short_name: each.service for each in looked.wanted}}
    there = {each.short_name: each.certificate for each in inventory(looked.certs, now=now).listed}
    crl = revocation.read(looked.certs, find_pair(looked.certs, CA_NAME).certificate.value).value
    found = list(findings(looked, within=None, now=now))
    for short, service in wanted.items():
        labels = {"certificate": short, "service": service}
        yield _sample("certificate_present", short in there, project, **labels)
        yield _sample("certificate_problems", _count(found, looked.certs, short), project, **labels)
        if short in there:
            yield from _certificate(there[short], crl, project, labels)
    rotation = read_rotation(looked.certs, now=now)
    if rotation.since is not None:
        name = "ca_rotation_started_timestamp_seconds"
        yield _sample(name, rotation.since.timestamp(), project, step=rotation.step.value)
    if crl:
        yield _sample("crl_number", crl.number, project)
        yield _sample("crl_expiry_timestamp_seconds", crl.ends.timestamp(), project)
        yield _sample("crl_lifetime_seconds", crl.lifetime.total_seconds(), project)
        yield _sample("crl_revoked_certificates", len(crl.revoked), project)


def _certificate(
    facts: CertificateFacts, crl: RevocationList | None, project: str, labels: Mapping[str, str]
) -> Iterator[Sample]:
    lifetime = facts.not_after - facts.not_before
    values = {
        "certificate_expiry_timestamp_seconds": facts.not_after.timestamp(),
        "certificate_renewed_timestamp_seconds": issued_at(facts).timestamp(),
        "certificate_renewal_due_timestamp_seconds": due_at(facts.not_before, facts.not_after).timestamp(),
        "certificate_lifetime_seconds": lifetime.total_seconds(),
        "certificate_revoked": bool(crl and crl.of(int(facts.serial, 16))),
    }
    for name, value in values.items():
        yield _sample(name, value, project, **labels)


def issued_at(facts: CertificateFacts) -> datetime:
    """When a certificate was issued: it begins to be valid a tenth of its lifetime earlier, an hour at most."""
    return facts.not_before + min(BACKDATED, (facts.not_after - facts.not_before) / 11)


def _count(found: Sequence[Finding], certs: Path, short_name: str) -> int:
    paths = (certificate_path(certs, short_name), key_path(certs, short_name))
    return sum(each.where is not None and each.where.path in paths for each in found)


def _stack(project: str, stack: Stack) -> Iterator[Sample]:
    yield _sample("stack_up", not stack.down, project)
    for at in stack.ports:
        yield from _port(project, at)


def _port(project: str, at: At) -> Iterator[Sample]:
    labels = {"service": at.service, "container": at.container, "port": str(at.served.port)}
    yield _sample("served_tls", at.served.encrypted, project, **labels)
    yield _sample("served_problems", len(at.wrong), project, **labels)
    yield _sample("served_matches_file", at.same, project, **labels)
    if at.served.expires is not None and at.served.begins is not None:
        lifetime = at.served.expires - at.served.begins
        yield _sample("served_expiry_timestamp_seconds", at.served.expires.timestamp(), project, **labels)
        yield _sample("served_lifetime_seconds", lifetime.total_seconds(), project, **labels)


def _sample(name: str, value: float, project: str, **labels: str) -> Sample:
    return Sample(name, (("project", project), *labels.items()), float(value))
