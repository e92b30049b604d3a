from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from aicos_tls.errors import Where
from aicos_tls.files import TextFile
from aicos_tls.sources.dockerfile import parse
from aicos_tls.sources.runtime import runtime_of
from aicos_tls.sources.start import Start


@pytest.mark.parametrize(
    ("base", "words", "names", "runtime", "evidence"),
    [
        (
            "node:20",
            ("node", "a.js"),
            ("package.json",),
            "Node",
            ["starts node", "FROM node:20", "package.json"],
        ),
        ("nginx:alpine", ("nginx",), ("package.json",), "nginx", ["starts nginx", "FROM nginx:alpine", "package.json"]),
        ("debian", ("/usr/bin/python3.11", "a"), (), "Python", ["starts /usr/bin/python3.11"]),
        ("alpine", ("./app",), ("x/go.mod", "go.mod"), "Go", ["go.mod lists", "go.mod lists"]),
        ("mcr.microsoft.com/dotnet/aspnet:8", (), (), ".NET", ["FROM mcr"]),
        ("debian", ("./x",), (), "", []),
        ("", (), (), "", []),
    ],
)
def test_runtime(base: str, words: tuple[str, ...], names: tuple[str, ...], runtime: str, evidence: list[str]) -> None:
    stage = parse(TextFile(Path("Dockerfile"), f"FROM {base}".encode())) if base else None
    start = Start(words, Where(Path("x"))) if words else None
    found, said = runtime_of(stage, start, {PurePosixPath(n): TextFile(Path(n), b"") for n in names})
    assert found == runtime
    assert len(said) == len(evidence)
    assert all(item.what.startswith(text) for item, text in zip(said, evidence, strict=True))
