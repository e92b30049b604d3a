"""Redirect URIs of OAuth and OpenID Connect: `http://localhost:3001/auth/google/callback`.

The provider compares them with what was registered there, letter by letter (RFC 6749, 3.1.2.3; RFC 9700, 4.1.3), so
one that becomes https has to be registered anew.
"""

from __future__ import annotations

import re

REGISTER = "a redirect URI is compared letter by letter, so register the https one with the provider, too"
"""What has to be done, in words."""

_LONGEST = 500
"""Characters of a URL, and of what stands before it, that are looked at."""
_PATH = r"(?i)/(?:[\w.-]*(?:callback|oauth2?|oidc|saml|sso)[\w.-]*)(?:[/?#]|$)|/(?:login|signin)/(?:oauth|oidc)"
_NAME = r"(?i)(?:redirect|callback|return)_?-?(?:ur[il]|to|path)|callback_?url"


def is_callback(url: str, name: str) -> bool:
    """Whether a URL is a redirect URI, by its path or by the name that it is given (a variable, what stands before)."""
    path = url[:_LONGEST].partition("://")[2].partition("/")[2]
    return bool(re.search(_PATH, f"/{path}") or re.search(_NAME, name[-_LONGEST:]))
