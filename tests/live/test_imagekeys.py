"""Private keys in images; the real engine is asked in tests/live/test_keys_live.py."""

from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING

import pytest
from live.fakes import FakeDocker

from aicos_tls.compose.load import load
from aicos_tls.live import imagekeys
from aicos_tls.live.imagekeys import image_keys
from aicos_tls.live.model import Check, Container, State
from aicos_tls.live.stack import Stack
from aicos_tls.plan.policy import resolve
from aicos_tls.planner import plan

if TYPE_CHECKING:
    from pathlib import Path

    from support import Project

KEY = b"-----BEGIN EC PRIVATE KEY-----\nabc\n"
COMPOSE = """\
services:
  api: {build: .}
  web: {build: ./web}
  db: {image: postgres}
"""
FILES: dict[str, str | bytes] = {
    "docker-compose.yml": COMPOSE,
    "Dockerfile": (
        "FROM node AS build\nWORKDIR /build\nCOPY . .\nFROM node\nWORKDIR /srv\nCOPY --from=build /build ./app\n"
    ),
    "web/Dockerfile": "FROM node\nCOPY . .\n",
}


@pytest.fixture
def fake(tmp_path: Path) -> FakeDocker:
    found = FakeDocker(tmp_path / "bin")
    found.says("create", "c0ffee\n")
    return found


def archive(fake: FakeDocker, **files: bytes) -> None:
    """What `docker cp` gives, whatever is asked for."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as made:
        made.addfile(tarfile.TarInfo("certs/"))
        for name, content in files.items():
            entry = tarfile.TarInfo(f"certs/{name.replace('_', '-')}.pem")
            entry.size = len(content)
            made.addfile(entry, io.BytesIO(content))
    (fake.folder / "cp").write_bytes(data.getvalue())


def checks(project: Project, fake: FakeDocker, files: dict[str, str | bytes] | None = None) -> dict[str, Check]:
    found = load([project(files or FILES) / "docker-compose.yml"])
    names = ("api", "web", "db", "stranger")
    containers = tuple(Container(n, f"shop-{n}-1", n, "shop", f"sha256:{n}", "running") for n in names)
    return image_keys(fake.docker, plan(found, resolve(found, {})), Stack("shop", containers, {}))


def test_keys_are_named_with_their_place(project: Project, fake: FakeDocker) -> None:
    archive(fake, ca_key=KEY, api_cert=b"-----BEGIN CERTIFICATE-----\n", api_key=KEY)
    found = checks(project, fake)
    assert set(found) == {"api", "web"}
    assert found["api"].state is State.FAILED
    assert "/srv/app/certs/api-key.pem, /srv/app/certs/ca-key.pem" in found["api"].words
    assert "api-cert" not in found["api"].words
    assert "docker compose build api" in found["api"].todo
    assert found["web"].state is State.SKIPPED


@pytest.mark.parametrize("files", [{}, {"ca_cert": b"-----BEGIN CERTIFICATE-----\n"}])
def test_none_and_where_was_looked(project: Project, fake: FakeDocker, files: dict[str, bytes]) -> None:
    if files:
        archive(fake, **files)
    check = checks(project, fake)["api"]
    assert check.state is State.OK
    assert check.words.startswith("no private key in its image at /srv/app/certs, /app/certs, /certs")
    assert check.words.endswith("other places were not looked at")


def test_an_image_that_cannot_be_looked_at(project: Project, fake: FakeDocker, monkeypatch: pytest.MonkeyPatch) -> None:
    archive(fake, ca_key=KEY)
    monkeypatch.setattr(imagekeys, "BYTES", 100)
    check = checks(project, fake)["api"]
    assert (check.state, "holds more than" in check.words) == (State.UNKNOWN, True)
    (fake.folder / "cp").write_bytes(b"no archive" * 5)
    assert checks(project, fake)["api"].state is State.UNKNOWN
    fake.fails("create", "Error: No such image")
    assert checks(project, fake)["api"].words.endswith("for keys: Error: No such image")


def test_dockerfiles_that_say_nothing_of_the_place(project: Project, fake: FakeDocker) -> None:
    inline = COMPOSE.replace("build: .}", "build: {context: ., dockerfile_inline: 'FROM node'}}")
    words = checks(project, fake, {**FILES, "docker-compose.yml": inline})["api"].words
    assert words.startswith("no private key in its image at /app/certs, /certs, /usr/src/app/certs;")
    other = "FROM node\nCOPY --from=example.org/other /x /y\nCOPY web /web\n"
    assert checks(project, fake, {**FILES, "Dockerfile": other})["api"].words == words
