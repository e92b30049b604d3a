"""Clients in languages that are not read: each place that names a server, and how the runtime trusts the CA."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from aicos_tls.sources.project import Sources
from aicos_tls.sources.trust import how_to_trust
from aicos_tls.sources.unread import unread_clients

if TYPE_CHECKING:
    from support import PlanOf

COMPOSE = """services:
  api:
    build: ./api
    expose: ["8001"]
  web:
    build: ./web
    environment: [API_URL=http://api:8001]
  caller:
    build: ./caller
"""
READ = {"api/Dockerfile": "FROM node\nCOPY . .\n", "web/Dockerfile": "FROM node\nCOPY . .\n"}


def found(plan_of: PlanOf, dockerfile: str, files: dict[str, str]) -> list[tuple[str, str]]:
    sources = {f"caller/{name}": text for name, text in files.items()}
    made = plan_of({"compose": COMPOSE, **READ, "caller/Dockerfile": dockerfile, **sources})
    clients = unread_clients(Sources(made), ("api", "web", "caller"))
    root = made.project.directory
    return [(f"{each.where.path.relative_to(root)}:{each.where.line}", each.words) for each in clients]


@pytest.mark.parametrize(
    ("base", "name", "how"),
    [
        ("eclipse-temurin:17", "src/Client.java", "keytool -importcert"),
        ("eclipse-temurin:17", "src/Client.kt", "keytool -importcert"),
        ("mcr.microsoft.com/dotnet/aspnet:8.0", "Client.cs", "update-ca-certificates"),
        ("php:8", "client.php", "update-ca-certificates"),
        ("ruby:3", "client.rb", "update-ca-certificates"),
        ("rust:1", "src/main.rs", "add_root_certificate"),
        ("elixir:1", "lib/client.ex", "cacertfile"),
        ("scratch", "src/main.rs", "add_root_certificate"),
        ("scratch", "App.scala", "-file /app/certs/ca-cert.pem"),
        ("oven/bun", "client.ts", "NODE_EXTRA_CA_CERTS=/app/certs/ca-cert.pem"),
        ("denoland/deno", "client.ts", "DENO_CERT=/app/certs/ca-cert.pem"),
    ],
)
def test_each_place_is_named_with_what_helps(plan_of: PlanOf, base: str, name: str, how: str) -> None:
    mark = {".rb": "#", ".ex": "#"}.get(name[name.rindex(".") :], "//")
    text = f"{mark} one\n{mark} http://api:8001\nlet url = 'http://api:8001/x';\nlet own = 'http://caller:1';\n"
    places = found(plan_of, f"FROM {base}\nCOPY . .\n", {name: text, f"tests/{name}": text})
    assert [place for place, _ in places] == [f"caller/{name}:3"]
    assert how in places[0][1]


def test_configuration_of_such_programs_counts(plan_of: PlanOf) -> None:
    files = {"application.yml": "api:\n  url: http://api:8001\n", "README.md": "http://api:8001\n"}
    places = found(plan_of, "FROM eclipse-temurin:17\nCOPY . .\n", files)
    assert [place for place, _ in places] == ["caller/application.yml:2"]


def test_an_address_in_the_compose_file_is_the_place_where_no_source_has_one(plan_of: PlanOf) -> None:
    compose = COMPOSE.replace("build: ./caller", "build: ./caller\n    environment: [API=http://api:8001]")
    files = {"caller/Dockerfile": "FROM scratch\nCOPY . .\n", "caller/a.txt": ""}
    made = plan_of({"compose": compose, **READ, **files})
    clients = list(unread_clients(Sources(made), ("caller",)))
    assert [each.where.line for each in clients] == [10]
    assert "a runtime that is not known" in clients[0].words
    assert "it has to be told to trust /app/certs/ca-cert.pem" in clients[0].words


@pytest.mark.parametrize("base", ["node:20", "python:3", "golang:1", "nginx", "httpd"])
def test_what_is_read_or_serves_files_is_not_named(plan_of: PlanOf, base: str) -> None:
    assert found(plan_of, f"FROM {base}\nCOPY . .\n", {"application.yml": "http://api:8001\n"}) == []


def test_an_unknown_runtime_has_no_way() -> None:
    assert how_to_trust("COBOL", "/ca") == ""
