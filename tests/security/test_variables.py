"""A compose file can put any variable of `.env` anywhere: no report repeats the value of one that is not its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml
from security.planted import COMMANDS, SECRETS, here, plant
from support import needs

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = needs("git")

S = "${PRIVATE}"
SERVICE: dict[str, object] = {
    "build": {"context": "./api", "args": {"A": S}},
    "build context": f"./{S}",
    "build Dockerfile": {"context": "./api", "dockerfile": f"Dockerfile{S}"},
    "build target": {"context": "./api", "target": S},
    "remote build": f"https://example.com/{S}.git",
    "image": f"node:{S}",
    "user": S,
    "command": f"node {S} http://web:80/{S}",
    "entrypoint": [S, "node", f"{S}.js"],
    "working_dir": f"/{S}",
    "ports": [f"{S}:8001", f"8001:{S}"],
    "expose": [S],
    "volumes": [f"./{S}:/app/certs", f"{S}:/app", f"./x:/{S}"],
    "labels": {"l": f"http://web:80/{S}", "m": f"http://api:8001/{S}"},
    "healthcheck": {"test": ["CMD", S, f"http://localhost:8001/{S}"]},
    "healthcheck of curl": {"test": f"curl -f http://localhost:8001/{S}", "interval": S},
    "network_mode": S,
    "depends_on": {"web": {"condition": S}},
    "x-aicos-tls": {"serve": S, "port": S},
    "env_file": f"{S}.env",
    "extends": {"file": f"{S}.yml", "service": "x"},
}
VARIABLES = (
    "API_URL=http://api:8001/", "OTHER=http://", "HERE=http://localhost:8001/", "REACT_APP_API=http://api:8001/",
    "TLS_ENABLED=", "TLS_CERT_PATH=/", "NODE_TLS_REJECT_UNAUTHORIZED=", "NODE_EXTRA_CA_CERTS=/", "SSL_CERT_FILE=/",
    "SSL_CERT_DIR=/", "NODE_OPTIONS=--", "PYTHONPATH=/", "SCHEME=", "X_URL=${SCHEME}://api:8001/", "PORT=",
    "MACHINE=http://host.docker.internal:8001/",
)  # fmt: skip
DOCKERFILES = (
    "FROM node:20-$A\nCMD node server.js\n",
    "FROM nginx:${A}\n",
    "FROM node:20\nARG A\nUSER $A\nCMD node server.js\n",
    "FROM node:20\nARG A\nENV X=http://web:80/$A\nHEALTHCHECK CMD ${A} http://localhost:8001/${A}\nCMD node $A\n",
    "FROM node:20\nARG A\nENV NODE_EXTRA_CA_CERTS=/$A SSL_CERT_FILE=/$A\nWORKDIR /$A\nEXPOSE $A\nCMD node server.js\n",
    'FROM python:3\nARG A\nSHELL ["$A", "-c"]\nENTRYPOINT $A\nCMD uvicorn $A:app --port 8001\n',
)
MORE = (
    ("enable", "--dry-run", "--serve", "auto", "-v"),
    ("enable", "--dry-run", "--all"),
    ("code", "status", "-v"),
    ("doctor", "-v", "--format", "json"),
)


def says_nothing(project: Path, api: dict[str, object]) -> None:
    web = {"build": "./api", "environment": {"API_URL": "http://api:8001"}}
    base = {"build": "./api", "healthcheck": {"test": "curl -f http://localhost:8001/"}}
    (project / "docker-compose.yml").write_text(yaml.safe_dump({"services": {"api": {**base, **api}, "web": web}}))
    for arguments in (*MORE, *COMMANDS):
        ran = here(project, *arguments)
        assert ran.code in (0, 1, 2), ran.err
        assert SECRETS["env"] not in ran.out + ran.err, arguments


@pytest.mark.parametrize("attribute", SERVICE)
def test_in_an_attribute(tmp_path: Path, attribute: str) -> None:
    says_nothing(plant(tmp_path), {attribute.partition(" ")[0].removeprefix("remote") or "build": SERVICE[attribute]})


@pytest.mark.parametrize("text", VARIABLES)
def test_in_a_variable(tmp_path: Path, text: str) -> None:
    says_nothing(plant(tmp_path), {"environment": [f"{text}{S}"]})


@pytest.mark.parametrize("text", DOCKERFILES)
def test_as_a_build_argument(tmp_path: Path, text: str) -> None:
    project = plant(tmp_path)
    (project / "api/Dockerfile").write_text(f"ARG A\n{text}COPY . .\n")
    says_nothing(project, {"build": SERVICE["build"]})


def test_in_settings(tmp_path: Path) -> None:
    project = plant(tmp_path)
    says_nothing(project, {})
    for setting in ("certs-dir", "mount-path", "prefix", "key-type", "trust"):
        text = (project / "docker-compose.yml").read_text()
        (project / "docker-compose.yml").write_text(f"{text}x-aicos-tls: {{{setting}: '{S}'}}\n")
        for arguments in COMMANDS:
            ran = here(project, *arguments)
            assert SECRETS["env"] not in ran.out + ran.err, arguments
        (project / "docker-compose.yml").write_text(text)
