"""The runtime files of `preload`: read from `templates/runtime/`, written below the certificates directory."""

from __future__ import annotations

from aicos_tls.serving.model import RuntimeFile
from aicos_tls.sources.templates import plain

DIRECTORY = "runtime"
"""Where they are, in `templates/` and in the certificates directory."""

NODE = ("node/preload.cjs",)
PYTHON = (
    "python/sitecustomize.py",
    "python/aicos_tls_runtime/__init__.py",
    "python/aicos_tls_runtime/certificate.py",
    "python/aicos_tls_runtime/clients.py",
    "python/aicos_tls_runtime/servers.py",
    "python/aicos_tls_runtime/sockets.py",
)


def runtime_files(names: tuple[str, ...]) -> tuple[RuntimeFile, ...]:
    """The files of a runtime, `NODE` or `PYTHON`, with their texts."""
    return tuple(RuntimeFile(f"{DIRECTORY}/{name}", plain(f"{DIRECTORY}/{name}")) for name in names)
