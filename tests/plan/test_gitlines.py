"""Lines of ignore files that strangers write: what is no pattern is passed over, as git does, and nothing hangs."""

from __future__ import annotations

from pathlib import Path

import pytest

from aicos_tls.files import TextFile
from aicos_tls.plan.gitignore import is_ignored
from aicos_tls.plan.gitlines import spec

ROOT = Path("/nowhere")


@pytest.mark.parametrize("line", ["!", "\\", "a\\", "[b-a]", "[Va-**c]", "[[:x:]]", "[", "[]", "***"])
def test_a_line_that_is_no_pattern_says_nothing_and_stops_nothing(line: str) -> None:
    rules = spec([line, "certs/"])
    assert rules.check_file("certs/").include is True
    assert rules.check_file("other").include in (None, line == "***")

    def read(path: Path) -> TextFile | None:
        return TextFile(path, f"{line}\ncerts/\n".encode()) if path == ROOT / ".gitignore" else None

    assert is_ignored(ROOT, ROOT / "certs", read)


@pytest.mark.parametrize(("line", "matched"), [("lib[!s]", "libx"), ("a[^b]", "ac"), ("x[.-0]", "x.")])
def test_a_class_stands_for_no_slash(line: str, matched: str) -> None:
    """The library has `lib[!s]` match the directory `lib/`."""
    rules = spec([line])
    assert rules.check_file(matched).include is True
    assert rules.check_file(f"{line[: line.index('[')]}/").include is None


def test_the_last_lines_of_a_long_file_count() -> None:
    text = "".join(f"x{number}\n" for number in range(6_000)) + "certs/\n"

    def read(path: Path) -> TextFile | None:
        return TextFile(path, text.encode()) if path == ROOT / ".gitignore" else None

    assert is_ignored(ROOT, ROOT / "certs", read)
