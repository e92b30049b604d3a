"""`rollback`: take the last run back. Untouched files get their bytes back; edited ones keep the later edits."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls import disk, files
from aicos_tls import rollback as records
from aicos_tls.commands.directories import emptying
from aicos_tls.commands.mountpoints import left
from aicos_tls.commands.project import relative
from aicos_tls.commands.records import load_record, state_path, undone
from aicos_tls.compose.discovery import select
from aicos_tls.errors import TlsError, Where
from aicos_tls.files import TextFile, read_if_there
from aicos_tls.pki import CA_NAME
from aicos_tls.sources.build import is_inside

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from aicos_tls.rollback import Certificate, Conflict, Missing, Record


class Taken(Struct, frozen=True):
    """A file that is, or would be, taken back. `edited`: it was changed since, and these edits stay."""

    path: Path
    now: TextFile | None
    after: bytes | None
    kind: records.Kind
    edited: bool


class Result(Struct, frozen=True):
    """What was taken back. With `blocked`, nothing was written. `certs` is the certificates directory.

    `mount_points` are empty directories that Docker made in source folders to mount the certificates at. `absent` are
    env files of the record that are not here: git does not have them, so a fresh clone lacks them. `interrupted` is
    what a run that was interrupted makes a rollback do first, in a dry run; the record then counts only afterwards.
    """

    directory: Path
    taken: tuple[Taken, ...]
    blocked: tuple[Conflict | Missing, ...]
    removed_certificates: tuple[Path, ...] = ()
    kept_certificates: tuple[tuple[Path, str], ...] = ()
    dry_run: bool = False
    certs: Path | None = None
    mount_points: tuple[Path, ...] = ()
    absent: tuple[str, ...] = ()
    interrupted: disk.Forecast | None = None


def rollback(named: Sequence[Path], *, dry_run: bool, certificates: bool, environment: Mapping[str, str]) -> Result:
    """Take the last run on a project back, or with `dry_run` say what would be done. Raises `TlsError`.

    With `certificates`, those that the run issued are removed too, each with its key, unless they were replaced since.
    Where the run itself was taken back before, they are known by themselves.
    """
    directory, main = _place(named, environment)
    if dry_run:
        if forecast := disk.forecast(directory):
            return Result(directory, (), (), dry_run=True, interrupted=forecast)
        alone = _certificates_alone(directory, named, environment, dry_run=True) if certificates else None
        return alone or _result(directory, _record(directory, main), certificates=certificates, dry_run=True)
    if not _something_there(directory) and not (
        certificates and _certificates_alone(directory, named, environment, dry_run=False)
    ):
        _record(directory, main)
    with ExitStack() as held:
        locked = held.enter_context(disk.lock(directory))
        disk.recover(locked)
        result = _certificates_left(directory, named, environment, held) if certificates else None
        if result is None:
            record = _record(directory, main)
            if certificates:
                for folder in sorted({(directory / each.path).parent for each in record.certificates}):
                    held.enter_context(disk.lock_certificates(folder))
            result = _result(directory, record, certificates=certificates, dry_run=False)
        if not result.blocked:
            _flatten(result)
            disk.commit(list(_operations(result)), locked)
    return result


def _flatten(result: Result) -> None:
    """Give pairs that were renewed their plain form, so that they can be removed as the others are."""
    for path in result.removed_certificates:
        if path.name.endswith("-cert.pem"):
            disk.flatten(path.parent, path.name.removesuffix("-cert.pem"))


def _certificates_left(
    directory: Path, named: Sequence[Path], environment: Mapping[str, str], held: ExitStack
) -> Result | None:
    """The same as `_certificates_alone`, looked at with the lock of the certificates held."""
    seen = _certificates_alone(directory, named, environment, dry_run=False)
    if seen is None or seen.certs is None:
        return None
    held.enter_context(disk.lock_certificates(seen.certs))
    return _certificates_alone(directory, named, environment, dry_run=False)


def _certificates_alone(
    directory: Path, named: Sequence[Path], environment: Mapping[str, str], *, dry_run: bool
) -> Result | None:
    """The removal of certificates that are left of a run which was taken back; None where there is nothing of it."""
    if load_record(directory) is not None:
        return None
    from aicos_tls.compose.load import load
    from aicos_tls.pki.own import own_files
    from aicos_tls.plan.policy import resolve

    certs = directory / resolve(load(select(named, environment).files), {}).certs_dir
    if not is_inside(certs, directory):
        return None
    removed, kept = own_files(certs)
    return Result(directory, (), (), tuple(removed), tuple(kept), dry_run, certs) if removed else None


def _place(named: Sequence[Path], environment: Mapping[str, str]) -> tuple[Path, Path | None]:
    """The project directory, and the compose file when one was named."""
    if named:
        return named[0].parent, named[0]
    if (Path() / disk.STATE_DIRECTORY).is_dir():
        return Path(), None
    main = select((), environment).files[0]
    return main.parent, None


def _something_there(directory: Path) -> bool:
    """Whether there is something to undo, or to tidy up: what a run that was killed left is taken away by the next.

    Otherwise no lock is taken, so that a directory without a record is left as it is.
    """
    names = (records.RECORD_NAME, disk.LOCK_NAME)
    return disk.interrupted(directory) or any(state_path(directory, name).exists() for name in names)


def _record(directory: Path, main: Path | None) -> Record:
    record = load_record(directory)
    if record is None:
        raise TlsError(
            "there is nothing to roll back: no record of a run here",
            where=Where(state_path(directory, records.RECORD_NAME)),
            hint="name the compose file that was enabled: aicos-tls rollback FILE",
        )
    recorded = record.policy.get("compose_file")
    if main is not None and relative(directory, main) != recorded:
        raise TlsError(
            f"the record in this directory is of {recorded}, not of this file",
            where=Where(main),
            hint=f"aicos-tls rollback {directory / str(recorded)}",
        )
    return record


def _result(directory: Path, record: Record, *, certificates: bool, dry_run: bool) -> Result:
    found = undone(directory, record)
    kinds = {file.path: file.kind for file in record.files}
    absent = [each for each in found.blocked if isinstance(each, records.Missing) and kinds[each.path] == "env"]
    if blocked := tuple(each for each in found.blocked if each not in absent):
        return Result(directory, (), blocked, dry_run=dry_run)
    taken = tuple(
        Taken(
            directory / outcome.path,
            read_if_there(directory / outcome.path),
            outcome.data,
            kinds[outcome.path],
            isinstance(outcome, records.Merged),
        )
        for outcome in found.outcomes
        if isinstance(outcome, records.Restored | records.Merged)
    )
    removed, kept = _certificates(directory, record) if certificates else ([], [])
    certs = record.policy.get("certs_dir")
    place = directory / certs if isinstance(certs, str) else None
    points = tuple(left(directory, record))
    names = tuple(each.path for each in absent)
    return Result(directory, taken, (), tuple(removed), tuple(kept), dry_run, place, points, names)


def _certificates(directory: Path, record: Record) -> tuple[list[Path], list[tuple[Path, str]]]:
    """The files of issued certificates that are still those of the run, and the others with the reason they stay.

    What a record says of keys is not believed alone: they must lie in the project and in the directory of the last run,
    as plain files, and the CA beside them must have signed their certificate.
    """
    certs = record.policy.get("certs_dir")
    place = os.path.realpath(directory / certs) if isinstance(certs, str) else ""
    authority = read_if_there(Path(place) / f"{CA_NAME}-cert.pem") if os.path.isdir(place) else None  # noqa: PTH112
    removed: list[Path] = []
    kept: list[tuple[Path, str]] = []
    for certificate in record.certificates:
        path = directory / certificate.path
        if not os.path.lexists(path):
            continue
        # a pair that was renewed has links of ours in its place; any other link counts as what it leads to
        own = disk.is_own_link(path)
        real = Path(os.path.realpath(path.parent)) / path.name if own else Path(os.path.realpath(path))
        if not real.is_relative_to(os.path.realpath(directory)):
            kept.append((path, "it lies outside of the project: remove it yourself"))
        elif os.fspath(real.parent) != place or real.name != path.name:
            kept.append((path, "it does not lie in the certificates directory of the last run"))
        else:
            _pair(path, certificate, authority.raw if authority else b"", removed, kept)
    removed += _list(removed)
    return removed, kept


def _list(removed: list[Path]) -> list[Path]:
    """The revocation list of the CA, which goes with it."""
    from aicos_tls.pki import revocation
    from aicos_tls.pki.certificate import load_all

    for path in removed:
        if path.name == f"{CA_NAME}-cert.pem":
            crl = read_if_there(revocation.path_of(path.parent))
            if crl is not None and revocation.is_of_any(crl.raw, load_all(files.read(path).raw)):
                return [crl.path]
    return []


def _pair(
    path: Path, certificate: Certificate, authority: bytes, removed: list[Path], kept: list[tuple[Path, str]]
) -> None:
    """Sort a certificate and its key into those that go and those that stay."""
    from aicos_tls.pki import keys
    from aicos_tls.pki.certificate import CertificateFileError, load
    from aicos_tls.pki.conformance import issue_objection
    from aicos_tls.pki.own import is_renewed

    file = files.read(path)
    if file.digest != certificate.sha256 and not is_renewed(file.raw, authority):
        kept.append((path, "it is not the one that was issued"))
        return
    if not path.name.endswith("-cert.pem"):  # a file of trusted certificates (`aicos_tls.serving.bundles`)
        if authority and file.raw.endswith(authority):
            removed.append(path)
        else:
            kept.append((path, "it does not hold the CA's certificate"))
        return
    try:
        loaded = load(file.raw)
        objection = issue_objection(loaded, load(authority))
    except CertificateFileError as error:
        objection = str(error)
    if objection:
        kept.append((path, f"it {objection}" if objection.startswith("was") else objection))
        return
    removed.append(path)
    key_path = path.with_name(path.name.removesuffix("-cert.pem") + "-key.pem")
    if (key := read_if_there(key_path)) is not None:
        try:
            own = disk.is_own_link(key_path) or not key_path.is_symlink()
            fits = own and keys.fits(keys.from_pem(key.raw), loaded.public_key())
        except keys.KeyFileError:
            fits = False
        if fits:
            removed.append(key_path)
        else:
            kept.append((key_path, "it does not belong to the certificate"))


def _operations(result: Result) -> Iterator[disk.Operation]:
    for taken in result.taken:
        now = taken.now.raw if taken.now else None
        if now == taken.after:
            continue
        if taken.after is None:
            yield disk.Remove(taken.path, files.sha256(now) if now is not None else disk.ANY)
        else:
            yield disk.Write(taken.path, taken.after, files.sha256(now) if now is not None else None)
    if result.certs is not None:
        yield from emptying(result.certs, (taken.path for taken in result.taken if taken.after is None))
    yield from map(disk.RemoveDirectory, result.mount_points)
    for path in result.removed_certificates:
        yield disk.Remove(path, disk.ANY)
    for folder in dict.fromkeys(path.parent for path in result.removed_certificates):
        yield disk.RemoveDirectory(folder)
    for name in (records.RECORD_NAME, records.PATCH_NAME, records.ENV_PATCH_NAME):
        path = state_path(result.directory, name)
        if path.exists():
            yield disk.Remove(path, disk.ANY)
