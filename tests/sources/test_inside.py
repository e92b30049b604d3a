"""Where files are in their container."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import pytest

from aicos_tls.compose.load import load
from aicos_tls.files import TextFile
from aicos_tls.sources.dockerfile import parse
from aicos_tls.sources.inside import inside

if TYPE_CHECKING:
    from support import Project

STAGE = parse(
    TextFile(
        Path("Dockerfile"),
        b"FROM node AS build\nCOPY late.conf /b/\nFROM nginx\nCOPY conf /etc/nginx/conf.d/default.conf\n"
        b"COPY --from=build /b/late.conf /etc/nginx/late.conf\n",
    )
)


@pytest.mark.parametrize(
    ("mounts", "path", "expected", "alone"),
    [
        ("", "conf", "/etc/nginx/conf.d/default.conf", None),
        ("", "late.conf", "/etc/nginx/late.conf", None),
        ("", "other", "", None),
        ("./conf:/x/y.conf:ro", "conf", "/x/y.conf", True),
        (".:/srv/", "a/b.conf", "/srv/a/b.conf", False),
        (".:/srv, ./a:/etc/nginx", "a/b.conf", "/etc/nginx/b.conf", False),
        ("./a:/etc/nginx, ./a/b.conf:/x", "a/b.conf", "/x", True),
        ("data:/srv, /elsewhere:/y", "conf", "/etc/nginx/conf.d/default.conf", None),
        ("'${SRC:-./a}:/etc/nginx'", "a/b.conf", "/etc/nginx/b.conf", False),
        ("'./a:$NOT_KNOWN'", "a/b.conf", "", None),
    ],
)
def test_inside(project: Project, mounts: str, path: str, expected: str, *, alone: bool | None) -> None:
    root = project({"docker-compose.yml": f"services: {{web: {{build: ., volumes: [{mounts}]}}}}\n", path: "x"})
    service = load([Path("docker-compose.yml")]).services["web"]
    found = inside(service, STAGE, PurePosixPath(path), root / path)
    assert (found.path if found else "") == expected
    assert (found.alone if found and found.mount else None) is alone


def test_outside_of_the_context(project: Project) -> None:
    root = project("services: {web: {build: .}}\n")
    service = load([Path("docker-compose.yml")]).services["web"]
    assert inside(service, STAGE, None, root / "conf") is None
    assert inside(service, None, PurePosixPath("conf"), root / "conf") is None
