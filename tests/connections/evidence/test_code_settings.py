"""What the configuration of frameworks says that services ask."""

# ruff: noqa: E501 - code as people write it, each in one line of a table
from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from aicos_tls.connections.evidence.code import READER
from aicos_tls.connections.model import Surroundings
from aicos_tls.files import TextFile

SERVICES = [
    "api",
    "cache",
    "db",
    "kafka",
    "mail",
    "memcached",
    "mongo",
    "mysql",
    "orders",
    "rabbit",
    "redis",
    "search",
    "users",
    "web",
    "worker",
]
HOSTS = {name: name for name in SERVICES}
Asked = tuple[str, int | None, str, bool, str]


def asked(texts: dict[str, str], environment: dict[str, str]) -> list[Asked]:
    files = {PurePosixPath(name): TextFile(Path("/project", name), text.encode()) for name, text in texts.items()}
    concerned = {path: file for path, file in files.items() if READER.concerns(path)}
    found = READER.destinations(concerned, Surroundings(HOSTS, environment, "me"))
    return [
        (each.host, each.port, each.protocol.value, each.tls, f"{where.path.name}:{where.line}")
        for each in found
        if (where := each.evidence.where)
    ]


SETTINGS: list[tuple[dict[str, str], dict[str, str], list[Asked]]] = [
    (
        {
            "src/main/resources/application.yml": "spring:\n  datasource:\n    url: jdbc:postgresql://${DB_HOST:db}:5432/x\n  data:\n    redis:\n      host: redis\n      port: 6379\n  rabbitmq:\n    host: rabbit\n  kafka:\n    bootstrap-servers: kafka:9092\napi:\n  url: ${API_URL:http://api:8080}\n---\nspring:\n  config:\n    activate:\n      on-profile: dev\napi:\n  url: http://web:1\n"
        },
        {},
        [
            ("db", 5432, "postgres", False, "application.yml:3"),
            ("redis", 6379, "redis", False, "application.yml:6"),
            ("rabbit", 5672, "amqp", False, "application.yml:9"),
            ("kafka", 9092, "kafka", False, "application.yml:11"),
            ("api", 8080, "http", False, "application.yml:13"),
        ],
    ),
    (
        {
            "application.yml": "api:\n  url: http://api:8080\n  host: users\n",
            "A.java": '@Value("${api.host}") String host; String u() { return "http://" + host + ":81"; }',
        },
        {"API_URL": "http://x"},
        [("users", None, "unknown", False, "application.yml:3"), ("users", 81, "http", False, "A.java:1")],
    ),
    (
        {
            "application.properties": "quarkus.datasource.jdbc.url=jdbc:postgresql://db/x\n%dev.api/mp-rest/url=http://web:1\n%prod.api/mp-rest/url=http://api:8080\nserver.address=web\n"
        },
        {},
        [
            ("db", 5432, "postgres", False, "application.properties:1"),
            ("api", 8080, "http", False, "application.properties:3"),
        ],
    ),
    (
        {"application-docker.yml": "a:\n  b: http://api:80\n", "application-prod.yml": "a:\n  c: http://web:80\n"},
        {"SPRING_PROFILES_ACTIVE": "prod"},
        [("web", 80, "http", False, "application-prod.yml:2")],
    ),
    (
        {
            "appsettings.json": '{\n // c\n "ConnectionStrings": { "Default": "Server=db;Database=x;User Id=sa", "Pg": "Host=orders;Port=5432;Username=x;SSL Mode=Require", "Redis": "cache:6379" },\n "Api": { "Url": "http://api:8080" },\n "Rabbit": { "HostName": "rabbit", "Port": 5672 }\n}',
            "appsettings.Development.json": '{"Api":{"Url":"http://web:1"}}',
        },
        {},
        [
            ("db", 1433, "mssql", False, "appsettings.json:3"),
            ("orders", 5432, "postgres", True, "appsettings.json:3"),
            ("cache", 6379, "redis", False, "appsettings.json:3"),
            ("api", 8080, "http", False, "appsettings.json:4"),
            ("rabbit", 5672, "amqp", False, "appsettings.json:5"),
        ],
    ),
    ({"appsettings.json": '{"Api": { "Url": "http://api:8080" }}'}, {"Api__Url": "http://web:1"}, []),
    (
        {
            "config/database.yml": 'default: &default\n  adapter: postgresql\n  host: <%= ENV.fetch("DB_HOST") { "db" } %>\n  port: <%= ENV.fetch("DB_PORT", 5432) %>\nproduction:\n  <<: *default\ndevelopment:\n  adapter: mysql2\n  host: mysql\n',
            "config/cable.yml": 'production:\n  adapter: redis\n  url: <%= ENV.fetch("REDIS_URL", "redis://redis:6379/1") %>\n',
        },
        {"RAILS_ENV": "production"},
        [("redis", 6379, "redis", False, "cable.yml:3"), ("db", 5432, "postgres", False, "database.yml:3")],
    ),
    (
        {
            ".env": "DB_CONNECTION=mysql\nDB_HOST=mysql\nDB_PORT=3306\nREDIS_HOST=redis\nAPP_URL=http://localhost\nAPI=http://api:8080\n",
            ".env.example": "API=http://web:1\n",
            "config/database.php": "<?php return ['mysql' => ['driver' => 'mysql', 'host' => env('DB_HOST', 'db'), 'port' => env('DB_PORT', '3306')], 'redis' => ['default' => ['host' => env('REDIS_HOST', '127.0.0.1'), 'port' => env('REDIS_PORT', '6379')]]];",
        },
        {},
        [
            ("mysql", 3306, "mysql", False, ".env:2"),
            ("redis", 6379, "redis", False, ".env:4"),
            ("api", 8080, "http", False, ".env:6"),
            ("mysql", 3306, "mysql", False, "database.php:1"),
            ("redis", 6379, "redis", False, "database.php:1"),
        ],
    ),
    (
        {
            "config/packages/cache.yaml": "framework:\n  cache:\n    default_redis_provider: redis://cache\n  url: '%env(X)%'\n"
        },
        {},
        [("cache", 6379, "redis", False, "cache.yaml:3")],
    ),
    (
        {
            "conf/application.conf": 'db.default.url = "jdbc:postgresql://db:5432/x"\nredis {\n  host = "cache"\n  port = 6379\n}\napi { url = "http://api:80"\n url = ${?API_URL}\n}\n'
        },
        {},
        [
            ("db", 5432, "postgres", False, "application.conf:1"),
            ("cache", 6379, "redis", False, "application.conf:3"),
            ("api", 80, "http", False, "application.conf:6"),
        ],
    ),
    (
        {"config/default.json": '{"api": {"baseUrl": "http://api:3000"}, "redis": {"host": "redis", "port": 6379}}'},
        {},
        [("api", 3000, "http", False, "default.json:1"), ("redis", 6379, "redis", False, "default.json:1")],
    ),
    (
        {
            "config.yaml": "redis:\n  addr: redis:6379\nusers:\n  grpc: users:50051\n",
            "settings.toml": '[default]\napi = "http://api:80"\n[default.db]\nhost = "db"\nport = 5432\n',
        },
        {},
        [
            ("redis", 6379, "redis", False, "config.yaml:2"),
            ("users", 50051, "grpc", False, "config.yaml:4"),
            ("api", 80, "http", False, "settings.toml:2"),
            ("db", 5432, "postgres", False, "settings.toml:4"),
        ],
    ),
]


@pytest.mark.parametrize(("texts", "environment", "expected"), SETTINGS)
def test_what_settings_ask(texts: dict[str, str], environment: dict[str, str], expected: list[Asked]) -> None:
    assert asked(texts, environment) == expected


BROKEN = ["a: [", "a: *b", "{", "\x00", "a=\\", "[", "<%= ENV[ %>", "${a", "a: ${a}", "a: &x [*x]", "= = =", "&&&"]
NAMES = [
    "application.yml",
    "application.properties",
    "appsettings.json",
    "config/database.yml",
    ".env",
    "config.toml",
    "application.conf",
]


@pytest.mark.parametrize("text", BROKEN)
@pytest.mark.parametrize("name", NAMES)
def test_no_text_makes_it_fail(name: str, text: str) -> None:
    assert asked({name: text}, {}) == []
