from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import pytest

from aicos_tls.files import TextFile
from aicos_tls.sources.copied import is_copied, mounted, patterns

if TYPE_CHECKING:
    from support import PlanOf

DOCKERFILE = """FROM a AS b
COPY . .
COPY --chown=1:1 --link package*.json ./
ADD ["src/a b", "/x/"]
ADD https://example.org/x /y
COPY <<EOF /z
COPY no no
EOF
FROM c
COPY --from=b /app /app
COPY /lib/ common ./
RUN x
"""


def test_patterns() -> None:
    found = patterns(TextFile(Path("Dockerfile"), DOCKERFILE.encode()))
    assert found == (".", "package*.json", "src/a b", "lib", "common")


@pytest.mark.parametrize(
    ("path", "wanted", "holds"),
    [
        ("a/b.js", (".",), True),
        ("a/b.js", ("a",), True),
        ("a/b.js", ("a/b.js",), True),
        ("a/b.js", ("a/*.js",), True),
        ("a/b/c.js", ("a/*.js",), False),
        ("a/b/c.js", ("*",), True),
        ("a.js", ("a/b",), False),
        ("ab.js", ("a",), False),
        ("a.js", (), False),
    ],
)
def test_is_copied(path: str, wanted: tuple[str, ...], *, holds: bool) -> None:
    assert is_copied(PurePosixPath(path), wanted) is holds


def test_mounts_of_the_project(plan_of: PlanOf) -> None:
    compose = """services:
  api:
    build: .
    volumes: [./src:/app, data:/data, ./site.conf:/etc/x, /etc/ssl:/ssl, ../up:/up, "$$x:/y", "${DIR}:/z"]
volumes: {data: {}}
"""
    plan = plan_of({"compose": compose, "src/a": "", ".env": "DIR=./src\n"})
    root = plan.project.directory
    assert mounted(plan.project.services["api"], root) == (root / "src", root / "site.conf", root / "src")
