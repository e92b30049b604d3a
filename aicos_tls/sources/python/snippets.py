"""Code to paste, for `code show`: rendered from `templates/python/`, with names, port and paths filled in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.errors import TlsError
from aicos_tls.sources.python.helper import helper_source
from aicos_tls.sources.templates import render

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from aicos_tls.sources.model import CodeContext

PARTS: Mapping[str, tuple[str, ...]] = {
    "helper": ("tls",),
    "server": ("uvicorn", "flask", "gunicorn", "hypercorn", "django"),
    "client": ("httpx", "requests", "aiohttp", "urllib"),
    "healthcheck": ("python", "curl"),
}
"""Parts, and the frameworks for each; the first one is shown when a service uses none of them."""

_SAME = {"fastapi": "uvicorn", "starlette": "uvicorn", "quart": "hypercorn"}


def snippets(context: CodeContext, framework: str, part: str, directory: Path | None = None) -> str:
    """Code for one part of a service; `directory` holds templates of the user's. Raises `TlsError` for another part."""
    names = PARTS.get(part)
    if names is None:
        raise TlsError(f"there is no part {part}", hint="parts are " + ", ".join(PARTS))
    if part == "helper":
        return helper_source(context, directory)
    name = _SAME.get(framework, framework)
    name = name if name in names else names[0]
    values = {
        "service": context.service,
        "short_name": context.short_name,
        "mount_path": context.mount_path,
        "port": min(context.ports, default=8000),
        "server": next((server for server in context.servers if server != context.service.lower()), "other-service"),
    }
    return render(f"python/snippets/{part}-{name}.j2", values, directory)
