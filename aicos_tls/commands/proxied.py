"""Connections that proxies make: their configuration names the server, no variable of the compose file does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from aicos_tls.plan.model import Edge

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from aicos_tls.plan.model import Plan, PlannedFile
    from aicos_tls.sources.project import Sources


def with_proxied(plan: Plan) -> Plan:
    """The plan with an edge for each server that the proxy of a service in scope asks, as its file says now."""
    if not plan.servers:
        return plan
    from aicos_tls.sources.project import Sources

    return replace(plan, edges=list(dict.fromkeys((*plan.edges, *_edges(Sources(plan), {})))))


def over_tls(sources: Sources, planned: Sequence[PlannedFile]) -> Iterator[Edge]:
    """Yield an edge for each server that a proxy asks over TLS once the files of a run are written.

    `sources` have the texts of the code that changes, `planned` the copies that are mounted over files of images.
    """
    for edge in dict.fromkeys(_edges(sources, {file.path: file.after for file in planned})):
        if edge.after.startswith(("https:", "grpcs:")):
            yield edge


_HTTP = frozenset({"http", "grpc", "ws"})
"""What is asked like HTTP to see whether TLS is spoken."""


def _edges(sources: Sources, planned: Mapping[Path, bytes]) -> Iterator[Edge]:
    from aicos_tls.files import TextFile, read_if_there
    from aicos_tls.serving.configuration import copy_of
    from aicos_tls.sources.configurations import KINDS

    plan = sources.plan
    certs = plan.project.directory / plan.policy.certs_dir
    for name, service in sources.services.items():
        for kind in KINDS:
            if service.runtime[0] not in (kind.runtime, ""):
                continue  # an example, or the configuration of another service beside this one
            texts = []
            for path in (path for path, each in service.kinds.items() if each is kind):
                copy = certs / copy_of(service.context.short_name, path, kind.folder)  # it is mounted over the file
                texts.append(
                    TextFile(copy, planned[copy]) if copy in planned else read_if_there(copy) or service.files[path]
                )
            for found in kind.asked(texts, service.environment.values):
                server = sources.servers.get(found.host)
                if server and server != name and found.family in _HTTP:
                    url = f"{'https' if found.tls else 'http'}://{found.host}:{found.port}"
                    yield Edge(name, server, found.directive, url, url, found.where)
