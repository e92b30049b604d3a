"""Who talks to whom over HTTP: every URL of the project, the service it means, and what is to become of it."""

from __future__ import annotations

import re
from collections import defaultdict
from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.compose.dotenv import EnvFile
from aicos_tls.compose.interpolation import expand
from aicos_tls.compose.sites import Site, sites
from aicos_tls.compose.urls import Url, find, host_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aicos_tls.compose.model import Project, Service
    from aicos_tls.errors import Where
    from aicos_tls.plan.scope import Decision

BROWSER_PREFIXES = (
    "VITE_",
    "NEXT_PUBLIC_",
    "REACT_APP_",
    "NUXT_PUBLIC_",
    "VUE_APP_",
    "GATSBY_",
    "EXPO_PUBLIC_",
    "PUBLIC_",
    "NG_APP_",
    "SNOWPACK_PUBLIC_",
    "STORYBOOK_",
)
"""Variables that bundlers write into what browsers load (documentation of Vite, Next.js, Create React App, Nuxt, …)."""

# compiled when they are first used: many projects have no URL
_ORIGINS = r"(?i)(^|_)(CORS|ORIGINS?|REFERERS?|REFERRERS?|CSRF|ALLOWED_HOSTS)(_|$)"
_PROXY = r"(?i)^(https?|all|ftp|no|ws|wss)_proxy$"
_LOOPBACK = r"localhost|127(\.\d+){3}|\[::1\]|0\.0\.0\.0"
_HOST_NAMES = frozenset({"host.docker.internal", "gateway.docker.internal", "host.containers.internal"})
"""Names of the machine itself (Docker Desktop, "Networking"; `extra_hosts: host.docker.internal:host-gateway`)."""


class Kind(Enum):
    """What a URL is, with the words that explain it."""

    EDGE = "a request of one service to another"
    SELF = "the service's own address"
    ORIGIN = "an origin that is compared, not asked"
    BROWSER = "for browsers: they do not reach containers by service name"
    OUT_OF_SCOPE = "its server is out of scope"
    NO_NETWORK = "client and server share no network"
    LOOPBACK = "localhost: the container itself, or the host as browsers see it"
    PROXY = "a proxy is spoken to in plain HTTP"
    UNKNOWN = "the host is a variable whose value is not known"
    HOST = "the machine that runs the containers"
    EXTERNAL = "no service of this project"


REWRITABLE = frozenset({Kind.EDGE, Kind.SELF, Kind.ORIGIN})


class Reference(Struct, frozen=True):
    """One URL at a site; `target` is the service it names, if it names one."""

    site: Site
    url: Url
    kind: Kind
    target: str | None = None

    @property
    def text(self) -> str:
        """Scheme, host and port as written."""
        return self.site.text[self.url.start : self.url.end]

    @property
    def where(self) -> Where:
        """The place of the text that holds it; in one of several lines, its own."""
        return self.site.where_at(self.url.start)


class Directory:
    """Names to services, as a client sees them on its networks."""

    def __init__(self, project: Project) -> None:
        self._services = project.services
        self._by_name: dict[str, list[Service]] = defaultdict(list)
        for service in project.services.values():
            for name in service.names:
                self._by_name[host_name(name)].append(service)

    def look_up(self, client: str | None, host: str) -> tuple[Service | None, bool]:
        """Return the service of that name, and whether `client` shares a network with it."""
        name = host_name(host)
        source = self._services.get(client) if client else None
        if source and (linked := {host_name(k): v for k, v in source.links.items()}.get(name)):
            return self._services.get(linked), True
        found = self._by_name.get(name, [])
        if source is None:
            return (found[0] if found else None), True
        own = self.networks(source)
        for service in found:
            if service is source or own & self.networks(service):
                return service, True
        return (found[0] if found else None), False

    def networks(self, service: Service) -> frozenset[str]:
        """The networks of a service, or of the one whose network it uses."""
        return self.namespace(service).networks

    def namespace(self, service: Service) -> Service:
        """The service whose network a service uses (`network_mode: service:NAME`): mostly its own."""
        seen: set[str] = set()
        while service.network_mode.startswith("service:") and service.name not in seen:
            seen.add(service.name)
            other = self._services.get(service.network_mode.removeprefix("service:"))
            if other is None:
                break
            service = other
        return service


def references(project: Project, scope: dict[str, Decision], directory: Directory | None = None) -> Iterator[Reference]:
    """Yield every http, https, ws and wss URL that names a host, with what it is.

    `directory` says what names mean where that is not to be found in `project` itself.
    """
    directory = directory or Directory(project)
    dotenv = project.dotenv.values if project.dotenv else {}
    for site in sites(project):
        values = {**dotenv, **site.source.values} if isinstance(site.source, EnvFile) else dotenv
        for url in find(site.text, values):
            kind, target = _kind(site, resolved_host(url, values), directory, scope)
            yield Reference(site, url, kind, target)


def resolved_host(url: Url, values: Mapping[str, str]) -> str | None:
    """The host of a URL with its variables expanded; None when one of them has no known value."""
    return expand(url.host, values) if "$" in url.host else url.host


def _kind(site: Site, host: str | None, directory: Directory, scope: dict[str, Decision]) -> tuple[Kind, str | None]:
    if (kind := kind_of_host(host)) is not None:
        return kind, None
    service, reachable = directory.look_up(site.service, host or "")
    if service is None:
        return Kind.EXTERNAL, None
    return _kind_of_known(site, service, scope, reachable=reachable), service.name


def kind_of_host(host: str | None) -> Kind | None:
    """What a host is without looking at services; None when it may be the name of one."""
    if host is None or "$" in host:
        return Kind.UNKNOWN
    if re.fullmatch(_LOOPBACK, host_name(host)):
        return Kind.LOOPBACK
    return Kind.HOST if host_name(host) in _HOST_NAMES else None


def for_browsers(variable: str) -> bool:
    """Whether bundlers put the variable into what browsers load."""
    return variable.upper().startswith(BROWSER_PREFIXES)


def _kind_of_known(site: Site, service: Service, scope: dict[str, Decision], *, reachable: bool) -> Kind:
    tests = (
        (not scope[service.name].in_scope, Kind.OUT_OF_SCOPE),
        (all(map(for_browsers, site.variables)), Kind.BROWSER),
        (all(re.match(_PROXY, name) for name in site.variables), Kind.PROXY),
        (not reachable, Kind.NO_NETWORK),
        (site.service == service.name, Kind.SELF),
        (all(re.search(_ORIGINS, name) for name in site.variables), Kind.ORIGIN),
    )
    return next((kind for holds, kind in tests if holds), Kind.EDGE)
