"""Variables whose default in code names a server: they are set, where the code itself is not changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from support import Project, Run

COMPOSE = """services:
  api:
    build: ./api
    environment: [PORT=8001]
  web:
    build: ./web
    environment: [API_URL=http://api:8001]
  jobs:
    build: ./jobs
{more}"""
NODE = {
    "Dockerfile": 'FROM node:20-alpine\nCOPY . .\nCMD ["node", "server.js"]\n',
    "server.js": "const app = require('express')();\napp.listen(8001);\n",
}
PYTHON = 'FROM python:3.11-slim\nCOPY . .\nCMD ["python", "jobs.py"]\n'


def enabled(project: Project, run: Run, name: str, code: str, more: str = "", image: str = "") -> dict[str, Any]:
    dockerfile = NODE["Dockerfile"].replace("server.js", "jobs.js") if name.endswith("js") else PYTHON + image
    files = {"docker-compose.yml": COMPOSE.format(more=more), "jobs/Dockerfile": dockerfile, f"jobs/{name}": code}
    for folder in ("api", "web"):
        files |= {f"{folder}/{file}": text for file, text in NODE.items()}
    project({**files})
    done = run("enable", "--serve", "auto", "--dry-run", "--format", "json")
    assert done.code == 0, done.err
    found: dict[str, Any] = json.loads(done.out)
    return found


def variables(found: dict[str, Any]) -> dict[str, str]:
    changes = [c for c in found["changes"] if c["service"] == "jobs" and c["rule"] == "variables"]
    return {change["path"].rpartition(".")[2]: change["after"] for change in changes}


def in_plain(found: dict[str, Any]) -> list[str]:
    return [note["text"] for note in found["notes"] if "in plain" in note["text"]]


@pytest.mark.parametrize(
    ("name", "code", "variable", "value"),
    [
        ("jobs.py", 'import os\nURL = os.getenv("API_URL", "http://api:8001/v1")\n', "API_URL", "https://api:8001/v1"),
        ("jobs.py", 'import os\nURL = os.environ.get(\n    "API", "http://api:8001"\n)\n', "API", "https://api:8001"),
        (
            "jobs.py",
            "from decouple import config\nU = config('API', default='http://api:8001')\n",
            "API",
            "https://api:8001",
        ),
        ("jobs.js", "const u = process.env.API_URL || 'http://api:8001';\n", "API_URL", "https://api:8001"),
        ("jobs.js", "const u = process.env['API_URL'] ?? `ws://api:8001/s`;\n", "API_URL", "wss://api:8001/s"),
    ],
)
def test_a_default_in_code_becomes_a_variable(
    project: Project, run: Run, name: str, code: str, variable: str, value: str
) -> None:
    found = enabled(project, run, name, code)
    assert variables(found)[variable] == value
    assert in_plain(found) == []
    edges = [edge for edge in found["connections"] if edge["client"] == "jobs"]
    assert [(edge["server"], edge["state"]) for edge in edges] == [("api", "encrypted")]
    trust = variables(found).keys() & {"NODE_EXTRA_CA_CERTS", "PYTHONPATH"}
    assert trust, "whoever asks has to know the CA"


READS = 'import os\nURL = os.getenv("API_URL", "http://api:8001")\n'


@pytest.mark.parametrize(
    ("code", "more", "image"),
    [
        ('import os\nURL = os.getenv("API_URL", "https://api.example.com")\n', "", ""),
        ('import os\nURL = "http://api:8001"\n', "", ""),
        (READS + 'OTHER = os.getenv("API_URL", "http://api:8001/v2")\n', "", ""),
        (READS, "    environment: [API_URL=http://elsewhere.example:1]\n", ""),
        (READS, "", "ENV API_URL=http://elsewhere.example:1\n"),
    ],
    ids=["outside", "no variable", "two defaults", "set in compose", "set in the image"],
)
def test_what_is_left_as_it_is(project: Project, run: Run, code: str, more: str, image: str) -> None:
    found = enabled(project, run, "jobs.py", code, more, image)
    assert "API_URL" not in variables(found)
