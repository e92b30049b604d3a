"""`certs status`: each certificate on the disk beside what the running containers serve. Reads only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.commands.certificates import served
from aicos_tls.commands.certificates.checking import findings
from aicos_tls.commands.certificates.looking import look
from aicos_tls.pki import CA_NAME, revocation
from aicos_tls.pki.judgement import find_pair
from aicos_tls.pki.layout import certificate_path, key_path
from aicos_tls.pki.rotation import read_rotation
from aicos_tls.pki.store import inventory

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from aicos_tls.commands.certificates.served import At, Options, Stack
    from aicos_tls.doctor.model import Finding
    from aicos_tls.pki.certificate import CertificateFacts
    from aicos_tls.pki.revocation import RevocationList
    from aicos_tls.pki.rotation import Rotation


class Line(Struct, frozen=True):
    """One certificate: as it is on the disk (None: missing or unreadable), what is wrong with it, who serves it."""

    short_name: str
    service: str
    facts: CertificateFacts | None
    findings: tuple[Finding, ...]
    served: tuple[At, ...]


class Status(Struct, frozen=True):
    """All certificates, the CA's first. `others` are findings about no certificate in particular."""

    certs: Path
    lines: tuple[Line, ...]
    crl: RevocationList | None
    stack: Stack
    rotation: Rotation
    others: tuple[Finding, ...] = ()

    @property
    def good(self) -> bool:
        """Whether nothing has to be seen to; a stack that does not run is no fault."""
        wrong = any(line.findings or any(at.wrong for at in line.served) for line in self.lines)
        return not wrong and not self.others


def status(
    named: Sequence[Path],
    flags: Mapping[str, object],
    options: Options,
    *,
    now: datetime,
    environment: Mapping[str, str],
) -> Status:
    """Look at the directory, then ask every server. Raises `TlsError` for what is no project."""
    looked = look(named, flags, environment)
    found = list(findings(looked, within=None, now=now))
    stack = served.ask(named, flags, options, now=now, environment=environment)
    there = {each.short_name: each.certificate for each in inventory(looked.certs, now=now).listed}
    wanted = {CA_NAME: "", **{each.short_name: each.service for each in looked.wanted}}
    lines = []
    for short, service in wanted.items():
        paths = (certificate_path(looked.certs, short), key_path(looked.certs, short))
        own = tuple(each for each in found if each.where and each.where.path in paths)
        ports = tuple(at for at in stack.ports if at.service == service)
        lines.append(Line(short, service, there.get(short), own, ports))
    said = {id(each) for line in lines for each in line.findings}
    crl = revocation.read(looked.certs, find_pair(looked.certs, CA_NAME).certificate.value).value
    rotation = read_rotation(looked.certs, now=now)
    return Status(
        looked.certs, tuple(lines), crl, stack, rotation, tuple(each for each in found if id(each) not in said)
    )
