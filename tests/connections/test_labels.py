"""Proxies that are told by labels of the compose file what they ask."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aicos_tls.compose.load import load
from aicos_tls.connections.labels import label_destinations

if TYPE_CHECKING:
    from support import Project


def found(project: Project, text: str) -> list[str]:
    project(text)
    return [
        f"{client} {each.protocol.value}{'+tls' if each.tls else ''} {each.host}:{each.port} {each.evidence.text}"
        for client, each in label_destinations(load([Path("docker-compose.yml")]))
    ]


TRAEFIK = """\
services:
  proxy: {image: "traefik:v3.1", command: [COMMAND]}
  api:
    build: .
    expose: [8000]
    labels: LABELS
"""


@pytest.mark.parametrize(
    ("labels", "wanted"),
    [
        ("[traefik.http.services.a.loadbalancer.server.port=81]", ["http api:81"]),
        ('{traefik.http.services.a.loadbalancer.server.port: "81"}', ["http api:81"]),
        ("[traefik.http.routers.a.rule=Host(`x`)]", ["http api:8000"]),
        ("[traefik.enable=true]", ["http api:8000"]),
        ("[traefik.http.services.a.loadbalancer.server.scheme=https]", ["http+tls api:8000"]),
        ("[traefik.http.services.a.loadbalancer.server.scheme=h2c]", ["grpc api:8000"]),
        ("[traefik.tcp.services.a.loadbalancer.server.port=5432]", ["postgres api:5432"]),
        (
            "[traefik.tcp.services.a.loadbalancer.server.port=9, traefik.tcp.services.a.loadbalancer.server.tls=true]",
            ["tcp+tls api:9"],
        ),
        ("[traefik.enable=false, traefik.http.services.a.loadbalancer.server.port=81]", []),
        ("[traefik.http.middlewares.x.compress=true]", []),
        ("[other=1]", []),
    ],
)
def test_traefik(project: Project, labels: str, wanted: list[str]) -> None:
    every = found(project, TRAEFIK.replace("COMMAND", "--providers.docker").replace("LABELS", labels))
    assert [" ".join(each.split()[1:3]) for each in every] == wanted
    assert all(each.startswith("proxy ") for each in every)


def test_a_traefik_that_asks_only_who_says_so(project: Project) -> None:
    text = TRAEFIK.replace("COMMAND", "--providers.docker.exposedbydefault=false")
    label = "traefik.http.services.a.loadbalancer.server.port=81"
    assert found(project, text.replace("LABELS", f"[{label}]")) == []
    assert found(project, text.replace("LABELS", f"[{label}, traefik.enable=true]")) == [f"proxy http api:81 {label}"]


def test_the_lines_for_traefik_name_the_server_that_is_verified(project: Project) -> None:
    label = "traefik.http.services.shop.loadbalancer.server.port=81"
    project(TRAEFIK.replace("COMMAND", "x").replace("LABELS", f"[{label}]"))
    ((_, each),) = label_destinations(load([Path("docker-compose.yml")]))
    remedy = each.remedy
    assert "traefik.http.services.shop.loadbalancer.server.scheme=https" in remedy
    assert "serverName: api" in remedy
    assert 'rootCAs: ["{ca}"]' in remedy


def test_networks_that_do_not_meet(project: Project) -> None:
    text = TRAEFIK.replace("COMMAND", "x").replace("LABELS", "[traefik.enable=true]")
    apart = text.replace("    build: .\n", "    build: .\n    networks: [inner]\n") + "networks: {inner: {}}\n"
    assert found(project, apart) == []


def test_caddy_docker_proxy(project: Project) -> None:
    text = """\
services:
  caddy: {image: lucaslorentz/caddy-docker-proxy}
  api:
    build: .
    labels:
      caddy: example.com
      caddy.reverse_proxy: "{{upstreams 8000}}"
      caddy.handle_path.0_reverse_proxy: "/x {{upstreams https 8443}}"
      caddy.tls: internal
"""
    assert [each.split(" caddy.")[0] for each in found(project, text)] == [
        "caddy http api:8000",
        "caddy http+tls api:8443",
    ]


def test_nginx_proxy(project: Project) -> None:
    text = """\
services:
  front: {image: nginxproxy/nginx-proxy}
  api: {build: ., environment: {VIRTUAL_HOST: api.example, VIRTUAL_PORT: "8000"}}
  web: {build: ., environment: [VIRTUAL_HOST=web.example, VIRTUAL_PROTO=https], expose: [8443]}
  other: {build: ., environment: [VIRTUAL_HOST=o.example]}
  none: {build: ., environment: [VIRTUAL_HOST]}
"""
    assert found(project, text) == [
        "front http api:8000 VIRTUAL_HOST=api.example",
        "front http+tls web:8443 VIRTUAL_HOST=web.example",
        "front http other:80 VIRTUAL_HOST=o.example",
    ]
