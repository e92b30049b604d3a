"""`certs rotate-ca`: one step of another CA, forward or back (`aicos_tls.pki.rotation`)."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path  # noqa: TC003 - the type of a field
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from aicos_tls import disk, rollback
from aicos_tls.commands import hooks, trusted
from aicos_tls.commands.certificates import revoking
from aicos_tls.commands.enabled import as_enabled
from aicos_tls.commands.holding import holding, still_the_same
from aicos_tls.commands.profiles import profile_of
from aicos_tls.commands.project import certs_directory
from aicos_tls.commands.recording import recorded_certificates
from aicos_tls.commands.records import state_path
from aicos_tls.commands.renew import Options as RenewOptions
from aicos_tls.commands.renew import renew
from aicos_tls.errors import TlsError, Where
from aicos_tls.pki import CA_NAME, KeyType, Profile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from aicos_tls.commands.project import Prepared
    from aicos_tls.commands.renew import Result as Renewals
    from aicos_tls.pki.authority import Authority
    from aicos_tls.pki.rotation import File, Rotation

MOVES = ("trust", "issue", "drop", "finish", "back")
"""What can be asked for."""
_NEXT = {"none": "trust", "trust": "issue", "issue": "drop", "drop": "finish"}
"""The move that comes after each step."""


class Options(Struct, frozen=True):
    """What a person asked for. `store` and `hooks` are as for `renew`; `force` drops a CA that is still needed."""

    store: Path | None = None
    force: bool = False
    dry_run: bool = False
    hooks: hooks.Hooks = hooks.Hooks()


class Result(Struct, frozen=True):
    """Where the rotation stands before and after; `renewals` are those of the step `issue`, which renews everything."""

    directory: Path
    before: Rotation
    after: Rotation
    renewals: Renewals | None = None
    dry_run: bool = False
    prepared: Prepared | None = None
    problem: str = ""

    @property
    def next_move(self) -> str:
        """The move that comes next; empty where there is nothing to do."""
        step = self.after.step.value
        return "" if step == "none" else _NEXT[step]

    @property
    def good(self) -> bool:
        """Whether nothing has to be looked at by a person."""
        return not self.problem and (self.renewals is None or self.renewals.good)


def rotate(
    named: Sequence[Path],
    move: str,
    flags: Mapping[str, object],
    options: Options,
    *,
    now: datetime,
    environment: Mapping[str, str],
) -> Result:
    """Make one move; without one, say where the rotation stands. Raises `TlsError`; then nothing has been changed."""
    from aicos_tls.pki.rotation import read_rotation

    with ExitStack() as held:
        writes = bool(move) and not options.dry_run
        prepared, locked = _project(named, flags, options, environment, held, writes=writes)
        directory = certs_directory(prepared) if prepared else _store(options)
        if writes:
            held.enter_context(disk.lock_certificates(directory))
            disk.recover_pairs(directory)
        before = read_rotation(directory, now=now)
        if not move:
            return Result(directory, before, before, prepared=prepared)
        files = _files(directory, move, before, prepared, flags, options, now=now)
        if options.dry_run:
            return Result(directory, before, before, dry_run=True, prepared=prepared)
        hooks.require(options.hooks.before, directory, [CA_NAME], environment)
        if files:
            pair = [disk.PairFile(file.name, file.data, file.mode, file.named) for file in files]
            disk.replace_pairs(directory, {CA_NAME: pair}, keep=4)
        revoking.followed(directory, now=now)
        after = read_rotation(directory, now=now)
        if move == "finish" or not files or after.step.value == "none":
            disk.flatten(directory, CA_NAME)
            after = read_rotation(directory, now=now)
        if prepared and locked:
            _follow(prepared, locked)
    renewals = None
    if after.step.value in ("issue", "trust") and move in ("issue", "back"):
        renewals = renew(named, (), flags, RenewOptions(options.store), now=now, environment=environment)
    problem = hooks.run(options.hooks.after, "after", directory, [CA_NAME], environment)
    return Result(directory, before, after, renewals, prepared=prepared, problem=problem)


def _project(
    named: Sequence[Path],
    flags: Mapping[str, object],
    options: Options,
    environment: Mapping[str, str],
    held: ExitStack,
    *,
    writes: bool,
) -> tuple[Prepared | None, disk.Locked | None]:
    """The project with its lock, unless a certificates directory alone is looked at."""
    if options.store is not None:
        return None, None
    locked = held.enter_context(holding(named, environment)) if writes else None
    prepared = as_enabled(named, environment, flags)
    if trusted.may_have_bundles(prepared.record):
        prepared = as_enabled(named, environment, flags, code=())
    if locked:
        still_the_same(prepared, locked)
    return prepared, locked


def _store(options: Options) -> Path:
    if options.store is None or not options.store.is_dir():
        where = Where(options.store) if options.store else None
        raise TlsError("no such directory", where=where, hint="aicos-tls certs issue makes it")
    return options.store


def _files(
    directory: Path,
    move: str,
    before: Rotation,
    prepared: Prepared | None,
    flags: Mapping[str, object],
    options: Options,
    *,
    now: datetime,
) -> tuple[File, ...]:
    """The CA's files after a move. Raises `TlsError` for a move that does not come next, or would break something."""
    from aicos_tls.pki.rotation import BACK, FORWARD, Step, authorities, files_alone, files_of

    goal = BACK.get(before.step) if move == "back" else FORWARD[before.step]
    if goal is None or (move != "back" and move != _NEXT[before.step.value]):
        at = f"the rotation stands at `{before.step.value}`" if before.step is not Step.NONE else "no CA is replaced"
        hint = f"what comes next: aicos-tls certs rotate-ca {_NEXT[before.step.value]}"
        raise TlsError(f"{at}: `{move}` is not possible", where=Where(directory), hint=hint)
    issuing, other = authorities(directory)
    if move == "finish":
        return ()
    if move == "trust":
        return files_of(Step.TRUST, issuing, _new_authority(prepared, directory, flags, now=now), now=now)
    if other is None:
        raise TlsError("the other CA of the rotation is not here", where=Where(directory))
    if (move == "drop" or goal is Step.NONE) and not options.force:
        _refuse_needed(directory, other)
    if goal is Step.NONE:
        return files_alone(issuing)
    swaps = {before.step, goal} == {Step.TRUST, Step.ISSUE}
    return files_of(goal, *((other, issuing) if swaps else (issuing, other)), now=now)


def _refuse_needed(directory: Path, authority: Authority) -> None:
    """Refuse to trust a CA no longer while certificates are served that it has signed."""
    from aicos_tls.pki.rotation import signed_by

    needed = signed_by(directory, authority)
    if needed:
        raise TlsError(
            f"the CA that is to go has signed the certificate of {', '.join(needed)}",
            where=Where(directory),
            hint="aicos-tls certs renew first; one of no service: aicos-tls certs prune; or --force",
        )


def _new_authority(
    prepared: Prepared | None, directory: Path, flags: Mapping[str, object], *, now: datetime
) -> Authority:
    from aicos_tls.pki import keys
    from aicos_tls.pki.authority import new_authority
    from aicos_tls.pki.judgement import find_pair

    profile = profile_of(prepared.plan.policy) if prepared else _profile(flags)
    found = find_pair(directory, CA_NAME).certificate.value
    kind = keys.describe_public(found.public_key()) if found else ""
    if "key_type" not in flags and kind in {each.value for each in KeyType}:
        profile = Profile(KeyType(kind), profile.days)
    # told apart by the moment: two CAs of one name are confused by whoever looks for the issuer by name
    project = f"{prepared.plan.project.name if prepared else directory.resolve().parent.name} {now:%Y-%m-%d %H:%M:%S}"
    return new_authority(project, keys.generate(profile.key_type), profile, now=now)


def _profile(flags: Mapping[str, object]) -> Profile:
    default = Profile()
    kind = KeyType(flags.get("key_type", default.key_type.value))
    return Profile(kind, int(str(flags.get("days", default.days))))


def _follow(prepared: Prepared, locked: disk.Locked) -> None:
    """Write the files of trusted certificates anew that hold the CA's, and the record that knows them."""
    operations = trusted.operations(prepared, trusted.texts(prepared, None))
    if operations and prepared.record is not None:
        record = replace(prepared.record, certificates=tuple(recorded_certificates(prepared, None)))
        path = state_path(prepared.directory, rollback.RECORD_NAME)
        operations.append(disk.Write(path, rollback.to_json(record), disk.ANY))
    disk.commit(operations, locked)
