"""Users and groups that a Dockerfile makes, with the ids that it gives them.

`useradd` and `groupadd` (shadow), `adduser` and `addgroup` (BusyBox's and Debian's), `usermod` and `groupmod`, lines
that are put into /etc/passwd, and a /etc/passwd that is copied from another stage. A user that is made without an id
gets one that only the image knows: that one is not known here, whatever other images call by the same name.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from typing import TYPE_CHECKING

from msgspec import Struct, field

from aicos_tls import budgets
from aicos_tls.errors import TlsError
from aicos_tls.sources.copied import origin, places
from aicos_tls.sources.dockerfile import expand, parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aicos_tls.sources.dockerfile import Stage

_SEPARATOR = re.compile(r"&&|\|\||[;|&\n]")
_PASSWD = re.compile(r"(?<![\w-])([a-z_][\w-]*):[^:\s]*:(\d+):(\d+):[^:]*:/")
_GROUP = re.compile(r"(?<![\w-])([a-z_][\w-]*):[^:\s]*:(\d+):(?![\d])")
_VALUED = frozenset("bcdefgGhkKpRsuZ")
"""Short options that take a value; `-D`, `-S`, `-H` of BusyBox and `-m`, `-r`, `-l`, `-U` of shadow take none."""
_FLAGS = frozenset(
    """create-home no-create-home system user-group no-user-group no-log-init non-unique disabled-password
    disabled-login force-badname allow-bad-names allow-all-names group quiet debug append lock move-home""".split()  # noqa: SIM905 - a list would take 20 lines
)
"""Long options without a value; all others are followed by one (useradd(8), adduser(8))."""
_STAGES = 5
"""Stages that are followed for a copied /etc/passwd."""
_MAKES = re.compile(r"\b(?:user|group)(?:add|mod)\b|\badd(?:user|group)\b")


class Account(Struct, frozen=True):
    """A user: its ids in digits, empty where they are not known."""

    uid: str = ""
    gid: str = ""


class Accounts(Struct):
    """Users by name, and ids of groups by name; an empty id is one that only the image knows."""

    users: dict[str, Account] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)


def accounts(stage: Stage | None) -> Accounts:
    """The users and groups that the instructions of a stage make, and of the stages that it is built on."""
    found = Accounts()
    if stage:
        _read(stage, found, set())
    return found


def _read(stage: Stage, found: Accounts, known: set[str]) -> None:
    """Add what a stage makes; `known` are the names of those that /etc/passwd was copied from already."""
    variables = stage.variables
    for row in stage.instructions:
        if row.name == "RUN":
            for command in _SEPARATOR.split(row.value):
                if _MAKES.search(command):
                    _command(_words(expand(command, variables)), found)
            found.users.update((name, Account(uid, gid)) for name, uid, gid in _PASSWD.findall(row.value))
            if "/etc/group" in row.value:
                found.groups.update(_GROUP.findall(row.value))
        elif row.name == "COPY" and _copies_passwd(row.value, places(row)) and (name := origin(row)) not in known:
            known.add(name)
            if len(known) <= _STAGES and (other := _stage(stage, name)):
                _read(other, found, known)


def _copies_passwd(text: str, found: tuple[tuple[str, ...], str] | None) -> bool:
    if "--from=" not in text or found is None:
        return False
    return any(posixpath.normpath(source) in ("/etc/passwd", "/etc", "etc/passwd", "/", ".") for source in found[0])


def _stage(stage: Stage, name: str) -> Stage | None:
    try:
        return parse(stage.file, name, stage.args)
    except TlsError:
        return None  # another image


def _words(command: str) -> list[str]:
    if len(command) > budgets.COMMAND:
        return []
    try:
        return shlex.split(command)
    except ValueError:
        return []


def _command(words: Sequence[str], found: Accounts) -> None:
    at = 0
    while at < len(words) and posixpath.basename(words[at]) in ("sudo", "then", "do", "RUN"):
        at += 1
    words = words[at:]
    name = posixpath.basename(words[0]) if words else ""
    if name in ("useradd", "adduser", "usermod"):
        options, operands = _parsed(words[1:])
        if operands:
            _user(operands[-1] if name == "usermod" else operands[0], options, found, changes=name == "usermod")
    elif name in ("groupadd", "addgroup", "groupmod"):
        options, operands = _parsed(words[1:])
        if operands:
            gid = _last(options, "g", "gid")
            known = found.groups.get(operands[0], "")
            found.groups[operands[0]] = gid if gid.isdecimal() else known


def _user(name: str, options: dict[str, str], found: Accounts, *, changes: bool) -> None:
    known = found.users.get(name, Account())
    uid = _last(options, "u", "uid")
    group = _last(options, "G", "ingroup") if "G" in options and not changes else _last(options, "g", "gid", "ingroup")
    gid = group if group.isdecimal() else found.groups.get(group, "")
    uid = uid if uid.isdecimal() else (known.uid if changes else "")
    found.users[name] = Account(uid, gid or (known.gid if changes else ""))


def _last(options: dict[str, str], *names: str) -> str:
    return next((options[name] for name in names if name in options), "")


def _parsed(words: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """Options with their values, and the operands."""
    options: dict[str, str] = {}
    operands: list[str] = []
    rest = iter(words)
    for word in rest:
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            options[name] = value if equals else ("" if name in _FLAGS else next(rest, ""))
        elif word.startswith("-") and len(word) > 1:
            options.update(_short(word[1:], rest))
        elif not word.startswith((">", "<", "2>")):
            operands.append(word)
    return options, operands


def _short(letters: str, rest: Iterator[str]) -> Iterator[tuple[str, str]]:
    for index, letter in enumerate(letters):
        if letter in _VALUED:
            joined = letters[index + 1 :].removeprefix("=")
            yield letter, joined or next(rest, "")
            return
        yield letter, ""
