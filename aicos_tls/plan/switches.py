"""What a variable that somebody has set already means beside the value that a run would give it.

The helpers (`templates/`) take `1`, `on`, `true` and `yes` for true, in letters of any case: so does this. What means
the same stays as it is; what says something else is the application's own, and is not overwritten.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aicos_tls.compose.settings import Setting

ON = frozenset({"1", "on", "true", "yes"})
OFF = frozenset({"0", "false", "no", "off"})
SWITCHES = frozenset({"TLS_ENABLED", "TLS_PLAIN_LOOPBACK"})
"""The variables that the helpers and the files of `templates/runtime` read as switches."""


def agree(name: str, there: str, wanted: str) -> bool:
    """Whether the value that is there does what `wanted` would: the same text, switch or path."""
    if there == wanted:
        return True
    if name in SWITCHES:
        return word(there) in (ON if wanted in ON else OFF)
    return wanted.startswith("/") and there.startswith("/") and posixpath.normpath(there) == posixpath.normpath(wanted)


def gives_way(there: str, wanted: str) -> bool:
    """Whether a value of a server program is only the plain form of `wanted`, or a part of it.

    That is nothing, a switch, `http` where the other is `https`, options to which others are added: such is changed, as
    URLs are. Anything else, a path of a certificate or a port, is the application's own.
    """
    plain = there.strip()
    if word(plain) in ON | OFF | {""} or f" {plain} " in f" {wanted} ":
        return True
    return plain.replace("http", "https").rstrip("/") == wanted.rstrip("/")


def shown(setting: Setting) -> str:
    """A value for a report: of one that comes from an env file, which holds secrets, only whether it is a switch."""
    return (setting.value or "empty") if word(setting.value) in ON | OFF | {""} else setting.shown


def word(value: str) -> str:
    """A value as switches are compared: in small letters, without the space around it."""
    return value.strip().lower()
