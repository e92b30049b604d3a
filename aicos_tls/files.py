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

from aicos_tls.errors import TlsError, Where

MAX_BYTES = 32 * 1024 * 1024
"""Files larger than this are refused: no compose file, .env file or source is so large: a guard."""

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
        """The decoded text without the byte order mark; raises `TlsError` when it is not UTF-8."""
        body = self.raw[len(codecs.BOM_UTF8) :] if self.bom else self.raw
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
    """Read a regular file of at most `MAX_BYTES` bytes; raises `TlsError` for everything that cannot be read.

    Git's own files are not: a compose file that names `.git/config`, where CI keeps its token, is no reason to show it.
    """
    if "\0" not in os.fspath(path) and ".git" in os.path.realpath(path).lower().split("/")[:-1]:
        raise TlsError("lies among git's own files, which are not read", where=Where(path))
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise TlsError("this is a directory, not a file", where=Where(path))
        if not stat.S_ISREG(status.st_mode):  # before it is opened: a named pipe would make that wait for ever
            raise TlsError("not a regular file", where=Where(path))
        with path.open("rb") as stream:
            status = os.fstat(stream.fileno())
            if status.st_size > MAX_BYTES:
                raise TlsError(f"larger than {MAX_BYTES // 2**20} MiB", where=Where(path))
            raw = stream.read()
    except FileNotFoundError:
        raise TlsError("no such file", where=Where(path)) from None
    except OSError as error:
        raise TlsError(f"cannot be read: {error.strerror}", where=Where(path)) from None
    return TextFile(path, raw, stat.S_IMODE(status.st_mode), Path(os.path.realpath(path)))


def read_if_there(path: Path) -> TextFile | None:
    """Like `read`, but None when nothing of that name exists."""
    return read(path) if os.path.lexists(path) else None
