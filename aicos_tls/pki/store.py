"""The certificates directory as it is: every pair that is wanted judged, and a list of all that is there.

Looks; raises only where there is no directory to look at. What to do is decided in `issuing`: a file that nobody needs
replaced may be as broken as it likes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aicos_tls.pki import conformance
from aicos_tls.pki.certificate import facts
from aicos_tls.pki.judgement import find_pair, judge_authority, judge_leaf
from aicos_tls.pki.layout import CA_NAME, CERTIFICATE_MODE, KEY_MODE, check_wanted, short_names
from aicos_tls.pki.reading import Problem
from aicos_tls.pki.state import Survey

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from aicos_tls.pki.certificate import CertificateFacts
    from aicos_tls.pki.judgement import PairFiles
    from aicos_tls.pki.layout import Wanted

_OTHERS_WRITE = 0o022
_OTHERS_ANY = 0o077


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of a list of certificates. `key_mode` (permission bits) is None where there is no key to look at."""

    short_name: str
    certificate: CertificateFacts
    key_mode: int | None


@dataclass(frozen=True, slots=True)
class Inventory:
    """All that is in a certificates directory: the CA first, then by alphabet; and the files that cannot be listed."""

    listed: tuple[Listed, ...]
    problems: tuple[Problem, ...]


def survey(directory: Path, wanted: Sequence[Wanted], *, now: datetime) -> Survey:
    """Judge what `directory` holds (nothing, if it does not exist) by the leaves that are `wanted`, at `now`.

    Raises `TlsError` for a `directory` that is none or cannot be listed, and for names that no certificate can carry.
    """
    check_wanted(wanted)
    known = short_names(directory)
    ca_files = find_pair(directory, CA_NAME)
    leaf_files = {each.short_name: find_pair(directory, each.short_name) for each in wanted}
    authority = judge_authority(ca_files, now=now)
    every = (ca_files, *leaf_files.values())
    return Survey(
        directory=directory,
        authority=authority,
        pairs=tuple(judge_leaf(leaf_files[each.short_name], each, authority, now=now) for each in wanted),
        others=tuple(name for name in known if name != CA_NAME and name not in leaf_files),
        existing=frozenset(found.path for pair in every for found in pair.found),
        remarks=tuple(_remarks(ca_files, tuple(leaf_files.values()))),
    )


def inventory(directory: Path, *, now: datetime) -> Inventory:
    """Everything in `directory` that its name makes a certificate or a key; raises `TlsError` as `survey` does."""
    pairs = {name: find_pair(directory, name) for name in short_names(directory)}
    listed = (_listed(name, pair, now=now) for name, pair in pairs.items())
    return Inventory(
        listed=tuple(each for each in listed if each),
        problems=tuple(found.problem for pair in pairs.values() for found in pair.found if found.problem),
    )


def _listed(short_name: str, pair: PairFiles, *, now: datetime) -> Listed | None:
    certificate, key = pair.certificate, pair.key
    if certificate.value is None:
        return None
    about = facts(certificate.value, certificate.path, certificate.mode, now=now)
    return Listed(short_name, about, key.mode if key.there else None)


def _remarks(authority: PairFiles, leaves: Sequence[PairFiles]) -> Iterator[Problem]:
    """What works but should not stay; nothing here is repaired without being asked for."""
    for pair in (authority, *leaves):
        yield from _mode_remarks(pair)
    certificate = authority.certificate
    if certificate.value:
        for weakness in conformance.authority_weaknesses(certificate.value):
            yield Problem(certificate.path, f"the certificate {weakness}", authority.replace)
    for leaf in leaves:
        weakness = conformance.weak_key(leaf.certificate.value) if leaf.certificate.value else ""
        if weakness:
            yield Problem(leaf.certificate.path, f"the certificate {weakness}", leaf.replace)


def _mode_remarks(pair: PairFiles) -> Iterator[Problem]:
    certificate, key = pair.certificate, pair.key
    if key.mode & _OTHERS_ANY:
        yield Problem(
            key.path, f"the private key is open to others (mode {key.mode:04o})", f"chmod {KEY_MODE:o} {key.path}"
        )
    if certificate.mode & _OTHERS_WRITE:
        message = f"others may write the certificate (mode {certificate.mode:04o})"
        yield Problem(certificate.path, message, f"chmod {CERTIFICATE_MODE:o} {certificate.path}")
    if certificate.value and certificate.mode & CERTIFICATE_MODE != CERTIFICATE_MODE:
        message = f"containers that run as another user cannot read the certificate (mode {certificate.mode:04o})"
        yield Problem(certificate.path, message, f"chmod {CERTIFICATE_MODE:o} {certificate.path}")
