"""Puts together what the readers find: which service each address means, and what belongs to one connection."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.compose.urls import host_name
from aicos_tls.connections import composed, readers
from aicos_tls.connections.known import program_of
from aicos_tls.connections.labels import label_destinations
from aicos_tls.connections.model import PUBLISHED, Destination, Evidence, Strength, Surroundings
from aicos_tls.connections.protocols import PORTS, Protocol
from aicos_tls.plan.references import Directory, references
from aicos_tls.sources.environment import composed as composed_variables
from aicos_tls.sources.ports import listening, published

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path, PurePosixPath

    from aicos_tls.compose.model import Project, Service
    from aicos_tls.connections.seen import Seen
    from aicos_tls.files import TextFile
    from aicos_tls.plan.model import Plan
    from aicos_tls.sources.project import ServiceSources, Sources

_VAGUE = (Protocol.UNKNOWN, Protocol.TCP)


class Claim(Struct, frozen=True):
    """What one text says: `client` asks `server`, both services (or `PUBLISHED` as the client).

    `told`: `aicos-tls.toml` has it, which knows that a client asks, and not in which of its texts.
    """

    client: str
    server: str
    destination: Destination
    told: bool = False

    @property
    def strength(self) -> Strength:
        """How sure it is."""
        return self.destination.evidence.strength


class Group(Struct, frozen=True):
    """The claims of one connection: the same client, server and port."""

    client: str
    server: str
    port: int | None
    protocol: Protocol
    claims: tuple[Claim, ...]

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """What says that it is there, each once, the surest first."""
        order = list(Strength)
        found = dict.fromkeys(claim.destination.evidence for claim in self.claims)
        return tuple(sorted(found, key=lambda each: order.index(each.strength)))

    @property
    def sure(self) -> bool:
        """Whether more than the order of starting speaks for it."""
        return any(claim.strength is not Strength.LIKELY for claim in self.claims)


class Known:
    """What names mean in a project, and which ports and protocols its services have."""

    def __init__(self, plan: Plan, sources: Sources | None = None) -> None:
        self.plan = plan
        self.project = plan.project
        self.directory = Directory(self.project)
        self._sources = sources
        self.unread: dict[str, int] = {}
        """How many files of a service were not looked at, because its code is too much."""
        self._browsers: dict[str, frozenset[PurePosixPath]] = {}
        self.ports = {name: tuple(sorted(self._ports(service))) for name, service in self.project.services.items()}

    def _ports(self, service: Service) -> Iterable[int]:
        of_sources = self._sources.services.get(service.name) if self._sources else None
        found = listening(self.plan, service, of_sources.stage if of_sources else None)
        program = program_of(service)
        return {program.port} if program and not found else found

    def server(self, client: str, host: str) -> str | None:
        """The service that a host means to a client, that it reaches, and that is not in its own network namespace."""
        found, reachable = self.directory.look_up(client, host)
        if found is None or not reachable:
            return None
        own = self.directory.namespace(self.project.services[client]).name
        return None if self.directory.namespace(found).name == own else found.name

    def in_browsers(self, service: ServiceSources) -> frozenset[PurePosixPath]:
        """The scripts that run in browsers, which reach no container by its name; a run does not change which."""
        name = service.service.name
        if name not in self._browsers:
            self._browsers[name] = _in_browsers(service)
        return self._browsers[name]

    def protocol(self, server: str, port: int | None, protocol: Protocol) -> Protocol:
        """The most exact protocol that is known of a server's port."""
        if protocol not in _VAGUE:
            return protocol
        program = program_of(self.project.services[server])
        if program and port in (None, program.port):
            return program.protocol
        return PORTS.get(port or 0, protocol)

    def port(self, server: str, port: int | None) -> int | None:
        """The port that is meant, where none was named and the server has but one."""
        known = self.ports[server]
        return known[0] if port is None and len(known) == 1 else port

    def hosts(self, client: str) -> dict[str, str]:
        """The names of other services that a client reaches, in lower case, and the service that each means."""
        service = self.project.services[client]
        return {
            host_name(name): server
            for name in (*self._names, *service.links)
            if (server := self.server(client, name)) is not None
        }

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for service in self.project.services.values() for name in service.names))


class Texts(Struct, frozen=True):
    """What is looked at, before a run or after it: compose files, sources, and copies that are mounted over files."""

    project: Project
    sources: Sources | None = None
    copies: Mapping[tuple[str, Path], TextFile] = {}

    def files(self, service: ServiceSources) -> dict[PurePosixPath, TextFile]:
        """The files of a service, by their path in it."""
        name = service.service.name
        files = _of_its_programs(service)
        return {path: self.copies.get((name, file.path), file) for path, file in files.items()}


def _of_its_programs(service: ServiceSources) -> Mapping[PurePosixPath, TextFile]:
    """The files of a service without the Go sources of programs that its image is not made of."""
    if not any(path.suffix == ".go" for path in service.run):
        return service.run
    from aicos_tls.sources.go.compiling import own_files

    return own_files(service, service.run)


def _in_browsers(service: ServiceSources) -> frozenset[PurePosixPath]:
    from aicos_tls.sources.node.packages import NAME
    from aicos_tls.sources.node.runs import Runs, places

    if not any(path.name == NAME for path in service.run):
        return frozenset()
    found = places(service.run, service.start.words if service.start else ())
    return frozenset(path for path, place in found.items() if place.runs is Runs.BROWSER)


def claims(known: Known, texts: Texts, seen: Iterable[Claim] = ()) -> list[Claim]:
    """Everything that is claimed by texts, before a run or after it, and by what was seen on the network.

    Names mean what they mean in `known`, the project as the person wrote it.
    """
    urls = references(texts.project, known.plan.decisions, known.directory)
    stated = composed.stated(texts.project, urls, known.directory)
    labelled = label_destinations(texts.project)
    found = [*_resolved(known, stated), *_resolved(known, labelled), *_from_sources(known, texts), *seen]
    pairs = {(claim.client, claim.server) for claim in found}
    waiting = _resolved(known, composed.likely(known.project, known.ports))
    found += [claim for claim in waiting if (claim.client, claim.server) not in pairs]
    return [*found, *_published(known)]


def told(known: Known, found: Iterable[Seen]) -> Iterator[Claim]:
    """Yield the connections that `aicos-tls.toml` has, of services that there are."""
    services = known.project.services
    for each in found:
        if each.client in services and each.server in services:
            destination = Destination(each.server, each.port, each.protocol, each.tls, each.evidence)
            yield Claim(each.client, each.server, destination, told=True)


def _resolved(known: Known, destinations: Iterable[tuple[str, Destination]]) -> Iterator[Claim]:
    for client, destination in destinations:
        if client in known.project.services and (server := known.server(client, destination.host)):
            yield Claim(client, server, destination)


def _from_sources(known: Known, texts: Texts) -> Iterator[Claim]:
    for name, service in texts.sources.services.items() if texts.sources else ():
        browsers = known.in_browsers(service)
        files = {path: file for path, file in texts.files(service).items() if path not in browsers}
        if files and (hosts := known.hosts(name)):
            image = service.stage.environment if service.stage else {}
            around = Surroundings(hosts, {**image, **composed_variables(texts.project.services[name])}, name)
            yield from _resolved(known, ((name, each) for each in readers.destinations(files, around)))
            if around.unread:
                known.unread[name] = len(around.unread)


def _published(known: Known) -> Iterator[Claim]:
    """Whoever reaches the host asks a published port."""
    for service in known.project.services.values():
        for host, port in dict.fromkeys(published(service)):
            text = f"ports: {host}:{port}" if host is not None else f"ports: {port}"
            found = service.attribute("ports")
            where = found[0].source.where(found[1].value) if found else service.where
            evidence = Evidence(composed.KIND, text, where)
            yield Claim(
                PUBLISHED, service.name, Destination(service.name, port, Protocol.UNKNOWN, tls=False, evidence=evidence)
            )


def grouped(known: Known, found: Iterable[Claim]) -> list[Group]:
    """The connections that claims are about, in the order of the services: clients first, then published ports."""
    groups: dict[tuple[str, str, int | None], list[Claim]] = defaultdict(list)
    for claim in found:
        groups[claim.client, claim.server, known.port(claim.server, claim.destination.port)].append(claim)
    for client, server, port in [key for key in groups if key[2] is None]:
        others = [key for key in groups if key[:2] == (client, server) and key[2] is not None]
        if len(others) == 1:
            groups[others[0]] += groups.pop((client, server, port))
    order = {name: index for index, name in enumerate((*known.project.services, PUBLISHED))}
    keys = sorted(groups, key=lambda key: (order[key[0]], order[key[1]], key[2] or 0))
    return [Group(*key, _protocol(known, key[1], key[2], groups[key]), tuple(groups[key])) for key in keys]


def _protocol(known: Known, server: str, port: int | None, found: list[Claim]) -> Protocol:
    """The most exact of the protocols that claims name."""
    exact = [p for c in found if (p := known.protocol(server, port, c.destination.protocol)) not in _VAGUE]
    return exact[0] if exact else found[0].destination.protocol
