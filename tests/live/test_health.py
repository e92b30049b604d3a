from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from live.fakes import FakeDocker

from aicos_tls.live.health import SAYS_HTTPS, condition, log
from aicos_tls.live.model import Container, State

if TYPE_CHECKING:
    from pathlib import Path


def container(status: str = "running", **more: str | int) -> Container:
    return Container("c1", "shop-api-1", "api", "shop", "image", status, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("status", "words", "todo"),
    [
        ("exited", "exited (exit code 7)", "docker compose up -d api"),
        ("restarting", "restarting (exit code 7)", "docker compose logs api"),
        ("paused", "paused", "docker compose unpause api"),
        ("created", "created", "docker compose up -d api"),
        ("dead", "dead (exit code 7)", "docker compose rm --force api, then docker compose up -d api"),
    ],
)
def test_not_running(status: str, words: str, todo: str) -> None:
    (check,) = condition(container(status, exit_code=7))
    assert (check.id, check.state, check.words) == ("running", State.FAILED, f"its container is {words}")
    assert todo in check.todo


@pytest.mark.parametrize(
    ("health", "test", "state", "words", "todo"),
    [
        ("", "", State.SKIPPED, "no healthcheck", ""),
        ("healthy", "", State.OK, "it is healthy", ""),
        ("starting", "", State.UNKNOWN, "not succeeded yet", "--wait"),
        ("unhealthy", "CMD curl http://localhost:1", State.FAILED, "unhealthy: curl: (52)", "still asks http"),
        ("unhealthy", "CMD curl https://localhost:1", State.FAILED, "unhealthy: curl: (52)", "docker compose logs api"),
    ],
)
def test_health(health: str, test: str, state: State, words: str, todo: str) -> None:
    running, check = condition(container(health=health, health_output="curl: (52)", health_test=test))
    assert running.state is State.OK
    assert (check.id, check.state) == ("healthy", state)
    assert words in check.words
    assert todo in check.todo


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"exit_code": 137}, "exited (exit code 137: it was killed)"),
        ({"exit_code": 137, "out_of_memory": True}, "exited (exit code 137: it ran out of memory)"),
        ({"exit_code": 139}, "exited (exit code 139: it crashed)"),
        ({"exit_code": 1}, "exited (exit code 1)"),
    ],
)
def test_how_it_ended(more: dict[str, int], words: str) -> None:
    (check,) = condition(container("exited", **more))
    assert check.words == f"its container is {words}"
    assert check.todo == "docker compose logs api says why; then docker compose up -d api"


def test_a_healthcheck_whose_program_is_not_there() -> None:
    said = 'exec: "curl": executable file not found in $PATH'
    _, check = condition(container(health="unhealthy", health_output=said, health_test="CMD curl https://localhost:1"))
    assert check.todo == "its image lacks the program: aicos-tls enable --repair, then docker compose up -d api"


def test_behind_a_sidecar_it_rightly_asks_in_plain() -> None:
    one = container(health="unhealthy", health_test="CMD wget http://127.0.0.1:1")
    assert condition(one, asks_in_plain=True)[1].todo == "docker compose logs api"


def test_what_is_behind_it_is_named_with_what_helps() -> None:
    database = Container("c2", "shop-db-1", "db", "shop", "image", "exited", exit_code=1)
    _, check = condition(container(health="unhealthy"), database)
    assert check.words == "it is unhealthy; db, which it depends on, is exited (exit code 1)"
    assert check.todo == "docker compose logs db says why; then docker compose up -d db"
    unwell = Container("c2", "shop-db-1", "db", "shop", "image", "running", health="unhealthy")
    (check,) = condition(container("restarting", exit_code=1), unwell)
    assert check.words == "its container is restarting (exit code 1); db, which it depends on, is unhealthy"
    assert check.todo == "docker compose logs db"
    assert condition(container(health="healthy"), database)[1].words == "it is healthy"


def test_unhealthy_without_a_word() -> None:
    assert condition(container(health="unhealthy"))[1].words == "it is unhealthy"


@pytest.mark.parametrize(
    "line",
    [
        "HTTPS server listening on port 8006",
        "INFO:     Uvicorn running on https://0.0.0.0:8001 (Press CTRL+C to quit)",
        "[2026-01-01] [INFO] Listening at: https://0.0.0.0:8000 (7)",
        "ready - started server on 0.0.0.0:3000, url: https://localhost:3000",
        "serving HTTPS on :8005",
    ],
)
def test_a_line_that_says_https(line: str) -> None:
    assert SAYS_HTTPS.search(line.encode())


@pytest.mark.parametrize("line", ["HTTP server listening on port 1", "GET https://api.anthropic.com/v1 200", ""])
def test_a_line_that_does_not(line: str) -> None:
    assert not SAYS_HTTPS.search(line.encode())


@pytest.fixture
def fake(tmp_path: Path) -> FakeDocker:
    return FakeDocker(tmp_path / "bin")


def test_the_log(fake: FakeDocker) -> None:
    fake.says("logs-c1", "starting\nHTTPS server listening on port 1\nmore\n" * 5000)
    found = log(fake.docker, container(started="2026-01-01T00:00:00Z"), encrypted=True, timeout=5)
    assert (found.state, found.words) == (State.OK, "its log says: HTTPS server listening on port 1")


@pytest.mark.parametrize(("encrypted", "state"), [(True, State.SKIPPED), (False, State.FAILED)])
def test_a_silent_log(fake: FakeDocker, encrypted: bool, state: State) -> None:  # noqa: FBT001
    fake.says("logs-c1", "HTTP server listening on port 1\n")
    assert log(fake.docker, container(), encrypted=encrypted, timeout=5).state is state


def test_a_log_that_never_ends(fake: FakeDocker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aicos_tls.live.health.MUCH", 20_000)
    fake.says("logs-c1", "GET / 200\n" * 5000 + "HTTPS server listening on port 1\n")
    assert log(fake.docker, container(), encrypted=True, timeout=5).state is State.SKIPPED


def test_a_log_that_cannot_be_read(fake: FakeDocker) -> None:
    fake.fails("logs-c1", "Error response from daemon: configured logging driver does not support reading")
    found = log(fake.docker, container(), encrypted=False, timeout=5)
    assert found.state is State.SKIPPED
    assert "does not support reading" in found.words
