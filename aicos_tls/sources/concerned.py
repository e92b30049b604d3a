"""Which services the code half is about: those that ask another server; and which of their files they run."""

from __future__ import annotations

import re
from functools import cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from aicos_tls.sources import copied
from aicos_tls.sources.comments import is_documentation

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from aicos_tls.files import TextFile
    from aicos_tls.plan.model import Plan
    from aicos_tls.sources.project import ServiceSources

_LOADERS = frozenset({"import_module", "__import__", "pkgutil", "autodiscover_tasks"})
"""What imports modules by names that stand nowhere."""


def asks_another(service: ServiceSources, plan: Plan, servers: Mapping[str, str]) -> bool:
    """Whether a service is a client: the plan says so, or its environment, command or sources name another server.

    `servers` are the DNS names of the servers and the service that each means.
    """
    name = service.service.name
    if any(edge.client == name for edge in plan.edges):
        return True
    hosts = [host for host, server in servers.items() if server != name]
    if not hosts:
        return False
    listed = "|".join(map(re.escape, hosts))
    anywhere = re.compile(rf"(?<![\w.-])(?:{listed})(?![\w-]|\.\w)", re.IGNORECASE)
    in_code = re.compile(rf"(?://|[\"'`@])(?:{listed})(?=[\"'`:/])|(?<![\w.-])(?:{listed}):\d", re.IGNORECASE)
    values = [service.service.expand(each.value or "") or "" for each in service.service.environment.values()]
    words = service.start.words if service.start else ()
    if any(map(anywhere.search, (*values, *words))):
        return True
    return any(in_code.search(file.text) for path, file in service.run.items() if not is_documentation(path))


def files_run(service: ServiceSources, shared: Collection[Path]) -> dict[PurePosixPath, TextFile]:
    """The files of a service, but for Python modules that it shares with others and whose name no file of it says."""
    modules = {path: file for path, file in service.files.items() if path.suffix == ".py"}
    return {
        path: file
        for path, file in service.files.items()
        if path not in modules or file.path not in shared or _is_named(service, path, modules)
    }


def _is_named(service: ServiceSources, path: PurePosixPath, modules: Mapping[PurePosixPath, TextFile]) -> bool:
    """Whether some module, or the start command, names a module: then it is imported or started."""
    place = copied.destination(service.stage, path) if service.stage else None
    names = {path.stem, *([PurePosixPath(place).stem] if place else ())}
    if path.stem.startswith("__") or service.start is None:
        return True
    if names.intersection(_words(" ".join(service.start.words))):
        return True
    known = (_words(file.text) for other, file in modules.items() if other != path)
    return any(path.stem in words or not words.isdisjoint(_LOADERS) for words in known)


@cache
def _words(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(re.findall(r"\w+", text))
