"""Who talks to whom over HTTP: every URL of the project, the service it means, and what is to become of it."""

from __future__ import annotations

import re
from collections import defaultdict
from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.compose.interpolation import expand
from aicos_tls.compose.sites import Site, sites
from aicos_tls.compose.urls import Url, find, host_name

if TYPE_CHECKING:
    from collections.abc import Iterator

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

_ORIGINS = re.compile(r"(^|_)(CORS|ORIGINS?|REFERERS?|REFERRERS?|CSRF|ALLOWED_HOSTS)(_|$)", re.IGNORECASE)
_PROXY = re.compile(r"^(https?|all|ftp|no|ws|wss)_proxy$", re.IGNORECASE)
_LOOPBACK = re.compile(r"localhost|127(\.\d+){3}|\[::1\]|0\.0\.0\.0")


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
    EXTERNAL = "no service of this project"


REWRITABLE = frozenset({Kind.EDGE, Kind.SELF, Kind.ORIGIN})


class Reference(Struct, frozen=True):
    """One URL at a site; `target` is the service it names, if it names one. Not `is_http`: its scheme is not known."""

    site: Site
    url: Url
    kind: Kind
    target: str | None = None
    is_http: bool = True

    @property
    def text(self) -> str:
        """Scheme, host and port as written."""
        return self.site.text[self.url.start : self.url.end]

    @property
    def browser_variables(self) -> list[str]:
        """The names under which bundlers see it."""
        names = self.site.seen_as or (self.site.variable,)
        return [name for name in names if name.upper().startswith(BROWSER_PREFIXES)]

    @property
    def where(self) -> Where:
        """The place of the text that holds it."""
        return self.site.where


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
        """The networks of a service, or of the one whose network it uses (`network_mode: service:NAME`)."""
        seen: set[str] = set()
        while service.network_mode.startswith("service:") and service.name not in seen:
            seen.add(service.name)
            other = self._services.get(service.network_mode.removeprefix("service:"))
            if other is None:
                break
            service = other
        return service.networks


def references(project: Project, scope: dict[str, Decision]) -> Iterator[Reference]:
    """Yield every http, https, ws and wss URL that names a host, with what it is."""
    directory = Directory(project)
    values = project.dotenv.values if project.dotenv else {}
    for site in sites(project):
        for url in find(site.text):
            if values.get(url.variable, "http").lower() not in ("http", "https", "ws", "wss"):
                continue  # `${DB_SCHEME}://db`, which `.env` says is no HTTP
            host = expand(url.host, values) if "$" in url.host else url.host
            kind, target = _kind(site, host, directory, scope)
            yield Reference(site, url, kind, target, not url.is_unknown or url.variable in values)


def _kind(site: Site, host: str | None, directory: Directory, scope: dict[str, Decision]) -> tuple[Kind, str | None]:
    if host is None or "$" in host:
        return Kind.UNKNOWN, None
    if _LOOPBACK.fullmatch(host_name(host)):
        return Kind.LOOPBACK, None
    service, reachable = directory.look_up(site.service, host)
    if service is None:
        return Kind.EXTERNAL, None
    return _kind_of_known(site, service, scope, reachable=reachable), service.name


def _kind_of_known(site: Site, service: Service, scope: dict[str, Decision], *, reachable: bool) -> Kind:
    tests = (
        (not scope[service.name].in_scope, Kind.OUT_OF_SCOPE),
        (all(n.upper().startswith(BROWSER_PREFIXES) for n in site.seen_as or (site.variable,)), Kind.BROWSER),
        (_PROXY.match(site.variable) is not None, Kind.PROXY),
        (not reachable, Kind.NO_NETWORK),
        (site.service == service.name, Kind.SELF),
        (_ORIGINS.search(site.variable) is not None, Kind.ORIGIN),
    )
    return next((kind for holds, kind in tests if holds), Kind.EDGE)
