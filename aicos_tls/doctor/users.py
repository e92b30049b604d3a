"""File modes, and whether the user that each container runs as may read its key.

A bind mount shows the host's owner and mode (docker/compose#9648: `uid`, `gid` and `mode` are ignored), so the key
that the person made is root's or theirs in the container, too. On Linux that counts; the virtual machines of desktop
systems show every file as the container's own.
"""

from __future__ import annotations

import stat
import sys
from typing import TYPE_CHECKING

from aicos_tls.doctor.model import Finding
from aicos_tls.errors import Where
from aicos_tls.pki import CA_NAME
from aicos_tls.pki.layout import CERTIFICATE_MODE, KEY_MODE, certificate_path, key_path
from aicos_tls.serving.model import How
from aicos_tls.sources.users import User, user_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from os import stat_result
    from pathlib import Path

    from aicos_tls.doctor.facts import Facts
    from aicos_tls.plan.model import Certificate

_GROUP_READS, _OTHERS_ENTER, _OTHERS_WRITE = 0o040, 0o001, 0o022
"""Permission bits (POSIX, <sys/stat.h>)."""


def check(facts: Facts) -> Iterator[Finding]:
    """Yield modes that are too open or too closed, and keys that a container cannot read."""
    users = {s.name: user_of(s, facts.image(s), facts.stages.get(s.name)) for s in facts.services}
    yield from _directory(facts, users)
    yield from _modes(facts.certs, CA_NAME, "", None)
    for wanted in facts.plan.certificates:
        user = users.get(wanted.service)
        yield from _modes(facts.certs, wanted.short_name, wanted.service, user)
        if user and wanted.service in facts.servers and sys.platform == "linux" and not _spared(facts, wanted.service):
            yield from _readable(facts, wanted, user)


def _spared(facts: Facts, service: str) -> bool:
    """Whether a service needs no key itself: a sidecar serves TLS before it."""
    choice = facts.served.get(service)
    return choice is not None and choice.how is How.SIDECAR


def _directory(facts: Facts, users: dict[str, User | None]) -> Iterator[Finding]:
    if not facts.certs.is_dir():
        return
    status = facts.certs.stat()
    mode, name = stat.S_IMODE(status.st_mode), facts.certs.name
    shut_out = [s for s, user in users.items() if user and user.uid not in ("0", str(status.st_uid))]
    if not mode & _OTHERS_ENTER and shut_out and sys.platform == "linux":
        text = f"{', '.join(shut_out)} cannot enter the directory (mode {mode:04o})"
        yield Finding("directory-mode", text, f"chmod 755 {name}", Where(facts.certs))
    elif mode & _OTHERS_WRITE:
        text = f"others may put certificates into the directory (mode {mode:04o})"
        yield Finding("directory-mode", text, f"chmod 755 {name}", Where(facts.certs))


def _modes(directory: Path, short_name: str, service: str, user: User | None) -> Iterator[Finding]:
    key, certificate = key_path(directory, short_name), certificate_path(directory, short_name)
    if status := _stat(key):
        mode = stat.S_IMODE(status.st_mode)
        # a group may read the key of a container that could not read it otherwise
        spared = _GROUP_READS if user and user.uid not in ("0", str(status.st_uid)) else 0
        if mode & 0o077 & ~spared:
            text = f"the private key is open to others (mode {mode:04o})"
            yield Finding("key-mode", text, f"chmod {KEY_MODE:o} {_name(key)}", Where(key), service)
    if status := _stat(certificate):
        mode = stat.S_IMODE(status.st_mode)
        todo = f"chmod {CERTIFICATE_MODE:o} {_name(certificate)}"
        if mode & _OTHERS_WRITE:
            text = f"others may write the certificate (mode {mode:04o})"
            yield Finding("cert-mode", text, todo, Where(certificate), service)
        elif mode & CERTIFICATE_MODE != CERTIFICATE_MODE:
            text = f"containers that run as another user cannot read the certificate (mode {mode:04o})"
            yield Finding("cert-mode", text, todo, Where(certificate), service)


def _readable(facts: Facts, wanted: Certificate, user: User) -> Iterator[Finding]:
    key = key_path(facts.certs, wanted.short_name)
    status = _stat(key)
    if status is None:
        return
    allowed = user.may_read(status)
    what = f"{key.name}, which is {status.st_uid}:{status.st_gid} {stat.S_IMODE(status.st_mode):04o}"
    if allowed is None:
        text = f"whether the container's user {user.place} may read {what}, is not known: its id is not"
        todo = f"give it an id, and: sudo chown <id> {_name(key)}"
        yield Finding("key-user-unknown", text, todo, user.where, wanted.service)
    elif not allowed:
        text = f"the container runs as {user.place} and cannot read {what}"
        yield Finding("key-user", text, user.reading(_name(key), status), user.where, wanted.service)


def _name(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def _stat(path: Path) -> stat_result | None:
    """The status of a regular file; whatever else may be there is said by others."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status if stat.S_ISREG(status.st_mode) else None
