"""Whether each service in scope is given its certificates: the mount and the two variables (guide, phase 2)."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from aicos_tls.compose.settings import setting
from aicos_tls.doctor.model import Finding
from aicos_tls.plan.switches import agree, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.compose.model import Service
    from aicos_tls.doctor.facts import Facts


def check(facts: Facts) -> Iterator[Finding]:
    """Yield what is missing or different, service by service."""
    for service in facts.services:
        yield from _mount(facts, service)
        yield from _variables(facts, service)


def _mount(facts: Facts, service: Service) -> Iterator[Finding]:
    if facts.certificates_mounted(service):
        return
    goal = posixpath.normpath(facts.plan.policy.mount_path)
    line = f"- {facts.plan.policy.certs_source()}:{goal}:ro"
    other = next((mount for mount in service.mounts if mount.target == goal), None)
    if other is None:
        text = f"the certificates are not mounted at {goal}"
        yield Finding("mount", text, f"add under volumes: {line}", service.where, service.name)
        return
    what = other.source if other.source.startswith((".", "/")) else f"the volume {other.source}".rstrip()
    text = f"{what} is mounted at {goal}, not the certificates"
    yield Finding("mount", text, f"write instead: {line}", other.layer.source.where(other.node), service.name)


def _variables(facts: Facts, service: Service) -> Iterator[Finding]:
    """What TLS_ENABLED and TLS_CERT_PATH come to; NODE_TLS_REJECT_UNAUTHORIZED may be left out by whoever verifies."""
    for key, wanted in (("TLS_ENABLED", "true"), ("TLS_CERT_PATH", facts.plan.policy.mount_path)):
        found = setting(service, key)
        if found is None:
            todo = f"add under environment: {key}={wanted}"
            yield Finding("tls-variable", f"{key} is not set", todo, service.where, service.name)
        elif not agree(key, found.value, wanted):
            text = f"{key} is {shown(found)}, not {wanted}"
            yield Finding("tls-variable", text, f"write {key}={wanted}", found.where, service.name)
