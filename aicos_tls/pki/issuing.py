"""Makes what was decided: keys in parallel threads, then certificates. Bytes and modes come out; nothing is written.

Issuing is not deploying: `disk` writes the files, all of them or none.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.serialization import Encoding

from aicos_tls.errors import InternalError
from aicos_tls.pki import keys
from aicos_tls.pki.authority import new_authority
from aicos_tls.pki.certificate import facts
from aicos_tls.pki.decision import NOTHING, Action, decide
from aicos_tls.pki.issuer import LocalIssuer
from aicos_tls.pki.layout import CA_NAME, CERTIFICATE_MODE, KEY_MODE, certificate_path, key_path
from aicos_tls.pki.profile import expiry, leaf_expiry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from cryptography import x509

    from aicos_tls.pki.authority import Authority
    from aicos_tls.pki.certificate import CertificateFacts
    from aicos_tls.pki.decision import Decision, Force, Step
    from aicos_tls.pki.issuer import Issuer
    from aicos_tls.pki.profile import KeyType, Profile
    from aicos_tls.pki.state import Survey


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file to be written with permission bits `mode`. Where `overwrite` is false nothing was there, and if something
    is by now, it must stay.
    """  # noqa: D205 - one thought

    path: Path
    data: bytes = field(repr=False)
    mode: int
    overwrite: bool


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate after the run, kept or new."""

    step: Step
    facts: CertificateFacts
    shortened: bool = False
    """New, but ends with its CA, a day or more before the days asked for are over."""


@dataclass(frozen=True, slots=True)
class Issued:
    """The outcome: files to write (none when everything fits), and all certificates, the CA's first."""

    new_files: tuple[NewFile, ...]
    certificates: tuple[Certificate, ...]
    orphans: tuple[str, ...]
    """As in `Decision`."""


def issue(
    survey: Survey,
    profile: Profile,
    *,
    project: str,
    now: datetime,
    force: Force = NOTHING,
    decision: Decision | None = None,
    profiles: Mapping[str, Profile] | None = None,
    progress: Callable[[str], None] | None = None,
) -> Issued:
    """Make what `decide` says, or another `decision`; `project` names the CA, if a new one is made.

    `profiles` are those of leaves, by short name, that differ from `profile`.
    `progress` is told the short name of each key that is done, in the caller's thread; `Decision.new_keys` says how
    many there will be. Raises `TlsError` as `decide` does, before any key is made, and for days that cannot be had.
    """
    decision = decision or decide(survey, force)
    own = profiles or {}
    expiry(profile, now)
    for each in (profile, *own.values()):
        leaf_expiry(each, now)
    made = _make_keys({name: own.get(name, profile).key_type for name in decision.new_keys}, progress)
    new_ca = new_authority(project, made[CA_NAME], profile, now=now) if CA_NAME in made else None
    signed: dict[str, tuple[x509.Certificate, ...]] = {CA_NAME: (new_ca.certificate,)} if new_ca else {}
    for step, pair in zip(decision.leaves, survey.pairs, strict=True):
        if step.action is not Action.KEEP:
            issuer, key = _usable(new_ca or survey.authority.issuer, made.get(pair.short_name) or pair.key)
            signed[pair.short_name] = issuer.issue(pair.names, key, own.get(pair.short_name, profile), now=now)
    return Issued(
        new_files=tuple(_new_files(survey, made, signed)),
        certificates=tuple(_outcome(decision, survey, signed, own, profile, now=now)),
        orphans=decision.orphans,
    )


def _make_keys(kinds: Mapping[str, KeyType], progress: Callable[[str], None] | None) -> dict[str, keys.PrivateKey]:
    """A new key of its kind for each name, as many at once as there are processors.

    Measured with two: nine RSA 4096 keys in 3.1 s, one after the other in 5.5 s; wall time is 0.55 of the time used.
    """
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        running = {pool.submit(keys.generate, kind): short_name for short_name, kind in kinds.items()}
        try:
            for done in as_completed(running):
                done.result()
                if progress:
                    progress(running[done])
        except BaseException:
            # Interrupted, most likely: the keys that are not begun yet need not be made any more.
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return {short_name: future.result() for future, short_name in running.items()}


def _usable(authority: Authority | None, key: keys.PrivateKey | None) -> tuple[Issuer, keys.PrivateKey]:
    if authority is None or key is None:
        raise InternalError("a certificate was to be issued without a CA or without a key")
    return LocalIssuer(authority), key


def _new_files(
    survey: Survey, made: Mapping[str, keys.PrivateKey], signed: Mapping[str, tuple[x509.Certificate, ...]]
) -> Iterator[NewFile]:
    """The files of one pair after the other, the CA's first; a certificate follows its key."""
    for short_name, chain in signed.items():
        if short_name in made:
            path = key_path(survey.directory, short_name)
            yield NewFile(path, keys.to_pem(made[short_name]), KEY_MODE, overwrite=path in survey.existing)
        path = certificate_path(survey.directory, short_name)
        pem = b"".join(each.public_bytes(Encoding.PEM) for each in chain)
        yield NewFile(path, pem, CERTIFICATE_MODE, overwrite=path in survey.existing)


def _outcome(
    decision: Decision,
    survey: Survey,
    signed: Mapping[str, tuple[x509.Certificate, ...]],
    own: Mapping[str, Profile],
    profile: Profile,
    *,
    now: datetime,
) -> Iterator[Certificate]:
    """All certificates as they will be, the CA's first."""
    before = (survey.authority.facts, *(pair.certificate for pair in survey.pairs))
    for step, kept in zip((decision.authority, *decision.leaves), before, strict=True):
        if step.short_name in signed:
            path = certificate_path(survey.directory, step.short_name)
            made = facts(signed[step.short_name][0], path, CERTIFICATE_MODE, now=now)
            is_ca = step.short_name == CA_NAME
            asked = expiry(profile, now) if is_ca else leaf_expiry(own.get(step.short_name, profile), now)
            yield Certificate(step, made, shortened=asked - made.not_after >= timedelta(days=1))
        elif kept is None:
            raise InternalError(f"the certificate of {step.short_name} was to be kept, and is not there")
        else:
            yield Certificate(step, kept)
