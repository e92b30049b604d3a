"""Code to paste, for `code show`: rendered from `templates/node/snippets/`, with the service's names filled in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.errors import TlsError
from aicos_tls.sources.node.helper import ModuleKind
from aicos_tls.sources.templates import render

if TYPE_CHECKING:
    from pathlib import Path

    from aicos_tls.sources.model import CodeContext

SERVER_FRAMEWORKS = ("http", "express", "connect", "koa", "fastify", "nestjs", "hapi")
CLIENTS = ("axios", "fetch", "https")
PARTS = ("server", "client", "healthcheck", "helper")

_SAME_SERVER = {"connect": "express", "koa": "express"}
_DEFAULT_PORT = 3000


def snippets(
    context: CodeContext,
    framework: str,
    part: str,
    *,
    kind: ModuleKind = ModuleKind.COMMONJS,
    templates: Path | None = None,
) -> str:
    """Code for one part of a service.

    `part` is `server` (`framework`: http, express, connect, koa, fastify, nestjs, hapi), `client` (`framework`: axios,
    fetch, https; any other gives all three), `healthcheck` or `helper`. Raises `TlsError` where there is no code.
    """
    values = {
        "service": context.service,
        "short_name": context.short_name,
        "mount_path": context.mount_path,
        "port": min(context.ports, default=_DEFAULT_PORT),
        "module": kind.value,
        "framework": framework,
        "bring_in": _bring_in(kind),
    }
    return "\n".join(render(name, values, templates) for name in _names(framework, part, kind))


def _names(framework: str, part: str, kind: ModuleKind) -> list[str]:
    if part == "helper":
        return ["node/tls.ts.j2" if kind is ModuleKind.TYPESCRIPT else "node/tls.js.j2"]
    if part == "healthcheck":
        return ["node/snippets/healthcheck.j2"]
    if part == "client":
        return [f"node/snippets/client-{name}.j2" for name in ((framework,) if framework in CLIENTS else CLIENTS)]
    if part == "server" and framework in SERVER_FRAMEWORKS:
        return [f"node/snippets/server-{_SAME_SERVER.get(framework, framework)}.j2"]
    known = ", ".join(PARTS if part not in PARTS else SERVER_FRAMEWORKS)
    raise TlsError(f"there is no code for {part} of {framework} on Node", hint=f"there is for {known}")


def _bring_in(kind: ModuleKind) -> str:
    """The line that brings the helper in."""
    if kind is ModuleKind.COMMONJS:
        return "const tls = require('./tls');"
    return f"import * as tls from './tls{'.mjs' if kind is ModuleKind.ESM else ''}';"
