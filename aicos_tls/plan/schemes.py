"""Host, port and scheme in variables of their own: `API_HOST=api`, `API_PORT=8001`, `API_SCHEME=http`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.compose.sites import SCHEME_SUFFIXES
from aicos_tls.plan.references import Directory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.compose.entries import Variable
    from aicos_tls.compose.model import Project, Service
    from aicos_tls.plan.scope import Decision

HOST_SUFFIXES = ("HOST", "HOSTNAME", "SERVER", "ADDRESS", "ADDR", "SERVICE")
PLAIN = frozenset({"http", "ws"})


class SchemeVariable(Struct, frozen=True):
    """A variable that holds the scheme for `target`, which the variable `host_key` of the same service names."""

    service: str
    variable: Variable
    host_key: str
    target: str


class BareHost(Struct, frozen=True):
    """A variable that names a service without any scheme: what is spoken to it is decided in code."""

    service: str
    variable: Variable
    target: str


def scheme_variables(project: Project, decisions: dict[str, Decision]) -> Iterator[SchemeVariable]:
    """Yield the variables that say `http` or `ws` for a service in scope."""
    directory = Directory(project)
    for service in project.services.values():
        hosts = {key: (variable, target) for key, variable, target in _hosts(service, directory, decisions)}
        for key, variable in service.environment.items():
            if (variable.value or "").lower() in PLAIN and (prefix := _without(key, SCHEME_SUFFIXES)):
                for suffix in HOST_SUFFIXES:
                    if found := hosts.get(prefix + suffix):
                        yield SchemeVariable(service.name, variable, prefix + suffix, found[1])
                        break


def bare_hosts(project: Project, decisions: dict[str, Decision], servers: set[str]) -> Iterator[BareHost]:
    """Yield the variables that name a server, with or without a port, and have no scheme variable beside them."""
    directory = Directory(project)
    for service in project.services.values():
        keys = set(service.environment)
        for key, variable, target in _hosts(service, directory, decisions):
            prefix = _without(key, HOST_SUFFIXES)
            beside = any(prefix + suffix in keys for suffix in SCHEME_SUFFIXES)
            if target in servers and target != service.name and not beside:
                yield BareHost(service.name, variable, target)


def _hosts(
    service: Service, directory: Directory, decisions: dict[str, Decision]
) -> Iterator[tuple[str, Variable, str]]:
    for key, variable in service.environment.items():
        if not variable.value or not _without(key, HOST_SUFFIXES):
            continue
        host = (service.expand(variable.value) or "").partition(":")[0]
        target, reachable = directory.look_up(service.name, host) if host else (None, False)
        if target and reachable and decisions[target.name].in_scope:
            yield key, variable, target.name


def _without(key: str, suffixes: tuple[str, ...]) -> str:
    """The key without one of the suffixes, its separator kept (`API_`); empty when it has none of them."""
    for suffix in suffixes:
        if key.upper().endswith(suffix) and len(key) > len(suffix):
            return key[: -len(suffix)]
    return ""
