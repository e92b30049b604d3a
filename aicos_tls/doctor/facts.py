"""What every check is given: the project as docker compose reads it now, the plan, and what follows from both."""

from __future__ import annotations

import os
import posixpath
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from aicos_tls import healthchecks as knowledge
from aicos_tls.errors import TlsError
from aicos_tls.files import read
from aicos_tls.healthchecks import Rewritten, Trust
from aicos_tls.plan.checks import endpoint, healthchecks
from aicos_tls.plan.model import Server
from aicos_tls.plan.references import references, resolved_host
from aicos_tls.plan.schemes import SchemeVariable, scheme_variables
from aicos_tls.plan.scope import decide
from aicos_tls.plan.serve import asks
from aicos_tls.plan.servers import NOTHING_SETTLED, Settled, find_servers
from aicos_tls.serving.model import How
from aicos_tls.sources.build import build_of
from aicos_tls.sources.dockerfile import parse
from aicos_tls.sources.status import status

if TYPE_CHECKING:
    from datetime import datetime, timedelta
    from pathlib import Path

    from aicos_tls.compose.model import Project, Service
    from aicos_tls.errors import Where
    from aicos_tls.plan.checks import Healthcheck
    from aicos_tls.plan.model import Plan
    from aicos_tls.plan.references import Reference
    from aicos_tls.plan.scope import Decision
    from aicos_tls.serving.model import Choice
    from aicos_tls.sources.dockerfile import Stage
    from aicos_tls.sources.status import Status


class Facts(Struct, frozen=True, dict=True):
    """The facts that checks decide on.

    `project` is what docker compose reads now, `plan` was made of the texts from before the last run, `certs` is the
    certificates directory, `now` the present moment, `within` the time before an expiry from which it is said (None: as
    `pki.duration.notice` has it).
    `choices` are the ways to serve TLS that were chosen for servers (`--serve`), `settled` is what the sources say.
    """

    plan: Plan
    project: Project
    certs: Path
    now: datetime
    within: timedelta | None = None
    choices: tuple[Choice, ...] = ()
    settled: Settled = NOTHING_SETTLED

    @property
    def directory(self) -> Path:
        """The project directory."""
        return self.plan.project.directory

    @cached_property
    def served(self) -> dict[str, Choice]:
        """The servers that speak TLS without a change of their code, with the way in which they do."""
        return {c.service: c for c in self.choices if c.how not in (How.CODE, How.NONE) and not c.option.asks_port}

    @cached_property
    def uncoded(self) -> frozenset[str]:
        """The services for which something was asked that leaves their code as it is."""
        return frozenset(asks(self.plan.project, self.plan.policy))

    @cached_property
    def decisions(self) -> dict[str, Decision]:
        """Which services are in scope, now."""
        return decide(self.project, self.plan.policy)

    @cached_property
    def services(self) -> list[Service]:
        """The services in scope, as they are now."""
        return [service for service in self.project.services.values() if self.decisions[service.name].in_scope]

    @cached_property
    def references(self) -> list[Reference]:
        """Every URL of the project, now."""
        return list(references(self.project, self.decisions))

    @cached_property
    def schemes(self) -> list[SchemeVariable]:
        """The variables that hold the scheme of a server."""
        return [found for found in scheme_variables(self.project) if isinstance(found, SchemeVariable)]

    @cached_property
    def healthchecks(self) -> dict[str, Healthcheck]:
        """The healthchecks of the compose files by service."""
        return healthchecks(self.project)

    @cached_property
    def servers(self) -> dict[str, Server]:
        """The servers in scope: those of before, those of now, and those whose healthcheck asks https:// already."""
        now = find_servers(
            self.project, self.decisions, self.references, self.schemes, self.healthchecks, settled=self.settled
        )
        found = {**self.plan.servers, **now}
        for service in self.services:
            check = self.healthchecks.get(service.name)
            outcome = knowledge.rewrite(check.test, endpoint(service), Trust.INSECURE) if check else None
            if check and isinstance(outcome, Rewritten) and service.name not in self.settled.plain:
                found.setdefault(service.name, Server(service.name, f"its healthcheck asks it ({check.where})"))
        return {s.name: found[s.name] for s in self.services if s.name in found}

    @cached_property
    def status(self) -> Status:
        """What the sources of the services in scope say."""
        plan = replace(
            self.plan,
            project=self.project,
            decisions=self.decisions,
            references=self.references,
            servers=self.servers,
        )
        return status(plan)

    @cached_property
    def stages(self) -> dict[str, Stage]:
        """The final stage of the Dockerfile of each service in scope, where it can be read."""
        found = ((service.name, self._stage(service)) for service in self.services)
        return {name: stage for name, stage in found if stage is not None}

    def _stage(self, service: Service) -> Stage | None:
        build = build_of(service, self.directory)
        if build is None or build.problem:
            return None
        try:
            return parse(read(build.dockerfile), build.target, build.args)
        except TlsError:
            return None  # docker compose says so itself, and `code status` too

    def image(self, service: Service) -> str:
        """The image that a service is or is built on; empty when that is not known."""
        stage = self.stages.get(service.name)
        if stage is not None:
            return stage.base
        return "" if service.builds else service.image or ""

    @cached_property
    def asked(self) -> dict[str, dict[str, Where]]:
        """For each server the names by which others ask it, in lower case, each with a place that says so."""
        found: dict[str, dict[str, Where]] = {}
        values = self.project.dotenv.values if self.project.dotenv else {}
        for reference in self.references:
            host = resolved_host(reference.url, values)
            if reference.target in self.servers and host and reference.site.service != reference.target:
                found.setdefault(reference.target or "", {}).setdefault(host.lower(), reference.where)
        return found

    def is_certificates(self, base: Path, source: str) -> bool:
        """Whether the source of a mount, written in a file of the directory `base`, is the certificates directory."""
        if not source.startswith((".", "/", "~")):
            return source == self.plan.policy.certs_dir
        return os.path.realpath(base / source) == os.path.realpath(self.certs)

    def certificates_mounted(self, service: Service) -> bool:
        """Whether the certificates directory is mounted where the service looks for it."""
        goal = posixpath.normpath(self.plan.policy.mount_path)
        return any(
            mount.target == goal and self.is_certificates(mount.layer.source.base, expanded(service, mount.source))
            for mount in service.mounts
        )


def expanded(service: Service, text: str) -> str:
    """A text of a compose file as the container sees it; as it is written where a variable has no known value."""
    value = service.expand(text)
    return text if value is None else value
