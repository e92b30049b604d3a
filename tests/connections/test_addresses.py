"""Addresses in any text: URLs of all schemes, and hosts with a port."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aicos_tls.connections.addresses import Bare, split, urls


def shown(text: str) -> list[str]:
    return [f"{f.protocol.value}{'+tls' if f.tls else ''} {f.host}:{f.port} {f.text}" for f in urls(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("http://api", ["http api:80 http://api"]),
        ("https://api/x?y=http", ["http+tls api:443 https://api"]),
        ("HTTP://API:8080/", ["http API:8080 HTTP://API:8080"]),
        ("ws://hub wss://hub", ["ws hub:80 ws://hub", "ws+tls hub:443 wss://hub"]),
        ("postgresql+asyncpg://u:p@db/x", ["postgres db:5432 postgresql+asyncpg://db"]),
        ("postgres://u:p@db:5433/x?sslmode=verify-full", ["postgres+tls db:5433 postgres://db:5433"]),
        ("postgres://db/x?sslmode=prefer", ["postgres db:5432 postgres://db"]),
        ("jdbc:postgresql://db:5432/x", ["postgres db:5432 jdbc:postgresql://db:5432"]),
        ("jdbc:mysql://db/x?sslMode=VERIFY_CA&a=b", ["mysql+tls db:3306 jdbc:mysql://db"]),
        ("jdbc:sqlserver://db:1433;encrypt=true", ["mssql+tls db:1433 jdbc:sqlserver://db:1433"]),
        ("mongodb://a:1,b:2/db", ["mongodb a:1 mongodb://a:1", "mongodb b:2 mongodb://b:2"]),
        ("redis://:secret@cache:6379/0", ["redis cache:6379 redis://cache:6379"]),
        ("rediss://cache", ["redis+tls cache:6379 rediss://cache"]),
        ("amqp://guest:guest@mq", ["amqp mq:5672 amqp://mq"]),
        ("http://[::1]:8080/", ["http [::1]:8080 http://[::1]:8080"]),
        ("a=http://x,b=http://y", ["http x:80 http://x", "http y:80 http://y"]),
        ("http://${HOST}:80 http://$HOST", []),
        ("git+ssh://host ftp://host custom://host", []),
        ("http:// http:///x http://:80", []),
        ("http://api:99999 http://api:x", []),
    ],
)
def test_urls(text: str, found: list[str]) -> None:
    assert shown(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("api", ("api", None)),
        ("api:8080", ("api", 8080)),
        ("[::1]:80", ("[::1]", 80)),
        ("api:0", ("", None)),
        ("api:http", ("", None)),
        ("api/x", ("", None)),
        ("", ("", None)),
        ("-api", ("", None)),
    ],
)
def test_host_and_port(text: str, found: tuple[str, int | None]) -> None:
    assert split(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("api:8080", ["api:8080"]),
        ("API:8080", ["api:8080"]),
        ("db:5432,api:1", ["db:5432", "api:1"]),
        ("my-api:80 api-x:80 x.api:80 api.x:80", []),
        ("http://api:80 user@api:80 $api:80 a/api:80", []),
        ("api:80x api:123456 api: api", []),
    ],
)
def test_hosts_with_a_port(text: str, found: list[str]) -> None:
    assert [f"{each.host}:{each.port}" for each in Bare(["api", "db"]).find(text)] == found


def test_without_a_name_nothing_is_found() -> None:
    assert not list(Bare([]).find("api:80 :80"))


@given(st.text(alphabet="htp:/@.,[]0a$?&= \n") | st.text())
@example("http://" * 40_000)
@example("a:" * 100_000)
@example("x" * 200_000 + "://")
def test_no_text_is_too_much(text: str) -> None:
    for found in urls(text):
        assert 0 <= found.start < found.end <= len(text)
        assert "@" not in found.text
    list(Bare(["a", "htp"]).find(text))
