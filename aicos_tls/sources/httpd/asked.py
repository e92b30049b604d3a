"""What an httpd configuration asks: the addresses of mod_proxy, whatever is spoken there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aicos_tls import budgets
from aicos_tls.compose.urls import host_name
from aicos_tls.sources.asked import Asked
from aicos_tls.sources.httpd.lines import for_host
from aicos_tls.sources.httpd.parse import Configuration

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from aicos_tls.files import TextFile

_ADDRESS = re.compile(
    r"[a-z0-9]+://(?P<host>[A-Za-z0-9_][A-Za-z0-9_.-]{0,252})(?::(?P<port>\d{1,5}))?(?![\w:@-])", re.IGNORECASE
)
_SCHEMES: dict[str, tuple[str, bool, int | None]] = {
    "http": ("http", False, 80),
    "https": ("http", True, 443),
    "ws": ("ws", False, 80),
    "wss": ("ws", True, 443),
    "h2c": ("http", False, 80),
    "h2": ("http", True, 443),
    "fcgi": ("fastcgi", False, 8000),
    "uwsgi": ("uwsgi", False, 3031),
    "scgi": ("scgi", False, 4000),
    "ajp": ("ajp", False, 8009),
}
"""What is spoken by the schemes of the modules mod_proxy_…, TLS, and the port where none is named (their manuals)."""


def asked(files: Iterable[TextFile], variables: Mapping[str, str]) -> Iterator[Asked]:
    """Yield what the files ask; `variables` are those of the environment."""
    for file in files:
        configuration = Configuration(file.text, variables)
        for target in configuration.targets(configuration.directives):
            known = _SCHEMES.get(target.scheme)
            match = _ADDRESS.match(target.url)
            if known is None or match is None:
                continue
            family, tls, default = known
            line = target.directive.line
            text = file.text[line.start : line.end]
            paste = ""
            if not tls and target.scheme in ("http", "ws") and target.scheme_at is not None:
                at = target.scheme_at - line.start
                secure = f"{text[:at]}s{text[at:]}" if 0 < at < len(text) else text
                paste = "\n".join((*for_host("{ca}", names=True), secure))
            port = budgets.number(match["port"]) or default
            where = file.where(line.start)
            yield Asked(family, host_name(match["host"]), port, tls, text, line.words[0].value, where, paste)
