"""Mounts the certificates directory, read-only, into every service in scope.

    volumes:
      - ./certs:/app/certs:ro

The directory is mounted and not its files: a mount of a single file keeps the old file after a renewal (moby#22627).
A service without `volumes` gets the key where its neighbours have it. A mount that is already at the same place in the
container stays as it is; when it is not the certificates directory, that is reported. With `--serve` a configuration
that is needed in another place is mounted there, from below the certificates directory; where the original is mounted,
that mount brings the changed copy instead. Relative sources start from the
directory of the compose file that holds the service (compose specification, "volumes"). Guide, phase 2.
"""

from __future__ import annotations

import os
import posixpath
from typing import TYPE_CHECKING

from aicos_tls.compose.model import REPLACING_TAGS
from aicos_tls.plan.model import Change, Declined, Note, Outcome, Proposal
from aicos_tls.rules.placement import NoPlaceError
from aicos_tls.yamledit.edits import SetText
from aicos_tls.yamledit.nodes import Mapping, Scalar, deref

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.compose.entries import Mount
    from aicos_tls.compose.model import Layer, Service
    from aicos_tls.rules.context import Context

ID = "mount"
_WHY = "the certificates, read-only"
_WHY_INSTEAD = "a changed copy of this file"
_WHY_FILE = "a file that lets it serve or trust TLS, read-only"


def check(context: Context) -> Iterator[Outcome]:
    """Yield a mount for each service in scope that has none."""
    for service in context.services:
        yield from _instead(context, service)
        missing = [*_certificates(context, service), *_others(context, service)]
        yield from (outcome for outcome in missing if isinstance(outcome, Note))
        yield from _add(context, service, [outcome for outcome in missing if isinstance(outcome, str)])


def _certificates(context: Context, service: Service) -> Iterator[str | Note]:
    """The mount of the certificates, when the service lacks it."""
    target = context.policy.mount_path
    there = next((mount for mount in service.mounts if mount.target == posixpath.normpath(target)), None)
    if there is not None:
        where = there.layer.source.where(there.node)
        if not _is_certificates(context, there):
            text = f"{there.source or 'a volume'} is mounted at {target} already: it must hold the certificates"
            yield Note("todo", text, service.name, where)
    elif not inherits(context, service, "volumes"):
        yield f"{source(context, service.first)}:{target}:ro"


def _others(context: Context, service: Service) -> Iterator[str | Note]:
    """The mounts that its way to serve TLS needs: files below the certificates directory."""
    needs = context.needs.get(service.name)
    for bind in needs.mounts if needs else ():
        mount = _at(service, bind.target)
        if mount is not None and not bind.instead:
            text = (
                f"something is mounted at {bind.target} already: it must hold {context.policy.certs_dir}/{bind.source}"
            )
            yield Note("todo", text, service.name, mount.layer.source.where(mount.node))
        elif mount is None:
            yield f"{posixpath.join(source(context, service.first), bind.source)}:{bind.target}:ro"


def _at(service: Service, target: str) -> Mount | None:
    """What is mounted at a place in the container already."""
    wanted = posixpath.normpath(target)
    return next((m for m in service.mounts if (service.expand(m.target) or m.target).rstrip("/") == wanted), None)


def _instead(context: Context, service: Service) -> Iterator[Outcome]:
    """Yield the change of each mount in whose place a file below the certificates directory comes."""
    needs = context.needs.get(service.name)
    for bind in needs.mounts if needs else ():
        mount = _at(service, bind.target)
        if mount is None or not bind.instead:
            continue
        written = posixpath.join(source(context, mount.layer), bind.source)
        node = _source_node(mount)
        where = mount.layer.source.where(mount.node)
        if node is None or not context.placement.may_edit(node, frozenset({service.name})):
            reason = (
                f"what is mounted at {bind.target} is shared with other services, or is no path that is written there"
            )
            paste = f"{written}:{bind.target}:ro"
            yield Declined(ID, service.name, where, reason, paste, safe=not context.needs_settings(service))
            continue
        after = written + node.value[len(mount.source) :]
        change = Change(ID, service.name, where, f"services.{service.name}.volumes", node.value, after, _WHY_INSTEAD)
        yield Proposal(change, ((mount.layer.source, SetText(node, 0, len(mount.source), written)),), after)


def _source_node(mount: Mount) -> Scalar | None:
    """The text that begins with the source of a mount: all of its short form, or the member of its long one."""
    node = deref(mount.node)
    if isinstance(node, Mapping):
        entry = mount.layer.source.resolver.entries(node).get("source")
        node = deref(entry.value) if entry else node
    return node if isinstance(node, Scalar) and node.value.startswith(mount.source) else None


def _add(context: Context, service: Service, values: list[str]) -> Iterator[Outcome]:
    if not values:
        return
    layer = service.first
    paste = "\n".join(["    volumes:", *(f"      - {value}" for value in values)])
    try:
        edits = context.placement.add(service, "volumes", [("", value) for value in values], context.wanting(service))
    except NoPlaceError as error:
        yield Declined(ID, service.name, service.where, str(error), paste, safe=not context.needs_settings(service))
        return
    path = f"services.{service.name}.volumes"
    where = layer.source.where(layer.entries["volumes"].value) if "volumes" in layer.entries else service.where
    for at, value in enumerate(values):
        why = _WHY if value.split(":")[1] == context.policy.mount_path else _WHY_FILE
        own = (edits[at],) if len(edits) == len(values) else tuple(edits)
        yield Proposal(Change(ID, service.name, where, path, "", value, why), own, paste)


def _is_certificates(context: Context, mount: Mount) -> bool:
    """Whether a mount is one of the certificates directory; a name without a slash is a named volume."""
    if not mount.source.startswith((".", "/")):
        return mount.source == context.policy.certs_dir
    directory = context.project.directory / context.policy.certs_dir
    return os.path.realpath(mount.layer.source.base / mount.source) == os.path.realpath(directory)


def source(context: Context, layer: Layer) -> str:
    """The certificates directory as it is written in the file of `layer`."""
    return context.policy.certs_source(os.path.relpath(context.project.directory, layer.source.base))


def inherits(context: Context, service: Service, attribute: str) -> bool:
    """Whether the service extends another one of the project that is in scope: what that one gets, it gets, too."""
    found = False
    for layer in service.layers:
        base = context.project.services.get(layer.name) if layer.extended else None
        if base and base.name in context.in_scope and any(own.mapping is layer.mapping for own in base.own_layers):
            found = True
        elif (entry := layer.entries.get(attribute)) and deref(entry.value).tag in REPLACING_TAGS:
            found = False
    return found
