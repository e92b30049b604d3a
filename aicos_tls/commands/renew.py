"""`certs renew`: what is due gets a new certificate and key, each pair at once.

Either a project is looked at, so that names follow its compose files, or a certificates directory alone, by the names
that its certificates have: that is all that a renewer in a container needs to see.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path  # noqa: TC003 - the type of a field
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls import disk
from aicos_tls.commands import hooks
from aicos_tls.commands.enable import wanted
from aicos_tls.commands.enabled import as_enabled
from aicos_tls.commands.holding import holding, still_the_same
from aicos_tls.commands.profiles import profile_like, profile_of
from aicos_tls.commands.project import certs_directory
from aicos_tls.commands.replacing import replace_pairs
from aicos_tls.errors import TlsError, Where
from aicos_tls.pki import CA_NAME, KeyType, Profile
from aicos_tls.pki.profile import lifetime

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from aicos_tls.commands.project import Prepared
    from aicos_tls.commands.takeover import Done
    from aicos_tls.pki import Wanted
    from aicos_tls.pki.certificate import CertificateFacts
    from aicos_tls.pki.issuing import Issued
    from aicos_tls.pki.reading import Problem
    from aicos_tls.pki.renewal import Renewal
    from aicos_tls.pki.state import Survey


class Options(Struct, frozen=True):
    """What a person asked for. With `store`, a certificates directory alone is looked at.

    `force` renews what is not due; `reuse_key` keeps the private keys; `keep` versions of each pair are kept.
    """

    store: Path | None = None
    force: bool = False
    reuse_key: bool = False
    dry_run: bool = False
    keep: int = disk.KEPT
    hooks: hooks.Hooks = hooks.Hooks()


class Renewed(Struct, frozen=True):
    """A pair that was renewed, or would be: then it has no `facts` yet. `service` is empty where it is not known."""

    short_name: str
    service: str
    reason: str
    new_key: bool
    facts: CertificateFacts | None = None


class Result(Struct, frozen=True):
    """What was renewed, and what was not. `next_due` is the first moment at which something is due again.

    `left_alone` are pairs that are not ours or not in order, `unused` those of no service; `problem` is what went wrong
    afterwards (a hook). `prepared` is the project, where there is one.
    """

    directory: Path
    renewed: tuple[Renewed, ...]
    left_alone: tuple[tuple[str, Problem], ...] = ()
    unused: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    next_due: datetime | None = None
    dry_run: bool = False
    problem: str = ""
    prepared: Prepared | None = None

    @property
    def good(self) -> bool:
        """Whether nothing has to be looked at by a person."""
        return not self.left_alone and not self.problem


class _Looked(Struct, frozen=True):
    """A directory with what is wanted in it, and the profile of new certificates."""

    directory: Path
    survey: Survey
    profile: Profile
    names: frozenset[str]
    services: Mapping[str, str]
    prepared: Prepared | None = None


def renew(
    named: Sequence[Path],
    services: Sequence[str],
    flags: Mapping[str, object],
    options: Options,
    *,
    now: datetime,
    environment: Mapping[str, str],
) -> Result:
    """Renew what is due, for all services in scope or those named. Raises `TlsError`; then nothing was renewed.

    A service is named by its name or its short name. With `dry_run` nothing is written, and no hook runs.
    """
    with ExitStack() as held:
        looked = _look(named, services, flags, options, held, now=now, environment=environment)
        from aicos_tls.commands.certificates import revoking
        from aicos_tls.pki.renewal import decide_renewal

        force = looked.names if options.force else frozenset()
        revoked = revoking.revoked(looked.directory)
        renewal = decide_renewal(looked.survey, now=now, force=force, reuse_key=options.reuse_key, revoked=revoked)
        if not options.dry_run:
            revoking.followed(looked.directory, now=now)
        if options.dry_run or not renewal.steps:
            return _result(looked, renewal, None, options)
        changing = [step.short_name for step in renewal.steps]
        hooks.require(options.hooks.before, looked.directory, changing, environment)
        issued = _issue(looked, renewal, flags, now=now)
        replace_pairs(looked.directory, issued.new_files, keep=options.keep)
    problem = hooks.run(options.hooks.after, "after", looked.directory, changing, environment)
    return _result(looked, renewal, issued, options, problem)


def _look(
    named: Sequence[Path],
    services: Sequence[str],
    flags: Mapping[str, object],
    options: Options,
    held: ExitStack,
    *,
    now: datetime,
    environment: Mapping[str, str],
) -> _Looked:
    """Read what is there, under the locks that the run holds to its end; a dry run holds none and mends nothing."""
    if options.store is not None:
        return _look_at_store(options.store, services, flags, options, held, now=now)
    from aicos_tls.pki.store import survey

    locked = None if options.dry_run else held.enter_context(holding(named, environment))
    prepared = as_enabled(named, environment, flags)
    directory = certs_directory(prepared)
    if locked:
        still_the_same(prepared, locked)
        held.enter_context(disk.lock_certificates(directory))
        disk.recover_pairs(directory)
    everyone = wanted(prepared)
    known = {c.service: c.short_name for c in prepared.plan.certificates}
    names = _names(services, known, directory)
    found = survey(directory, [leaf for leaf in everyone if leaf.short_name in names], now=now)
    unused = set(found.others) - {leaf.short_name for leaf in everyone}
    found = _without(found, unused)
    back = {short: service for service, short in known.items()}
    return _Looked(directory, found, profile_of(prepared.plan.policy), names, back, prepared)


def _look_at_store(
    directory: Path,
    services: Sequence[str],
    flags: Mapping[str, object],
    options: Options,
    held: ExitStack,
    *,
    now: datetime,
) -> _Looked:
    """A certificates directory by itself: each pair is wanted with the names that it has."""
    from aicos_tls.pki.renewal import wanted_of
    from aicos_tls.pki.store import inventory, survey

    if not directory.is_dir():
        raise TlsError("no such directory", where=Where(directory), hint="aicos-tls certs issue makes it")
    if not options.dry_run:
        held.enter_context(disk.lock_certificates(directory))
        disk.recover_pairs(directory)
    everyone: tuple[Wanted, ...] = wanted_of(inventory(directory, now=now))
    names = _names(services, {leaf.short_name: leaf.short_name for leaf in everyone}, directory)
    found = survey(directory, [leaf for leaf in everyone if leaf.short_name in names], now=now)
    default = Profile()
    profile = Profile(
        KeyType(flags.get("key_type", default.key_type.value)),
        int(str(flags.get("days", default.days))),
        lifetime(str(flags.get("lifetime", ""))),
    )
    return _Looked(directory, _without(found, set()), profile, names, {})


def _without(found: Survey, unused: set[str]) -> Survey:
    """The survey with these names alone among those that nobody asked for."""
    from dataclasses import replace

    return replace(found, others=tuple(name for name in found.others if name in unused))


def _names(services: Sequence[str], known: Mapping[str, str], directory: Path) -> frozenset[str]:
    """The short names that were asked for, all when none was; raises `TlsError` for one that is not known."""
    if not services:
        return frozenset(known.values())
    found: set[str] = set()
    for name in services:
        short = known.get(name) or (name if name in known.values() else "")
        if not short:
            message = "the CA is not renewed" if name == CA_NAME else f"there is no certificate of {name!r}"
            hint = "aicos-tls certs rotate-ca replaces it" if name == CA_NAME else f"there are: {', '.join(known)}"
            raise TlsError(message, where=Where(directory), hint=hint)
        found.add(short)
    return frozenset(found)


def _issue(looked: _Looked, renewal: Renewal, flags: Mapping[str, object], *, now: datetime) -> Issued:
    from aicos_tls.pki.issuing import issue

    authority = looked.survey.authority.facts
    ends = authority.not_after if authority else None
    profiles = {
        pair.short_name: profile_like(pair.certificate, looked.profile, flags, ends) for pair in looked.survey.pairs
    }
    changing = {step.short_name for step in renewal.steps}
    return issue(
        looked.survey.only(changing),
        looked.profile,
        project="",
        now=now,
        decision=renewal.decision.only(changing),
        profiles=profiles,
    )


def _result(looked: _Looked, renewal: Renewal, issued: Issued | None, options: Options, problem: str = "") -> Result:
    from aicos_tls.pki.decision import Action
    from aicos_tls.pki.due import next_due

    made = {each.step.short_name: each.facts for each in issued.certificates} if issued else {}
    renewed = tuple(
        Renewed(
            step.short_name,
            looked.services.get(step.short_name, ""),
            step.reason,
            step.action is Action.ISSUE,
            made.get(step.short_name),
        )
        for step in renewal.steps
    )
    now_there = [made.get(pair.short_name) or pair.certificate for pair in looked.survey.pairs]
    alone = {name for name, _ in renewal.left_alone}
    names = [pair.short_name for pair in looked.survey.pairs]
    counting = tuple(facts for name, facts in zip(names, now_there, strict=True) if facts and name not in alone)
    return Result(
        looked.directory,
        renewed,
        renewal.left_alone,
        looked.survey.others,
        renewal.warnings,
        next_due(counting),
        options.dry_run,
        problem,
        looked.prepared,
    )


def taken_over(
    named: Sequence[Path],
    flags: Mapping[str, object],
    result: Result,
    *,
    tell: bool,
    restart: bool,
    wait: float,
    project: str,
    environment: Mapping[str, str],
    progress: Callable[[str], None] = lambda _: None,
) -> list[Done]:
    """What the services of renewed certificates need now; with `tell`, it is done. Raises `TlsError`."""
    from aicos_tls.commands.takeover import Done, advice_for, take_over
    from aicos_tls.serving.reloading import Takeover

    prepared = as_enabled(named, environment, flags, code=())
    advice = advice_for(prepared, [each.service for each in result.renewed if each.service])
    if tell:
        return take_over(
            prepared, advice, restart=restart, wait=wait, project=project, environment=environment, progress=progress
        )
    return [Done(each, each.takeover.value, pending=each.takeover is not Takeover.ITSELF) for each in advice]
