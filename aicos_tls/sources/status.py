"""What is known of each service in scope: what it runs on, how it starts, how it would serve TLS, who names it.

The other modules find out; here it is put together. Nothing is guessed: where no language reads a service's sources,
that is what is said.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.sources.certificates import CertificateRead, certificates_read
from aicos_tls.sources.changes import ServiceChanges, changes_of
from aicos_tls.sources.mentions import Names
from aicos_tls.sources.ports import published
from aicos_tls.sources.project import Sources
from aicos_tls.sources.references import SourceReference, in_compose, in_file, sort_key
from aicos_tls.sources.runtime import STATIC
from aicos_tls.sources.tree import DEFAULT, Limits, Skipped
from aicos_tls.sources.ways import Way, facts_of, way_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.compose.model import Project
    from aicos_tls.plan.model import Plan
    from aicos_tls.sources.languages import Evidence
    from aicos_tls.sources.model import CodeResult, Manual
    from aicos_tls.sources.project import ServiceSources
    from aicos_tls.sources.start import Start


class ServiceStatus(Struct, frozen=True):
    """What is known of one service in scope. `problem` says why its files are not known, or is empty."""

    service: str
    short_name: str
    runtime: str
    framework: Evidence | None
    evidence: tuple[Evidence, ...]
    start: Start | None
    listens: tuple[Evidence, ...]
    ports: tuple[int, ...]
    way: Way
    way_words: str
    certificates: tuple[CertificateRead, ...]
    references: tuple[SourceReference, ...]
    changes: ServiceChanges
    problem: str

    @property
    def wrong_certificates(self) -> tuple[CertificateRead, ...]:
        """The files that its code reads and that nobody issues."""
        return tuple(read for read in self.certificates if not read.issued)

    @property
    def manual(self) -> tuple[Manual, ...]:
        """The places of its files that a person has to look at."""
        return tuple(manual for result in self.changes.results for manual in result.manual)


class Status(Struct, frozen=True):
    """The services in scope, every reference to a server in the order of the files, and what was not looked at."""

    services: tuple[ServiceStatus, ...]
    references: tuple[SourceReference, ...]
    skipped: tuple[Skipped, ...]


def status(plan: Plan, limits: Limits = DEFAULT, now: Project | None = None) -> Status:
    """Find out about every service in scope of a plan. Reads the files of the project, writes nothing.

    `now` is the project as its files are: that of a plan is the one from before an earlier run.
    """
    sources = Sources(plan, limits)
    changes = {name: changes_of(service) for name, service in sources.services.items()}
    static = {name for name, service in sources.services.items() if service.runtime[0] in STATIC}
    references = sorted({*in_compose(plan), *_in_files(sources, changes, static)}, key=sort_key)
    services = tuple(
        _service_status(service, changes[name], tuple(r for r in references if r.target == name), now or plan.project)
        for name, service in sources.services.items()
    )
    return Status(services, tuple(references), tuple(sources.skipped))


def _in_files(sources: Sources, changes: dict[str, ServiceChanges], static: set[str]) -> Iterator[SourceReference]:
    plan = sources.plan
    results: dict[str, list[CodeResult]] = {}
    for change in changes.values():
        for result in change.results:
            results.setdefault(str(result.file.path), []).append(result)
    owners: dict[str, list[str]] = {}
    for name, service in sources.services.items():
        for file in (*service.files.values(), *([service.dockerfile] if service.dockerfile else ())):
            owners.setdefault(str(file.path), []).append(name)
    compose = {os.path.realpath(path) for path in _compose_paths(plan)}
    for file in sources.files.values():
        owned = owners.get(str(file.path), [])
        yield from in_file(
            file,
            _names(sources, owned),
            results.get(str(file.path), ()),
            static=bool(static.intersection(owned)),
            compose=os.path.realpath(file.path) in compose,
        )


def _compose_paths(plan: Plan) -> Iterator[str]:
    """Yield the files that the compose plan speaks for."""
    project = plan.project
    yield from (str(source.path) for source in project.files)
    env_files = [env for service in project.services.values() for env in service.env_files]
    yield from (str(env.file.path) for env in (*env_files, *([project.dotenv] if project.dotenv else ())))


def _names(sources: Sources, owners: list[str]) -> Names:
    """The names that mean servers in a file of these services: `localhost` is the service itself, else the host."""
    plan = sources.plan
    ports: dict[int, str] = {}
    for server in plan.servers:
        for host, _ in published(plan.project.services[server]):
            if host is not None:
                ports.setdefault(host, server)
    servers = [name for name in owners if name in plan.servers]
    for name in servers:
        ports.update(dict.fromkeys(sources.services[name].context.ports, name))
    return Names(sources.servers, ports, servers[0] if len(servers) == 1 else None)


def references_in(sources: Sources) -> list[tuple[str, SourceReference]]:
    """The places in the files of services that name a server, each with the service whose file it is."""
    changes = {name: changes_of(service) for name, service in sources.services.items()}
    static = {name for name, service in sources.services.items() if service.runtime[0] in STATIC}
    found = sorted(set(_in_files(sources, changes, static)), key=sort_key)
    owners: dict[str, list[str]] = {}
    for name, service in sources.services.items():
        for file in service.files.values():
            owners.setdefault(str(file.path), []).append(name)
    return [(name, reference) for reference in found for name in owners.get(str(reference.where.path), ())]


def service_status(service: ServiceSources, now: Project) -> ServiceStatus:
    """What is known of one service, without the places that name it. `now` is the project as its files are."""
    return _service_status(service, changes_of(service), (), now)


def _service_status(
    service: ServiceSources, changes: ServiceChanges, references: tuple[SourceReference, ...], now: Project
) -> ServiceStatus:
    facts = facts_of(service)
    known = facts[0] if facts else None
    way, words = way_of(service, known, changes, now.services[service.service.name].environment)
    return ServiceStatus(
        service=service.service.name,
        short_name=service.context.short_name,
        runtime=service.runtime[0] or (known.runtime if known else ""),
        framework=known.framework if known else None,
        evidence=service.runtime[1],
        start=service.start,
        listens=known.listens if known else (),
        ports=tuple(sorted(service.context.ports)),
        way=way,
        way_words=words,
        certificates=certificates_read(service.files, facts, service.context),
        references=references,
        changes=changes,
        problem=service.problem,
    )
