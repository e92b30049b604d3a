"""Public images of haproxy, httpd and Caddy with a configuration of the project, from the decision to the copy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aicos_tls.compose.load import load
from aicos_tls.plan.policy import resolve
from aicos_tls.planner import plan

if TYPE_CHECKING:
    from support import Project, Run

HAPROXY = "defaults\n  mode http\nbackend api\n  server api api:8001 check\n"
HTTPD = "<VirtualHost *:80>\n  ProxyPass / http://api:8001/\n</VirtualHost>\n"
CADDY = ":80 {\n\treverse_proxy api:8001\n}\n"
SERVER = """\
from http.server import HTTPServer, BaseHTTPRequestHandler
HTTPServer(('', 8001), BaseHTTPRequestHandler).serve_forever()
"""
CASES = {
    "haproxy": ("haproxy:3.0-alpine", "./proxy:/usr/local/etc/haproxy:ro", "proxy/haproxy.cfg", HAPROXY),
    "httpd": ("httpd:2.4-alpine", "./site.conf:/usr/local/apache2/conf/extra/site.conf", "site.conf", HTTPD),
    "caddy": ("caddy:2-alpine", "./Caddyfile:/etc/caddy/Caddyfile", "Caddyfile", CADDY),
    "any name": ("caddy:2", "./web.config:/etc/caddy/Caddyfile", "web.config", CADDY),
}


def write(project: Project, image: str, mount: str, path: str, text: str) -> Path:
    compose = (
        f"services:\n  front:\n    image: {image}\n    volumes:\n      - {mount}\n    ports: ['8080:80']\n"
        "  api:\n    build: ./api\n"
    )
    dockerfile = 'FROM python:3.11-slim\nCOPY main.py /main.py\nCMD ["python", "/main.py"]\n'
    files: dict[str, str | bytes] = {
        "docker-compose.yml": compose,
        "api/Dockerfile": dockerfile,
        "api/main.py": SERVER,
        path: text,
    }
    return project(files)


@pytest.mark.parametrize("case", CASES)
def test_its_configuration_puts_it_in_scope(project: Project, case: str) -> None:
    write(project, *CASES[case])
    loaded = load([Path("docker-compose.yml")])
    found = plan(loaded, resolve(loaded, {})).decisions["front"]
    assert found.in_scope
    assert "configuration is the project's own, and asks api (" in found.reason


@pytest.mark.parametrize("case", CASES)
def test_elsewhere_it_does_not(project: Project, case: str) -> None:
    image, mount, path, text = CASES[case]
    write(project, image, f"{mount.partition(':')[0]}:/usr/share/doc/x", path, text)
    loaded = load([Path("docker-compose.yml")])
    assert not plan(loaded, resolve(loaded, {})).decisions["front"].in_scope


@pytest.mark.parametrize("case", CASES)
def test_a_changed_copy_is_mounted_and_taken_back(project: Project, run: Run, case: str) -> None:
    directory = write(project, *CASES[case])
    before = (directory / "docker-compose.yml").read_bytes()
    found = run("enable", "--serve", "auto", "--no-certs", "--format", "json")
    assert found.code == 0, found.err
    states = {(each["client"], each["server"]): each["state"] for each in json.loads(found.out)["connections"]}
    assert states["front", "api"] == "encrypted"
    copies = [path for path in directory.glob("certs/runtime/*/front/*") if "ca-cert.pem" in path.read_text()]
    assert len(copies) == 1
    assert str(copies[0].relative_to(directory)) in (directory / "docker-compose.yml").read_text()
    assert (directory / CASES[case][2]).read_text() == CASES[case][3]
    assert run("rollback").code == 0
    assert (directory / "docker-compose.yml").read_bytes() == before


@pytest.mark.parametrize("case", CASES)
def test_with_code_the_file_itself_is_changed_and_taken_back(project: Project, run: Run, case: str) -> None:
    directory = write(project, *CASES[case])
    path, text = directory / CASES[case][2], CASES[case][3]
    assert run("enable", "--code", "--no-certs").code == 0
    assert "/app/certs/ca-cert.pem" in path.read_text()
    assert run("rollback").code == 0
    assert path.read_text() == text


def test_an_image_that_others_ask_keeps_its_configuration_as_a_server(project: Project, run: Run) -> None:
    directory = write(project, *CASES["caddy"])
    compose = directory / "docker-compose.yml"
    compose.write_text(
        compose.read_text().replace("build: ./api\n", "build: ./api\n    environment: {U: 'http://front:80'}\n")
    )
    found = json.loads(run("enable", "--serve", "auto", "--no-certs", "--dry-run", "--format", "json").out)
    states = {(each["client"], each["server"]): each for each in found["connections"]}
    assert states["front", "api"]["state"] == "encrypted"
    assert states["api", "front"]["reason"] or states["api", "front"]["way"] == "sidecar"
