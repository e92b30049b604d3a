"""Where in its container a file of the project is: by a mount, or by a COPY of the Dockerfile."""

from __future__ import annotations

import os
import posixpath
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.sources.copied import destination
from aicos_tls.sources.placed import placed

if TYPE_CHECKING:
    from pathlib import Path, PurePosixPath

    from aicos_tls.compose.entries import Mount
    from aicos_tls.compose.model import Service
    from aicos_tls.sources.dockerfile import Stage


class Inside(Struct, frozen=True):
    """The path of a file in the container. `mount` is what brings it, None where the image does.

    `alone`: the mount is of this file and not of a directory around it.
    """

    path: str
    mount: Mount | None = None
    alone: bool = False


def inside(service: Service, stage: Stage | None, path: PurePosixPath | None, file: Path) -> Inside | None:
    """Where `file` is in the container of a service, `path` being its path in the build context (None outside of it).

    A mount lies over what the image has. None where nothing says it.
    """
    real = os.path.realpath(file)
    found = [each for mount in service.mounts if (each := _by_mount(service, mount, real)) is not None]
    if found:
        return max(found, key=lambda each: (each.alone, len(each.path)))
    if stage is None or path is None:
        return None
    place = destination(stage, path) or next(placed(stage, path), None)
    return Inside(place) if place else None


def _by_mount(service: Service, mount: Mount, real: str) -> Inside | None:
    source = service.expand(mount.source) or ""
    target = service.expand(mount.target) or ""
    if not source.startswith((".", "/")) or not target.startswith("/"):
        return None
    base = os.path.realpath(mount.layer.source.base / source)
    if real == base:
        return Inside(posixpath.normpath(target), mount, alone=True)
    below = os.path.relpath(real, base)
    return None if below.startswith("..") else Inside(posixpath.join(target, below.replace(os.sep, "/")), mount)
