"""How a stack takes over what was written: nothing is built where no image changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support import Project, Run

FAST = ("--key-type", "p256", "--all")
PLAIN = "restart: docker compose down, docker compose up -d"
BUILD = "restart: docker compose down, docker compose build, docker compose up -d"
SERVES = """const fs = require('fs');
const files = { key: fs.readFileSync('/app/certs/api-key.pem'), cert: fs.readFileSync('/app/certs/api-cert.pem') };
if (process.env.TLS_ENABLED === 'true') require('https').createServer(files, (q, r) => r.end()).listen(8001);
"""
SERVER = "const f = (q, r) => r.end();\nrequire('http').createServer(f).listen(8001);\n"
NODE = 'FROM node:20\nWORKDIR /app\nCOPY . .\nCMD ["node", "server.js"]\n'
BUILT = "services:\n  api:\n    build: ./api\n    healthcheck: {test: curl -f http://localhost:8001/}\n"
IMAGE = BUILT.replace("build: ./api", "image: example.org/project/api:1")


@pytest.mark.parametrize(
    ("compose", "server", "options", "line"),
    [
        (BUILT, SERVER, (), BUILD),  # its code has to be changed
        (BUILT, SERVER, ("--code",), BUILD),
        (BUILT, SERVER, ("--serve", "preload"), PLAIN),
        (BUILT, SERVER, ("--serve", "sidecar"), BUILD),
        (BUILT, SERVES, (), PLAIN),
        (BUILT.replace("./api", "{context: ., dockerfile: api/Dockerfile}"), SERVES, (), BUILD),  # a key is to leave it
        (IMAGE, SERVER, (), PLAIN),
    ],
)
def test_what_has_to_be_done(
    project: Project, run: Run, compose: str, server: str, options: tuple[str, ...], line: str
) -> None:
    project({"docker-compose.yml": compose, "api/Dockerfile": NODE, "api/server.js": server})
    assert line in [row.strip() for row in run("enable", *options, *FAST).out.splitlines()]
    back = run("rollback").out.splitlines()
    assert (BUILD if "--code" in options else PLAIN) in back


def test_with_an_override(project: Project, run: Run) -> None:
    project({"docker-compose.yml": BUILT, "api/Dockerfile": NODE, "api/server.js": SERVES})
    files = "-f docker-compose.yml -f docker-compose.tls.yml"
    out = run("enable", "--override", *FAST).out
    assert f"restart: docker compose down, docker compose {files} up -d" in out
