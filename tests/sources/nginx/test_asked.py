from __future__ import annotations

from pathlib import Path

import pytest

from aicos_tls.files import TextFile
from aicos_tls.sources.nginx.asked import asked

ENVIRONMENT = {"API_HOST": "api", "API_PORT": "8001", "API_URL": "http://api:8001", "EMPTY": ""}


def asks(*texts: str) -> list[tuple[str, str, int]]:
    """Directive, URL and line of everything that is asked."""
    files = [TextFile(Path(f"{at}.conf"), text.encode()) for at, text in enumerate(texts)]
    return [(each.directive, each.url, each.where.line) for each in asked(files, ENVIRONMENT)]


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
        ("proxy_pass http://${API_HOST}:${API_PORT}/v1;", "http://api:8001"),
        ("proxy_pass http://$API_HOST:$API_PORT;", "http://api:8001"),
        ("proxy_pass $API_URL;", "http://api:8001"),
        ("set $up ${API_URL}; proxy_pass $up$request_uri;", "http://api:8001"),
        ("set $a $b; set $b api; proxy_pass http://$a:1;", "http://api:1"),
        ("proxy_pass http://[::1]:80;", "http://[::1]:80"),
        ("proxy_pass http://elsewhere.example;", "http://elsewhere.example:80"),
    ],
)
def test_addresses(text: str, url: str) -> None:
    assert asks(f"server {{ location / {{\n{text}\n}} }}") == [("proxy_pass", url, 2)]


def test_pools() -> None:
    pool = (
        "upstream all {\nserver api:8001 weight=3;\nserver worker max_fails=2 backup;\nserver unix:/x.sock;\n"
        "server elsewhere.example:1;\nserver ${API_HOST}:9;\nkeepalive 2;\n}\n"
    )
    expected = ["https://api:8001", "https://worker:80", "https://elsewhere.example:1", "https://api:9"]
    assert asks(pool + "server { location / { proxy_pass https://all; } }") == [
        ("proxy_pass", url, 9) for url in expected
    ]
    assert [url for _, url, _ in asks("server { location / { proxy_pass https://all; } }", pool)] == expected


def test_several_values() -> None:
    text = "map $http_x $up {\n  default http://api:1;\n  ~^v2 http://b:2;\n hostnames;\n}\nserver { proxy_pass $up; }"
    assert [url for _, url, _ in asks(text)] == ["http://api:1", "http://b:2"]
    split = "split_clients $x $up { 5% b; * api; }\nserver { proxy_pass http://$up:3; }"
    assert [url for _, url, _ in asks(split)] == ["http://b:3", "http://api:3"]
    assert [url for _, url, _ in asks("server { proxy_pass $up/; }", "server { set $up http://x; }")] == ["http://x:80"]


def test_other_protocols() -> None:
    text = (
        "server { grpc_pass api:9000; }\nserver { grpc_pass grpcs://api:9000; }\nserver { uwsgi_pass api:3031; }\n"
        "server { uwsgi_pass suwsgi://api:3031; }\nserver { fastcgi_pass php:9000; }\nserver { scgi_pass api:4; }\n"
        "server { memcached_pass cache:11211; }\nserver { uwsgi_pass unix:/run/x.sock; }"
    )
    assert [url for _, url, _ in asks(text)] == [
        "grpc://api:9000",
        "grpcs://api:9000",
        "uwsgi://api:3031",
        "suwsgi://api:3031",
        "fastcgi://php:9000",
        "scgi://api:4",
        "memcached://cache:11211",
    ]


def test_streams() -> None:
    text = (
        "stream {\nupstream db { server a:5432; server b:5432 backup; }\nserver { listen 1; proxy_pass db; }\n"
        "server { proxy_ssl on; proxy_pass api:443; }\nserver { proxy_pass unix:/x; } }"
    )
    found = list(asked([TextFile(Path("x"), text.encode())], {}))
    assert [(each.family, each.host, each.port, each.tls) for each in found] == [
        ("stream", "a", 5432, False),
        ("stream", "b", 5432, False),
        ("stream", "api", 443, True),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "server { proxy_pass http://$host:80; }",
        "server { proxy_pass $unknown; }",
        "server { proxy_pass ${EMPTY}; }",
        "server { proxy_pass; }",
        "server { proxy_pass :; }",
        "server { proxy_pass api:80; }",
        "server { set $a $a; proxy_pass http://$a; }",
        "server { return 301 http://api:8001/; }",
        "server { proxy_pass http://api:8001;",
        "map $x $y { include /etc/x; }\nserver { proxy_pass $y; }",
        f"server {{ proxy_pass http://{'$a' * 9}; }}",
        f"server {{ set $a http://{'a' * 3000}; proxy_pass $a; }}",
    ],
)
def test_what_is_left_out(text: str) -> None:
    assert asks(text) == []


def test_values_of_values_end() -> None:
    rows = "".join(f"set $v{at} $v{at + 1}$v{at + 1};" for at in range(20))
    choices = "".join(f"set $c {at};" for at in range(500))
    assert asks(f"server {{ {rows} proxy_pass http://$v0; }}") == []
    assert len(asks(f"server {{ {choices} proxy_pass http://a$c$c$c:1; }}")) <= 32
