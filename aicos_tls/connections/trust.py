"""What makes a client ask over TLS that the program does not change: the line, its form with TLS, and whom to trust."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.connections.protocols import HTTP_LIKE, Protocol
from aicos_tls.sources.trust import how_to_trust

if TYPE_CHECKING:
    from aicos_tls.connections.settings.asked import Asked

_SECURE_SCHEMES = {"http": "https", "ws": "wss", "redis": "rediss", "amqp": "amqps", "mqtt": "mqtts", "ldap": "ldaps"}
_OPTIONS = {
    Protocol.POSTGRES: "sslmode=verify-full",
    Protocol.MYSQL: "ssl-mode=VERIFY_IDENTITY",
    Protocol.MONGODB: "tls=true",
    Protocol.MSSQL: "Encrypt=true",
}


def remedy(runtime: str, found: Asked) -> str:
    """What makes a client ask over TLS that is not changed: the line, its form with TLS, and how to trust the CA."""
    if found.tls:
        return ""
    scheme, mark, rest = found.text.partition("://")
    if mark and scheme.lower() in _SECURE_SCHEMES:
        form = f"{_SECURE_SCHEMES[scheme.lower()]}://{rest}"
    elif found.protocol in HTTP_LIKE:
        form = f"https to {found.text}"
    else:
        form = f"{found.text} with {_OPTIONS.get(found.protocol, 'TLS')}"
    how = how_to_trust(runtime)
    return f"{found.where.path.name}:{found.where.line}: {form}" + (f"; {how}" if how else "")
