"""Public nginx images with a configuration of the project, from the decision to the mounted copy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aicos_tls.compose.load import load
from aicos_tls.plan.policy import resolve
from aicos_tls.planner import plan

if TYPE_CHECKING:
    from support import Project, Run

    from aicos_tls.plan.scope import Decision

SITE = "server {\n    listen 80;\n    location / {\n        proxy_pass http://${HOST_OF_API}:8001;\n    }\n}\n"


def decided(
    project: Project, mounts: str, files: dict[str, str | bytes], image: str = "nginx:1", **flags: object
) -> Decision:
    compose = (
        f"services:\n  front:\n    image: {image}\n    environment: {{HOST_OF_API: api}}\n    volumes: [{mounts}]\n"
        "  api: {build: ./api}\n  metrics: {image: 'grafana/grafana:1'}\n"
    )
    project({"docker-compose.yml": compose, "api/Dockerfile": "FROM scratch\n", **files})
    loaded = load([Path("docker-compose.yml")])
    return plan(loaded, resolve(loaded, flags)).decisions["front"]


@pytest.mark.parametrize(
    ("mounts", "path"),
    [
        ("./site.conf:/etc/nginx/conf.d/default.conf:ro", "site.conf"),
        ("./web/templates:/etc/nginx/templates", "web/templates/a.template"),
        ("./etc:/etc/nginx/", "etc/sites/site"),
        ("{type: bind, source: ./x, target: /etc/nginx/nginx.conf}", "x"),
    ],
)
def test_its_configuration_asks_a_service(project: Project, mounts: str, path: str) -> None:
    found = decided(project, mounts, {path: SITE})
    assert found.in_scope
    assert found.reason.startswith("its nginx configuration is the project's own, and asks api (")
    assert found.reason.endswith(f"{path}:4:9)")


@pytest.mark.parametrize(
    ("mounts", "files", "image", "flags"),
    [
        ("./site.conf:/etc/nginx/conf.d/default.conf", {"site.conf": SITE}, "httpd:2", {}),
        ("./site.conf:/usr/share/nginx/html/site.conf", {"site.conf": SITE}, "nginx:1", {}),
        ("./site.conf:/etc/nginx/conf.d/default.conf", {}, "nginx:1", {}),
        ("./site.conf:/etc/nginx/conf.d/default.conf", {"site.conf": b"\xff\0"}, "nginx:1", {}),
        ("./site.conf:/etc/nginx/conf.d/default.conf", {"site.conf": "server {"}, "nginx:1", {}),
        ("./site.conf:/etc/nginx/conf.d/default.conf", {"site.conf": "proxy_pass http://metrics:1;"}, "nginx:1", {}),
        ("conf:/etc/nginx/conf.d", {"conf/site.conf": SITE}, "nginx:1", {}),
        ("../outside:/etc/nginx/conf.d", {}, "nginx:1", {}),
        ("./site.conf:/etc/nginx/conf.d/default.conf", {"site.conf": SITE}, "nginx:1", {"exclude": ("front",)}),
        ("./site.conf:/etc/nginx/conf.d/default.conf", {"site.conf": SITE}, "nginx:1", {"only": ("api",)}),
    ],
)
def test_it_stays_out_of_scope(
    project: Project, mounts: str, files: dict[str, str | bytes], image: str, flags: dict[str, object]
) -> None:
    assert not decided(project, mounts, files, image, **flags).in_scope


def test_two_files_of_one_name_are_two_copies(project: Project, run: Run) -> None:
    compose = (
        "services:\n  front:\n    image: nginx:alpine\n    volumes:\n      - ./a/site.conf:/etc/nginx/conf.d/a.conf\n"
        "      - ./b/site.conf:/etc/nginx/conf.d/b.conf\n  api: {build: ./api}\n"
    )
    site = "server {{\n    listen {port};\n    location / {{ proxy_pass http://api:8001; }}\n}}\n"
    node = "FROM node:20-alpine\nCOPY . .\nCMD node server.js\n"
    root = project(
        {
            "docker-compose.yml": compose,
            "a/site.conf": site.format(port=81),
            "b/site.conf": site.format(port=82),
            "api/Dockerfile": node,
            "api/server.js": "require('http').createServer((q, r) => r.end()).listen(8001);\n",
        }
    )
    assert run("enable", "--serve", "auto", "--no-certs", "-q").code == 0
    after = (root / "docker-compose.yml").read_text()
    assert "- ./certs/runtime/nginx/front/site.conf:/etc/nginx/conf.d/a.conf\n" in after
    assert "- ./certs/runtime/nginx/front/b-site.conf:/etc/nginx/conf.d/b.conf\n" in after
    for name, port in (("site.conf", 81), ("b-site.conf", 82)):
        text = (root / "certs/runtime/nginx/front" / name).read_text()
        assert f"listen {port};" in text
        assert "proxy_pass https://api:8001;" in text
    assert run("rollback").code == 0
    assert (root / "docker-compose.yml").read_text() == compose
