"""Where the files of a context are in an image, instruction by instruction."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from aicos_tls.files import TextFile
from aicos_tls.sources.dockerfile import stages
from aicos_tls.sources.layout import Layout, walk

PATHS = [PurePosixPath(name) for name in ("main.go", "go.mod", "cmd/x/main.go")]


def places(text: str, arguments: dict[str, str] | None = None) -> Layout:
    stage = stages(TextFile(Path("Dockerfile"), text.encode()), arguments)[-1]
    layout = Layout(PATHS, arguments or {})
    for _ in walk(stage, layout):
        pass
    return layout


def test_copies_and_directories() -> None:
    found = places("FROM a\nWORKDIR /src\nWORKDIR app\nCOPY go.mod main.go ./\nADD cmd /src/cmd\nCOPY --from=b x .\n")
    assert {place: str(path) for place, path in found.places.items()} == {
        "/src/app/main.go": "main.go",
        "/src/app/go.mod": "go.mod",
        "/src/cmd/x/main.go": "cmd/x/main.go",
    }
    assert found.of_context("/src/cmd/x") == PurePosixPath("cmd/x")
    assert found.of_context("/src/cmd") == PurePosixPath("cmd")
    assert found.of_context("/src/app") == PurePosixPath()
    assert found.of_context("/nowhere") is None
    assert found.join("../x") == "/src/x"


def test_variables() -> None:
    text = 'FROM a\nARG DIR=/no\nARG NAME\nENV HOME="/home/$NAME"\nENV OLD one\nWORKDIR $HOME\n'
    text += "COPY main.go $DIR/$UNKNOWN/\n"
    found = places(text, {"DIR": "/yes", "NAME": "me"})
    assert found.directory == "/home/me"
    assert list(found.places) == ["/yes/$UNKNOWN/main.go"]
    assert found.variables["OLD"] == "one"


def test_stages_that_are_built_on_others() -> None:
    found = places("FROM a AS base\nWORKDIR /src\nCOPY . .\nFROM base\nCOPY main.go /other/\n")
    assert "/src/main.go" in found.places
    assert found.places["/other/main.go"] == PurePosixPath("main.go")


def test_a_mount_hides_what_is_there() -> None:
    found = places("FROM a\nCOPY . /src\n")
    found.mount("/src", PurePosixPath("cmd"))
    assert found.places == {"/src/x/main.go": PurePosixPath("cmd/x/main.go")}
