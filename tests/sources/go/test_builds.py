"""What a command of Go has to say so that the helper is compiled: the package, the helper, or nothing."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from aicos_tls.errors import Where
from aicos_tls.files import TextFile
from aicos_tls.sources.go.builds import Occurrence, Package, Refused, Rewording, is_adjacent, reword
from aicos_tls.sources.go.commands import in_shell
from aicos_tls.sources.go.names import is_constrained, is_tool

MODULE = {"go.mod": "module x\n"}
MAIN = {"main.go": "package main\n"}


def said(
    directory: Path,
    text: str,
    files: dict[str, str],
    callers: tuple[str, ...] = ("main.go",),
    variables: dict[str, str] | None = None,
) -> str | Refused | None:
    """What the arguments of a command become, in a directory with these files; the helper is called in `callers`."""
    for name, source in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(source)
    known = {PurePosixPath(name): TextFile(directory / name, source.encode()) for name, source in files.items()}
    (found,) = in_shell(text, variables or {})
    words = tuple(text[start:end] for start, end in found.spans)
    named = [PurePosixPath(name) for name in map(str, map(PurePosixPath, found.command.arguments))]
    paths = tuple(path for path in named if path in known)
    occurrence = Occurrence(
        found.command, words, Where(directory), paths if len(paths) == len(named) else (), PurePosixPath()
    )
    inside = PurePosixPath(callers[0]).parent
    package = Package(inside, directory / inside, "tls.go", frozenset(map(PurePosixPath, callers)))
    rewording = reword(occurrence, [package], known)
    if isinstance(rewording, Rewording):
        return rewording.package or f"+{rewording.added}"
    return rewording


CASES: list[tuple[str, dict[str, str], str | None]] = [
    ("go build -o x main.go", {**MAIN, **MODULE}, "."),
    ("go build -o x ./main.go", {**MAIN, **MODULE}, "."),
    ('go build -o x "main.go"', {**MAIN, **MODULE}, '"."'),
    ("go run main.go", {**MAIN, **MODULE}, "."),
    ("go vet main.go", {**MAIN, **MODULE}, "."),
    ("go build main.go", {**MAIN, **MODULE}, "+tls.go"),
    ("go install main.go", {**MAIN, **MODULE}, "+tls.go"),
    ("go build -o x main.go", MAIN, "+tls.go"),
    ("go build -o x main.go", {**MAIN, **MODULE, "b.go": "package main\n"}, "+tls.go"),
    ("go build -o x main.go", {**MAIN, **MODULE, "main_test.go": "", "_x.go": "", ".y.go": ""}, "."),
    ("go build -o x main.go", {**MAIN, **MODULE, "a.c": ""}, "+tls.go"),
    ("go build -o x main.go", {**MAIN, **MODULE, "go.work": ""}, "+tls.go"),
    ("go build -o x main.go", {"main.go": "//go:build x\n\npackage main\n", **MODULE}, "+tls.go"),
    ("go build -o x main.go b.go", {**MAIN, **MODULE, "b.go": "package main\n"}, "."),
    ("go build -o x main.go tls.go", {**MAIN, **MODULE, "tls.go": "package main\n"}, None),
    ("go build -o x *.go", {**MAIN, **MODULE}, None),
    ("go build -o x b.go", {**MAIN, **MODULE, "b.go": "package main\n"}, None),
    ("go build -o x .", {**MAIN, **MODULE}, None),
    ("go build -o x other/main.go", {**MAIN, **MODULE, "other/main.go": "package main\n"}, None),
    ("go build -o x gone/main.go", {**MAIN, **MODULE}, None),
    ("go build -o x $DIR/main.go", {**MAIN, **MODULE}, None),
]


@pytest.mark.parametrize(("text", "files", "expected"), CASES)
def test_what_it_says(tmp_path: Path, text: str, files: dict[str, str], expected: str | None) -> None:
    assert said(tmp_path, text, files) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("go build -o x cmd/a/main.go", "./cmd/a"),
        ("go build -o x ./cmd/a/main.go", "./cmd/a"),
        ("go build -o x 'cmd/a/main.go'", "'./cmd/a'"),
    ],
)
def test_a_package_below(tmp_path: Path, text: str, expected: str) -> None:
    files = {**MODULE, "cmd/a/main.go": "package main\n"}
    assert said(tmp_path, text, files, ("cmd/a/main.go",)) == expected


def test_a_module_of_its_own_below(tmp_path: Path) -> None:
    files = {**MODULE, "sub/go.mod": "module y\n", "sub/main.go": "package main\n"}
    assert said(tmp_path, "go build -o x sub/main.go", files, ("sub/main.go",)) == "+sub/tls.go"


def test_files_that_are_not_found_are_known_by_their_end(tmp_path: Path) -> None:
    assert said(tmp_path, "go build -o x main.go", MODULE) == "+tls.go"


def test_a_name_that_is_set_elsewhere_is_refused(tmp_path: Path) -> None:
    found = said(tmp_path, "go build -o x $MAIN", {**MAIN, **MODULE}, variables={"MAIN": "main.go"})
    assert isinstance(found, Refused)
    assert "$MAIN, which is set elsewhere" in found.reason
    assert found.paste == "go build … main.go tls.go"


def test_a_directory_that_is_gone(tmp_path: Path) -> None:
    package = Package(PurePosixPath(), tmp_path / "gone", "tls.go", frozenset({PurePosixPath("main.go")}))
    (found,) = in_shell("go run main.go", {})
    file = TextFile(tmp_path / "main.go", b"package main\n")
    occurrence = Occurrence(found.command, ("main.go",), Where(tmp_path), (PurePosixPath("main.go"),), PurePosixPath())
    assert reword(occurrence, [package], {PurePosixPath("main.go"): file}) == Rewording("tls.go")


def test_words_in_one_line() -> None:
    assert is_adjacent("a  b", ((0, 1), (3, 4)))
    assert is_adjacent("a, b", ((0, 1), (3, 4)))
    assert not is_adjacent("a\nb", ((0, 1), (2, 3)))


@pytest.mark.parametrize(
    ("name", "text", "constrained", "tool"),
    [
        ("main.go", "package main\n", False, False),
        ("main_linux.go", "package main\n", True, False),
        ("linux.go", "package main\n", False, False),
        ("a.go", "// +build ignore\n\npackage main\n", True, True),
        ("a.go", "//go:build ignore\n\npackage main\n", True, True),
        ("a.go", "//go:build prod\n\npackage main\n", True, False),
        ("a.go", "// x\npackage main\n\n//go:build ignore\n", False, False),
    ],
)
def test_constraints(name: str, text: str, constrained: bool, tool: bool) -> None:  # noqa: FBT001
    assert (is_constrained(PurePosixPath(name), text), is_tool(text)) == (constrained, tool)
