from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aicos_tls import budgets
from aicos_tls.errors import TlsError, Where
from aicos_tls.files import Lines, TextFile, read, read_if_there, sha256


def text(raw: bytes) -> TextFile:
    return TextFile(Path("x.yml"), raw)


def test_bytes_and_text() -> None:
    file = text(b"\xef\xbb\xbfa\r\n\xf0\x9f\x8e\x89")
    assert (file.bom, file.text) == (True, "a\r\n🎉")
    assert file.encode(file.text) == file.raw
    assert (text(b"a").bom, text(b"a").encode("b")) == (False, b"b")
    assert text(b"abc").digest == sha256(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@settings(max_examples=100, derandomize=True)
@given(st.binary(max_size=20).map(lambda tail: b"\xef\xbb\xbf" + tail) | st.text(max_size=20).map(str.encode))
def test_encoding_the_text_gives_the_bytes(raw: bytes) -> None:
    file = text(raw)
    try:
        assert file.encode(file.text) == raw
    except TlsError:
        if b"\0" not in raw:
            with pytest.raises(UnicodeDecodeError):
                raw.decode()


def test_what_is_not_utf_8_is_refused_with_its_line() -> None:
    with pytest.raises(TlsError, match="byte 0xff cannot be decoded") as caught:
        _ = text(b"\xef\xbb\xbfa\nb\xff").text
    assert caught.value.where == Where(Path("x.yml"), 2)
    assert "iconv" in caught.value.hint


@pytest.mark.parametrize(
    ("raw", "newline"),
    [
        (b"", "\n"),
        (b"a", "\n"),
        (b"a\nb\n", "\n"),
        (b"a\r\nb\r\n", "\r\n"),
        (b"a\rb\r", "\r"),
        (b"a\r\nb\nc\n", "\n"),
        (b"a\r\nb\n", "\n"),
        (b"a\r\nb\r\nc\n", "\r\n"),
        (b"a\r\nb\rc\rd\n", "\r"),
        (b"a\r\nb\r\nc\rd\re\r", "\r"),
    ],
)
def test_the_newline_is_that_of_most_lines(raw: bytes, newline: str) -> None:
    assert text(raw).newline == newline


def test_offsets_to_lines_and_columns_and_back() -> None:
    lines = Lines("ab\n\nc🎉d")
    assert [lines.position(offset) for offset in (0, 2, 3, 4, 6, 7)] == [(1, 1), (1, 3), (2, 1), (3, 1), (3, 3), (3, 4)]
    assert [lines.start(line) for line in (1, 2, 3)] == [0, 3, 4]
    assert text(b"a\nbc").where(3) == Where(Path("x.yml"), 2, 2)


def test_a_file_is_read_with_its_mode_and_its_real_name(tmp_path: Path) -> None:
    real, link = tmp_path / "real.yml", tmp_path / "link.yml"
    real.write_bytes(b"a: 1\n")
    real.chmod(0o640)
    link.symlink_to(real)
    file = read(link)
    assert (file.path, file.real, file.raw, file.mode) == (link, real.resolve(), b"a: 1\n", 0o640)


def refusal(path: Path) -> str:
    with pytest.raises(TlsError) as caught:
        read(path)
    assert caught.value.where == Where(path)
    return caught.value.message


def test_what_cannot_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert refusal(tmp_path) == "this is a directory, not a file"
    assert refusal(tmp_path / "missing") == "no such file"
    os.mkfifo(tmp_path / "pipe")
    assert refusal(tmp_path / "pipe") == "not a regular file"
    (tmp_path / "loop").symlink_to("loop")
    assert refusal(tmp_path / "loop") == "cannot be read: Too many levels of symbolic links"
    (tmp_path / "file").write_bytes(b"12345")
    monkeypatch.setattr(budgets, "FILE", 4)
    assert "larger than" in refusal(tmp_path / "file")


def test_read_if_there(tmp_path: Path) -> None:
    assert read_if_there(tmp_path / "missing") is None
    (tmp_path / "there").write_bytes(b"x")
    there = read_if_there(tmp_path / "there")
    assert there is not None
    assert there.raw == b"x"
    (tmp_path / "dangling").symlink_to("nothing")
    with pytest.raises(TlsError, match="no such file"):
        read_if_there(tmp_path / "dangling")
