"""Mounts the certificates directory, read-only, into every service in scope.

    volumes:
      - ./certs:/app/certs:ro

The directory is mounted and not its files: a mount of a single file keeps the old file after a renewal (moby#22627).
A service without `volumes` gets the key where its neighbours have it. A mount that is already at the same place in the
container stays as it is; when it is not the certificates directory, that is reported. Relative sources start from the
directory of the compose file that holds the service (compose specification, "volumes"). Guide, phase 2.
"""

from __future__ import annotations

import os
import posixpath
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from aicos_tls.compose.model import REPLACING_TAGS
from aicos_tls.plan.model import Change, Declined, Note, Outcome, Proposal
from aicos_tls.rules.placement import NoPlaceError
from aicos_tls.yamledit.nodes import deref

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.compose.model import Layer, Service
    from aicos_tls.rules.context import Context

ID = "mount"


def check(context: Context) -> Iterator[Outcome]:
    """Yield a mount for each service in scope that has none."""
    for service in context.services:
        yield from _mount(context, service)


def _mount(context: Context, service: Service) -> Iterator[Outcome]:
    target = context.policy.mount_path
    layer = service.first
    value = f"{source(context, layer)}:{target}:ro"
    there = next((mount for mount in service.mounts if mount.target == posixpath.normpath(target)), None)
    if there is not None:
        where = there.layer.source.where(there.node)
        if PurePosixPath(there.source).name != PurePosixPath(context.policy.certs_dir).name:
            text = f"{there.source or 'a volume'} is mounted at {target} already: it must hold the certificates"
            yield Note("todo", text, service.name, where)
        return
    if inherits(context, service, "volumes"):
        return
    try:
        edits = context.placement.add(service, "volumes", [("", value)], context.in_scope)
    except NoPlaceError as error:
        paste = f"    volumes:\n      - {value}"
        yield Declined(ID, service.name, service.where, str(error), paste)
        return
    path = f"services.{service.name}.volumes"
    where = layer.source.where(layer.entries["volumes"].value) if "volumes" in layer.entries else service.where
    change = Change(ID, service.name, where, path, "", value, "the certificates, read-only")
    yield Proposal(change, tuple(edits), f"    volumes:\n      - {value}")


def source(context: Context, layer: Layer) -> str:
    """The certificates directory as it is written in the file of `layer`."""
    directory = context.policy.certs_dir
    if directory.startswith(("/", "~", "$")):
        return directory
    base = os.path.relpath(context.project.directory, layer.source.base)
    path = posixpath.normpath(posixpath.join(base, directory))
    return path if path.startswith("..") else f"./{path}"


def inherits(context: Context, service: Service, attribute: str) -> bool:
    """Whether the service gets an addition to `attribute` from one that it extends, which is in scope itself.

    Not when it replaces the attribute (`!override`, `!reset`), and not when the addition goes to a file that `extends`
    does not see, or has no place at all.
    """
    inherited = False
    for layer in service.layers:
        entry = layer.entries.get(attribute)
        if entry and deref(entry.value).tag in REPLACING_TAGS:
            inherited = False
        if layer.extended:
            inherited = inherited or _is_given(context, layer, attribute)
    return inherited


def _is_given(context: Context, extended: Layer, attribute: str) -> bool:
    base = context.project.services.get(extended.name)
    if base is None or base.name not in context.in_scope:
        return False
    try:
        place = context.placement.layer(base, attribute)
    except NoPlaceError:
        return False
    users = context.project.users_of_key(extended.mapping, attribute)
    return place.mapping is extended.mapping and users <= context.in_scope
