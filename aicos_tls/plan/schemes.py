"""Host, port and scheme in variables of their own: `API_HOST=api`, `API_PORT=8001`, `API_SCHEME=http`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.compose.settings import Setting, settings
from aicos_tls.compose.urls import PLAIN
from aicos_tls.plan.references import Directory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.compose.model import Project, Service

SCHEME_SUFFIXES = ("SCHEME", "PROTOCOL", "PROTO")
HOST_SUFFIXES = ("HOST", "HOSTNAME", "SERVER", "ADDRESS", "ADDR", "SERVICE")


class SchemeVariable(Struct, frozen=True):
    """A variable that holds the scheme for `target`, which the variable `host_key` of the same service names."""

    service: str
    setting: Setting
    host_key: str
    target: str


class BareHost(Struct, frozen=True):
    """A variable that names a service without any scheme: what is spoken to it is decided in code."""

    service: str
    setting: Setting
    target: str


def scheme_variables(project: Project) -> Iterator[SchemeVariable | BareHost]:
    """Yield the variables that say `http` or `ws` for a service, and those that name one and have no scheme beside."""
    directory = Directory(project)
    for service in project.services.values():
        found = settings(service, HOST_SUFFIXES + SCHEME_SUFFIXES)
        by_upper = {key.upper(): setting for key, setting in found.items()}
        for setting in found.values():
            prefix = _without(setting.key, HOST_SUFFIXES)
            target = _target(service, setting, directory) if prefix else None
            if target is None:
                continue
            beside = [by_upper[prefix + suffix] for suffix in SCHEME_SUFFIXES if prefix + suffix in by_upper]
            if not beside and target != service.name:
                yield BareHost(service.name, setting, target)
            for scheme in beside:
                if scheme.value.lower() in PLAIN:
                    yield SchemeVariable(service.name, scheme, setting.key, target)


def _target(service: Service, setting: Setting, directory: Directory) -> str | None:
    """The service that a host variable names, with or without a port, if it can be reached."""
    host = setting.value.partition(":")[0]
    target, reachable = directory.look_up(service.name, host) if host else (None, False)
    return target.name if target and reachable else None


def _without(key: str, suffixes: tuple[str, ...]) -> str:
    """The key in upper case without one of the suffixes, its separator kept (`API_`); empty when it has none."""
    upper = key.upper()
    return next((upper[: -len(s)] for s in suffixes if upper.endswith(s) and len(upper) > len(s)), "")
