"""Directories that Docker makes on the host for the certificates: where a source directory is mounted above them.

    volumes: [./backend:/app, ./certs:/app/certs:ro]

The engine needs a place to mount `/app/certs` at, and makes it in what is mounted at `/app`: an empty `backend/certs`.
"""

from __future__ import annotations

import os
import posixpath
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.files import is_directory

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from aicos_tls.compose.entries import Mount
    from aicos_tls.compose.model import Project, Service


class MountPoint(Struct, frozen=True):
    """A directory of the project that is not there yet, and will be made for a service; parents come after it."""

    service: str
    path: Path


def mount_points(project: Project, services: Iterable[str], mount_path: str) -> Iterator[MountPoint]:
    """Yield the directories that Docker will make in the project when it mounts something at `mount_path`.

    `services` are those that get the mount, `mount_path` is absolute, in the container.
    """
    root = os.path.realpath(project.directory)
    for name in services:
        service = project.services[name]
        found = _above(service, posixpath.normpath(mount_path))
        source = _source(service, found) if found else None
        if found is None or source is None or not is_directory(source):
            continue
        place = source / posixpath.relpath(posixpath.normpath(mount_path), found.target)
        while place != source and not os.path.lexists(place):
            if os.path.realpath(place).startswith(f"{root}/"):
                yield MountPoint(name, place)
            place = place.parent


def _above(service: Service, goal: str) -> Mount | None:
    """The innermost mount that the place lies in; None where it has one of its own, or where there is none."""
    mounts = [mount for mount in service.mounts if _is_above(mount.target, goal)]
    return max(mounts, key=lambda mount: len(mount.target), default=None)


def _is_above(target: str, goal: str) -> bool:
    return goal.startswith(f"{target.rstrip('/')}/")


def _source(service: Service, mount: Mount) -> Path | None:
    """The directory of the host that is mounted; None for a volume, or where a variable is not known."""
    source = service.expand(mount.source)
    if not source or not source.startswith((".", "/")):
        return None
    return mount.layer.source.base / source
