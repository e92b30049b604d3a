from __future__ import annotations

import pytest

from aicos_tls.sources.mentions import Names

NAMES = Names({"api": "api", "shop-api": "api", "web": "web"}, {8001: "api", 80: "web"}, "api")

CASES = {
    "http://api:8001/x": ["http://api:8001"],
    "WS://Api:8001": ["WS://Api:8001"],
    "http://api": ["http://api"],
    "http://user:secret@api:8001": ["http://api:8001"],
    "https://api:8001 wss://api": [],
    "postgresql://api:5432": [],
    "http://elsewhere api": [],
    "host = api:8001, shop-api:80": ["api:8001", "shop-api:80"],
    "dial(API:8001)": ["API:8001"],
    "api:$PORT api:${PORT}": ["api:$PORT", "api:${PORT}"],
    "my-api:8001 api.local:80 api:8001.2 x@api:1 api:latest": [],
    "http://localhost:8001 http://127.0.0.1:8001": ["http://localhost:8001", "http://127.0.0.1:8001"],
    "http://localhost:9999": [],
    "http://localhost/": ["http://localhost"],
    "http://localhost:${PORT}": ["http://localhost:${PORT}"],
}


@pytest.mark.parametrize("text", CASES)
def test_mentions(text: str) -> None:
    assert [mention.text for mention in NAMES.mentions(text)] == CASES[text]


def test_what_they_mean() -> None:
    found = list(NAMES.mentions("http://shop-api:1 http://localhost web:2"))
    assert [(m.target, m.start, m.end) for m in found] == [("api", 0, 17), ("web", 18, 34), ("web", 35, 40)]


def test_without_servers_there_are_none() -> None:
    assert not list(Names({}, {}).mentions("http://api:1 api:1 http://localhost:$P"))
