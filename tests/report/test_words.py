from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aicos_tls.report.words import counted, masked


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://bob:hunter2@api:8001", "http://bob:***@api:8001"),
        ("https://:hunter2@api", "https://:***@api"),
        ("postgres://bob:p:w@db/x and http://a:b@c", "postgres://bob:***@db/x and http://a:***@c"),
        ("http://bob:p@ss@api/", "http://bob:***@api/"),
        ("curl -f 'http://a:b@localhost:1/x?y=z'", "curl -f 'http://a:***@localhost:1/x?y=z'"),
        ("http://bob:${PW:-hunter2}@api", "http://bob:***@api"),
        ("http://bob:${PW:-a/b}@api", "http://bob:***@api"),
        ("http://${USER}:x${PW}@api", "http://${USER}:***@api"),
    ],
)
def test_a_password_in_a_url_is_not_shown(text: str, shown: str) -> None:
    assert masked(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "http://api:8001/mail@example.org",
        "http://api:8001?to=a:b@c",
        "http://bob@api",
        "http://bob:${PW}@api",
        "http://bob:$PW@api",
        "mail bob:hunter2@example.org",
        "git@example.org:x/y",
        "",
    ],
)
def test_what_is_no_password_stays(text: str) -> None:
    assert masked(text) == text


@settings(max_examples=100, derandomize=True)
@given(st.text(alphabet="abc:@/$", max_size=12))
def test_masking_twice_is_masking_once(text: str) -> None:
    once = masked(f"http://{text}")
    assert masked(once) == once


def test_one_thing_is_not_plural() -> None:
    assert [counted(number, "server") for number in (0, 1, 2)] == ["0 servers", "1 server", "2 servers"]
