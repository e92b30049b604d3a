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
    from pathlib import PurePosixPath

    from aicos_tls.sources.languages import Changed
    from aicos_tls.sources.model import NewSource
    from aicos_tls.sources.project import ServiceSources


class ServiceChanges(Struct, frozen=True):
    """The changes of one service: results for its files (a file may have several), and files to add."""

    results: tuple[CodeResult, ...]
    new: tuple[NewSource, ...]


def changes_of(service: ServiceSources) -> ServiceChanges:
    """What makes the sources of a service serve and trust TLS; what fails in one language is said, the rest stands."""
    results: list[CodeResult] = []
    new: list[NewSource] = []
    for language in service.languages:
        try:
            changed = language.change(service.files, service.context)
        except TlsError as error:
            results += _failed(service, error)
            continue
        shipped = _shipped(service, changed)
        results += shipped.results
        new += shipped.new
    results += _configurations(service)
    return ServiceChanges(tuple(r for r in results if r.changes or r.manual), tuple(new))


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


def _shipped(service: ServiceSources, changed: Changed) -> Changed:
    """The changes with what brings their new files into the image; without those that need a file that cannot come."""
    results = list(changed.results)
    for new in changed.new:
        path = service.path_of(new.path)
        if path is None or service.reaches(path):
            continue
        beside = [near for near, file in service.files.items() if file.path.parent == new.path.parent]
        dockerfile = service.dockerfile
        added = ship(dockerfile, path, beside) if dockerfile and not service.is_ignored(path) else None
        if added is None:
            return _without_helper(service, changed, path)
        results.append(added)
    return changed.__class__(tuple(results), changed.new)


def _without_helper(service: ServiceSources, changed: Changed, path: PurePosixPath) -> Changed:
    """The results that need no helper; the others are left to a person."""
    reason = f"the Dockerfile of {service.service.name} would not bring {path} into the image, so nothing calls it here"
    paste = f"COPY {path} ./"
    return changed.__class__(
        tuple(
            CodeResult(r.file, manual=(*r.manual, Manual(r.changes[0].where, reason, paste))) if r.helper else r
            for r in changed.results
        )
    )
