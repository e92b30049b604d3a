"""`certs status`, and what of `certs metrics` is served: real handshakes, a docker that is told what to say."""

from __future__ import annotations

import json
import shutil
import socket
from typing import TYPE_CHECKING, Any

import pytest
from live.fakes import FakeDocker, container
from live.servers import serving, tls

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support import Project, Run

COMPOSE = """\
services:
  web:
    build: ./web
    environment: ["API_URL=http://api:{port}"]
  api:
    build: ./api
    healthcheck: {{test: "curl -f http://localhost:{port}/"}}
"""
FAST = ("--key-type", "p256")


@pytest.fixture
def stack(project: Project, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The stack in order; the certificate that `api` serves was read when the test began."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    directory = project(COMPOSE.format(port=port))
    assert run("enable", "--quiet", *FAST).code == 0
    fake = FakeDocker(tmp_path / "bin")
    for name, value in fake.environment.items():
        monkeypatch.setenv(name, value)
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT", "COMPOSE_PROJECT_NAME"):
        monkeypatch.delenv(name, raising=False)
    labels = {"com.docker.compose.project.working_dir": str(directory)}
    web = container("web", env={"API_URL": f"https://api:{port}"}, health="", labels=labels)
    fake.runs(web, container("api", labels=labels))
    shutil.copytree(directory / "certs", tmp_path / "began")
    with serving(tls(tmp_path / "began", "api"), port):
        yield directory


def data(run: Run) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run("certs", "status", "-p", "shop", "--format", "json").out)
    return {each["short_name"]: each for each in found["certificates"]} | {"all": found}


def test_what_is_served_is_the_file(stack: Path, run: Run) -> None:
    shown = run("certs", "status", "-p", "shop")
    assert shown.code == 0, shown.out
    assert " days left, served by 1 of 1 port" in shown.out
    assert " days left, no server" in shown.out
    assert data(run)["api"]["served"][0]["same_as_file"] is True
    assert stack.is_dir()


def test_a_renewal_that_the_server_has_not_read(stack: Path, run: Run) -> None:
    run("certs", "renew", "api", "--force")
    shown = run("certs", "status", "-p", "shop")
    assert shown.code == 1
    assert "served by 0 of 1 port" in shown.out
    assert "it still serves another one" in shown.out
    served = data(run)["api"]["served"][0]
    assert served["same_as_file"] is False
    assert served["sha256"] != data(run)["api"]["sha256"]
    exposed = run("certs", "metrics", "-p", "shop").out
    assert 'aicos_tls_served_matches_file{container="shop-api-1"' in exposed
    (line,) = [text for text in exposed.splitlines() if text.startswith("aicos_tls_served_matches_file{")]
    assert line.endswith(" 0.0")
    assert any(text.startswith("aicos_tls_served_expiry_timestamp_seconds{") for text in exposed.splitlines())
    assert "aicos_tls_stack_up{" in exposed
    assert stack.is_dir()


def test_a_rotation_is_held_against_what_is_served(stack: Path, run: Run) -> None:
    run("certs", "rotate-ca", "trust")
    shown = run("certs", "status", "-p", "shop")
    assert shown.code == 0, shown.out
    assert "rotation of the CA: trust" in shown.out
    assert "every server serves the certificate of its file" in shown.out
    run("certs", "rotate-ca", "issue")
    shown = run("certs", "status", "-p", "shop")
    assert shown.code == 1
    assert "not yet the next step" in shown.out
    assert "not issued by the CA" not in shown.out, "both are trusted"
    assert data(run)["all"]["rotation"]["step"] == "issue"
    assert stack.is_dir()


def test_what_is_wrong_with_files_is_there_too(stack: Path, run: Run) -> None:
    (stack / "certs/web-key.pem").unlink()
    (stack / "certs/ca-crl.pem").write_text("rubbish")
    shown = run("certs", "status", "-p", "shop")
    assert shown.code == 1
    assert "web-key.pem is missing" in shown.out
    assert "no certificate revocation list" in shown.out
    (stack / "certs/api-cert.pem").unlink()
    assert "api  missing" in run("certs", "status", "-p", "shop").out
    assert run("certs", "status", "-q").out == ""


def test_a_stack_that_is_down(stack: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(stack))
    shown = run("certs", "status")
    assert shown.code == 0
    assert "nothing is served: there is no docker here" in shown.out
    run("certs", "rotate-ca", "trust")
    run("certs", "revoke", "api")
    shown = run("certs", "status")
    assert "who serves what is not known" in shown.out
    assert "revocation list" in shown.out
