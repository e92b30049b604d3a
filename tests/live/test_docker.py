from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from live.fakes import FakeDocker

from aicos_tls.errors import TlsError
from aicos_tls.live.docker import Docker

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def fake(tmp_path: Path) -> FakeDocker:
    return FakeDocker(tmp_path / "bin")


@pytest.mark.parametrize(
    ("said", "message", "hint"),
    [
        (
            "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock",
            "there is no permission to talk to the Docker engine",
            "sudo",
        ),
        ("Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?", "does not answer", "start"),
        ("error during connect: Get http://10.0.0.9: dial tcp: i/o timeout", "does not answer", "DOCKER_HOST"),
        ('Failed to initialize: context "far" not found', "docker has no such context", "docker context ls"),
        ("first line\nsomething new\n", "docker: something new", "docker version"),
        ("", "docker: exit code 1", "docker version"),
    ],
)
def test_what_it_says_when_it_fails(fake: FakeDocker, said: str, message: str, hint: str) -> None:
    fake.fails("version", said)
    with pytest.raises(TlsError) as caught:
        fake.docker.engine()
    assert message in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("variable", "place"), [("DOCKER_HOST", "DOCKER_HOST=ssh://far"), ("DOCKER_CONTEXT", "context ssh://far")]
)
def test_the_engine_that_was_meant_is_named(fake: FakeDocker, variable: str, place: str) -> None:
    fake.environment[variable] = "ssh://far"
    fake.fails("version", "Cannot connect to the Docker daemon")
    with pytest.raises(TlsError, match=place):
        fake.docker.engine()


def test_no_docker() -> None:
    with pytest.raises(TlsError, match="there is no docker here") as caught:
        Docker({}, "/nowhere/docker").engine()
    assert "install" in caught.value.hint


def test_a_docker_that_is_no_program(tmp_path: Path) -> None:
    (tmp_path / "docker").write_text("x")
    with pytest.raises(TlsError, match="docker cannot be run"):
        Docker({}, str(tmp_path / "docker")).engine()


def test_an_engine_that_hangs(fake: FakeDocker) -> None:
    with pytest.raises(TlsError, match="docker run did not answer within 0 s"):
        fake.docker.run("run", "-c", "import time; time.sleep(30)", timeout=0.2)


def test_podman(fake: FakeDocker) -> None:
    fake.says("version", json.dumps({"Server": {"Components": [{"Name": "Podman Engine"}], "Version": "5"}}))
    with pytest.raises(TlsError, match="Podman Engine"):
        fake.docker.engine()


def test_a_client_without_an_engine(fake: FakeDocker) -> None:
    fake.says("version", json.dumps({"Client": {}, "Server": None}))
    with pytest.raises(TlsError, match="does not answer"):
        fake.docker.engine()
    fake.says("version", "no JSON")
    with pytest.raises(TlsError, match="printed no JSON: 'no JSON'"):
        fake.docker.engine()


def test_an_engine(fake: FakeDocker) -> None:
    assert fake.docker.engine() == "28.0"
