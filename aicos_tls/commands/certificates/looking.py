"""A project as the commands that look after certificates see it: planned as its last run was, and its directory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls import disk
from aicos_tls.commands.doctor import SETTINGS
from aicos_tls.commands.project import Prepared, certs_directory, prepare
from aicos_tls.commands.records import load_record, settings_of
from aicos_tls.compose.discovery import select
from aicos_tls.errors import TlsError, Where
from aicos_tls.pki import CA_NAME

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from aicos_tls.plan.model import Certificate


class Looked(Struct, frozen=True):
    """A project and its certificates directory."""

    prepared: Prepared
    certs: Path

    @property
    def project(self) -> str:
        """The name of the project."""
        return self.prepared.plan.project.name

    @property
    def main(self) -> Path:
        """The compose file that the project is known by."""
        return self.prepared.selection.files[0]

    @property
    def wanted(self) -> tuple[Certificate, ...]:
        """The certificates that the compose files need now."""
        return tuple(self.prepared.plan.certificates)

    def short_name(self, name: str) -> str:
        """The short name of a service, which may be given in full or in short. Raises `TlsError` for any other."""
        for wanted in self.wanted:
            if name in (wanted.service, wanted.short_name):
                return wanted.short_name
        known = ", ".join(wanted.service for wanted in self.wanted)
        raise TlsError(
            f"no certificate is issued for {name!r}",
            where=Where(self.main),
            hint=f"services in scope: {known or 'none'}",
        )

    def service(self, short_name: str) -> str:
        """The service that a short name stands for; empty for the CA, and for what belongs to none."""
        return next((wanted.service for wanted in self.wanted if wanted.short_name == short_name), "")

    def belongs(self, short_name: str) -> bool:
        """Whether files of this short name belong to the CA or to a service."""
        return short_name == CA_NAME or bool(self.service(short_name))


def look(named: Sequence[Path], flags: Mapping[str, object], environment: Mapping[str, str]) -> Looked:
    """Find the project, and plan it with the settings of its last run under `flags`. Reads only; raises `TlsError`."""
    directory = select(named, environment).files[0].parent
    if disk.interrupted(directory):
        raise TlsError(
            "a run was interrupted: some files are new and some are not",
            where=Where(directory / disk.STATE_DIRECTORY),
            hint="aicos-tls enable, or aicos-tls rollback: either puts things in order",
        )
    settings = settings_of(load_record(directory), directory, flags, SETTINGS)
    prepared = prepare(named, settings, environment, conflicts_stay=True)
    return Looked(prepared, certs_directory(prepared))
