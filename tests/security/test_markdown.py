"""Markdown reports of projects whose texts are made to be live in a pull request: mentions, links, images, HTML."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from markdown_reading import HOSTILE, is_dead
from security.planted import here

if TYPE_CHECKING:
    from pathlib import Path

OWN = frozenset({"heading_open", "html_block", "fence", "strong_open", "strong_close"})
"""What the reports are made of themselves."""
KINDS = (
    ("enable", "--dry-run"),
    ("enable", "--dry-run", "--code"),
    ("enable", "--dry-run", "--serve", "auto"),
    ("enable", "--dry-run", "--override"),
    ("enable", "--key-type", "p256"),
    ("enable", "--dry-run"),
    ("code", "apply", "--dry-run"),
    ("doctor",),
)
"""Every command that writes Markdown, those that need an enabled project last."""
FILE = "@user #1 `x` [a](b) <img> deadbeef"


def quoted(text: str) -> str:
    return json.dumps(text)


def write(project: Path, evil: str) -> None:
    """A project that has a text wherever one can reach a report."""
    calm = evil.replace("$", "$$")
    first = evil.split("\n", maxsplit=1)[0]
    api = {
        "build": {"context": "./api", "args": {"A": f"http://api:8001/{calm}"}},
        "environment": [f"{evil or 'X'}=http://api:8001/{calm}"],
        "labels": {evil or "l": f"http://db:80/{calm}"},
        "healthcheck": {"test": ["CMD", calm, "http://localhost:8001/"]},
        "user": calm,
    }
    web = {
        "image": f"me/web{calm}",
        "environment": {
            "API": f"http://api:8001/{calm}",
            "DB": f"http://db:80/{calm}",
            f"V{evil}": f"http://localhost:8001 {calm}",
        },
        "command": f"run http://api:8001 {calm}",
    }
    other = {
        "build": "./api",
        "user": calm,
        "environment": [f"TLS_ENABLED=no {calm}", f"NODE_EXTRA_CA_CERTS=/{calm}", f"TLS_CERT_PATH=/x{calm}"],
        "volumes": [f"./x{calm.replace(':', '')}:/app/certs"],
    }
    services = {"api": api, "web": web, "db": {"image": f"x{calm}"}, "other": other}
    project.mkdir(exist_ok=True)
    (project / "api").mkdir(exist_ok=True)
    (project / "docker-compose.yml").write_text(json.dumps({"services": services}))
    (project / "api/Dockerfile").write_text(f"FROM node:20\nCOPY . .\nUSER {first}\nCMD node s.js\n")
    (project / "api/s.js").write_text(
        f"require('http').createServer().listen(8001);\nfetch('http://api:8001/{first}')\n"
    )
    (project / f"api/{FILE}.js").write_text("fetch('http://web:1');\nconst a = 'http://api:8001';\n")


@pytest.mark.parametrize("evil", HOSTILE, ids=ascii)
def test_nothing_is_live(tmp_path: Path, evil: str) -> None:
    project = tmp_path / "p"
    write(project, evil)
    reports = []
    for command in KINDS:
        ran = here(project, *command, "--format", "markdown")
        assert ran.code in (0, 1, 2), ran.err
        if ran.out:
            reports.append(ran.out)
            is_dead(ran.out, also=OWN)
    if not reports:  # the text is none that docker compose takes: see that it is said, not that nothing happens
        assert ran.code == 2


def test_the_text_gets_into_the_reports(tmp_path: Path) -> None:
    """The test above is about something."""
    write(tmp_path / "p", "@user")
    shown = {command: here(tmp_path / "p", *command, "--format", "markdown").out for command in KINDS}
    assert [command for command, out in shown.items() if "@user" not in out] == []
