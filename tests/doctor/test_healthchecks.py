"""What is proposed for a healthcheck works: it is run against a server with a certificate of the project."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING

import pytest
from support import need

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support import Project, Run

COMPOSE = """\
services:
  api:
    build: .
    healthcheck:
      test: ["CMD", "curl", "-f", "--insecure", "https://localhost:PORT/health"]
  web:
    image: web
    environment: {API: "http://api:80"}
"""


def proposed(project: Project, run: Run, image: str, port: int = 3000, more: str = "") -> str:
    """What the doctor says to do about the healthcheck of a service on that image."""
    project({"docker-compose.yml": COMPOSE.replace("PORT", str(port)), "Dockerfile": f"FROM {image}\n{more}"})
    assert run("enable", "--key-type", "p256").code == 0
    findings = json.loads(run("doctor", "--format", "json").out)["findings"]
    return next((f["todo"] for f in findings if f["check"] == "healthcheck-program"), "")


@pytest.mark.parametrize(
    ("image", "more", "todo"),
    [
        (
            "node:20-alpine",
            "",
            r'enable --repair, or write test: \["CMD", "node", "-e", ".*https://127.0.0.1:3000/health',
        ),
        ("python:3.12-slim", "", r'write test: \["CMD", "python", "-c", '),
        ("alpine:3.20", "", r'write test: \["CMD", "wget", "-q", "--no-check-certificate", "-O", "/dev/null", "https'),
        ("golang:1.23-alpine", "", r'write test: \["CMD", "wget", '),
        ("debian:12-slim", "", r"add to the Dockerfile: RUN apt-get update && apt-get install .* curl$"),
        ("gcr.io/distroless/static", "", r"let the program itself ask"),
        ("node:20", "", r"^$"),
        ("node:20-slim", "RUN apt-get install curl\n", r"^$"),
        ("scratch", "COPY --from=x /usr/bin/curl /usr/bin/curl\n", r"^$"),
    ],
)
def test_what_is_proposed(project: Project, run: Run, image: str, more: str, todo: str) -> None:
    assert re.search(todo, proposed(project, run, image, more=more))


@pytest.mark.parametrize("image", ["node:20-alpine", "python:3.12-slim"])
def test_the_proposal_asks_a_real_server(project: Project, run: Run, image: str, tls_port: int) -> None:
    words = json.loads(proposed(project, run, image, tls_port).partition("write test: ")[2])
    program = {"python": "python3"}.get(words[1], words[1])
    need(program)
    assert subprocess.run([program, *words[2:]], check=False, timeout=20).returncode == 0
    closed = [word.replace(f":{tls_port}", ":1") for word in words[2:]]
    assert subprocess.run([program, *closed], check=False, timeout=20, capture_output=True).returncode == 1


@pytest.fixture
def tls_port(enabled: Path) -> Iterator[int]:
    """The port of a TLS server on the loopback with a certificate that no public CA signed."""
    import http.server
    import ssl
    import threading

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
            """Keep still."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(enabled / "certs/api-cert.pem", enabled / "certs/api-key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()
