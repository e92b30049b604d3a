"""Commands of Go in shell texts and lists of words: what they name, and where it stands."""

from __future__ import annotations

import pytest

from aicos_tls.sources.go.commands import go_command, in_shell, shell_text

CASES = {
    "go build -o x main.go": ["main.go"],
    "go build ./cmd/x/main.go": ["./cmd/x/main.go"],
    "CGO_ENABLED=0 GOOS=linux go build -ldflags '-s -w' -o x a.go b.go": ["a.go", "b.go"],
    "go build -ldflags -s -v -tags prod -o x .": ["."],
    "go build": [],
    "go run main.go --port 1 other.go": ["main.go"],
    "go run a.go b.go arg c.go": ["a.go", "b.go"],
    "go run -race . serve": ["."],
    "exec go run main.go": ["main.go"],
    "env A=b go run main.go": ["main.go"],
    "reflex -r x -- go run main.go": ["main.go"],
    "/usr/local/go/bin/go vet main.go": ["main.go"],
    "dlv debug main.go -- x": ["main.go"],
    "sh -c 'go run main.go'": ["main.go"],
    "--mount=type=cache,target=/x go build -o x main.go": ["main.go"],
    "go build -o x \\\n  main.go": ["main.go"],
    "$GO build $MAIN": ["main.go"],
    "$BUILD -o x $MAIN": ["main.go"],
}


@pytest.mark.parametrize("text", CASES)
def test_what_a_command_names(text: str) -> None:
    (found,) = in_shell(text, {"GO": "go", "MAIN": "main.go", "BUILD": "go build"})
    assert list(found.command.arguments) == CASES[text]
    assert len(found.spans) == len(CASES[text])
    written = [text[start:end] for start, end in found.spans]
    assert [word.replace("$MAIN", "main.go") for word in written] == CASES[text]


@pytest.mark.parametrize(
    "text",
    ["go mod download", "go test ./...", "cargo build main.go", "echo go", "cat <<X\ngo run main.go\nX", "sh x.sh"],
)
def test_no_command(text: str) -> None:
    assert list(in_shell(text, {})) == []


@pytest.mark.parametrize(
    ("text", "directory"),
    [
        ("cd /src && go build x.go", "/src"),
        ("cd a && cd b && go build x.go", "a/b"),
        ("cd a; cd /b; go build x.go", "/b"),
        ("go build -C sub x.go", "sub"),
        ("go build -C=sub x.go", "sub"),
    ],
)
def test_where_it_is_run(text: str, directory: str) -> None:
    (found,) = in_shell(text, {})
    assert found.command.directory == directory


def test_words_of_a_list() -> None:
    command = go_command(("go", "run", "main.go", "x"), {})
    assert command is not None
    assert (command.names_files, command.places) == (True, (2,))
    assert go_command(("npm", "run", "x"), {}) is None
    assert shell_text(("sh", "-ec", "x")) == 2
    assert shell_text(("sh", "x")) is None
    assert shell_text(()) is None
    last = go_command(("go", "build", "-o"), {})
    assert last is not None
    assert last.arguments == ()
