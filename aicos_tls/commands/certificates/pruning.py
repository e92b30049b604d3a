"""`certs prune`: certificates that were issued here for services that are gone, or are called something else by now.

They are reported, and removed only when that is asked for. What was not issued here, or does not hold together any
more, is never removed: somebody put it there.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls import disk
from aicos_tls.commands.certificates.looking import look
from aicos_tls.commands.holding import holding, still_the_same
from aicos_tls.commands.recording import record_operations
from aicos_tls.pki import revocation
from aicos_tls.pki.layout import certificate_path, key_path
from aicos_tls.pki.own import own_files

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from aicos_tls.commands.certificates.looking import Looked


class Pruned(Struct, frozen=True):
    """Files that belong to no service (`removed` says whether they are gone), and those that stay, with the reason."""

    certs: Path
    unused: tuple[Path, ...]
    kept: tuple[tuple[Path, str], ...]
    removed: bool


def prune(
    named: Sequence[Path], flags: Mapping[str, object], *, remove: bool, environment: Mapping[str, str]
) -> Pruned:
    """Find the files of no service; with `remove` those that were issued here go, all of them or none."""
    if not remove:
        return _found(look(named, flags, environment))
    with ExitStack() as held:
        locked = held.enter_context(holding(named, environment))
        looked = look(named, flags, environment)
        still_the_same(looked.prepared, locked)
        held.enter_context(disk.lock_certificates(looked.certs))
        found = _found(looked)
        names = {path.name.removesuffix("-cert.pem").removesuffix("-key.pem") for path in found.unused}
        for name in sorted(names):
            disk.flatten(looked.certs, name)
        operations: list[disk.Operation] = [disk.Remove(path, disk.ANY) for path in found.unused]
        if operations:
            disk.commit([*operations, *record_operations(looked.prepared, {}, found.unused)], locked)
    return Pruned(found.certs, found.unused, found.kept, removed=True)


def _found(looked: Looked) -> Pruned:
    own, others = own_files(looked.certs)
    used = {revocation.path_of(looked.certs)} | {
        path
        for name in ("ca", *(wanted.short_name for wanted in looked.wanted))
        for path in (certificate_path(looked.certs, name), key_path(looked.certs, name))
    }
    unused = tuple(path for path in own if path not in used)
    return Pruned(looked.certs, unused, tuple(each for each in others if each[0] not in used), removed=False)
