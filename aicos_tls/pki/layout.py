"""The certificates directory by name: which files belong to whom, with which modes, and which of them are there.

The names are the guide's (`ca-cert.pem`, `<short name>-key.pem`, …), the modes too. Free of `cryptography` and of the
files' contents, so that a dry run can say what would be issued.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.errors import TlsError, Where
from aicos_tls.pki.names import names_for

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

CERTIFICATE_MODE = 0o644
KEY_MODE = 0o600
"""File modes (guide, "Verify certificate permissions")."""

CA_NAME = "ca"
"""The CA's place among the short names; so no service can have it."""

_CERTIFICATE_SUFFIX = "-cert.pem"
_KEY_SUFFIX = "-key.pem"
_MAX_SHORT_NAME = 255 - len(_CERTIFICATE_SUFFIX)
"""File names have 255 bytes at most (NAME_MAX)."""
_SHORT_NAME = re.compile(r"[A-Za-z0-9._-]+")


class Wanted(Struct, frozen=True):
    """A leaf that is wanted: the name of its files, and the DNS names (or IP addresses) that clients use."""

    short_name: str
    dns_names: tuple[str, ...]


class Presence(Struct, frozen=True):
    """Which short names (`CA_NAME` first) have both files, and which have not; contents were not looked at."""

    complete: tuple[str, ...]
    incomplete: tuple[str, ...]


def certificate_path(directory: Path, short_name: str) -> Path:
    """Where the certificate of `short_name` (or `CA_NAME`) is."""
    return directory / f"{short_name}{_CERTIFICATE_SUFFIX}"


def key_path(directory: Path, short_name: str) -> Path:
    """Where the private key of `short_name` (or `CA_NAME`) is."""
    return directory / f"{short_name}{_KEY_SUFFIX}"


def short_names(directory: Path) -> tuple[str, ...]:
    """The short names that have a certificate or a key in `directory`: the CA first, then by alphabet.

    A directory that does not exist is an empty one. Raises `TlsError` when it is none or cannot be listed.
    """
    try:
        entries = [entry.name for entry in directory.iterdir()]
    except FileNotFoundError:
        return ()
    except NotADirectoryError:
        raise _unusable(directory, "this is no directory") from None
    except OSError as error:
        raise _unusable(directory, f"cannot be listed: {error.strerror}") from None
    found = {
        entry.removesuffix(suffix)
        for entry in entries
        for suffix in (_CERTIFICATE_SUFFIX, _KEY_SUFFIX)
        if entry.endswith(suffix)
    }
    return tuple(sorted(found, key=lambda name: (name != CA_NAME, name)))


def check_wanted(wanted: Sequence[Wanted]) -> None:
    """Raise `TlsError` for names that cannot be file names or SANs, or that two leaves would share."""
    taken = Counter(each.short_name.lower() for each in wanted)
    for each in wanted:
        if not _SHORT_NAME.fullmatch(each.short_name):
            raise TlsError(
                f"{each.short_name!r} cannot name certificate files", hint="letters, digits, '.', '_' and '-'"
            )
        if len(each.short_name) > _MAX_SHORT_NAME:
            raise TlsError(
                f"the name {each.short_name[:20]}… is too long for the name of a file",
                hint=f"{_MAX_SHORT_NAME} characters at most; a service can be left out with --exclude",
            )
        if each.short_name.lower() == CA_NAME:
            raise TlsError(
                "a service has the short name 'ca', and ca-cert.pem is the CA's file", hint="choose another prefix"
            )
        # Compared without case: on a disk that ignores it the files of 'Web' and 'web' would be the same.
        if taken[each.short_name.lower()] > 1:
            raise TlsError(f"two services have the short name {each.short_name!r}", hint="choose another prefix")
        names_for(each.dns_names)


def presence(directory: Path, wanted: Sequence[Wanted]) -> Presence:
    """What a dry run can say of `directory`; raises `TlsError` as `short_names` and `check_wanted` do."""
    check_wanted(wanted)
    short_names(directory)
    complete: list[str] = []
    incomplete: list[str] = []
    for name in (CA_NAME, *(each.short_name for each in wanted)):
        paths = (certificate_path(directory, name), key_path(directory, name))
        (complete if all(map(os.path.lexists, paths)) else incomplete).append(name)
    return Presence(tuple(complete), tuple(incomplete))


def _unusable(directory: Path, message: str) -> TlsError:
    """The error of a certificates directory that is none."""
    return TlsError(message, where=Where(directory), hint="certificates need a directory: see --certs-dir")
