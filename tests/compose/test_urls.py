"""URLs within texts: what is found, and what makes them TLS."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aicos_tls.compose.urls import find, host_name

VALUES = {"S": "http", "W": "ws", "T": "https", "H": "api", "EMPTY": ""}


def tls(text: str) -> str:
    """The text with every plain URL made one over TLS."""
    insertions = [i for url in find(text, VALUES) if url.plain for i in url.insertions]
    for insertion in sorted(insertions, key=lambda i: i.at, reverse=True):
        text = text[: insertion.at] + insertion.text + text[insertion.at :]
    return text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://api:8001", "https://api:8001"),
        ("http://api", "https://api:80"),
        ("http://api/x", "https://api:80/x"),
        ("http://api?x", "https://api:80?x"),
        ("http://api#x", "https://api:80#x"),
        ("ws://api:1/x", "wss://api:1/x"),
        ("HTTP://API:1", "HTTPS://API:1"),
        ("Http://api:1", "Https://api:1"),
        ("http://u:p@api", "https://u:p@api:80"),
        ("http://u@api:1", "https://u@api:1"),
        ("http://[::1]", "https://[::1]:80"),
        ("http://[::1]:1/", "https://[::1]:1/"),
        ("http://a:1,http://b", "https://a:1,https://b:80"),
        ("('http://a:1')", "('https://a:1')"),
        ("{http://a:1}", "{https://a:1}"),
        ("http://api:${P}", "https://api:${P}"),
        ("http://api:${P:-80}/", "https://api:${P:-80}/"),
        ("http://${H}", "https://${H}:80"),
        ("http://${H:-a:b}:1", "https://${H:-a:b}:1"),
        ("${U:-http://api:1}", "${U:-https://api:1}"),
        ("${U:+http://api:1}", "${U:+https://api:1}"),
        ("${U:-http://${H:-api}:1}", "${U:-https://${H:-api}:1}"),
        ("${X:-http}://api:1", "${X:-https}://api:1"),
        ("${X-ws}://api", "${X-wss}://api:80"),
        ("${X:-HTTP}://api:1", "${X:-HTTPS}://api:1"),
        ("${S}://api:1", "${S}://api:1"),
        ("${S}://api", "${S}://api:80"),
        ("$S://api", "$S://api:80"),
        ("${S:-http}://api:1", "${S:-https}://api:1"),
        ("${S:-https}://api:1", "${S:-https}://api:1"),
        ("${EMPTY:-http}://api:1", "${EMPTY:-https}://api:1"),
        ("${U:-${X:-http}://api:1}", "${U:-${X:-https}://api:1}"),
    ],
)
def test_plain_urls_become_tls(text: str, expected: str) -> None:
    assert tls(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "http",
        "http:/api",
        "http:// api",
        "http:///api",
        "http://:80",
        "https://api",
        "wss://api",
        "xhttp://api",
        "git+http://api",
        "a.http://api",
        "tcp://api",
        "//api",
        "${X}://api",
        "${X:-ftp}://api",
        "${T}://api",
        "${T:-http}://api",
        "${X:?http}://api",
        "$${X:-http}://api",
        "${S}:/api",
        "http://[::1",
    ],
)
def test_everything_else_stays(text: str) -> None:
    assert tls(text) == text


@pytest.mark.parametrize(
    ("text", "scheme", "name", "host", "port"),
    [
        ("${S}://${H}:1", "http", "S", "${H}", "1"),
        ("${X}://api", "", "", "api", None),
        ("${X:-ws}://api:2", "ws", "", "api", "2"),
        ("http://u:p@api:3/x@y", "http", "", "api", "3"),
    ],
)
def test_parts(text: str, scheme: str, name: str, host: str, port: str | None) -> None:
    (url,) = find(text, VALUES)
    assert (url.scheme, url.scheme_name, url.host, url.port) == (scheme, name, host, port)


def test_names_are_compared_as_dns_does() -> None:
    assert host_name("API.") == "api"


@given(st.text(alphabet="htps:/w$S{}-@[]a1. ", max_size=40))
def test_any_text_is_read_and_what_is_tls_stays_so(text: str) -> None:
    once = tls(text)
    assert [url.start for url in find(text, VALUES)] == sorted(url.start for url in find(text, VALUES))
    assert tls(once) == once


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("http://api:${P:-http://web:80}", ["http://web:80"]),
        ("http://${HOST:-http://api}", ["http://api"]),
        ("http://u:${PASS:-http://web}@api", ["http://u:${PASS:-http://web}@api"]),
        ("http://a:80L=${U:-http://b:${P:-http://c:1}}", ["http://c:1"]),
        ("http://a http://b", ["http://a", "http://b"]),
    ],
)
def test_of_urls_that_overlap_one_counts(text: str, found: list[str]) -> None:
    assert [text[url.start : url.end] for url in find(text)] == found
