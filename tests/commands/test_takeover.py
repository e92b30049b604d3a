"""What is done to running containers after a renewal, and in which order: docker notes what it is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from live.fakes import FakeDocker, container

if TYPE_CHECKING:
    from pathlib import Path

    from support import Project, Ran, Run

COMPOSE = """\
services:
  web:
    image: nginx:alpine
    environment: ["API_URL=http://api:1"]
  api:
    image: shop/api
    environment: ["CACHE_URL=http://cache:1"]
  cache:
    image: redis:7
  single:
    image: nginx:alpine
    volumes: ["./certs/single-cert.pem:/etc/cert.pem:ro"]
"""
ACTS = ("kill", "exec", "restart", "stop", "start")


class Shop:
    """A project with certificates, and a docker that notes what it is asked."""

    def __init__(self, directory: Path, fake: FakeDocker, run: Run) -> None:
        self.directory, self.fake, self.run = directory, fake, run

    def has(self, *services: str, **differs: Any) -> None:
        labels = {"com.docker.compose.project.working_dir": str(self.directory)}
        self.fake.runs(*(container(name, labels=labels, **differs) for name in services))

    def certs(self, command: str, *options: str) -> Ran:
        return self.run("certs", command, "--all", "-p", "shop", *options)

    @property
    def acts(self) -> list[str]:
        """What was done: the verb, what goes with it, and the service."""
        lines = (self.fake.folder / "log").read_text().splitlines()
        return [self._named(line) for line in lines if line.split()[0] in ACTS]

    def _named(self, line: str) -> str:
        for name in ("web", "api", "cache", "single"):
            line = line.replace(container(name)["Id"], name)
        return line


@pytest.fixture
def shop(project: Project, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> Shop:
    directory = project(COMPOSE)
    assert run("certs", "issue", "--all", "--key-type", "p256", "-q").code == 0
    fake = FakeDocker(tmp_path / "bin")
    script = fake.folder / "docker"
    noting = '#!/bin/sh\necho "$*" >>"$FAKE/log"\ncase "$1" in exec) [ ! -f "$FAKE/exec.err" ]; exit ;; esac\n'
    script.write_text(script.read_text().replace("#!/bin/sh\n", noting, 1))
    for name, value in fake.environment.items():
        monkeypatch.setenv(name, value)
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT", "COMPOSE_PROJECT_NAME"):
        monkeypatch.delenv(name, raising=False)
    found = Shop(directory, fake, run)
    found.has("web", "api", "cache", "single")
    return found


def test_servers_come_first_and_who_can_be_told_is(shop: Shop) -> None:
    shown = shop.certs("renew", "--force", "--restart")
    assert (shown.code, shown.err) == (0, "")
    config = "--tls --cacert /app/certs/ca-cert.pem CONFIG SET tls-cert-file /app/certs/cache-cert.pem"
    more = "tls-key-file /app/certs/cache-key.pem tls-ca-cert-file /app/certs/ca-cert.pem"
    assert shop.acts == [
        f"exec cache redis-cli {config} {more}",
        "restart api",
        "kill --signal HUP web",
        "restart single",
    ]
    assert "api was restarted (nothing is known of its server)" in shown.out
    assert "single was restarted (its certificate is mounted as a single file" in shown.out


def test_nothing_is_restarted_unless_asked(shop: Shop) -> None:
    shown = shop.certs("renew", "--force", "--reload")
    assert [line.split()[0] for line in shop.acts] == ["exec", "kill"]
    assert "one after the other: docker compose restart api single" in shown.out


def test_without_either_nobody_is_asked(shop: Shop) -> None:
    assert shop.certs("renew", "--force").code == 0
    assert not (shop.fake.folder / "log").exists()


def test_one_that_cannot_be_told_is_said(shop: Shop) -> None:
    shop.fake.says("exec.err", "")
    shown = shop.certs("renew", "cache", "--force", "--reload")
    assert "cache was told to take the files, and says: exit code 1" in shown.out


def test_what_does_not_run_needs_nothing(shop: Shop) -> None:
    shop.has("web")
    shown = shop.certs("renew", "api", "--force", "--restart")
    assert (shown.code, "api does not run" in shown.out) == (0, True)


def test_one_that_is_not_healthy_again_stops_the_rest(shop: Shop) -> None:
    shop.has("web", "api", "cache", "single", health="starting")
    shown = shop.certs("renew", "--force", "--restart", "--wait", "0")
    assert shown.code == 2
    assert "api is not healthy 0 s after its restart; nothing else was restarted" in shown.err
    assert [line.split()[0] for line in shop.acts] == ["exec", "restart"]


def test_the_guides_rotation_stops_clients_first_and_starts_servers_first(shop: Shop) -> None:
    before = (shop.directory / "certs/ca-cert.pem").read_bytes()
    shown = shop.certs("issue", "--force", "--restart", "--key-type", "p256")
    assert (shown.code, shown.err) == (0, "")
    assert shop.acts == [
        *(f"stop {name}" for name in ("single", "web", "api", "cache")),
        *(f"start {name}" for name in ("cache", "api", "web", "single")),
    ]
    assert "stopped and started again: cache, api, web, single" in shown.out
    assert (shop.directory / "certs/ca-cert.pem").read_bytes() != before


def test_what_was_stopped_is_started_whatever_happens(shop: Shop) -> None:
    (shop.directory / "certs/ca-cert.pem").unlink()
    (shop.directory / "certs/ca-cert.pem").mkdir()
    shown = shop.certs("issue", "web", "--force", "--restart")
    assert shown.code == 2
    assert shop.acts == ["stop web", "start web"]


def test_an_engine_that_does_not_stop_one(shop: Shop) -> None:
    shop.fake.fails("stop", "Error response from daemon: no\n")
    shown = shop.certs("issue", "--force", "--restart")
    assert (shown.code, shop.acts) == (2, ["stop single", "start single"])
