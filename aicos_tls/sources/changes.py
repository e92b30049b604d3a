"""What is to be done about the sources of a service: languages, configurations of proxies, the Dockerfile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from aicos_tls.errors import TlsError, Where
from aicos_tls.sources import dockerhealth, healthscripts
from aicos_tls.sources.languages import Changed
from aicos_tls.sources.model import CodeResult, Manual, Refusal
from aicos_tls.sources.shipping import ship
from aicos_tls.sources.testfiles import without_tests

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path, PurePosixPath

    from aicos_tls.files import TextFile
    from aicos_tls.sources.languages import Language
    from aicos_tls.sources.model import NewSource, WordEdit
    from aicos_tls.sources.project import ServiceSources


class ServiceChanges(Struct, frozen=True):
    """The changes of one service: results for its files (a file may have several), and files to add.

    `words` are changes of its start command in the compose file. `refusal` says why its files cannot have a helper that
    they would need; None when they can, or need none.
    """

    results: tuple[CodeResult, ...]
    new: tuple[NewSource, ...]
    words: tuple[WordEdit, ...] = ()
    refusal: Refusal | None = None

    @property
    def trusts_variable(self) -> bool:
        """Whether a change relies on NODE_EXTRA_CA_CERTS."""
        return any(result.trusts_variable for result in self.results)


def changes_of(service: ServiceSources) -> ServiceChanges:
    """What makes the sources of a service serve and trust TLS; what fails in one language is said, the rest stands."""
    found = ServiceChanges((), ())
    for language in service.languages if service.context.is_server or service.asks else ():
        try:
            changed = language.change(own_files(service, language), service.context)
        except TlsError as error:
            found = _joined(found, ServiceChanges(tuple(_failed(service, error)), ()))
            continue
        found = _joined(found, _of_language(service, language, changed))
    found = _joined(found, ServiceChanges(tuple(_configurations(service)), ()))
    results = tuple(result for result in found.results if _says_something(result))
    return _writable(service, ServiceChanges(results, found.new, found.words, found.refusal))


def _says_something(result: CodeResult) -> bool:
    return bool(result.changes or result.manual or result.covered or result.browser or result.trusts_variable)


def _writable(service: ServiceSources, found: ServiceChanges) -> ServiceChanges:
    """The changes without those of files that may not be written: they are left to a person."""
    results: list[CodeResult] = []
    refusal = found.refusal
    for result in found.results:
        reason = service.unwritable(result.file.path) if result.changes else ""
        if not reason:
            results.append(result)
            continue
        where = result.changes[0].where
        if result.helper or any(change.for_helper for change in result.changes):
            refusal = refusal or Refusal(where, reason, "make it writable (chmod u+w)")
            results.append(result)
        else:
            manual = Manual(where, f"{reason}: {result.changes[0].what}", "make it writable (chmod u+w)")
            results.append(CodeResult(result.file, manual=(*result.manual, manual)))
    return ServiceChanges(tuple(results), found.new if refusal is None else (), found.words, refusal)


def with_helper(service: ServiceSources, shared: Collection[Path]) -> ServiceChanges:
    """What a service needs only because other services change files that it has, too: the same changes, and a helper.

    `shared` are these files.
    """
    found = ServiceChanges((), ())
    context = replace(service.context, is_server=True)  # as for the others: what they serve, it has as well
    for language in service.languages:
        try:
            changed = language.change(own_files(service, language), context)
        except TlsError:
            continue  # the other services say so
        results = tuple(result for result in changed.results if result.helper and result.file.path in shared)
        if results:
            found = _joined(found, _of_language(service, language, Changed(results, changed.new)))
    return found


def _joined(first: ServiceChanges, second: ServiceChanges) -> ServiceChanges:
    results, new = (*first.results, *second.results), (*first.new, *second.new)
    return ServiceChanges(results, new, (*first.words, *second.words), first.refusal or second.refusal)


def own_files(service: ServiceSources, language: Language) -> Mapping[PurePosixPath, TextFile]:
    """The files of a service that a language may change: no tests, and nothing of another program's."""
    start = service.start.words if service.start else ()
    files = without_tests(service.run, language.suffixes, start)
    if language.name != "Go":
        return files
    from aicos_tls.sources.go.compiling import own_files as of_programs

    return of_programs(service, files)


def _of_language(service: ServiceSources, language: Language, changed: Changed) -> ServiceChanges:
    """The changes of a language, with what brings its helpers into the image, and lets them be compiled."""
    suffixes = tuple(f".{suffix}" for suffix in language.suffixes)
    calling = {result.file.path for result in changed.results if result.helper}
    shipping = [_shipping(service, new, suffixes, calling) for new in changed.new]
    refusal = next((found for found in shipping if isinstance(found, Refusal)), None)
    results = [*changed.results, *(found for found in shipping if isinstance(found, CodeResult))]
    words: tuple[WordEdit, ...] = ()
    if language.name == "Go" and refusal is None:
        from aicos_tls.sources.go.compiling import compiling

        compiled = compiling(service, changed.results, changed.new)
        refusal, words = compiled.refusal, compiled.words
        results += compiled.results
    if refusal is not None:
        return ServiceChanges(changed.results, (), (), refusal)
    return ServiceChanges(tuple(results), changed.new, words)


def _failed(service: ServiceSources, error: TlsError) -> Iterator[CodeResult]:
    where = error.where
    file = next((f for f in service.files.values() if where and f.path == where.path), None)
    if file is not None and where is not None:
        yield CodeResult(file, manual=(Manual(where, error.message, error.hint),))


def _configurations(service: ServiceSources) -> Iterator[CodeResult]:
    """Yield what is to be done about configurations of proxies and the Dockerfile."""
    for path, kind in service.kinds.items():
        yield kind.transform(service.files[path], service.context, service.of_kind(kind.runtime))
    if service.dockerfile is not None and service.build is not None:
        yield dockerhealth.transform(service.dockerfile, service.context, target=service.build.target)
    if (script := healthscripts.transform(service)) is not None:
        yield script


def _shipping(
    service: ServiceSources, new: NewSource, suffixes: tuple[str, ...], calling: set[Path]
) -> CodeResult | Refusal | None:
    """What brings a new file into the image; None where nothing has to; or why it cannot be there."""
    if reason := service.in_the_way(new.path):
        return Refusal(Where(new.path), reason)
    path = service.path_of(new.path)
    dockerfile = service.dockerfile
    if path is None or dockerfile is None:
        return None
    beside = [
        near
        for near, file in service.files.items()
        if file.path.parent == new.path.parent and near.name.endswith(suffixes)
    ]
    beside.sort(key=lambda near: service.files[near].path not in calling)
    shipped = ship(dockerfile, path, beside, service.build.args if service.build else {})
    if service.is_mounted(new.path) and not shipped.reached:
        return None
    name = service.service.name
    if not shipped.reached:
        reason = f"the Dockerfile of {name} copies nothing that stands beside {path}, so that it would not be there"
        return Refusal(Where(dockerfile.path), reason, f"COPY {path} …")
    if service.is_ignored(path):
        reason = f".dockerignore keeps {path} from the image of {name}"
        return Refusal(Where(service.ignoring or dockerfile.path), reason, f"!{path}")
    return shipped.result
