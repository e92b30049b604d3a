"""A changed copy of an nginx configuration, mounted over the one in the image."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from aicos_tls import planner
from aicos_tls.compose.load import load
from aicos_tls.plan.policy import resolve
from aicos_tls.serving.configuration import configuration
from aicos_tls.serving.model import Bind, Option, Place
from aicos_tls.sources.project import Sources

if TYPE_CHECKING:
    from support import Project

COMPOSE = """\
services:
  web: {build: ./web, environment: ["API_URL=http://api:8001"]}
  api: {build: ./api, environment: ["WEB_URL=http://web:80"]}
"""
SITE = "server {\n    listen 80;\n    location / {\n        proxy_pass http://api:8001;\n    }\n}\n"


def found(project: Project, dockerfile: str, *, is_server: bool = True, text: str = SITE) -> Option | str:
    project({"docker-compose.yml": COMPOSE, "web/Dockerfile": dockerfile, "web/site.conf": text})
    loaded = load([Path("docker-compose.yml")])
    service = Sources(planner.plan(loaded, resolve(loaded, {}))).services["web"]
    return configuration(service, Place("/app/certs", "web"), replace(service.context, is_server=is_server)).option


def test_a_server_listens_with_tls_and_asks_over_it(project: Project) -> None:
    option = found(project, "FROM nginx\nCOPY site.conf /etc/nginx/conf.d/default.conf\n")
    assert isinstance(option, Option)
    assert option.needs.mounts == (Bind("runtime/nginx/web/site.conf", "/etc/nginx/conf.d/default.conf"),)
    (file,) = option.needs.files
    assert "listen 80 ssl;" in file.text
    assert "ssl_certificate_key /app/certs/web-key.pem;" in file.text
    assert "proxy_pass https://api:8001;" in file.text
    assert option.ports == (80,)


def test_a_client_only_asks(project: Project) -> None:
    option = found(project, "FROM nginx\nCOPY . /etc/nginx/conf.d\n", is_server=False)
    assert isinstance(option, Option)
    (file,) = option.needs.files
    assert "listen 80;" in file.text
    assert "proxy_pass https://api:8001;" in file.text
    assert option.needs.mounts == (Bind("runtime/nginx/web/site.conf", "/etc/nginx/conf.d/site.conf"),)


@pytest.mark.parametrize(
    ("dockerfile", "text", "reason"),
    [
        ("FROM nginx\nCOPY site.conf $DIR/\n", SITE, "nothing says where site.conf is in the image"),
        ("FROM nginx\n", SITE, "no change of its nginx configuration is known"),
        ("FROM nginx\nCOPY site.conf /x.conf\n", "events {}\n", "no change of its nginx configuration is known"),
    ],
)
def test_why_there_is_none(project: Project, dockerfile: str, text: str, reason: str) -> None:
    assert found(project, dockerfile, text=text) == reason
