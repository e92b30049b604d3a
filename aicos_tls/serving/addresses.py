"""Addresses of servers in code that stays as it is: which of them are still asked in plain.

An address beside which a variable is read (`process.env.API_URL || 'http://api:8001'`) is only a default: where the
compose file sets that variable to an address, that one counts. What a service asks itself stays within its container.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aicos_tls.files import read
from aicos_tls.sources.nginx import is_nginx
from aicos_tls.sources.references import Verdict

if TYPE_CHECKING:
    from aicos_tls.compose.model import Service
    from aicos_tls.sources.references import SourceReference

_WORD = re.compile(r"[A-Za-z_]\w*")
_ADDRESS = re.compile(r"(?:https?|wss?)://", re.IGNORECASE)


def asks_in_plain(reference: SourceReference, service: Service, *, copied: bool) -> bool:
    """Whether a service, whose code is not changed, asks a server in plain at a place in its code.

    `copied`: a changed copy of its nginx configuration is mounted. Raises `TlsError` for a file that cannot be read.
    """
    path = reference.where.path
    if reference.verdict is not Verdict.CODE or reference.target == service.name:
        return False
    text = read(path).text
    if copied and is_nginx(path, text, "/etc/nginx/"):
        return False
    return not _is_default(text.split("\n")[reference.where.line - 1], service)


def _is_default(line: str, service: Service) -> bool:
    """Whether a line reads a variable of the service that holds an address."""
    values = {name: variable.value or "" for name, variable in service.environment.items()}
    return any(_ADDRESS.match(values[word]) for word in _WORD.findall(line) if word in values)
