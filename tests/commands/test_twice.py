"""Twice is once: a second `enable` with the same options finds nothing to do, and writes nothing."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support import tree

if TYPE_CHECKING:
    from support import Run

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
PROJECTS = {
    "aicos": FIXTURES / "aicos",
    "shop": FIXTURES / "shop",
    **{folder.parent.name: folder for folder in sorted((FIXTURES / "code/projects").glob("*/before"))},
    "frontends": FIXTURES / "frontends/before",
}
WAYS = {
    "code": ("--code",),
    "auto": ("--serve", "auto"),
    "sidecar": ("--serve", "sidecar", "--repair"),
    "override": ("--override", "--serve", "auto"),
}
FAST = ("--key-type", "p256", "--no-certs", "--quiet")
IMAGE_HEALTHCHECK = """FROM node:20-alpine
WORKDIR /app
COPY package.json server.js ./
RUN npm install
HEALTHCHECK CMD wget -q --spider http://localhost:8001/health || exit 1
CMD ["node", "server.js"]
"""
SERVER = "const express = require('express');\nconst app = express();\napp.listen(8001);\n"


def twice(run: Run, directory: Path, *options: str) -> None:
    first = run("enable", *options, *FAST)
    if first.code == 2:  # the same the second time: nothing was written
        return
    assert first.code == 0, first.err
    before = tree(directory)
    again = run("enable", *options, *FAST, "--exit-code")
    assert (again.code, tree(directory)) == (0, before), again.err


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", PROJECTS)
def test_twice_is_once(name: str, way: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = tmp_path / name
    shutil.copytree(PROJECTS[name], directory, ignore=shutil.ignore_patterns("node_modules", "data"))
    monkeypatch.chdir(directory)
    twice(run, directory, *WAYS[way])


@pytest.mark.parametrize("way", WAYS)
def test_the_healthcheck_of_an_image_whose_dockerfile_was_changed(
    way: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The Dockerfile of before the first run counts: a test in the compose file that overrides its own stays."""
    api = tmp_path / "api"
    api.mkdir()
    (api / "Dockerfile").write_text(IMAGE_HEALTHCHECK)
    (api / "server.js").write_text(SERVER)
    (api / "package.json").write_text('{"name": "api", "dependencies": {"express": "^4"}}\n')
    compose = (
        "services:\n  api:\n    build: ./api\n  web:\n    build: ./api\n    environment: [API_URL=http://api:8001]\n"
    )
    (tmp_path / "docker-compose.yml").write_text(compose)
    monkeypatch.chdir(tmp_path)
    twice(run, tmp_path, *WAYS[way])
