"""What is to be done about the sources of a service: languages, nginx, the Dockerfile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.errors import TlsError
from aicos_tls.sources import dockerhealth, nginx
from aicos_tls.sources.model import CodeResult, Manual
from aicos_tls.sources.shipping import ship

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.sources.languages import Changed
    from aicos_tls.sources.model import NewSource
    from aicos_tls.sources.project import ServiceSources


class ServiceChanges(Struct, frozen=True):
    """The changes of one service: results for its files (a file may have several), and files to add.

    `refused` says why its files cannot have a helper that they would need; empty when they can, or need none.
    """

    results: tuple[CodeResult, ...]
    new: tuple[NewSource, ...]
    refused: str = ""

    @property
    def trusts_variable(self) -> bool:
        """Whether a change relies on NODE_EXTRA_CA_CERTS."""
        return any(result.trusts_variable for result in self.results)


def changes_of(service: ServiceSources) -> ServiceChanges:
    """What makes the sources of a service serve and trust TLS; what fails in one language is said, the rest stands."""
    results: list[CodeResult] = []
    new: list[NewSource] = []
    refused = ""
    for language in service.languages:
        try:
            changed = language.change(service.files, service.context)
        except TlsError as error:
            results += _failed(service, error)
            continue
        shipping = shipping_of(service, changed)
        if isinstance(shipping, str):
            refused = shipping
        else:
            results += shipping
            new += changed.new
        results += changed.results
    results += _configurations(service)
    return ServiceChanges(
        tuple(r for r in results if r.changes or r.manual or r.browser or r.trusts_variable), tuple(new), refused
    )


def _failed(service: ServiceSources, error: TlsError) -> Iterator[CodeResult]:
    where = error.where
    file = next((f for f in service.files.values() if where and f.path == where.path), None)
    if file is not None and where is not None:
        yield CodeResult(file, manual=(Manual(where, error.message, error.hint),))


def _configurations(service: ServiceSources) -> Iterator[CodeResult]:
    """Yield what is to be done about nginx files and the Dockerfile."""
    for path, file in service.files.items():
        if nginx.is_nginx(path, file.text):
            yield nginx.transform(file, service.context)
    if service.dockerfile is not None and service.build is not None:
        yield dockerhealth.transform(service.dockerfile, service.context, target=service.build.target)


def shipping_of(service: ServiceSources, changed: Changed) -> list[CodeResult] | str:
    """What brings the new files into the image; or why they cannot be there."""
    found = []
    for new in changed.new:
        if reason := service.in_the_way(new.path):
            return reason
        path = service.path_of(new.path)
        if path is None or service.reaches(path):
            continue
        beside = [near for near, file in service.files.items() if file.path.parent == new.path.parent]
        dockerfile = service.dockerfile
        added = ship(dockerfile, path, beside) if dockerfile and not service.is_ignored(path) else None
        if added is None:
            return (
                f"the Dockerfile of {service.service.name} would not bring {path} into the image: nothing calls it here"
            )
        found.append(added)
    return found
