from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from aicos_tls.commands.proxied import with_proxied
from aicos_tls.compose.load import load
from aicos_tls.plan.policy import resolve
from aicos_tls.planner import plan

if TYPE_CHECKING:
    from support import Project, Run

    from aicos_tls.plan.model import Plan

COMPOSE = """services:
  web:
    build: ./web
    healthcheck: {test: "curl -f http://localhost:80/"}
  api:
    build: ./api
    environment: {WEB_URL: "http://web:80"}
    healthcheck: {test: "curl -f http://localhost:8001/"}
"""
SITE = """server {
    location /api { proxy_pass https://api:8001; }
    location /own { proxy_pass http://web:80/x; }
}
"""
NGINX = "FROM nginx:alpine\nCOPY . /etc/nginx/conf.d/\n"


def planned(project: Project, files: dict[str, str | bytes]) -> Plan:
    found = load([project(files) / "docker-compose.yml"])
    return plan(found, resolve(found, {}))


def test_edges_of_nginx_come_after_those_of_the_files(project: Project) -> None:
    made = planned(
        project,
        {"docker-compose.yml": COMPOSE, "web/Dockerfile": NGINX, "web/site.conf": SITE, "web/notes.txt": "none\n"},
    )
    found = with_proxied(made).edges
    assert found[:-1] == made.edges
    edge = found[-1]
    assert (edge.client, edge.server, edge.variable, edge.after) == ("web", "api", "proxy_pass", "https://api:8001")
    assert (edge.where.path.name, edge.where.line) == ("site.conf", 2)


def test_none_where_nginx_is_not_what_runs(project: Project) -> None:
    node = "FROM node:20-alpine\nCOPY . .\nCMD node server.js\n"
    made = planned(project, {"docker-compose.yml": COMPOSE, "web/Dockerfile": node, "web/site.conf": SITE})
    assert with_proxied(made).edges == made.edges


def test_none_without_servers(project: Project) -> None:
    made = planned(
        project,
        {"docker-compose.yml": "services: {web: {build: ./web}}\n", "web/Dockerfile": NGINX, "web/site.conf": SITE},
    )
    assert with_proxied(made) is made


PLAIN = "server {\n    location /api { proxy_pass http://api:8001; }\n}\n"


@pytest.mark.parametrize(
    ("options", "state", "way"),
    [((), "plain", None), (("--serve", "auto"), "encrypted", "preload"), (("--code",), "encrypted", "code")],
)
def test_enable_says_what_becomes_of_the_connections_of_an_nginx(
    project: Project, run: Run, options: tuple[str, ...], state: str, way: str | None
) -> None:
    compose = "services:\n  web: {build: ./web}\n  api:\n    build: ./api\n    healthcheck: {test: curl -f http://localhost:8001/}\n"
    node = "FROM node:20-alpine\nCOPY . .\nCMD node server.js\n"
    server = "require('http').createServer((q, r) => r.end()).listen(8001);\n"
    files = {"web/Dockerfile": NGINX, "web/site.conf": PLAIN, "api/Dockerfile": node, "api/server.js": server}
    project({"docker-compose.yml": compose, **files})
    done = run("enable", "--dry-run", "--format", "json", *options)
    (found,) = json.loads(done.out)["connections"]
    assert (found["client"], found["server"], found["port"], found["state"]) == ("web", "api", 8001, state)
    assert (found["way"], found["evidence"][0]["where"]) == (way, "web/site.conf:2")
