from __future__ import annotations

from pathlib import Path

import pytest

from aicos_tls.files import TextFile
from aicos_tls.sources.model import CodeContext
from aicos_tls.sources.nginx.asked import asked

SERVERS = {"api": "shop-api", "shop-api": "shop-api", "worker": "worker"}


def urls(text: str) -> list[tuple[str, str, str, int]]:
    """Service, directive, URL and line of everything that is asked."""
    context = CodeContext("web", "web", "/app/certs", frozenset({80}), SERVERS, is_server=False)
    found = asked(TextFile(Path("nginx.conf"), text.encode()), context)
    return [(each.service, each.directive, each.url, each.where.line) for each in found]


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("proxy_pass http://api:8001;", "http://api:8001"),
        ("proxy_pass https://api:8001/v1/;", "https://api:8001"),
        ("proxy_pass https://API;", "https://api:443"),
        ("proxy_pass http://api;", "http://api:80"),
        ("set $to https://api:8001; proxy_pass $to/v1;", "https://api:8001"),
        ("set $to api; proxy_pass https://$to:8001;", "https://api:8001"),
        ("set $to api:8001; proxy_pass https://$to$request_uri;", "https://api:8001"),
        ("if ($x) { proxy_pass http://api:8001; }", "http://api:8001"),
    ],
)
def test_addresses(text: str, url: str) -> None:
    directive = [("shop-api", "proxy_pass", url, 2)]
    assert urls(f"server {{ location / {{\n{text}\n}} }}") == directive


def test_pools() -> None:
    pool = (
        "upstream all {\nserver api:8001;\nserver worker max_fails=2;\nserver elsewhere.example:1;\nkeepalive 2;\n}\n"
    )
    assert urls(pool + "server { location / { proxy_pass https://all; } }") == [
        ("shop-api", "proxy_pass", "https://api:8001", 7),
        ("worker", "proxy_pass", "https://worker:80", 7),
    ]


def test_grpc() -> None:
    assert urls("server { grpc_pass api:9000; }\nserver { grpc_pass grpcs://api:9000; }") == [
        ("shop-api", "grpc_pass", "http://api:9000", 1),
        ("shop-api", "grpc_pass", "https://api:9000", 2),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "server { proxy_pass http://elsewhere.example; }",
        "server { proxy_pass http://$host:80; }",
        "server { proxy_pass $unknown; }",
        "server { proxy_pass; }",
        "server { proxy_pass :; }",
        "stream { server { proxy_pass api:5432; } }",
        "server { return 301 http://api:8001/; }",
        "server { proxy_pass http://api:8001;",
    ],
)
def test_what_is_left_out(text: str) -> None:
    assert urls(text) == []
