"""Whom a container runs as, and whether that user may read a file of the host.

A bind mount shows the host's owner and mode (docker/compose#9648: `uid`, `gid` and `mode` are ignored), so the key
that the person made is root's or theirs in the container, too. On Linux that counts; the virtual machines of desktop
systems show every file as the container's own.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from aicos_tls.compose.resolve import text_of, texts_of
from aicos_tls.sources import images

if TYPE_CHECKING:
    from os import stat_result
    from pathlib import Path

    from aicos_tls.compose.model import Service
    from aicos_tls.errors import Where
    from aicos_tls.sources.accounts import Account
    from aicos_tls.sources.dockerfile import Stage

_ALL_CAPABILITIES = frozenset({"ALL", "DAC_OVERRIDE", "CAP_DAC_OVERRIDE"})


class User(Struct, frozen=True):
    """Whom a container runs as: `uid` and `gid` in digits, empty when not known; `name` as written, `where` it says so.

    `powerless`: root without the capability to read everybody's files.
    """

    name: str
    uid: str
    gid: str = ""
    groups: frozenset[str] = frozenset()
    where: Where | None = None
    powerless: bool = False

    def may_read(self, file: stat_result) -> bool | None:
        """Whether the user may read a file; None when that depends on an id that is not known."""
        if self.uid == "0" and not self.powerless:
            return True
        mode = stat.S_IMODE(file.st_mode)
        if mode & stat.S_IROTH:
            return True
        if self.uid == str(file.st_uid):
            return bool(mode & stat.S_IRUSR)
        if mode & stat.S_IRGRP and str(file.st_gid) in {self.gid, *self.groups}:
            return True
        unknown_owner = not self.uid and file.st_uid != 0 and mode & stat.S_IRUSR
        unknown_group = not self.gid and mode & stat.S_IRGRP and file.st_gid != 0
        return None if unknown_owner or unknown_group else False

    @property
    def place(self) -> str:
        """The user by name, with the place that says so."""
        return f"{self.name} ({self.where.path.name}:{self.where.line})" if self.where else self.name

    def reading(self, key: str, file: stat_result) -> str:
        """What makes a key readable for the user, who cannot read it: a command, or lines of the service.

        `key` is its path as a person types it, `file` its status.
        """
        if self.powerless:
            return f"sudo chown 0 {key}, or in the service: cap_add: [DAC_OVERRIDE]"
        owner = f'user: "{file.st_uid}:{file.st_gid}"' if file.st_uid else 'user: "0"'
        if self.uid:
            group = f", or: sudo chgrp {self.gid} {key} && chmod 640 {key}" if self.gid else ""
            return f"sudo chown {self.uid} {key}{group}, or in the service: {owner}"
        return f"give {self.name} an id (useradd -u 10001), then: sudo chown 10001 {key}, or in the service: {owner}"


def key_status(key: Path) -> stat_result:
    """The status of a key; of one that is not there yet, what it will be: the person's own, 0600."""
    try:
        return key.stat()
    except OSError:
        return os.stat_result((0o100600, 0, 0, 1, os.getuid(), os.getgid(), 0, 0, 0, 0))


def user_of(service: Service, image: str, stage: Stage | None) -> User | None:
    """The user of a container: the compose file's, the Dockerfile's, the image's; None when nothing is known of it.

    `image` is the image that it is or is built on (empty when that is not known), `stage` the final stage of its
    Dockerfile.
    """
    powerless = _without_override(service)
    groups = frozenset(t for _, entry in service.effective("group_add") for t in texts_of(entry.value))
    found = service.attribute("user")
    if found is not None and (text := text_of(found[1].value)):
        where = found[0].source.where(found[1].value)
        expanded = service.expand(text)
        user = _user(text if expanded is None else expanded, image, stage, where, groups, powerless=powerless)
        return _as_written(user, text)
    instruction = stage.last("USER") if stage else None
    if stage and instruction and instruction.value:
        user = _user(instruction.value, image, stage, stage.where(instruction), groups, powerless=powerless)
        return _as_written(user, instruction.value)
    if not image:
        return None
    uid = images.user(image) or "0"
    return User(uid if uid != "0" else "root", uid, "0" if uid == "0" else "", groups, service.where, powerless)


def _as_written(user: User, text: str) -> User:
    """The user by the variable that gives the name: its value may be a secret of `.env`."""
    return replace(user, name=text) if "$" in text else user


def _user(text: str, image: str, stage: Stage | None, where: Where, groups: frozenset[str], *, powerless: bool) -> User:
    users: dict[str, Account] = {}
    known: dict[str, str] = {}
    if stage:
        from aicos_tls.sources.accounts import accounts  # these here: most services have no Dockerfile
        from aicos_tls.sources.dockerfile import expand

        text, found = expand(text, stage.variables), accounts(stage)
        users, known = found.users, found.groups
    name, _, group = text.partition(":")
    made = users.get(name)
    uid = name if name.isdecimal() else (made.uid if made else images.named_user(name, image))
    own = made.gid if made else ("0" if uid == "0" else "")
    gid = group if group.isdecimal() else known.get(group, "") if group else own
    return User(name, uid, gid, groups, where, powerless)


def _without_override(service: Service) -> bool:
    """Whether root in the container lacks CAP_DAC_OVERRIDE (capabilities(7)), by which it reads everybody's files."""
    names = {
        kind: {text.upper() for _, entry in service.effective(kind) for text in texts_of(entry.value)}
        for kind in ("cap_drop", "cap_add")
    }
    return bool(names["cap_drop"] & _ALL_CAPABILITIES) and not names["cap_add"] & _ALL_CAPABILITIES
