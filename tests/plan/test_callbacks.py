"""Which URLs are redirect URIs: by the path, or by the name that they are given."""

from __future__ import annotations

import pytest

from aicos_tls.plan.callbacks import is_callback


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://localhost:3001/auth/google/callback", ""),
        ("http://localhost:3001/api/oauth/slack?x=1", ""),
        ("http://localhost/oauth2callback", ""),
        ("http://web:3000/login/oauth/github", ""),
        ("http://web:3000/saml/acs", ""),
        ("http://web:3000/done", "GOOGLE_REDIRECT_URI"),
        ("http://web:3000/done", "redirectUrl: "),
        ("http://web:3000", "callbackURL ="),
        ("http://web:3000/done", "RETURN_TO"),
    ],
)
def test_redirect_uris(url: str, name: str) -> None:
    assert is_callback(url, name)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://api:8001", "API_URL"),
        ("http://api:8001/health", "HEALTH"),
        ("http://callback:8001/x", "URL"),
        ("http://api:8001/redirects", "LIST"),
        ("http://api:8001/authors", "AUTHORS"),
    ],
)
def test_others(url: str, name: str) -> None:
    assert not is_callback(url, name)
