"""The compose loader: a text is a project or one `TlsError`; then everything that is asked of a project has an answer.

Whatever a text includes, extends or names as a file of variables is that text again.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fuzz.seeds import compose_files

from aicos_tls.compose.load import load
from aicos_tls.compose.settings import settings
from aicos_tls.compose.sites import sites
from aicos_tls.compose.urls import find
from aicos_tls.errors import TlsError
from aicos_tls.files import TextFile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.compose.model import Project

PATH = Path("/nowhere/docker-compose.yml")
TOKENS = (
    "services:", "environment:", "volumes:", "healthcheck:", "test:", "build:", "image:", "command:", "entrypoint:",
    "networks:", "aliases:", "links:", "depends_on:", "env_file:", "extends:", "include:", "configs:", "secrets:",
    "content:", "labels:", "ports:", "expose:", "target:", "args:", "context:", "dockerfile:", "network_mode:",
    "container_name:", "hostname:", "disable:", "deploy:", "profiles:", "x-aicos-tls:", "x-a: &a", "<<: *a", "<<:",
    "&a", "*a", "!reset", "!override", "!!str", "!!binary", "|", "|2-", ">+", "? ", "- ", ": ", "{", "}", "[", "]",
    "'", '"', "#", "---", "...", "%YAML 1.1", "\\u0041", "\\x0a", "\\\n", "\r\n", "\r", "\t", "\u2028", "\u0085",
    "\ufeff", "é", "💚", "null", "~", "true", "0x1F", "1:30", "http://api:8001", "http://api", "ws://web",
    "${A:-http://api}", "${A}", "$$", "${", "CMD", "CMD-SHELL", "curl -f http://localhost:8001/", "wget", "TLS_ENABLED",
    "  ", "    ", "\n  ", "\n    ", "\n      ", "\n      - ", "/app/certs", "host", "/etc/hostname", "file:", "service:",
)  # fmt: skip


def seeds() -> Iterator[bytes]:
    """Yield the compose files of the fixtures."""
    return compose_files()


def check(data: bytes) -> None:
    """Load a text as a project and ask the project everything."""
    try:
        project = loaded(data)
        for service in project.services.values():
            _ask(service)
        for site in sites(project):
            for url in find(site.text):
                assert site.text[url.start : url.end].endswith(url.port or "")
                assert site.where_at(url.start).line >= 1
    except TlsError as error:
        assert error.message
        assert "\n" not in str(error.where)


def loaded(data: bytes) -> Project:
    """The project of one compose file."""
    return load([PATH], read=lambda path: TextFile(path, data))


def _ask(service: object) -> None:
    """Look at every attribute, those that are computed among them."""
    for name in dir(type(service)):
        if not name.startswith("_"):
            getattr(service, name)
    settings(service, ("_URL", "A"))  # type: ignore[arg-type]
