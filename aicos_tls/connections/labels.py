"""Proxies that find their servers by what the compose file says of these: labels and variables of the server's service.

- Traefik: `traefik.http.services.NAME.loadbalancer.server.port` and `.scheme`, `traefik.tcp.…` (documentation,
  "Docker", "Routing Configuration"). It asks the container by its address, so that a certificate is verified by the
  name in a `serversTransport`, which only a file can hold.
- caddy-docker-proxy: `caddy.reverse_proxy: "{{upstreams 8000}}"` (its README, "Labels to Caddyfile conversion").
- nginx-proxy: VIRTUAL_HOST, VIRTUAL_PORT, VIRTUAL_PROTO (its README, "Virtual Ports", "SSL Backends").

The client is the service that runs the proxy, where both are on one network.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls import budgets
from aicos_tls.compose.resolve import text_of
from aicos_tls.connections.model import Destination, Evidence
from aicos_tls.connections.protocols import PORTS, Protocol
from aicos_tls.plan.images import repository
from aicos_tls.sources.ports import declared
from aicos_tls.yamledit.nodes import Mapping, Scalar, Sequence, deref

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aicos_tls.compose.model import Project, Service
    from aicos_tls.errors import Where

_TRAEFIK = re.compile(
    r"traefik\.(http|tcp)\.services\.([^.]{1,200})"
    r"\.loadbalancer\.server\.(port|scheme|tls)$",
    re.IGNORECASE,
)
_TRAEFIK_URL = re.compile(r"traefik\.(?:http|tcp)\.routers\.", re.IGNORECASE)
_CADDY = re.compile(r"caddy(?:_\d{1,4})?(?:\.[^.]{1,200}){0,4}\.(?:\d{1,4}_)?reverse_proxy$", re.IGNORECASE)
_CADDY_UPSTREAMS = re.compile(r"\{\{\s*upstreams(?:\s+(https?|h2c))?(?:\s+(\d{1,5}))?\s*\}\}")
_SCHEMES = {"https": (Protocol.HTTP, True), "h2c": (Protocol.GRPC, False), "grpcs": (Protocol.GRPC, True)}
_SCHEMES |= {"grpc": (Protocol.GRPC, False), "uwsgi": (Protocol.UWSGI, False), "fastcgi": (Protocol.FASTCGI, False)}


class Label(Struct, frozen=True):
    """A label of a service: `text` is it as `name=value`."""

    name: str
    value: str
    where: Where

    @property
    def text(self) -> str:
        """The label as a line."""
        return f"{self.name}={self.value}"


def label_destinations(project: Project) -> Iterator[tuple[str, Destination]]:
    """Yield the services that run such a proxy, each with what it asks by the labels of the others."""
    for client in project.services.values():
        name = repository(client.image or "")[1][-1:]
        reader = _READERS.get(name[0].lower()) if name else None
        for server in project.services.values() if reader else ():
            if reader and server is not client and _meet(client, server):
                for destination in reader(client, server):
                    yield client.name, destination


def labels(service: Service) -> list[Label]:
    """The labels of a service, the last one of each name, with variables put in where their values are known."""
    found: dict[str, Label] = {}
    for layer, entry in service.effective("labels"):
        node = deref(entry.value)
        rows: list[tuple[str, Scalar]] = []
        if isinstance(node, Sequence):
            rows = [(item.value, item) for item in map(deref, node.items) if isinstance(item, Scalar)]
        elif isinstance(node, Mapping):
            for key, each in layer.source.resolver.mapping(node).items():
                scalar = deref(each.value)
                if isinstance(scalar, Scalar):
                    rows.append((f"{key}={text_of(scalar) or ''}", scalar))
        for text, scalar in rows:
            name, _, value = (service.expand(text) or text).partition("=")
            found[name] = Label(name, value, layer.source.where(scalar))
    return list(found.values())


def _meet(client: Service, server: Service) -> bool:
    """Whether one can reach the other: on a network that both have, or by the host's own."""
    return client.network_mode == "host" or bool(client.networks & server.networks)


def _traefik(client: Service, server: Service) -> Iterator[Destination]:
    known = labels(server)
    enabled = next((label.value.lower() for label in known if label.name.lower() == "traefik.enable"), "")
    own = [label for label in known if label.name.lower().startswith("traefik.")]
    if enabled == "false" or not own or (not enabled and _hides_others(client)):
        return
    services: dict[tuple[str, str], dict[str, Label]] = {}
    for label in own:
        if match := _TRAEFIK.match(label.name):
            services.setdefault((match[1].lower(), match[2]), {})[match[3].lower()] = label
    if not services and any(_TRAEFIK_URL.match(label.name) or enabled == "true" for label in own):
        services[("http", server.name)] = {}
    for (kind, name), said in services.items():
        label = said.get("port") or next(iter(said.values()), own[0])
        port = budgets.number(said["port"].value) if "port" in said else min(declared(server), default=None)
        if kind == "tcp":
            tls = "tls" in said and said["tls"].value.lower() == "true"
            protocol, remedy = PORTS.get(port or 0, Protocol.TCP), ""
        else:
            scheme = said["scheme"].value.lower() if "scheme" in said else ""
            protocol, tls = _SCHEMES.get(scheme, (Protocol.HTTP, False))
            remedy = "" if tls else _traefik_remedy(name, server.name)
        yield Destination(server.name, port, protocol, tls, Evidence("Traefik", label.text, label.where), remedy)


def _hides_others(client: Service) -> bool:
    """Whether Traefik asks only services that say so: `--providers.docker.exposedbydefault=false`."""
    values = {name.lower(): variable.value or "" for name, variable in client.environment.items()}
    words = " ".join(_command(client)).lower()
    hidden = re.search(r"exposedbydefault(?:=|\s+)\"?false", words)
    return hidden is not None or values.get("traefik_providers_docker_exposedbydefault", "").lower() == "false"


def _command(service: Service) -> list[str]:
    found = service.attribute("command")
    node = deref(found[1].value) if found else None
    if isinstance(node, Sequence):
        return [item.value for item in map(deref, node.items) if isinstance(item, Scalar)]
    return [node.value] if isinstance(node, Scalar) else []


def _traefik_remedy(name: str, host: str) -> str:
    return (
        f"# labels of {host}\n"
        f"traefik.http.services.{name}.loadbalancer.server.scheme=https\n"
        f"traefik.http.services.{name}.loadbalancer.serverstransport={host}@file\n"
        "# a file of Traefik's file provider\n"
        f'http:\n  serversTransports:\n    {host}:\n      serverName: {host}\n      rootCAs: ["{{ca}}"]'
    )


def _caddy(client: Service, server: Service) -> Iterator[Destination]:  # noqa: ARG001 - as the others
    for label in labels(server):
        match = _CADDY_UPSTREAMS.search(label.value) if _CADDY.match(label.name) else None
        if match is None:
            continue
        protocol, tls = _SCHEMES.get((match[1] or "").lower(), (Protocol.HTTP, False))
        port = budgets.number(match[2]) or 80
        prefix = label.name
        remedy = (
            f'{prefix}: "{{{{upstreams https {port}}}}}"\n{prefix}.transport: http\n'
            f"{prefix}.transport.tls_trusted_ca_certs: {{ca}}\n{prefix}.transport.tls_server_name: {server.name}"
        )
        yield Destination(
            server.name, port, protocol, tls, Evidence("Caddy", label.text, label.where), "" if tls else remedy
        )


def _nginx_proxy(client: Service, server: Service) -> Iterator[Destination]:  # noqa: ARG001 - as the others
    variable = server.environment.get("VIRTUAL_HOST")
    if variable is None or not variable.value:
        return
    values = {
        name: server.expand(server.environment[name].value or "") or ""
        for name in ("VIRTUAL_PORT", "VIRTUAL_PROTO")
        if name in server.environment
    }
    ports = declared(server)
    port = budgets.number(values.get("VIRTUAL_PORT")) or (min(ports) if len(ports) == 1 else 80)
    protocol, tls = _SCHEMES.get(values.get("VIRTUAL_PROTO", "").lower(), (Protocol.HTTP, False))
    remedy = "" if tls else "VIRTUAL_PROTO=https  # nginx-proxy does not verify the certificate then"
    evidence = Evidence("nginx-proxy", f"VIRTUAL_HOST={variable.value}", variable.where)
    yield Destination(server.name, port, protocol, tls, evidence, remedy)


_READERS: dict[str, Callable[[Service, Service], Iterator[Destination]]] = {
    "traefik": _traefik,
    "caddy-docker-proxy": _caddy,
    "nginx-proxy": _nginx_proxy,
    "docker-gen": _nginx_proxy,
}
"""By the last part of the image's repository."""
