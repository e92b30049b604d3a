"""Public images of proxies that run the project's own configuration: what is mounted into them asks its services.

Such an image is nobody's own, and its configuration is: it has to ask over TLS as well.
"""

from __future__ import annotations

import os
import posixpath
from pathlib import Path
from typing import TYPE_CHECKING

from aicos_tls import files
from aicos_tls.compose.urls import host_name
from aicos_tls.errors import TlsError
from aicos_tls.files import TextFile
from aicos_tls.sources.build import is_inside
from aicos_tls.sources.configurations import KINDS
from aicos_tls.sources.environment import composed
from aicos_tls.sources.runtime import runtime_of_image
from aicos_tls.sources.tree import Limits, walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aicos_tls.compose.model import Project, Service
    from aicos_tls.plan.scope import Decision
    from aicos_tls.sources.configurations import Kind

_LIMITS = Limits(files=200, entries=2_000, total_bytes=16 * 2**20)
"""Configurations have a few files."""


def configured(project: Project, decisions: Mapping[str, Decision]) -> dict[str, str]:
    """The services out of scope that are a proxy with a configuration of the project, and the reason to change it.

    It is one when it asks a service that is in scope. Reads what is mounted; nothing that is found there is an error.
    """
    named = {
        host_name(name): service.name
        for service in project.services.values()
        if decisions[service.name].in_scope
        for name in service.names
    }
    candidates = [project.services[name] for name, decision in decisions.items() if not decision.in_scope]
    found = {service.name: _reason(project, service, named) for service in candidates if named}
    return {name: reason for name, reason in found.items() if reason}


def _reason(project: Project, service: Service, named: Mapping[str, str]) -> str:
    runtime = "" if service.builds else runtime_of_image(service.image or "")
    kind = next((each for each in KINDS if each.runtime == runtime), None)
    for each in kind.asked(_mounted(project, service, kind), composed(service)) if kind else ():
        if server := named.get(each.host):
            return f"its {runtime} configuration is the project's own, and asks {server} ({each.where})"
    return ""


def _mounted(project: Project, service: Service, kind: Kind) -> Iterator[TextFile]:
    """Yield the files of the project that are mounted where a proxy has its configuration."""
    for mount in service.mounts:
        source = service.expand(mount.source) or ""
        target = posixpath.normpath(service.expand(mount.target) or "/")
        if not source.startswith((".", "/")) or not f"{target}/".startswith(kind.places):
            continue
        path = mount.layer.source.base / source
        if is_inside(path, project.directory):
            yield from _texts(project, Path(os.path.normpath(path)))


def _texts(project: Project, path: Path) -> Iterator[TextFile]:
    if files.is_directory(path):
        yield from (found for found in walk(path, limits=_LIMITS) if isinstance(found, TextFile))
    elif files.is_file(path):
        try:
            file = project.read(path)
            file.text  # noqa: B018 - what is no text is no configuration
        except TlsError:
            return
        yield file
