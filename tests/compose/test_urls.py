from __future__ import annotations

import pytest

from aicos_tls.compose.urls import find


def over_tls(text: str) -> str:
    found = [insertion for url in find(text) if url.plain for insertion in url.insertions]
    for insertion in sorted(found, key=lambda i: i.at, reverse=True):
        text = text[: insertion.at] + insertion.text + text[insertion.at :]
    return text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("http://api:8001", "https://api:8001"),
        ("http://api", "https://api:80"),
        ("WS://api/x", "WSS://api:80/x"),
        ("http://u:p@api/x", "https://u:p@api:80/x"),
        ("http://[::1]", "https://[::1]:80"),
        ("http://[::1]:1", "https://[::1]:1"),
        ("http://api:${P:-1}/x", "https://api:${P:-1}/x"),
        ("${A:-http://${B:-api}:1}", "${A:-https://${B:-api}:1}"),
        ("${S:-http}://api:1", "${S:-https}://api:1"),
        ("${S-WS}://api", "${S-WSS}://api:80"),
        ("${U:-${S:-http}://${H:-api}}/x", "${U:-${S:-https}://${H:-api}:80}/x"),
        ("${S:-https}://api:1", "${S:-https}://api:1"),
        ("${S:-postgres}://db:1", "${S:-postgres}://db:1"),
        ("${S}://api:1", "${S}://api:1"),
        ("$S://api:1", "$S://api:1"),
        ("${S:?http}://api:1", "${S:?http}://api:1"),
        ("xhttp://api:1", "xhttp://api:1"),
        ("http://", "http://"),
    ],
)
def test_a_url_over_tls(before: str, after: str) -> None:
    assert over_tls(before) == after


@pytest.mark.parametrize(
    ("text", "unknown", "variable"),
    [("${S}://a", True, "S"), ("$S://a", True, "S"), ("${S:-http}://a", False, "S"), ("http://a", False, "")],
)
def test_a_scheme_that_is_a_variable(text: str, unknown: bool, variable: str) -> None:  # noqa: FBT001
    (url,) = find(text)
    assert (url.is_unknown, url.variable) == (unknown, variable)
