from __future__ import annotations

import gzip
import io
import subprocess
import tarfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import need

from aicos_tls import budgets
from aicos_tls.errors import TlsError
from aicos_tls.pki import archive
from aicos_tls.pki.archive import Member, pack, unpack

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MEMBERS = (Member("ca-cert.pem", b"ca\n", 0o644, 1_700_000_000), Member("ca-key.pem", b"key\n", 0o600, 1_700_000_001))


def tar(*headers: tuple[str, bytes, bytes], size: int | None = None) -> bytes:
    """A gzipped archive of names, kinds and contents; `size` is what the last header says."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as made:
        for name, kind, data in headers:
            header = tarfile.TarInfo(name)
            header.type, header.size = kind, len(data)
            header.linkname = "/etc/passwd" if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE) else ""
            made.addfile(header, io.BytesIO(data))
    raw = bytearray(stream.getvalue())
    if size is not None:
        header = tarfile.TarInfo(headers[-1][0])
        header.size = size
        raw[:512] = header.tobuf()
    return gzip.compress(bytes(raw))


def refused(data: bytes) -> str:
    with pytest.raises(TlsError) as error:
        unpack(data)
    assert error.value.hint == "nothing has been written"
    return error.value.message


def test_what_goes_in_comes_out() -> None:
    assert unpack(pack(MEMBERS, "certs")) == MEMBERS
    assert pack(MEMBERS, "certs") == pack(MEMBERS, "certs")


@given(
    st.lists(
        st.tuples(st.from_regex(r"[a-z][a-z0-9.-]{0,90}\.pem", fullmatch=True), st.binary(max_size=99)), max_size=9
    )
)
def test_any_files_come_back(files: list[tuple[str, bytes]]) -> None:
    members = tuple(Member(name, data, 0o600) for name, data in dict(files).items())
    if members:
        assert unpack(pack(members, "certs")) == members


def test_tar_reads_it_and_what_tar_makes_is_read(tmp_path: Path) -> None:
    """The guide's command: tar -czf certs-backup-$(date +%Y%m%d).tar.gz certs/."""
    (tmp_path / "b.tgz").write_bytes(pack(MEMBERS, "certs"))
    subprocess.run([need("tar"), "-xzf", "b.tgz"], cwd=tmp_path, check=True)
    assert (tmp_path / "certs/ca-key.pem").read_bytes() == b"key\n"
    assert (tmp_path / "certs/ca-key.pem").stat().st_mode & 0o777 == 0o600
    for folder in ("certs/", "./certs"):
        subprocess.run([need("tar"), "-czf", "again.tgz", folder], cwd=tmp_path, check=True)
        found = unpack((tmp_path / "again.tgz").read_bytes())
        assert {each.name: each.data for each in found} == {each.name: each.data for each in MEMBERS}


ODD = {
    "a way out": lambda: tar(("../x-cert.pem", tarfile.REGTYPE, b"x")),
    "an absolute name": lambda: tar(("/etc/x-cert.pem", tarfile.REGTYPE, b"x")),
    "no folder": lambda: tar(("x-cert.pem", tarfile.REGTYPE, b"x")),
    "two folders": lambda: tar(("a/x-cert.pem", tarfile.REGTYPE, b"x"), ("b/x-cert.pem", tarfile.REGTYPE, b"x")),
    "a deep one": lambda: tar(("certs/../../x-cert.pem", tarfile.REGTYPE, b"x")),
    "a folder that leads out": lambda: tar(("..", tarfile.DIRTYPE, b"")),
    "a folder in the folder": lambda: tar(("certs/sub", tarfile.DIRTYPE, b"")),
    "another kind of name": lambda: tar(("certs/.gitignore", tarfile.REGTYPE, b"x")),
    "a name with a newline": lambda: tar(("certs/x\n-cert.pem", tarfile.REGTYPE, b"x")),
    "a symbolic link": lambda: tar(("certs/x-cert.pem", tarfile.SYMTYPE, b"")),
    "a hard link": lambda: tar(("certs/x-cert.pem", tarfile.LNKTYPE, b"")),
    "a device": lambda: tar(("certs/x-cert.pem", tarfile.CHRTYPE, b"")),
    "a pipe": lambda: tar(("certs/x-cert.pem", tarfile.FIFOTYPE, b"")),
    "a sparse file": lambda: tar(("certs/x-cert.pem", tarfile.GNUTYPE_SPARSE, b"")),
    "one twice": lambda: tar(("certs/x-cert.pem", tarfile.REGTYPE, b"x"), ("certs/x-cert.pem", tarfile.REGTYPE, b"y")),
    "one that is too large": lambda: tar(("certs/x-cert.pem", tarfile.REGTYPE, b"x"), size=budgets.FILE + 1),
    "one that says it is larger": lambda: tar(("certs/x-cert.pem", tarfile.REGTYPE, b"x"), size=budgets.FILE),
    "nothing": tar,
    "no gzip": lambda: b"PK\x03\x04",
    "no tar": lambda: gzip.compress(b"x" * 2000),
    "two in one": lambda: pack(MEMBERS, "certs") * 2,
    "too many": lambda: tar(*((f"certs/{n}-cert.pem", tarfile.REGTYPE, b"") for n in range(archive.MAX_FILES + 1))),
}


@pytest.mark.parametrize("make", ODD.values(), ids=ODD)
def test_what_is_refused(make: Callable[[], bytes]) -> None:
    refused(make())


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_BYTES", 2**20)
    monkeypatch.setattr(archive, "MAX_FILES", 2)
    assert "holds more than 1 MiB" in refused(gzip.compress(b"\0" * 2**22))
    big = Member("x-cert.pem", b"\0" * (2**20 + 1), 0o644)
    for members in ((big,), MEMBERS + MEMBERS):
        with pytest.raises(TlsError, match="2 files and 1 MiB at most"):
            pack(members, "certs")


def test_every_truncation_is_noticed() -> None:
    data = pack(MEMBERS, "certs")
    for end in range(len(data)):
        refused(data[:end])


@given(st.data())
def test_no_damage_brings_anything_else_out(data: st.DataObject) -> None:
    packed = bytearray(pack(MEMBERS, "certs"))
    at = data.draw(st.integers(0, len(packed) - 1))
    packed[at] ^= data.draw(st.integers(1, 255))
    try:
        found = unpack(bytes(packed))
    except TlsError:
        return
    assert found == MEMBERS  # a byte of the header that means nothing


@given(st.binary(max_size=3000))
def test_no_bytes_are_a_traceback(raw: bytes) -> None:
    try:
        found = unpack(gzip.compress(raw))
    except TlsError:
        return
    assert all(archive.is_member(each.name) for each in found)
