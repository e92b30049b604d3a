"""A proxy without a change of its files: a changed copy of its configuration, mounted over the one in the image.

The copy is made as `enable --code` would change the file (`aicos_tls.sources.configurations`), and lies below the
certificates directory. It goes where the Dockerfile copies the original to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.serving.model import Bind, How, Needs, Option, RuntimeFile
from aicos_tls.serving.runtime import DIRECTORY
from aicos_tls.sources.configurations import KINDS, kind_of
from aicos_tls.sources.copied import destination
from aicos_tls.yamledit.apply import splice

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import PurePosixPath

    from aicos_tls.files import TextFile
    from aicos_tls.serving.model import Place
    from aicos_tls.sources.configurations import Kind
    from aicos_tls.sources.model import CodeContext
    from aicos_tls.sources.project import ServiceSources


def configuration(service: ServiceSources, place: Place, context: CodeContext) -> Option | str:
    """The option for a service that runs a proxy, or the reason why there is none.

    `context` says whether it has to serve TLS itself, or only asks others.
    """
    runtime = service.runtime[0]
    if context.is_server and any(kind.runtime == runtime and not kind.serves for kind in KINDS):
        return f"its {runtime} configuration is changed to ask over TLS, not to serve it"
    changed = list(_changed(service, context))
    if not changed:
        return f"no change of its {runtime} configuration is known"
    binds, files = [], []
    for path, file, kind, text in changed:
        target = destination(service.stage, path) if service.stage else None
        if target is None:
            return f"nothing says where {path} is in the image"
        name = copy_of(place.short_name, path, kind.folder)
        files.append(RuntimeFile(name, text))
        binds.append(Bind(name, target))
        where, tried = file.where(0), kind.tried
    return Option(
        How.ENV,
        f"a changed copy of its {runtime} configuration is mounted",
        where,
        Needs(mounts=tuple(binds), files=tuple(files)),
        source=f"aicos_tls/sources/configurations; the copy is mounted, tried with {tried}",
        tried=True,
        note="when the configuration in the image changes, run `aicos-tls enable` again",
        ports=tuple(sorted(context.ports)),
    )


def copy_of(short_name: str, path: PurePosixPath, folder: str = "nginx") -> str:
    """Where the changed copy of a file of the build context is, below the certificates directory."""
    return f"{DIRECTORY}/{folder}/{short_name}/{path.as_posix().replace('/', '-')}"


def _changed(service: ServiceSources, context: CodeContext) -> Iterator[tuple[PurePosixPath, TextFile, Kind, str]]:
    """Yield the files of an image that change, with their new texts."""
    for path, file in service.files.items():
        kind = kind_of(path, file.text) if service.path_of(file.path) is not None else None
        if kind is not None and kind.runtime == service.runtime[0]:
            result = kind.transform(file, context)
            splices = [each for change in result.changes for each in change.splices]
            if splices:
                yield path, file, kind, splice(file.text, splices)
