from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from live.fakes import FakeDocker

from aicos_tls.live import inside
from aicos_tls.live.inside import Inside
from aicos_tls.live.model import Attachment, Container
from aicos_tls.live.probe import question

if TYPE_CHECKING:
    from pathlib import Path

REFUSED = question("127.0.0.1", 1, ["api"], "", 1)


@pytest.fixture
def fake(tmp_path: Path) -> FakeDocker:
    return FakeDocker(tmp_path / "bin")


def container(name: str, network: str = "n", **variables: str) -> Container:
    places = (Attachment(network, "10.0.0.2"),)
    return Container(name, name, name, "shop", f"image-{name}", "running", environment=variables, attachments=places)


def asked(fake: FakeDocker) -> list[str]:
    return (fake.folder / "asked").read_text().splitlines()


def test_a_container_of_our_own(fake: FakeDocker) -> None:
    ways = Inside(fake.docker, [container("db"), container("api", PYTHON_VERSION="3.11")])
    answers = ways.ask("n", [REFUSED])
    assert answers is not None
    assert answers[0]["connect"] == "Connection refused"
    first = asked(fake)[0]
    assert first.startswith("run --rm --interactive --pull never --read-only --cap-drop ALL")
    assert "--network n --entrypoint python3 image-api -c" in first
    count = len(asked(fake))
    ways.ask("n", [REFUSED])
    assert len(asked(fake)) == count + 1


def test_what_worked_is_tried_first_elsewhere(fake: FakeDocker) -> None:
    ways = Inside(fake.docker, [container("api", PYTHON_VERSION="3.11"), container("web", network="m")])
    ways.ask("n", [REFUSED])
    before = len(asked(fake))
    assert ways.as_client(container("web", network="m"), [REFUSED]) is not None
    assert "--network container:web --entrypoint python3 image-api" in asked(fake)[before]
    assert len(asked(fake)) == before + 2


def test_a_running_container_where_none_of_ours_starts(fake: FakeDocker) -> None:
    fake.fails("run", "read-only file systems are not supported")
    answers = Inside(fake.docker, [container("api")]).ask("n", [REFUSED])
    assert answers is not None
    assert answers[0]["connect"]
    assert asked(fake)[0].startswith("exec --interactive api python3 -c")


def test_no_way_in(fake: FakeDocker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inside, "START", 0.001)
    stopped = Container("x", "x", "x", "shop", "image-x", "exited")
    assert Inside(fake.docker, [container("api"), stopped]).ask("n", [REFUSED]) is None
    fake.fails("run", "no")
    fake.fails("exec", "no")
    monkeypatch.setattr(inside, "START", 10)
    ways = Inside(fake.docker, [container("api")])
    assert ways.ask("n", [REFUSED]) is None
    assert ways.as_client(container("api"), [REFUSED]) is None


@pytest.mark.parametrize("printed", ["no JSON", "[1, 2]", "{}"])
def test_an_image_that_prints_something_else(
    fake: FakeDocker, printed: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.write_text(f"#!/bin/sh\ncat >/dev/null\necho '{printed}'\n")
    other.chmod(0o755)
    fake.environment["PYTHON"] = str(other)
    monkeypatch.setattr(inside, "PROGRAMS", inside.PROGRAMS[:1])
    assert Inside(fake.docker, [container("api")]).ask("n", [REFUSED]) is None
