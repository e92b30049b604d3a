"""The read side of the disk: bytes, text, byte order mark, newline style, mode, digest. Never writes.

The text of a file is its bytes decoded as UTF-8, without the byte order mark and with every newline as it stands.
All offsets in this program are characters (code points) into that text, as libyaml's marks are.
"""

from __future__ import annotations

import bisect
import codecs
import hashlib
import os
import stat
from functools import cached_property
from pathlib import Path
from typing import Literal

from msgspec import Struct, field

from aicos_tls import budgets
from aicos_tls.errors import TlsError, Where

_OPEN = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
"""Should a named pipe take the place of the file between the look and the opening, this does not wait for its end."""
Newline = Literal["\n", "\r\n", "\r"]


def sha256(data: bytes) -> str:
    """Hexadecimal SHA-256 of `data`."""
    return hashlib.sha256(data).hexdigest()


class Lines:
    r"""Offsets (characters, from 0) to lines and columns (from 1) and back; a line ends after its `\\n`."""

    def __init__(self, text: str) -> None:
        self._starts = [0]
        find = text.find
        at = find("\n")
        while at >= 0:
            self._starts.append(at + 1)
            at = find("\n", at + 1)

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of the character at `offset`."""
        line = bisect.bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def start(self, line: int) -> int:
        """Offset of the first character of `line`."""
        return self._starts[line - 1]


class TextFile(Struct, frozen=True, dict=True):
    """A text file as it was read. `path` is the name the user gave, `real` what it is after symlinks."""

    path: Path
    raw: bytes
    mode: int = 0o644
    real: Path = field(default=Path())

    @cached_property
    def bom(self) -> bool:
        """Whether the file begins with the UTF-8 byte order mark."""
        return self.raw.startswith(codecs.BOM_UTF8)

    @cached_property
    def text(self) -> str:
        """The decoded text without the byte order mark; raises `TlsError` when it is not UTF-8, or holds a NUL."""
        body = self.raw[len(codecs.BOM_UTF8) :] if self.bom else self.raw
        if (nul := body.find(b"\0")) >= 0:
            line = body.count(b"\n", 0, nul) + 1
            raise TlsError("a NUL character: this is no text", where=Where(self.path, line), hint="remove it")
        try:
            return body.decode("utf-8")
        except UnicodeDecodeError as error:
            line = body.count(b"\n", 0, error.start) + 1
            raise TlsError(
                f"not UTF-8: byte 0x{body[error.start]:02x} cannot be decoded",
                where=Where(self.path, line),
                hint="convert the file to UTF-8 first, for example with iconv",
            ) from None

    @cached_property
    def lines(self) -> Lines:
        """The line index of `text`."""
        return Lines(self.text)

    @cached_property
    def newline(self) -> Newline:
        r"""The newline that most lines end with; `\\n` for a file without any."""
        text = self.text
        crlf = text.count("\r\n")
        lone = text.count("\r") - crlf
        counts: dict[Newline, int] = {"\n": text.count("\n") - crlf, "\r\n": crlf, "\r": lone}
        return max(counts, key=counts.__getitem__)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the bytes, hexadecimal."""
        return sha256(self.raw)

    def where(self, offset: int) -> Where:
        """The place of the character at `offset` of `text`."""
        return Where(self.path, *self.lines.position(offset))

    def encode(self, text: str) -> bytes:
        """The bytes of `text` as this file would hold it: with its byte order mark, if it has one."""
        return (codecs.BOM_UTF8 if self.bom else b"") + text.encode("utf-8")


def read(path: Path) -> TextFile:
    """Read a regular file of at most `budgets.FILE` bytes; raises `TlsError` for everything that cannot be read.

    Git's own files are not: a compose file that names `.git/config`, where CI keeps its token, is no reason to show it.
    """
    if "\0" not in os.fspath(path) and ".git" in os.path.realpath(path).lower().split("/")[:-1]:
        raise TlsError("lies among git's own files, which are not read", where=Where(path))
    raw, status = read_bytes(path)
    return TextFile(path, raw, stat.S_IMODE(status.st_mode), Path(os.path.realpath(path)))


def read_bytes(path: Path) -> tuple[bytes, os.stat_result]:
    """The content and the status of a regular file: the only place where files are opened for reading.

    What is no regular file is not even opened: that may have an effect, or wait for ever. What does not hold as many
    bytes as its status says is none either (`/proc`), or is being written at this moment. Raises `TlsError`.
    """
    try:
        status = os.stat(path)  # noqa: PTH116 - the same call for both looks
        _refuse_irregular(status, path)
        descriptor = os.open(path, _OPEN)
        try:
            status = os.fstat(descriptor)
            _refuse_irregular(status, path)
            raw = _read_all(descriptor, status.st_size + 1)
        finally:
            os.close(descriptor)
    except FileNotFoundError:
        raise TlsError("no such file", where=Where(path)) from None
    except ValueError:  # a NUL or half a character in the name
        raise TlsError(f"{os.fspath(path)!r} is no name of a file") from None
    except OSError as error:
        raise TlsError(f"cannot be read: {error.strerror}", where=Where(path)) from None
    if len(raw) != status.st_size:
        raise TlsError(
            "does not hold as many bytes as it says",
            where=Where(path),
            hint="if it was just being written, run the command again; files of /proc and /sys are not read",
        )
    return raw, status


def _refuse_irregular(status: os.stat_result, path: Path) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise TlsError("this is a directory, not a file", where=Where(path))
    if not stat.S_ISREG(status.st_mode):
        raise TlsError("not a regular file", where=Where(path))
    if status.st_size > budgets.FILE:
        raise TlsError(
            f"larger than {budgets.FILE // 2**20} MiB",
            where=Where(path),
            hint="no file that is read here may be so large",
        )


def _read_all(descriptor: int, most: int) -> bytes:
    pieces: list[bytes] = []
    while most > 0 and (piece := os.read(descriptor, min(most, 2**20))):
        pieces.append(piece)
        most -= len(piece)
    return b"".join(pieces)


def read_if_there(path: Path) -> TextFile | None:
    """Like `read`, but None when nothing of that name exists."""
    return read(path) if os.path.lexists(path) else None


def within_budget(file: TextFile) -> TextFile:
    """The file, a compose file or one of variables or settings; raises `TlsError` when it is too large for one."""
    if len(file.raw) > budgets.COMPOSE_FILE:
        raise TlsError(
            f"larger than {budgets.COMPOSE_FILE // 2**20} MiB",
            where=Where(file.path),
            hint="move large contents into files of their own",
        )
    text = file.text
    if len(text) > budgets.LINE:
        for number, line in enumerate(text.split("\n"), 1):
            if len(line) > budgets.LINE:
                raise TlsError(
                    f"a line of more than {budgets.LINE:,} characters",
                    where=Where(file.path, number),
                    hint="move large contents into files of their own",
                )
    return file


def is_file(path: Path) -> bool:
    """Whether `path` leads to a regular file; no name is too long or too odd to be asked about."""
    return os.path.isfile(path)  # noqa: PTH113 - pathlib raises for names that are too long, and without permission


def is_there(path: Path) -> bool:
    """Whether `path` leads to anything; no name is too long or too odd to be asked about."""
    return os.path.exists(path)  # noqa: PTH110 - the same


def is_directory(path: Path) -> bool:
    """Whether `path` leads to a directory; no name is too long or too odd to be asked about."""
    return os.path.isdir(path)  # noqa: PTH112 - the same
