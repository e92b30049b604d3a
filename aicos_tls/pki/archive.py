"""A certificates directory as one file: `tar` and gzip, as the guide's "Backup Certificates" has it, and back.

An archive is input: it may be truncated, or made to write somewhere else or to fill the memory. So it is unpacked in
memory, within bounds, and only plain files that lie in one folder come out; what they hold is judged before anybody
writes a byte. Writes nothing itself.
"""

from __future__ import annotations

import gzip
import io
import re
import tarfile
import zlib
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from aicos_tls import budgets
from aicos_tls.errors import TlsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_BYTES: Final = 64 * 2**20
"""Bytes of all files of an archive together."""
MAX_FILES: Final = 2_000
_BLOCK: Final = 512  # bytes: each file has a header of one or a few, and is filled up to the next (POSIX ustar)
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*\.pem")
_GZIP: Final = 16  # added to zlib's window bits it means a gzip header (zlib manual, inflateInit2)
_NO_NAME: Final = "only names such as backend-cert.pem, in one folder, are taken"


class Member(Struct, frozen=True):
    """A file of an archive: its name without the folder, permission bits, time of its last change (Unix seconds)."""

    name: str
    data: bytes
    mode: int
    modified: int = 0


def is_member(name: str) -> bool:
    """Whether a file of this name belongs into an archive: what ends in `.pem`."""
    return _NAME.fullmatch(name) is not None


def pack(members: Sequence[Member], folder: str) -> bytes:
    """The archive of these files in `folder`: the same bytes for the same files. Raises `TlsError` for too much."""
    if sum(len(member.data) for member in members) > MAX_BYTES or len(members) > MAX_FILES:
        raise TlsError(f"a backup holds {MAX_FILES} files and {MAX_BYTES // 2**20} MiB at most")
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for member in members:
            header = tarfile.TarInfo(f"{folder}/{member.name}")
            header.size, header.mode, header.mtime = len(member.data), member.mode, member.modified
            archive.addfile(header, io.BytesIO(member.data))
    return gzip.compress(stream.getvalue(), mtime=0)


def unpack(data: bytes) -> tuple[Member, ...]:
    """The files of the archive `data`. Raises `TlsError` for anything but plain files."""
    raw = _inflated(data)
    members: dict[str, Member] = {}
    folders: set[str] = set()
    try:
        with tarfile.open(fileobj=io.BytesIO(raw), mode="r:") as archive:
            for header in _headers(archive):
                member = _member(archive, header, folders)
                if member is not None and members.setdefault(member.name, member) is not member:
                    raise _refused(header.name, "is in it twice")
    except (tarfile.TarError, OverflowError, ValueError, UnicodeError):
        raise _broken("it is damaged, or no tar archive") from None
    if not members:
        raise _broken("there are no certificates in it")
    return tuple(members.values())


def _inflated(data: bytes) -> bytes:
    """What was compressed, whole: gzip ends with a checksum, so a piece that is missing is noticed."""
    most = MAX_BYTES + MAX_FILES * 4 * _BLOCK
    engine = zlib.decompressobj(_GZIP + zlib.MAX_WBITS)
    try:
        raw = engine.decompress(data, most + 1)
    except zlib.error:
        raise _broken("it is damaged, or no gzip file") from None
    if len(raw) > most:
        raise _broken(f"it holds more than {MAX_BYTES // 2**20} MiB")
    if not engine.eof or engine.unused_data:
        raise _broken("it was cut off, or something was added to it")
    return raw


def _headers(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    for number, header in enumerate(archive, 1):
        if number > MAX_FILES:
            raise _broken(f"it holds more than {MAX_FILES} files")
        yield header


def _member(archive: tarfile.TarFile, header: tarfile.TarInfo, folders: set[str]) -> Member | None:
    """The file of a header; None for the folder itself."""
    name = header.name.removeprefix("./")
    if header.type == tarfile.DIRTYPE:
        if "/" in name or name == "..":
            raise _refused(header.name, _NO_NAME)
        return None
    if header.type not in (tarfile.REGTYPE, tarfile.AREGTYPE):
        raise _refused(header.name, "is no plain file: links and devices are not restored")
    folder, _, base = name.rpartition("/")
    folders.add(folder)
    if "/" in folder or folder in ("", "..") or len(folders) > 1 or not is_member(base):
        raise _refused(header.name, _NO_NAME)
    if not 0 <= header.size <= budgets.FILE:
        raise _refused(header.name, f"is larger than {budgets.FILE // 2**20} MiB")
    stream = archive.extractfile(header)
    data = stream.read() if stream else b""
    return Member(base, data, header.mode & 0o777, int(header.mtime))


def _broken(why: str) -> TlsError:
    return TlsError(f"this is no backup that can be restored: {why}", hint="nothing has been written")


def _refused(name: str, why: str) -> TlsError:
    return TlsError(f"{name[:100]!r} in the backup {why}", hint="nothing has been written")
