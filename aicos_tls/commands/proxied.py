"""Connections that nginx makes: its configuration names the server, no variable of the compose file does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from aicos_tls.plan.model import Edge

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.plan.model import Plan


def with_proxied(plan: Plan) -> Plan:
    """The plan with an edge for each server that the nginx of a service in scope asks, as its file says now."""
    if not plan.servers:
        return plan
    return replace(plan, edges=[*plan.edges, *dict.fromkeys(_edges(plan))])


def _edges(plan: Plan) -> Iterator[Edge]:
    from aicos_tls.files import read_if_there
    from aicos_tls.serving.configuration import copy_of
    from aicos_tls.sources.nginx import is_nginx
    from aicos_tls.sources.nginx.asked import asked
    from aicos_tls.sources.project import Sources

    certs = plan.project.directory / plan.policy.certs_dir
    for name, service in Sources(plan).services.items():
        if service.runtime[0] not in ("nginx", ""):
            continue  # an example, or the configuration of another service beside this one
        for path, file in service.files.items():
            if is_nginx(path, file.text):
                copy = certs / copy_of(service.context.short_name, path)  # it is mounted over the file
                for found in asked(read_if_there(copy) or file, service.context):
                    if found.service != name:
                        yield Edge(name, found.service, found.directive, found.url, found.url, found.where)
