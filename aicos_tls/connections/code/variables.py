"""Variables of the environment, by every name that programs have for them.

Sources: Spring Boot "Relaxed Binding From Environment Variables" (dots and dashes), .NET "Environment variables
configuration provider" (`__` for `:`), MicroProfile Config 2.0 ("Environment Variables Mapping Rules"), viper
"Working with Environment Variables" (prefix), pydantic-settings (`env_prefix`, case).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aicos_tls.connections.code.values import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_UPPER = re.compile(r"[A-Z][A-Z0-9_]{1,80}")
_KEY = re.compile(r"[A-Za-z][\w-]{0,80}(?:(?:\.|::?|__)[A-Za-z][\w-]{0,80}){1,8}")
_PLACEHOLDER = re.compile(r"\\?\$\{(?P<name>[A-Za-z_][\w.\-]{0,120})(?::-?(?P<default>[^{}]*))?\}")
_ROUNDS = 8


def is_variable(text: str) -> bool:
    """Whether a text is a name as variables and settings have: `API_URL`, `api.url`, `Api:Url`."""
    return (_UPPER.fullmatch(text) or _KEY.fullmatch(text)) is not None and not text[-1:].isdecimal()


class Variables:
    """The values that are known, by any spelling of a name. `settings` are those of configuration files."""

    def __init__(self, environment: Mapping[str, str], settings: Mapping[str, str] | None = None) -> None:
        self._exact = dict(environment)
        self._relaxed = {relaxed(name): value for name, value in (settings or {}).items()}
        self._relaxed |= {relaxed(name): value for name, value in environment.items()}
        self._prefixes: set[str] = set()

    def add_prefixes(self, prefixes: Iterable[str]) -> None:
        """Note what names of variables begin with in this service (`env_prefix`, viper's SetEnvPrefix)."""
        self._prefixes.update(relaxed(prefix.rstrip("_")) for prefix in prefixes if prefix)

    def __contains__(self, name: str) -> bool:
        """Whether a variable has a value."""
        return self.get(name) is not None

    def get(self, name: str) -> str | None:
        """The value of a variable or setting; None where it has none."""
        found = self._exact.get(name)
        if found is None:
            plain = relaxed(name)
            found = self._relaxed.get(plain)
            for prefix in () if found is not None else sorted(self._prefixes):
                found = self._relaxed.get(prefix + plain) if found is None else found
        return found or None

    def resolve(self, text: str) -> str:
        """A text with its `${name:default}` resolved; what has no value stays as it is written."""
        for _ in range(_ROUNDS):
            new = _PLACEHOLDER.sub(self._placeholder, text)
            if new == text or len(new) > 2 * len(text) + 4096:
                break
            text = new
        return text

    def parts(self, text: str) -> Iterator[tuple[str, int, bool]]:
        """Yield the parts of a text with its placeholders resolved, each with its offset, and whether it is set."""
        end = 0
        for match in _PLACEHOLDER.finditer(text):
            if match.start() > end:
                yield text[end : match.start()], end, False
            end = match.end()
            value = self.get(match["name"])
            if value is not None:
                yield value, match.start(), True
            elif match["default"] is not None:
                yield self.resolve(match["default"]), match.start("default"), False
            else:
                yield UNKNOWN, match.start(), False
        if end < len(text):
            yield text[end:], end, False

    def _placeholder(self, match: re.Match[str]) -> str:
        value = self.get(match["name"])
        if value is not None:
            return value
        return match[0] if match["default"] is None else match["default"]


def relaxed(name: str) -> str:
    """A name without what spellings differ in: `spring.data.redis-url`, `SPRING_DATA_REDISURL`."""
    return re.sub(r"[^A-Za-z0-9]", "", name).lower()


def has_placeholder(text: str) -> bool:
    """Whether a text holds `${…}`."""
    return _PLACEHOLDER.search(text) is not None
