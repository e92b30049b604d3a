"""Code to paste, for `code show`: rendered from `templates/nginx/`, with names, port and paths filled in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.errors import TlsError
from aicos_tls.sources.templates import render

if TYPE_CHECKING:
    from pathlib import Path

    from aicos_tls.sources.model import CodeContext

PARTS = ("server", "client")
"""nginx that serves TLS, and nginx that asks a server over TLS."""

_PORT = 443


def snippets(context: CodeContext, part: str, directory: Path | None = None, *, asked: CodeContext) -> str:
    """Configuration of nginx for one part of a service; `directory` holds templates of the user's.

    `asked` is the server that a client asks. Raises `TlsError` for another part.
    """
    if part not in PARTS:
        raise TlsError(f"there is no {part} to show for nginx", hint=f"there is {' and '.join(PARTS)}")
    of = context if part == "server" else asked
    values = {
        "service": context.service,
        "short_name": context.short_name,
        "mount_path": context.mount_path,
        "port": min(of.ports, default=_PORT),
        "server": asked.service,
    }
    return render(f"nginx/{part}.conf.j2", values, directory)
