"""What the compose files say of connections: URLs, hosts with a port, host and port in variables of their own.

    DATABASE_URL: postgresql://app@db/app      KAFKA_BROKERS: kafka:9092      DB_HOST: db
    command: ["./wait-for", "db:5432"]         depends_on: [api]              ports: ["8080:80"]

`depends_on` names no address: it makes a connection likely, to the one port that the other service is known to have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls import budgets
from aicos_tls.compose.resolve import text_of, texts_of
from aicos_tls.compose.sites import sites
from aicos_tls.connections.addresses import Bare, Found, split, urls
from aicos_tls.connections.model import Destination, Evidence, Strength
from aicos_tls.connections.protocols import HTTP_LIKE, PORTS, Protocol
from aicos_tls.plan.references import BROWSER_PREFIXES, Kind, for_browsers
from aicos_tls.plan.schemes import HOST_SUFFIXES
from aicos_tls.yamledit.nodes import Mapping, Scalar, Sequence, deref

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from aicos_tls.compose.model import Layer, Project, Service
    from aicos_tls.errors import Where
    from aicos_tls.plan.references import Directory, Reference
    from aicos_tls.yamledit.nodes import Node

KIND = "compose"
_ASKED = frozenset({Kind.EDGE, Kind.OUT_OF_SCOPE, Kind.PROXY})
"""URLs that a service asks when they name another one; the others are compared, shown, or lead nowhere."""
_WORDS = ("command", "entrypoint")
_HOOKS = ("pre_start", "post_start", "pre_stop")
"""Commands that docker compose runs beside the service's own (specification; `pre_start` since Compose 5.3)."""
_NOT_A_CLIENT = "service_completed_successfully"
"""The condition of who waits for a task to end: it asks it nothing."""


def stated(
    project: Project, references: Iterable[Reference], directory: Directory
) -> Iterator[tuple[str, Destination]]:
    """Yield what the texts of the compose files and env files ask, each with the client.

    `references` are the URLs of HTTP, `directory` says what names mean.
    """
    yield from _references(references)
    yield from _stores(project)
    finder = Bare(name for service in project.services.values() for name in (*service.names, *service.links))
    for service in project.services.values():
        yield from ((service.name, each) for each in _bare(finder, service))
        yield from ((service.name, each) for each in _apart(directory, service))
        yield from ((service.name, each) for each in _hooks(service))


def _references(references: Iterable[Reference]) -> Iterator[tuple[str, Destination]]:
    for reference in references:
        if reference.kind in _ASKED and reference.site.service and reference.target:
            url = reference.url
            tls = url.scheme.lower() in ("https", "wss")
            protocol = Protocol.WS if url.scheme.lower().startswith("ws") else Protocol.HTTP
            port = budgets.number(url.port) if url.port is not None else (443 if tls else 80)
            written = f"{url.scheme}://{url.host}" + ("" if url.port is None else f":{url.port}")
            yield (
                reference.site.service,
                Destination(reference.target, port, protocol, tls, Evidence(KIND, written, reference.where)),
            )


def _stores(project: Project) -> Iterator[tuple[str, Destination]]:
    """URLs of other protocols than HTTP, with the variables in them put in where they are known."""
    for site in sites(project):
        client = project.services.get(site.service or "")
        if client is None or all(map(for_browsers, site.variables)):
            continue
        text = client.expand(site.text) if "$" in site.text else site.text
        for found in urls(text or ""):
            if found.protocol not in HTTP_LIKE:
                yield client.name, _destination(found, site.where)


def _destination(found: Found, where: Where) -> Destination:
    return Destination(found.host, found.port, found.protocol, found.tls, Evidence(KIND, found.text, where))


def _bare(finder: Bare, service: Service) -> Iterator[Destination]:
    """Hosts with a port and without a scheme, in variables and in the words of commands."""
    for text, where in (*_values(service), *_words(service)):
        expanded = service.expand(text) if "$" in text else text
        yield from (_destination(found, where) for found in finder.find(expanded or ""))


def _values(service: Service) -> Iterator[tuple[str, Where]]:
    """The values of its variables, from the compose files, then from env files where those say nothing."""
    for key, variable in service.environment.items():
        if variable.value and not for_browsers(key):
            yield variable.value, variable.where
    for file in service.env_files:
        for key, binding in file.bindings.items():
            if key not in service.environment and not for_browsers(key):
                yield file.values.get(key, ""), file.file.where(binding.start)


def _words(service: Service) -> Iterator[tuple[str, Where]]:
    for attribute in _WORDS:
        if found := service.attribute(attribute):
            layer, entry = found
            yield from _scalars(layer, entry.value)


def _scalars(layer: Layer, node: Node) -> Iterator[tuple[str, Where]]:
    """The scalars below a node, aliases followed."""
    pending = [node]
    while pending:
        target = deref(pending.pop())
        if isinstance(target, Scalar):
            yield target.value, layer.source.where(target)
        elif isinstance(target, Sequence):
            pending += reversed(target.items)
        else:
            pending += [value for _, value in reversed(target.pairs)]


def _apart(directory: Directory, service: Service) -> Iterator[Destination]:
    """`DB_HOST=db` with `DB_PORT=5432` beside it, or with the usual port of its protocol."""
    from aicos_tls.compose.settings import settings

    by_upper = {
        key.upper(): setting
        for key, setting in settings(service, (*HOST_SUFFIXES, "PORT", "SCHEME", "PROTOCOL", "PROTO")).items()
    }
    for key, setting in by_upper.items():
        prefix = next((key[: -len(suffix)] for suffix in HOST_SUFFIXES if key.endswith(suffix)), None)
        host, named = split(setting.value)
        if prefix is None or not host or named is not None or key.startswith(BROWSER_PREFIXES):
            continue
        target, reachable = directory.look_up(service.name, host)
        if target is None or not reachable or target is service:
            continue
        beside = by_upper.get(f"{prefix}PORT")
        port = budgets.number(beside.value) if beside else None
        scheme = next(
            (
                by_upper[prefix + name].value.lower()
                for name in ("SCHEME", "PROTOCOL", "PROTO")
                if prefix + name in by_upper
            ),
            "",
        )
        protocol = (
            Protocol.HTTP
            if scheme in ("http", "https")
            else Protocol.WS
            if scheme in ("ws", "wss")
            else PORTS.get(port or 0, Protocol.UNKNOWN)
        )
        text = f"{setting.key}={setting.value}" + (f" {beside.key}={beside.value}" if beside else "")
        yield Destination(target.name, port, protocol, scheme in ("https", "wss"), Evidence(KIND, text, setting.where))


def _hooks(service: Service) -> Iterator[Destination]:
    """The URLs in hooks: they are not changed, and a hook that fails keeps its service from starting."""
    for hook in _HOOKS:
        for layer, entry in service.effective(hook):
            for text, where in _scalars(layer, entry.value):
                expanded = service.expand(text) if "$" in text else text
                for found in urls(expanded or ""):
                    yield Destination(
                        found.host,
                        found.port,
                        found.protocol,
                        found.tls,
                        Evidence(f"{hook} hook", found.text, where),
                        "hooks are left alone: ask https:// there, with {ca} to verify",
                    )


def likely(project: Project, ports: dict[str, tuple[int, ...]]) -> Iterator[tuple[str, Destination]]:
    """Yield the services that wait for another one which has a port; `ports` are those that each is known to have."""
    for service in project.services.values():
        for layer, entry in service.effective("depends_on"):
            for name, where in _awaited(layer, entry.value):
                known = ports.get(name, ())
                if name != service.name and known:
                    port = known[0] if len(known) == 1 else None
                    protocol = PORTS.get(port or 0, Protocol.UNKNOWN)
                    evidence = Evidence(KIND, f"depends_on: {name}", where, Strength.LIKELY)
                    yield service.name, Destination(name, port, protocol, tls=False, evidence=evidence)


def _awaited(layer: Layer, node: Node) -> Iterator[tuple[str, Where]]:
    target = deref(node)
    if isinstance(target, Mapping):
        for name, entry in layer.source.resolver.mapping(target).items():
            condition = layer.source.resolver.mapping(entry.value).get("condition")
            if (text_of(condition.value) if condition else "") != _NOT_A_CLIENT:
                yield name, layer.source.where(entry.key)
    else:
        yield from ((name, layer.source.where(target)) for name in texts_of(target))
