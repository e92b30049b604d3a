"""Decides what is renewed: what is due, has a name too few or too many, or is signed by the CA that is being replaced.

Only pairs that this CA vouches for: half a pair, a key that does not match and what was issued elsewhere are somebody
else's affair. They are named, and stay; nothing here replaces a CA.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aicos_tls.errors import InternalError, TlsError, Where
from aicos_tls.pki.decision import NOTHING, Action, Decision, Step
from aicos_tls.pki.due import due
from aicos_tls.pki.layout import CA_NAME, Wanted, certificate_path, key_path
from aicos_tls.pki.names import LOCAL_NAMES, names_for
from aicos_tls.pki.state import State

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from aicos_tls.pki.reading import Problem
    from aicos_tls.pki.state import Pair, Survey
    from aicos_tls.pki.store import Inventory


@dataclass(frozen=True, slots=True)
class Renewal:
    """What is to be renewed, and what cannot be, each with its problem."""

    decision: Decision
    left_alone: tuple[tuple[str, Problem], ...]
    warnings: tuple[str, ...]
    """What is wrong with the CA itself, as sentences."""

    @property
    def steps(self) -> tuple[Step, ...]:
        """The pairs that change."""
        return tuple(step for step in self.decision.leaves if step.action is not Action.KEEP)


def decide_renewal(
    survey: Survey,
    *,
    now: datetime,
    force: frozenset[str] = NOTHING,
    reuse_key: bool = False,
    revoked: frozenset[int] = frozenset(),
) -> Renewal:
    """What is due at `now`, and these short names whether they are due or not. A new certificate gets a new key.

    Certificates with a serial number among `revoked` are due, and get a new key in any case.

    With `reuse_key` the key that is there stays, so that only one file changes. Raises `TlsError` when there is no CA
    that can issue what is due.
    """
    authority = survey.authority
    if authority.state is State.MISSING:
        path = certificate_path(survey.directory, CA_NAME)
        raise TlsError("there is no CA to renew with", where=Where(path), hint="aicos-tls certs issue makes one")
    if authority.problem:
        raise authority.problem.error()
    steps = tuple(
        _revoked(pair, revoked) or _step(pair, now=now, forced=pair.short_name in force, reuse_key=reuse_key)
        for pair in survey.pairs
    )
    pending = next((step for step in steps if step.action is not Action.KEEP), None)
    if pending and authority.issuer is None:
        problem = authority.key_problem
        message = problem.message if problem else "the CA's private key is not here"
        raise TlsError(
            f"{message}, and {pending.short_name} has to be renewed ({pending.reason})",
            where=Where(key_path(survey.directory, CA_NAME)),
            hint=problem.hint if problem else "",
        )
    stays = tuple((p.short_name, p.problem) for p in survey.pairs if p.state is State.CONFLICT and p.problem)
    return Renewal(Decision(Step(CA_NAME, Action.KEEP), steps, ()), stays, tuple(_warnings(survey, now=now)))


def wanted_of(inventory: Inventory) -> tuple[Wanted, ...]:
    """The leaves of a directory as they are: each by the names that its certificate has, where nothing else is known.

    One whose names no certificate of this program could have is left out.
    """
    return tuple(filter(None, (_wanted(each.short_name, each.certificate.names) for each in inventory.listed)))


def _wanted(short_name: str, names: tuple[str, ...]) -> Wanted | None:
    local = set(LOCAL_NAMES)
    wanted = Wanted(short_name, tuple(name for name in names if name not in local))
    try:
        names_for(wanted.dns_names)
    except TlsError:
        return None
    return wanted if short_name != CA_NAME else None


def _step(pair: Pair, *, now: datetime, forced: bool, reuse_key: bool) -> Step:
    again = Action.RENEW if reuse_key else Action.ISSUE
    if pair.state is State.MISSING:
        return Step(pair.short_name, Action.ISSUE, "there is none")
    if pair.state is State.CONFLICT:
        return Step(pair.short_name, Action.KEEP)
    if pair.state is State.STALE and pair.problem:
        return Step(pair.short_name, again, pair.problem.message)
    if pair.certificate is None:
        raise InternalError(f"the certificate of {pair.short_name} fits, and is not there")
    reason = due(pair.certificate.not_before, pair.certificate.not_after, now=now) or _superfluous(pair)
    if reason:
        return Step(pair.short_name, again, f"the certificate {reason}")
    return Step(pair.short_name, again, "forced") if forced else Step(pair.short_name, Action.KEEP)


def _revoked(pair: Pair, revoked: frozenset[int]) -> Step | None:
    """The step for a certificate on the list; None for any other, and for what is somebody else's affair."""
    if pair.certificate is None or pair.state not in (State.FITS, State.STALE):
        return None
    on_list = int(pair.certificate.serial, 16) in revoked
    return Step(pair.short_name, Action.ISSUE, "the certificate was revoked") if on_list else None


def _superfluous(pair: Pair) -> str:
    """The names that a certificate has and its service has not any more: it could pass for another service."""
    wanted = {*(name.lower() for name in pair.names.dns), *map(str, pair.names.addresses)}
    more = [name for name in pair.certificate.names if name.lower() not in wanted] if pair.certificate else []
    return f"has names that its service has not: {', '.join(more)}" if more else ""


def _warnings(survey: Survey, *, now: datetime) -> Iterator[str]:
    facts = survey.authority.facts
    if facts and (reason := due(facts.not_before, facts.not_after, now=now)):
        yield f"the CA's certificate {reason}; nothing it signs lives longer: aicos-tls certs rotate-ca"
