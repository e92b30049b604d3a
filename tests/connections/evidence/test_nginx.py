"""What the reader of nginx finds in the files of a service."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from aicos_tls.connections.evidence.nginx import READER
from aicos_tls.connections.model import Surroundings
from aicos_tls.connections.readers import destinations
from aicos_tls.files import TextFile

AROUND = Surroundings({"api": "api", "site": "site"}, {"API_HOST": "api", "PORT": "3031"}, "web")


def found(files: dict[str, str]) -> list[tuple[str, int | None, str, bool]]:
    texts = {PurePosixPath(name): TextFile(Path(name), text.encode()) for name, text in files.items()}
    return [(each.host, each.port, each.protocol.value, each.tls) for each in destinations(texts, AROUND)]


def test_all_protocols_over_several_files() -> None:
    files = {
        "conf": "server {\n location / { proxy_pass http://pool; }\n location /g { grpc_pass grpcs://api:50051; }\n}\n",
        "pools/all.pool": "upstream pool { server $API_HOST:80; server elsewhere:81; }\n",
        "etc/default.conf.template": "location /u { uwsgi_pass site:${PORT}; }\nlocation /s { scgi_pass site:1; }\n",
        "nginx.conf": "stream { server { listen 1; proxy_pass api:5432; }\nserver { listen 2; proxy_pass api:99; } }\n"
        "http { server { location / { fastcgi_pass api:9000; }\n location /m { memcached_pass api:11211; } } }\n",
        "server.js": "server {\n proxy_pass http://api:1;\n}\n",
        "Dockerfile": "server {\n proxy_pass http://api:2;\n}\n",
    }
    assert found(files) == [
        ("api", 80, "http", False),
        ("elsewhere", 81, "http", False),
        ("api", 50051, "grpc", True),
        ("site", 3031, "uwsgi", False),
        ("site", 1, "tcp", False),
        ("api", 5432, "postgres", False),
        ("api", 99, "tcp", False),
        ("api", 9000, "fastcgi", False),
        ("api", 11211, "memcached", False),
    ]


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("proxy_pass http://api:1;", ""),
        ("uwsgi_pass api:1;", "mode: tcp"),
        ("uwsgi_pass suwsgi://api:1;", ""),
        ("fastcgi_pass api:1;", "nginx has no TLS for FastCGI"),
        ("memcached_pass api:1;", "nginx has no TLS for memcached"),
    ],
)
def test_evidence_and_what_helps(text: str, remedy: str) -> None:
    file = TextFile(Path("web/nginx.conf"), f"server {{\n  location / {{ {text} }}\n}}\n".encode())
    (each,) = READER.destinations({PurePosixPath("nginx.conf"): file}, AROUND)
    assert remedy in each.remedy
    assert bool(each.remedy) is bool(remedy)
    assert (each.evidence.kind, each.evidence.text) == ("nginx", text.rstrip(";"))
    assert (each.evidence.where and each.evidence.where.line) == 2


@pytest.mark.parametrize(
    ("name", "concerned"),
    [
        ("conf", True),
        ("x/app.pool", True),
        ("a.conf.prod", True),
        ("site.py", False),
        ("README", False),
        ("a.MD", False),
    ],
)
def test_names(name: str, *, concerned: bool) -> None:
    assert READER.concerns(PurePosixPath(name)) is concerned
