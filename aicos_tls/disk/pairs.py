"""Certificate and key of one name, replaced as a pair: whoever reads sees the old pair or the new one, never a mix.

No file system replaces two files at once, but every one replaces a name. So a pair that has been renewed lies in a
directory of its own, its names in the certificates directory are links, and one rename moves both:

    backend-cert.pem -> .versions/backend/live/backend-cert.pem
    backend-key.pem  -> .versions/backend/live/backend-key.pem
    .versions/backend/live -> 7
    .versions/backend/7/, 6/, 5/        the last versions; what opened one of them can read on

All links are relative, so a container that has the directory mounted, and a project that moved, find the same. A reader
that opens one name after the other can still have the switch in between; one that resolves a name first
(`realpath`) and takes both files from there cannot, which is what this project's own readers do.

A pair of plain files is *adopted* first: it becomes a version of its own, and its names become links one after the
other, which changes no byte that anybody reads. Each step leaves either the old pair or the new one whole, so a run
that is killed needs no journal; what it left behind is removed by the next.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from aicos_tls.disk import durable, guard
from aicos_tls.errors import TlsError, Where
from aicos_tls.files import read_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from aicos_tls.disk.durable import Owner

VERSIONS: Final = ".versions"
"""The directory in that of the certificates which holds what the links lead to."""
LIVE: Final = "live"
"""The link to the version that counts."""
KEPT: Final = 3
"""Versions that are kept, with the one that counts."""
_DIRECTORY_MODE: Final = 0o755
_NEW: Final = ".new"
_NAMED: Final = ("-cert.pem", "-key.pem")
_PARTS: Final = 4


class PairFile(Struct, frozen=True):
    """A file of a new version. It gets `mode`, or mode and owner of the file that has its name now, if there is one.

    One that is not `named` has no name in the certificates directory: it lies in the version alone.
    """

    name: str
    data: bytes
    mode: int
    named: bool = True


class _Place(Struct, frozen=True):
    """Where the versions of a name are."""

    directory: Path
    short_name: str

    @property
    def home(self) -> Path:
        return self.directory / VERSIONS / self.short_name

    @property
    def live(self) -> Path:
        return self.home / LIVE

    @property
    def strange(self) -> Path | None:
        """The directory on the way to the versions that is a link or no directory: a key would leave the project."""
        way = (self.directory / VERSIONS, self.home)
        return next((path for path in way if path.is_symlink() or (path.exists() and not path.is_dir())), None)

    def link(self, name: str) -> str:
        """What the link of the file `name` says."""
        return f"{VERSIONS}/{self.short_name}/{LIVE}/{name}"


def versions(directory: Path, short_name: str) -> tuple[int, ...]:
    """The versions of a pair that are there, the oldest first; none where the pair is plain files."""
    place = _Place(directory, short_name)
    with suppress(FileNotFoundError, NotADirectoryError):
        names = () if place.strange else os.listdir(place.home)  # noqa: PTH208 - names alone
        return tuple(sorted(int(name) for name in names if _is_number(name)))
    return ()


def live(directory: Path, short_name: str) -> int | None:
    """The version that counts; None where the pair is plain files."""
    place = _Place(directory, short_name)
    with suppress(OSError):
        name = "" if place.strange else os.readlink(place.live)  # noqa: PTH115 - its text is wanted
        return int(name) if _is_number(name) else None
    return None


def replace_pairs(directory: Path, pairs: Mapping[str, Sequence[PairFile]], *, keep: int = KEPT) -> None:
    """Replace the pairs of these short names, each at once; those that are not there are made.

    All new versions are complete on the disk before the first pair changes, so a full disk changes none. Raises
    `TlsError`; then every pair is the old or the new one, and which are new is for the caller to see.
    """
    if not pairs:
        return
    places = {name: _Place(directory, name) for name in pairs}
    for name, files in pairs.items():
        _refuse_strange(places[name], files)
    staged: dict[str, Path] = {}
    try:
        _home(directory)
        for name, files in pairs.items():
            staged[name] = _stage(places[name], files)
        for name, files in pairs.items():
            _adopt(places[name], [file.name for file in files if file.named])
            _switch(places[name], staged.pop(name).name)
            _link(places[name], [file.name for file in files if file.named])
    except BaseException as error:
        with suppress(OSError):
            for path in staged.values():
                _discard(path)
        if isinstance(error, OSError):
            raise _failure(error, directory) from error
        raise
    for place in places.values():
        prune(directory, place.short_name, keep=keep)
    _tidy(directory)


def recover_pairs(directory: Path) -> None:
    """Finish what a run that was killed began: of a new pair both files get their names.

    Raises `TlsError` when the disk refuses.
    """
    try:
        names = sorted(os.listdir(directory / VERSIONS))  # noqa: PTH208 - names alone
    except OSError:
        return
    try:
        for name in names:
            place = _Place(directory, name)
            if live(directory, name) is None or not place.live.is_dir():
                continue
            both = [f"{name}{end}" for end in reversed(_NAMED) if (place.live / f"{name}{end}").is_file()]
            gone = [each for each in both if not os.path.lexists(directory / each)]
            if len(gone) < len(both):  # where somebody removed all of them, they stay removed
                _link(place, gone)
    except OSError as error:
        raise _failure(error, directory) from error
    _tidy(directory)


def is_own_link(path: Path) -> bool:
    """Whether the file of a pair is a link as they are made here."""
    with suppress(OSError):
        parts = Path(os.readlink(path)).parts  # noqa: PTH115 - its text is wanted
        return len(parts) == _PARTS and parts[0] == VERSIONS and parts[2:] == (LIVE, path.name)
    return False


def prune(directory: Path, short_name: str, *, keep: int = KEPT) -> None:
    """Remove old versions, and what a run that was killed left; the one that counts always stays."""
    current = live(directory, short_name)
    place = _Place(directory, short_name)
    before = [number for number in versions(directory, short_name) if current is not None and number <= current]
    stay = {str(number) for number in before[-keep:]} | {LIVE}
    if place.strange:
        return
    with suppress(OSError):  # what cannot be tidied up now is left to the next run
        for name in os.listdir(place.home):  # noqa: PTH208 - names alone
            if name not in stay:
                _discard(place.home / name)


def flatten(directory: Path, short_name: str) -> None:
    """Make plain files of the links of a pair, with the same bytes, and remove its versions. Raises `TlsError`."""
    place = _Place(directory, short_name)
    _refuse_strange(place, ())
    current = live(directory, short_name)
    try:
        if current is not None:
            for source in sorted((place.home / str(current)).iterdir()):
                path = directory / source.name
                if path.is_symlink() and os.readlink(path) == place.link(source.name):  # noqa: PTH115 - its text
                    status = source.stat()
                    new = path.with_name(f".{path.name}{_NEW}")
                    durable.discard(new)
                    data, mode = read_bytes(source)[0], stat.S_IMODE(status.st_mode)
                    durable.create(new, data, mode, (status.st_uid, status.st_gid))
                    new.replace(path)
            durable.flush_directories([directory])
        if place.home.is_dir():
            _discard(place.home)
        with suppress(OSError):
            guard.withdraw_last(directory / VERSIONS)
            (directory / VERSIONS).rmdir()
    except OSError as error:
        raise _failure(error, directory) from error


def _is_number(name: str) -> bool:
    return name.isascii() and name.isdecimal()


def _refuse_strange(place: _Place, files: Iterable[PairFile]) -> None:
    """Refuse links that this program did not make, and what is no file: they are somebody else's."""
    if (strange := place.strange) is not None:
        raise TlsError(
            "is a link or no directory, and keys are kept in it",
            where=Where(strange),
            hint="remove it: a key is written into the certificates directory itself",
        )
    for file in files:
        path = place.directory / file.name
        if not file.named:
            continue
        if path.is_symlink() and os.readlink(path) != place.link(file.name):  # noqa: PTH115 - its text is wanted
            raise TlsError(
                "is a link that was not made here, so it is left alone",
                where=Where(path),
                hint="put the file itself in its place, then run the command again",
            )
        if os.path.lexists(path) and not path.is_symlink() and not stat.S_ISREG(path.lstat().st_mode):
            raise TlsError("is no regular file", where=Where(path), hint="move it away")
    if place.live.is_symlink() and live(place.directory, place.short_name) is None:
        raise TlsError("leads to no version", where=Where(place.live), hint="put the link right, or remove it")


def _home(directory: Path) -> None:
    """Make the directory of the versions, out of git's sight from the first instant."""
    home = directory / VERSIONS
    if not home.is_dir():
        _directory(home)
    if not os.path.lexists(home / guard.NAME):
        guard.place(home / guard.NAME, guard.ALL)
    durable.flush_directories([directory, home])


def _directory(path: Path) -> None:
    """Make a directory; it belongs to whom its parent belongs to, so that one who ran this as root can tidy up."""
    durable.make_directory(path, _DIRECTORY_MODE)
    status = path.parent.stat()
    with suppress(PermissionError):
        os.chown(path, status.st_uid, status.st_gid)


def _stage(place: _Place, files: Iterable[PairFile]) -> Path:
    """Make the next version, complete and on the disk; nobody is led to it yet."""
    if not place.home.is_dir():
        _directory(place.home)
        durable.flush_directories([place.home.parent])
    known = versions(place.directory, place.short_name)
    # the plain pair that is there may have to become a version of its own, below this one
    version = place.home / str(max(known, default=0) + 2)
    _directory(version)
    try:
        for file in files:
            mode, owner = _kept(place.directory / file.name, file.mode)
            durable.create(version / file.name, file.data, mode, owner)
        durable.flush_directories([version, place.home])
    except BaseException:
        _discard(version)
        raise
    return version


def _kept(path: Path, mode: int) -> tuple[int, Owner | None]:
    """Mode and owner of the file that counts now: somebody may have opened a key to the group of a container."""
    with suppress(FileNotFoundError, NotADirectoryError):
        status = path.stat()
        return stat.S_IMODE(status.st_mode), (status.st_uid, status.st_gid)
    return mode, None


def _adopt(place: _Place, names: Sequence[str]) -> None:
    """Turn plain files, which count wherever they are, into a version, and each name into a link to the same bytes.

    That is a pair which was never renewed, or one that somebody put in the place of the links.
    """
    there = [name for name in names if os.path.lexists(place.directory / name)]
    plain = [name for name in there if not (place.directory / name).is_symlink()]
    if not plain:
        return
    if not all(_same(place.live / name, place.directory / name) for name in plain):
        version = place.home / str(max(versions(place.directory, place.short_name)) - 1)
        _directory(version)
        for name in there:
            _copy(place.directory / name, version / name)
        durable.flush_directories([version, place.home])
        _switch(place, version.name)
    _link(place, there)


def _copy(source: Path, target: Path) -> None:
    status = source.stat()
    owner = (status.st_uid, status.st_gid)
    durable.create(target, read_bytes(source)[0], stat.S_IMODE(status.st_mode), owner)


def _same(one: Path, other: Path) -> bool:
    return one.is_file() and read_bytes(one)[0] == read_bytes(other)[0]


def _switch(place: _Place, version: str) -> None:
    """Have the version count: the one rename that replaces a pair."""
    new = place.home / f"{LIVE}{_NEW}"
    durable.discard(new)
    new.symlink_to(version)
    new.replace(place.live)
    durable.flush_directories([place.home])


def _link(place: _Place, names: Iterable[str]) -> None:
    """Give these files of the version that counts their names in the certificates directory."""
    for name in names:
        path = place.directory / name
        if not path.is_symlink():
            new = path.with_name(f".{name}{_NEW}")
            durable.discard(new)
            new.symlink_to(place.link(name))
            new.replace(path)
    durable.flush_directories([place.directory])


def _tidy(directory: Path) -> None:
    """Remove files that a run which was killed had not given their names yet."""
    with suppress(OSError):  # what cannot be tidied up now is left to the next run
        for name in os.listdir(directory):  # noqa: PTH208 - names alone
            if name.startswith(".") and name.endswith(tuple(f"{end}{_NEW}" for end in _NAMED)):
                durable.discard(directory / name)


def _discard(path: Path) -> None:
    """Remove a version, or what else is left of an interrupted run."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        durable.discard(path)


def _failure(error: OSError, directory: Path) -> TlsError:
    hint = "free some space and try again; " if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
    return TlsError(
        f"cannot be written: {error.strerror}",
        where=Where(directory),
        hint=f"{hint}every certificate still fits its key: each pair is the old one or the new one",
    )
