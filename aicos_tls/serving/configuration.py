"""nginx without a change of its files: a changed copy of its configuration, mounted over the one in the image.

The copy is made as `enable --code` would change the file (`aicos_tls.sources.nginx`), and lies below the certificates
directory. It goes where the Dockerfile copies the original to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.serving.model import Bind, How, Needs, Option, RuntimeFile
from aicos_tls.serving.runtime import DIRECTORY
from aicos_tls.sources import nginx
from aicos_tls.sources.copied import destination
from aicos_tls.yamledit.apply import splice

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import PurePosixPath

    from aicos_tls.files import TextFile
    from aicos_tls.serving.model import Place
    from aicos_tls.sources.model import CodeContext
    from aicos_tls.sources.project import ServiceSources

_SOURCE = "aicos_tls/sources/nginx; the copy is mounted, tried with nginx 1.22"


def configuration(service: ServiceSources, place: Place, context: CodeContext) -> Option | str:
    """The option for a service that runs nginx, or the reason why there is none.

    `context` says whether it has to serve TLS itself, or only asks others.
    """
    changed = list(_changed(service, context))
    if not changed:
        return "no change of its nginx configuration is known"
    binds, files = [], []
    for path, file, text in changed:
        target = destination(service.stage, path) if service.stage else None
        if target is None:
            return f"nothing says where {path} is in the image"
        name = copy_of(place.short_name, path)
        files.append(RuntimeFile(name, text, file.path))
        binds.append(Bind(name, target))
        where = file.where(0)
    return Option(
        How.ENV,
        "a changed copy of its nginx configuration is mounted",
        where,
        Needs(mounts=tuple(binds), files=tuple(files)),
        source=_SOURCE,
        tried=True,
        note="when the configuration in the image changes, run `aicos-tls enable` again",
        ports=tuple(sorted(context.ports)),
    )


def copy_of(short_name: str, path: PurePosixPath) -> str:
    """Where the changed copy of a file of the build context is, below the certificates directory."""
    return f"{DIRECTORY}/nginx/{short_name}/{path.as_posix().replace('/', '-')}"


def _changed(service: ServiceSources, context: CodeContext) -> Iterator[tuple[PurePosixPath, TextFile, str]]:
    """Yield the files of an image that change, with their new texts."""
    for path, file in service.files.items():
        if service.path_of(file.path) is not None and nginx.is_nginx(path, file.text):
            result = nginx.transform(file, context)
            splices = [each for change in result.changes for each in change.splices]
            if splices:
                yield path, file, splice(file.text, splices)
