"""Findings as data, and the table of the checks that make them: its ids are stable, scripts may rely on them."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from aicos_tls.errors import Where


class Severity(Enum):
    """How bad a finding is. Only a fault makes `doctor` exit 1."""

    FAULT = "fault"
    """A connection fails or is not encrypted, or a secret lies open."""
    WARNING = "warning"
    """It works, and somebody should know what that costs, or it will not work for long."""
    HINT = "hint"
    """Something to do or to look at outside of what is checked here."""


class Check(Struct, frozen=True):
    """A kind of finding. `fine` says what holds when there is none of it."""

    id: str
    group: str
    severity: Severity
    fine: str


_F, _W, _H = Severity.FAULT, Severity.WARNING, Severity.HINT

CHECKS: dict[str, Check] = {
    check.id: check
    for check in (
        Check("key-in-git", "Secrets", _F, "git does not see the private keys"),
        Check("not-examined", "Project", _F, "the project can be examined"),
        Check("not-enabled", "Project", _F, "TLS is enabled"),
        Check("run-interrupted", "Project", _F, "no run was interrupted"),
        Check("record-file-gone", "Project", _F, "every file that was changed is there"),
        Check("record-conflict", "Project", _F, "the last run can be taken back"),
        Check("record-gone", "Project", _H, "there is a record of the last run"),
        Check("record-certificate", "Project", _H, "the certificates are those of the record"),
        Check("override-gone", "Project", _F, "the override file is there"),
        Check("override-unused", "Project", _W, "docker compose reads the override file"),
        Check("plan-differs", "Project", _H, "`enable` would change nothing"),
        Check("mount", "Compose files", _F, "the certificates are mounted"),
        Check("tls-variable", "Compose files", _F, "TLS_ENABLED and TLS_CERT_PATH are set"),
        Check("healthcheck-http", "Compose files", _F, "healthchecks ask https://"),
        Check("healthcheck-flag", "Compose files", _F, "healthchecks accept the project's certificates"),
        Check("http-url", "URLs", _F, "no http:// URL of a server is left in any file"),
        Check("http-by-host", "URLs", _W, "no http:// URL leads to a server by way of the machine"),
        Check("http-look", "URLs", _H, "no http:// URL of a server in tests, examples and tools"),
        Check("cert-missing", "Certificates", _F, "every certificate is there"),
        Check("key-missing", "Certificates", _F, "every private key is there"),
        Check("cert-unreadable", "Certificates", _F, "certificates can be read"),
        Check("key-unreadable", "Certificates", _F, "private keys can be read"),
        Check("key-encrypted", "Certificates", _F, "no private key needs a passphrase"),
        Check("key-not-checked", "Certificates", _H, "you may read every private key"),
        Check("key-mode", "Certificates", _F, "private keys are closed to others"),
        Check("cert-mode", "Certificates", _F, "certificates are open to all and writable by their owner only"),
        Check("directory-mode", "Certificates", _F, "containers reach the certificates directory"),
        Check("key-mismatch", "Certificates", _F, "keys belong to their certificates"),
        Check("ca-not-ca", "Certificates", _F, "the CA may sign certificates"),
        Check("cert-untrusted", "Certificates", _F, "the CA signed every certificate"),
        Check("cert-name", "Certificates", _F, "certificates hold every name that clients use"),
        Check("cert-name-spare", "Certificates", _W, "certificates hold every other name of their service"),
        Check("cert-expired", "Certificates", _F, "no certificate has expired"),
        Check("cert-not-yet-valid", "Certificates", _F, "every certificate is valid already"),
        Check("cert-expires-soon", "Certificates", _W, "no certificate expires soon"),
        Check("cert-revoked", "Certificates", _F, "no certificate that is used was revoked"),
        Check("crl-unusable", "Certificates", _F, "the revocation list is one of the CA"),
        Check("crl-expired", "Certificates", _F, "the revocation list is valid"),
        Check("crl-expires-soon", "Certificates", _W, "the revocation list does not expire soon"),
        Check("weak-key", "Certificates", _F, "no key is too short"),
        Check("weak-certificate", "Certificates", _F, "strict verifiers accept every certificate"),
        Check("weak-ca", "Certificates", _W, "strict verifiers accept the CA"),
        Check("orphan", "Certificates", _W, "every certificate belongs to a service"),
        Check("key-in-image", "Secrets", _W, "no image takes the private keys along"),
        Check("ca-key-mounted", "Secrets", _W, "no container sees the CA's private key"),
        Check("no-tls-code", "Code", _F, "every server knows how to serve TLS"),
        Check("code-certificates", "Code", _F, "the code reads the certificates that are issued"),
        Check("key-user", "Containers", _F, "the user of each container may read its key"),
        Check("key-user-unknown", "Containers", _W, "the user of each container is known"),
        Check("healthcheck-program", "Containers", _F, "images hold the programs of their healthchecks"),
        Check("node-verify-off", "Good to know", _W, "Node checks certificates"),
        Check("name-underscore", "Good to know", _W, "no name of a server has an underscore"),
        Check("own-ca", "Good to know", _H, "no other CA is configured"),
        Check("port-published", "Good to know", _H, "no port that speaks TLS is published"),
    )
}
"""Every check by its id, in the order of reports."""


class Finding(Struct, frozen=True):
    """One thing that was found: `check` is its id, `todo` the command to type or the lines to write.

    `service` is empty for what concerns the project.
    """

    check: str
    text: str
    todo: str
    where: Where | None = None
    service: str = ""

    @property
    def severity(self) -> Severity:
        """How bad it is."""
        return CHECKS[self.check].severity

    @property
    def group(self) -> str:
        """What it is about, as a title."""
        return CHECKS[self.check].group
