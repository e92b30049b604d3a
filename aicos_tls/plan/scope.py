"""Which services the change touches, and why not the others.

A service is in scope when it is built here, or when its image is plainly the project's own: the repository ends in the
service's name, which is no well-known program's, or shares the project's prefix, and it is no known public image. Other
images cannot read the TLS settings. A public nginx is in scope for its configuration where that is the project's own.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.compose.resolve import text_of
from aicos_tls.compose.sites import OWN_BLOCK
from aicos_tls.errors import TlsError
from aicos_tls.plan.images import is_program, is_public, repository

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from aicos_tls.compose.model import Project, Service
    from aicos_tls.plan.policy import Policy


class Decision(Struct, frozen=True):
    """Whether a service is in scope, and the reason in words."""

    service: str
    in_scope: bool
    reason: str


_NONE: Mapping[str, str] = MappingProxyType({})


def decide(project: Project, policy: Policy, configured: Mapping[str, str] = _NONE) -> dict[str, Decision]:
    """Decide for every service, in the order of the files.

    `configured` are services that are in scope because their configuration is the project's own, with the reason.
    """
    prefix = common_prefix(project.services)
    return {
        name: _decide(service, policy, prefix, configured.get(name, "")) for name, service in project.services.items()
    }


def _decide(service: Service, policy: Policy, prefix: str, configured: str) -> Decision:
    name = service.name
    if before := _stands_before(service):
        return Decision(name, False, f"it is the sidecar of {before}, made by aicos-tls")  # noqa: FBT003
    if name in policy.exclude:
        return Decision(name, False, "excluded (--exclude)")  # noqa: FBT003 - the field's name says it
    if policy.only and name not in policy.only:
        return Decision(name, False, "not among those asked for (--only)")  # noqa: FBT003
    for listed, option in ((policy.only, "--only"), (policy.include, "--include")):
        if name in listed:
            return Decision(name, True, f"asked for ({option})")  # noqa: FBT003
    if policy.all:
        return Decision(name, True, "asked for (--all)")  # noqa: FBT003
    found = (True, configured) if configured else _by_evidence(service, prefix)
    return Decision(name, *found)


SIDECAR_OF = "sidecar-of"
"""In the own block of a service that this program made: the service before which it stands."""


def _stands_before(service: Service) -> str:
    entry = service.first.entries.get(OWN_BLOCK)
    found = service.first.source.resolver.mapping(entry.value).get(SIDECAR_OF) if entry else None
    return (text_of(found.value) or "") if found else ""


def _by_evidence(service: Service, prefix: str) -> tuple[bool, str]:
    if service.builds:
        return True, "it is built here (build:)"
    image = service.image
    if not image:
        return False, "it has neither build: nor image:"
    if is_public(image):
        return False, f"its image {image} is a public one: it does not read the TLS settings"
    registry, parts = repository(image)
    last = parts[-1].lower() if parts else ""
    if last.endswith(service.name.lower()) and not is_program(last):
        return True, f"its image {image} ends in the service's name"
    if prefix and last.startswith(prefix.lower()):
        return True, f"its image {image} shares the project's prefix {prefix}"
    more = f", and {last} is a program that many publish" if is_program(last) else ""
    return False, f"its image {image} is not built here{more or (f' (from {registry})' if registry else '')}"


def common_prefix(names: Iterable[str]) -> str:
    """The prefix up to the last `-` or `_` that all names share, when there are at least two; else nothing."""
    listed = list(names)
    if len(listed) < 2:  # noqa: PLR2004 - a single name shares nothing
        return ""
    first, last = min(listed), max(listed)  # whatever these two share, all share
    shared = first[
        : next((i for i, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]), len(first))
    ]
    end = max(shared.rfind("-"), shared.rfind("_")) + 1
    return "" if any(len(name) == end for name in listed) else shared[:end]


_NAME = r"[A-Za-z0-9._-]+"
"""Names that services can have (compose specification, "Services"): they go into code and file names as they are."""
RESERVED = frozenset({"ca"})
"""Short names that would overwrite the CA's own files."""


def short_names(project: Project, policy: Policy, recorded: dict[str, str]) -> dict[str, str]:
    """Short name by service: it names the certificate files. What was recorded once stays, whatever is added later.

    Raises `TlsError` for a service whose name would be no file name.
    """
    prefix = common_prefix(project.services) if policy.strip_prefix is None else policy.strip_prefix
    found = {name: recorded[name] for name in project.services if name in recorded}
    taken = {short.lower() for short in found.values()} | RESERVED
    for name, service in project.services.items():
        if not re.fullmatch(_NAME, name):
            raise TlsError(
                f"{name!r} cannot be the name of a service",
                where=service.where,
                hint="letters, digits, '.', '_' and '-'; docker compose refuses it too",
            )
        if name not in found:
            short = found[name] = next(s for s in _candidates(name, prefix) if s.lower() not in taken)
            taken.add(short.lower())
    return found


def _candidates(name: str, prefix: str) -> Iterator[str]:
    """Yield short names by preference; two that differ in case only would be one file on some disks."""
    yield name.removeprefix(prefix) or name
    while True:
        yield name
        name += "-service"
