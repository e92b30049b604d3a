"""Images without keys, healthchecks that work where they could not, and nothing left in source folders: for real."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from live.engines import NoEngine
from live.stacks import Stack, project_name
from support import missing, tree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from live.engines import Engine
    from support import Project, Run

FAST = ("--key-type", "p256", "-q")
COMPOSE = """\
services:
  api:
    build: .
    environment: [JOBS_URL=http://jobs:8001]
    healthcheck:
      test: ["CMD", "curl", "-f", "http://localhost:3001/health"]
      interval: 1s
      retries: 30
  jobs:
    build: ./jobs
    volumes:
      - ./jobs:/app
    healthcheck:
      test: curl -sf http://localhost:8001/health > /dev/null || exit 1
      interval: 1s
      retries: 30
"""
NODE = """\
FROM node:20-alpine AS build
WORKDIR /build
COPY . .

FROM node:20-alpine
WORKDIR /srv
COPY --from=build /build ./app
CMD ["node", "app/server.js"]
"""
PYTHON = 'FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nCMD ["python", "main.py"]\n'
MAIN = """\
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"ok")


ThreadingHTTPServer(("0.0.0.0", 8001), Answer).serve_forever()
"""
FILES: dict[str, str | bytes] = {
    "docker-compose.yml": COMPOSE,
    "Dockerfile": NODE,
    ".dockerignore": "jobs\n",
    "server.js": "require('http').createServer((q, r) => r.end('ok')).listen(3001);\n",
    "jobs/Dockerfile": PYTHON,
    "jobs/main.py": MAIN,
}


@pytest.fixture
def stack(engine: Engine, compose: Path, project: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """The project under a name of its own; its images are stand-ins or the real ones, and have no curl."""
    try:
        engine.need("node:20-alpine", "python:3.11-slim")
    except NoEngine as reason:
        missing(str(reason))
    found = Stack(engine, compose, project(FILES), project_name("keys"))
    for name, value in engine.environment.items():
        monkeypatch.setenv(name, value)
    try:
        yield found
    finally:
        found.down()


def keys_in(stack: Stack, service: str) -> list[str]:
    """Every file of an image that is called like a key, wherever it is."""
    words = ("run", "--rm", "--network", "none", "--entrypoint", "find", f"{stack.name}-{service}")
    return stack.engine.docker(*words, "/srv", "/app", "-name", "*-key.pem", timeout=60).stdout.split()


def verified(run: Run, stack: Stack) -> dict[str, list[dict[str, Any]]]:
    done = run("verify", "-p", stack.name, "--format", "json", "--wait", "60")
    return {service["name"]: service["checks"] for service in json.loads(done.out)["services"]}


def state(checks: list[dict[str, Any]], name: str) -> tuple[str, str]:
    return next((check["state"], check["words"]) for check in checks if check["id"] == name)


def test_a_key_in_an_image_is_found_and_does_not_come_again(stack: Stack, run: Run) -> None:
    assert run("certs", "issue", *FAST).code == 0
    stack.build()
    assert "/srv/app/certs/ca-key.pem" in keys_in(stack, "api")
    assert run("enable", "--serve", "auto", "--repair", *FAST).code == 0
    stack.up()
    found = verified(run, stack)["api"]
    assert state(found, "image-keys")[0] == "failed"
    assert "/srv/app/certs/ca-key.pem" in state(found, "image-keys")[1]
    stack.build()
    assert keys_in(stack, "api") == []
    stack.up()
    assert state(verified(run, stack)["api"], "image-keys")[0] == "ok"
    filters = ("--filter", "status=created", "--filter", f"ancestor={stack.name}-api")
    assert not stack.engine.docker("ps", "--all", "--quiet", *filters).stdout.split()


def test_healthchecks_without_their_program_are_well_over_https(stack: Stack, run: Run) -> None:
    before = tree(stack.directory)
    stack.build()
    words = ("run", "--rm", "--network", "none", "--entrypoint", "sh", f"{stack.name}-api", "-c", "command -v curl")
    assert stack.engine.docker(*words, timeout=60).returncode != 0
    assert "its healthcheck cannot work: curl is not in node:20-alpine" in run("enable", "--dry-run").out
    assert run("enable", "--serve", "auto", "--repair", *FAST).code == 0
    stack.up()
    checks = verified(run, stack)
    assert {name: state(each, "healthy")[0] for name, each in checks.items()} == {"api": "ok", "jobs": "ok"}
    tests = stack.engine.docker(
        "inspect", "--format", "{{json .Config.Healthcheck.Test}}", *map(stack.container, ("api", "jobs"))
    ).stdout
    assert tests.count("https://127.0.0.1:") == 2
    assert (stack.directory / "jobs/certs").is_dir()  # Docker made it, to mount the certificates at
    assert run("rollback", "--certs").code == 0
    stack.compose("down", "--timeout", "1")
    assert tree(stack.directory) == before
    assert sorted(path.name for path in (stack.directory / "jobs").iterdir()) == ["Dockerfile", "main.py"]


def test_a_dead_container_is_named_with_what_helps(stack: Stack, run: Run) -> None:
    stack.build()
    assert run("enable", "--serve", "auto", "--repair", *FAST).code == 0
    stack.up()
    stack.compose("kill", "jobs")
    out = run("verify", "-p", stack.name).out
    assert "its container is exited (exit code 137: it was killed)" in out
    assert f"→ docker compose -p {stack.name} logs jobs says why; then docker compose -p {stack.name} up -d jobs" in out
