"""Variables of the environment in configuration files, put in as the program that reads the file does it.

haproxy puts them in within double quotes (`"${API_HOST}"`, `"${API_HOST-api}"`; configuration manual 2.3), httpd
`${NAME}` that a `Define` or the environment gives, Caddy `{$NAME}` and `{$NAME:default}` when it reads the file and
`{env.NAME}` when it runs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aicos_tls import budgets

if TYPE_CHECKING:
    from collections.abc import Mapping

_BRACES = re.compile(r"\$\{([A-Za-z_]\w{0,99})(?:-([^}]{0,2048}))?\}")
_CADDY = re.compile(r"\{(?:\$([A-Za-z_]\w{0,99})(?::([^}]{0,2048}))?|env\.([A-Za-z_]\w{0,99}))\}")


def braces(text: str, values: Mapping[str, str]) -> str | None:
    """`text` with the values for `${NAME}` and `${NAME-default}`; None where one has none."""
    return _put_in(_BRACES, text, values) if "${" in text else text


def caddy(text: str, values: Mapping[str, str]) -> str | None:
    """`text` with the values for `{$NAME}`, `{$NAME:default}` and `{env.NAME}`; None where one has none."""
    return _put_in(_CADDY, text, values) if "{" in text else text


def _put_in(pattern: re.Pattern[str], text: str, values: Mapping[str, str]) -> str | None:
    missing = False

    def value(match: re.Match[str]) -> str:
        nonlocal missing
        name = next((group for group in (match[1], *match.groups()[2:]) if group), "")
        found = values.get(name) or match[2]
        missing = missing or found is None
        return found or ""

    filled = pattern.sub(value, text)
    return None if missing or len(filled) > budgets.VALUE else filled
