"""The patches against the two programs that people apply them with."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import needs

from aicos_tls.rollback import FileChange, env_patch, patch

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = needs("git", "patch")

GIT = ("git", "-c", "core.autocrlf=false", "apply")
PATCH = ("patch", "-p1", "--no-backup-if-mismatch", "-s", "-f", "-F0", "-i")
LONG = b"".join(b"line %d\n" % number for number in range(40))


def plant(directory: Path, changes: list[FileChange], text: bytes) -> Path:
    (directory / ".aicos-tls").mkdir(parents=True)
    for change in changes:
        (directory / change.path).parent.mkdir(parents=True, exist_ok=True)
        (directory / change.path).write_bytes(change.after)
    (directory / ".aicos-tls/rollback.patch").write_bytes(text)
    return directory


def succeeds(directory: Path, *command: str) -> None:
    result = subprocess.run([*command, ".aicos-tls/rollback.patch"], cwd=directory, capture_output=True, check=False)
    assert result.returncode == 0, (result.stdout, result.stderr)


def check(tmp_path: Path, changes: list[FileChange], text: bytes, *options: str) -> None:
    """Dry, then for real; git outside of a repository, at its top, and below its top."""
    repository = tmp_path / "repository"
    repository.mkdir()
    subprocess.run(["git", "init", "-q", str(repository)], check=True)
    for directory in (tmp_path / "plain", repository / "deep/er"):
        plant(directory, changes, text)
        succeeds(directory, "patch", "--dry-run", *PATCH[1:])
        succeeds(directory, *GIT, "--check", *options)
        succeeds(directory, *GIT, *options)
        expect(directory, changes)
        shutil.rmtree(directory)
        plant(directory, changes, text)
        succeeds(directory, *PATCH)
        expect(directory, changes)


def expect(directory: Path, changes: list[FileChange]) -> None:
    for change in changes:
        file = directory / change.path
        assert (file.read_bytes() if file.exists() else None) == change.before, change.path


def text(before: bytes, after: bytes, path: str = "compose.yml") -> FileChange:
    return FileChange(path, "text", before, after)


CASES = {
    "one line": text(b"a\nhttp\nb\n", b"a\nhttps\nb\n"),
    "first and last": text(b"1\n" + LONG + b"2\n", b"a\nb\n" + LONG + b"c\n"),
    "far apart": text(
        LONG, LONG.replace(b"line 3\n", b"x\ny\n").replace(b"line 20\n", b"").replace(b"line 37\n", b"z\n")
    ),
    "contexts touch": text(LONG, LONG.replace(b"line 3\n", b"x\n").replace(b"line 10\n", b"y\n")),
    "crlf": text(LONG.replace(b"\n", b"\r\n"), LONG.replace(b"line 9\n", b"x\n").replace(b"\n", b"\r\n")),
    "mixed ends": text(b"a\r\nb\nc\rd\n", b"a\r\nb\r\nc\rd\nnew\n"),
    "no newline at the end, both": text(b"a\nb", b"a\nc"),
    "no newline at the end, before": text(b"a\nb", b"a\nb\nc\n"),
    "no newline at the end, after": text(b"a\nb\n", b"a\nb\nc"),
    "no newline in the context": text(b"a\nb", b"x\na\nb"),
    "bom": text(b"\xef\xbb\xbfa\nb\n", b"\xef\xbb\xbfx\nb\n"),
    "emptied": text(b"", b"a\n"),
    "non-ascii name": text(b"a\n", "ü\n".encode(), "dienste/für alle/Größe.yml"),
    "blank in the name": text(b"a\n", b"b\n", "my compose file.yml"),
    "quote in the name": text(b"a\n", b"b\n", 'my "compose".yml'),
    "tab in the name": text(b"a\n", b"b\n", "a\tb.yml"),
    "not utf-8": text(b"\xff\n", b"\xfe\n"),
    "created": FileChange(".gitignore", "created", None, b"certs/\n"),
    "created without newline": FileChange("sub/new file", "created", None, b"x"),
}


@pytest.mark.parametrize("change", CASES.values(), ids=CASES)
def test_git_and_patch_accept_it(tmp_path: Path, change: FileChange) -> None:
    check(tmp_path, [change], patch([change]))


def test_several_files(tmp_path: Path) -> None:
    changes = [CASES["far apart"], CASES["created"], CASES["non-ascii name"]]
    check(tmp_path, changes, patch(changes))


def test_the_env_patch_has_no_unchanged_line(tmp_path: Path) -> None:
    change = FileChange(
        "config/.env",
        "env",
        b"SECRET=hunter2\nURL=http://a\nB=3\nC=4\n",
        b"SECRET=hunter2\nURL=https://a\nB=3\nC=4\nTLS=1\n",
    )
    made = env_patch([change, CASES["one line"]])
    assert made == (
        b"--- a/config/.env\n+++ b/config/.env\n@@ -2,1 +2,1 @@\n"
        b"-URL=https://a\n+URL=http://a\n@@ -5,1 +4,0 @@\n-TLS=1\n"
    )
    check(tmp_path, [change], made, "--unidiff-zero")


def test_what_belongs_to_the_other_patch_or_did_not_change() -> None:
    env = FileChange(".env", "env", b"a\n", b"b\n")
    same = text(b"a\n", b"a\n")
    assert patch([env, same]) == b""
    assert env_patch([CASES["one line"]]) == b""


def test_it_reads_like_any_diff() -> None:
    assert patch([CASES["one line"]]).decode() == (
        "--- a/compose.yml\n+++ b/compose.yml\n@@ -1,3 +1,3 @@\n a\n-https\n+http\n b\n"
    )


lines = st.lists(st.sampled_from([b"a\n", b"b\n", b"c\r\n", b"\n", b"  d: 1\n", b"-\n"]), max_size=14).map(b"".join)
ends = st.sampled_from([b"", b"end", b"+"])


@settings(max_examples=40, deadline=None)
@given(before=lines, after=lines, end=ends, other_end=ends)
def test_any_two_texts(
    tmp_path_factory: pytest.TempPathFactory, before: bytes, after: bytes, end: bytes, other_end: bytes
) -> None:
    change = text(before + end, after + other_end)
    if change.before == change.after:
        return
    directory = tmp_path_factory.mktemp("any")
    for command in (GIT, PATCH):
        plant(directory / command[0], [change], patch([change]))
        succeeds(directory / command[0], *command)
        expect(directory / command[0], [change])
