"""The variables of a container with the values that they will have: from the image, env files and the compose file.

Later ones stand over earlier ones (compose specification, "environment"; Dockerfile reference, "ENV"). Values that the
plan changes are given as they will be. One whose value is not known here is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.compose.urls import find
from aicos_tls.plan.references import REWRITABLE
from aicos_tls.sources.dockerfile import expand

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from aicos_tls.compose.model import Service
    from aicos_tls.plan.model import Plan
    from aicos_tls.sources.dockerfile import Stage


class Environment(Struct, frozen=True):
    """The variables of a container. `to_set` are those of its image that have to be set so that they are as given."""

    values: Mapping[str, str] = {}
    to_set: Mapping[str, str] = {}


def environment(service: Service, stage: Stage | None, plan: Plan, servers: Collection[str]) -> Environment:
    """The variables of a service; `servers` are the DNS names of servers, in lower case.

    URLs of servers that an image gives are those over TLS, and are to be set.
    """
    known = stage.variables if stage else {}
    image = {name: expand(value, known) for name, value in stage.environment.items()} if stage else {}
    image = {name: value for name, value in image.items() if "$" not in value}
    told = {name: over_tls(value, servers) for name, value in image.items()}
    given = composed(service)
    changed = {
        name
        for reference in plan.references
        if reference.site.service == service.name and reference.kind in REWRITABLE and reference.target in plan.servers
        for name in reference.site.variables
    }
    given = {name: over_tls(value, servers) if name in changed else value for name, value in given.items()}
    for change in plan.changes:
        name = change.path.rpartition(".")[2]
        if change.rule == "schemes" and change.service == service.name and given.get(name) == change.before:
            given[name] = change.after
    to_set = {name: value for name, value in told.items() if value != image[name] and name not in given}
    return Environment({**told, **given}, to_set)


def over_tls(value: str, servers: Collection[str]) -> str:
    """A value with the plain URLs of servers in it over TLS."""
    for url in reversed([url for url in find(value) if url.plain and url.host.lower() in servers]):
        for insertion in reversed(url.insertions):
            value = value[: insertion.at] + insertion.text + value[insertion.at :]
    return value


def composed(service: Service) -> dict[str, str]:
    """What env files and the compose file give; a name alone takes the value of `.env`, as far as that is known."""
    found = {key: value for file in service.env_files for key, value in file.values.items()}
    dotenv = service.dotenv.values if service.dotenv else {}
    for name, variable in service.environment.items():
        value = dotenv.get(name) if variable.value is None else service.expand(variable.value)
        found.pop(name, None)
        if value is not None:
            found[name] = value.replace("$$", "$")
    return found
