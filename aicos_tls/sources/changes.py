"""What is to be done about the sources of a project: languages, nginx and Dockerfiles, service by service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.errors import TlsError
from aicos_tls.sources import dockerhealth, nginx
from aicos_tls.sources.model import CodeResult, Manual

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.sources.model import NewSource
    from aicos_tls.sources.project import ServiceSources


class ServiceChanges(Struct, frozen=True):
    """The changes of one service: a result for each file that there is something to say about, and files to add."""

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
            where = error.where
            file = next((f for f in service.files.values() if where and f.path == where.path), None)
            if file is not None and where is not None:
                results.append(CodeResult(file, manual=(Manual(where, error.message, error.hint),)))
            continue
        results += changed.results
        new += changed.new
    results += _configurations(service)
    return ServiceChanges(tuple(r for r in results if r.changes or r.manual), tuple(new))


def _configurations(service: ServiceSources) -> Iterator[CodeResult]:
    """Yield what is to be done about nginx files and the Dockerfile."""
    for path, file in service.files.items():
        if nginx.is_nginx(path, file.text):
            yield nginx.transform(file, service.context)
    if service.dockerfile is not None and service.build is not None:
        yield dockerhealth.transform(service.dockerfile, service.context, target=service.build.target)
