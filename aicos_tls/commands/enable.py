"""`enable`: plan, make certificates, write everything or nothing, and record it."""

from __future__ import annotations

from contextlib import ExitStack
from functools import cached_property
from pathlib import Path  # noqa: TC003 - the type of a field
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls import disk, files
from aicos_tls.commands.holding import holding, holding_output, still_the_same
from aicos_tls.commands.project import Prepared, Target, certs_directory, prepare, relative
from aicos_tls.commands.recording import file_operations, operations_of
from aicos_tls.commands.verdict import Verdict, encrypts_nothing, verdict
from aicos_tls.compose.discovery import select
from aicos_tls.errors import TlsError, Where

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from aicos_tls.pki import Wanted
    from aicos_tls.pki.issuing import Issued
    from aicos_tls.proof.second_opinion import Opinion


class Options(Struct, frozen=True):
    """What a person asked for besides the policy.

    `code` are services whose sources are to change besides those of the last run, `templates` is a directory with
    templates that go before those of the program.
    """

    dry_run: bool = False
    certificates: bool = True
    output: Path | None = None
    check_with_compose: bool = False
    compose_command: str = ""
    templates: Path | None = None
    code: tuple[str, ...] = ()


class Listed(Struct, frozen=True):
    """A certificate in the result. `state`: `issued`, `renewed` or `kept`; in a dry run `missing` or `there`."""

    service: str
    path: str
    state: str
    dns_names: tuple[str, ...]
    expires: datetime | None = None
    days_left: int | None = None
    key_type: str = ""


class Result(Struct, frozen=True, dict=True):
    """What a run did, or would do. With `blocked`, nothing was written. `opinion` is what docker compose was asked."""

    prepared: Prepared
    options: Options
    certificates: tuple[Listed, ...] = ()
    remarks: tuple[str, ...] = ()
    written: tuple[Path, ...] = ()
    opinion: Opinion | None = None

    @cached_property
    def verdict(self) -> Verdict:
        """How many connections are encrypted once this is done, and what was demanded and is not met."""
        return verdict(self.prepared)

    @cached_property
    def idle(self) -> bool:
        """Whether nothing is changed because no connection would be encrypted."""
        return encrypts_nothing(self.prepared)

    @property
    def changed(self) -> list[Target]:
        """The files that differ; with `output`, the compose file alone."""
        if self.idle:
            return []
        changed = [target for target in self.prepared.targets if target.changes]
        if self.options.output is None:
            return changed
        return [target for target in changed if target.path == self.prepared.selection.files[0]]

    @property
    def blocked(self) -> bool:
        """Whether nothing may be written: see `reason`."""
        return bool(self.reason)

    @property
    def reason(self) -> str:
        """Why nothing may be written; empty when everything may.

        A declined change would leave a client and its server at odds, docker compose rejects the result, or what was
        demanded of connections is not met.
        """
        if self.verdict.unmet:
            return "; ".join(self.verdict.unmet)
        if any(not declined.safe for declined in self.prepared.plan.declined):
            return "a change that could not be made would leave a client and its server at odds"
        if self.opinion and self.opinion.state == "rejects":
            return f"{self.opinion.command} rejects what it would be: {self.opinion.message}"
        return ""

    @property
    def would_change(self) -> bool:
        """Whether files or certificates change, or would."""
        return bool(self.changed) or any(c.state in ("issued", "renewed", "missing") for c in self.certificates)


def enable(
    named: Sequence[Path],
    flags: dict[str, object],
    options: Options,
    *,
    now: datetime,
    environment: Mapping[str, str],
    progress: Callable[[int], Callable[[str], None]] | None = None,
) -> Result:
    """Enable TLS, or with `dry_run` say what would be done. Raises `TlsError`; then nothing has been changed.

    `progress` is called with the number of keys that will be made and returns what is told the name of each.
    """
    if options.dry_run:
        prepared = _planned(named, flags, options, environment)
        return _dry_run(prepared, options, _second_opinion(prepared, options, environment))
    if options.output is not None:
        with holding_output(named, environment, options.output) as locked:
            prepared = _planned(named, flags, options, environment)
            opinion = _second_opinion(prepared, options, environment)
            return _to_output(prepared, options, options.output, opinion, locked)
    if not disk.may_lock(select(named, environment).files[0].parent):
        result = _as_it_is(named, flags, options, now, environment)
        if result is not None:
            return result
    with holding(named, environment) as locked:
        return enable_held(named, flags, options, locked, now=now, environment=environment, progress=progress)


def _as_it_is(
    named: Sequence[Path], flags: dict[str, object], options: Options, now: datetime, environment: Mapping[str, str]
) -> Result | None:
    """The result of a run that has nothing to write, for a directory where nothing can be; None for another one."""
    prepared = _planned(named, flags, options, environment)
    result = Result(prepared, options, opinion=_second_opinion(prepared, options, environment))
    if result.blocked or disk.interrupted(prepared.directory):
        return result if result.blocked else None
    _same_project(prepared)
    issued: Issued | None = None
    remarks: tuple[str, ...] = ()
    if options.certificates and prepared.plan.certificates:
        issued, remarks = _issue(prepared, now, None)
    if operations_of(prepared, issued):
        return None
    return Result(prepared, options, _listed(prepared, issued), remarks, (), result.opinion)


def enable_held(
    named: Sequence[Path],
    flags: dict[str, object],
    options: Options,
    locked: disk.Locked,
    *,
    now: datetime,
    environment: Mapping[str, str],
    progress: Callable[[int], Callable[[str], None]] | None = None,
) -> Result:
    """Enable TLS in place, with the lock of the project held already. Raises `TlsError`."""
    prepared = _planned(named, flags, options, environment)
    still_the_same(prepared, locked)
    opinion = _second_opinion(prepared, options, environment)
    result = Result(prepared, options, opinion=opinion)
    if result.blocked or result.idle:
        return result
    _same_project(prepared)
    with ExitStack() as held:
        issued: Issued | None = None
        remarks: tuple[str, ...] = ()
        if options.certificates and prepared.plan.certificates:
            held.enter_context(disk.lock_certificates(certs_directory(prepared)))
            issued, remarks = _issue(prepared, now, progress)
        operations = operations_of(prepared, issued)
        disk.commit(operations, locked)
    written = tuple(op.path for op in operations if isinstance(op, disk.Write))
    return Result(prepared, options, _listed(prepared, issued), remarks, written, opinion)


def _planned(
    named: Sequence[Path], flags: dict[str, object], options: Options, environment: Mapping[str, str]
) -> Prepared:
    prepared = prepare(named, flags, environment, code=options.code, templates=options.templates)
    if options.output is not None:
        _refuse_output(prepared, options.output)
    return prepared


def _second_opinion(prepared: Prepared, options: Options, environment: Mapping[str, str]) -> Opinion | None:
    """Ask docker compose, when that is wanted, to resolve the project as it was and as it will be."""
    if not options.check_with_compose:
        return None
    from aicos_tls.proof.second_opinion import Version, ask, find_command

    before = {t.path: t.original.raw if t.original else None for t in prepared.targets}
    after = {t.path: t.after for t in prepared.targets}
    return ask(
        find_command(options.compose_command, environment),
        prepared.directory,
        Version(prepared.selection.files, before),
        Version(prepared.compose_files, after),
        prepared.plan,
    )


def _dry_run(prepared: Prepared, options: Options, opinion: Opinion | None) -> Result:
    if disk.interrupted(prepared.directory):
        raise TlsError(
            "an earlier run was interrupted",
            where=Where(prepared.directory / disk.STATE_DIRECTORY),
            hint="run `aicos-tls enable` or `aicos-tls rollback`: it first puts things in order",
        )
    _same_project(prepared)
    result = Result(prepared, options, opinion=opinion)
    if options.output is None and not result.blocked and not result.idle:
        disk.check(file_operations(prepared), prepared.directory)
    listed: tuple[Listed, ...] = ()
    if options.certificates and options.output is None and prepared.plan.certificates and not result.idle:
        from aicos_tls.pki import CA_NAME, presence

        there = presence(certs_directory(prepared), wanted(prepared))
        by_short = {c.short_name: c for c in prepared.plan.certificates}
        names = [CA_NAME, *by_short]
        listed = tuple(
            Listed(
                by_short[name].service if name in by_short else "",
                f"{name}-cert.pem",
                "missing" if name in there.incomplete else "there",
                by_short[name].dns_names if name in by_short else (),
            )
            for name in names
        )
    return Result(prepared, options, listed, opinion=opinion)


def _same_project(prepared: Prepared) -> None:
    """Refuse to mix two projects in one directory: the record is of one of them."""
    if prepared.record is None:
        return
    recorded = prepared.record.policy.get("compose_file")
    main = relative(prepared.directory, prepared.selection.files[0])
    if recorded != main:
        raise TlsError(
            f"TLS is enabled for {recorded} in this directory",
            where=Where(prepared.selection.files[0]),
            hint=f"enable both together (aicos-tls enable {recorded} {main}), or roll back first",
        )


def wanted(prepared: Prepared) -> list[Wanted]:
    """The leaves that the plan asks for."""
    from aicos_tls.pki import Wanted

    return [Wanted(c.short_name, c.dns_names) for c in prepared.plan.certificates]


def _issue(
    prepared: Prepared, now: datetime, progress: Callable[[int], Callable[[str], None]] | None
) -> tuple[Issued, tuple[str, ...]]:
    """Make what is missing or due; what should be said of the files that were there goes with it."""
    from aicos_tls.commands.profiles import profile_of
    from aicos_tls.pki.decision import decide
    from aicos_tls.pki.issuing import issue
    from aicos_tls.pki.store import survey

    found = survey(certs_directory(prepared), wanted(prepared), now=now)
    count = len(decide(found).new_keys)
    told = progress(count) if progress and count else None
    profile = profile_of(prepared.plan.policy)
    issued = issue(found, profile, project=prepared.plan.project.name, now=now, progress=told)
    written = {new.path for new in issued.new_files}
    remarks = [f"{r.path}: {r.message} → {r.hint}" for r in found.remarks if r.path not in written]
    remarks += [f"{certs_directory(prepared) / name}: belongs to no service" for name in issued.orphans]
    return issued, tuple(remarks)


def _listed(prepared: Prepared, issued: Issued | None) -> tuple[Listed, ...]:
    if issued is None:
        return ()
    by_short = {c.short_name: c for c in prepared.plan.certificates}
    return tuple(
        Listed(
            by_short[c.step.short_name].service if c.step.short_name in by_short else "",
            c.facts.path.name,
            c.step.action.value,
            c.facts.dns_names,
            c.facts.not_after,
            c.facts.days_left,
            c.facts.key_type,
        )
        for c in issued.certificates
    )


def _refuse_output(prepared: Prepared, output: Path) -> None:
    """Refuse what one more compose file cannot be, in a dry run as well."""
    main = prepared.selection.files[0]
    if prepared.plan.policy.override:
        raise TlsError(
            "--output and --override exclude each other: an override is a file of its own already",
            where=Where(main),
            hint="leave out one of them",
        )
    others = [target.path for target in prepared.targets if target.changes and target.path != main]
    others = [path for path in others if path.name != ".gitignore" and not path.name.endswith(".dockerignore")]
    if others:
        raise TlsError(
            f"{', '.join(map(str, others))} must change too, which one output file cannot hold",
            where=Where(main),
            hint="run without --output",
        )
    own = [*prepared.selection.files, *(target.path for target in prepared.targets)]
    if output.resolve() in [path.resolve() for path in own]:
        raise TlsError(
            "this file is part of the project, and --output leaves that alone",
            where=Where(output),
            hint="name another file; without --output the change is made in place, and can be rolled back",
        )
    if not output.parent.is_dir():
        raise TlsError("no such directory", where=Where(output.parent), hint="make it first")


def _to_output(
    prepared: Prepared, options: Options, output: Path, opinion: Opinion | None, locked: disk.Locked
) -> Result:
    """Write the patched compose file elsewhere and leave everything else alone: no certificates, no record."""
    result = Result(prepared, options, opinion=opinion)
    if result.blocked:
        return result
    main = prepared.selection.files[0]
    target = next(iter(result.changed), None)
    data = target.after if target and target.after is not None else files.read(main).raw
    disk.commit([disk.Write(output, data, disk.ANY)], locked)
    return Result(prepared, options, written=(output,), opinion=opinion)
