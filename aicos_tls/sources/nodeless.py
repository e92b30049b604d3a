"""Whether Node may run in any of some services: only where it surely does not are its variables left out.

Known is an image that is built here from a base that has another runtime, or none at all, where no instruction of its
final stage and no command of the compose file speaks of Node or its package managers. Everything else may run Node: an
image that is not built here, a Dockerfile that cannot be read, a base that nobody knows.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aicos_tls.compose.resolve import text_of, texts_of
from aicos_tls.errors import TlsError
from aicos_tls.files import read
from aicos_tls.plan.images import repository
from aicos_tls.sources.build import build_of
from aicos_tls.sources.dockerfile import parse
from aicos_tls.sources.runtime import runtime_of_image
from aicos_tls.yamledit.nodes import Sequence, deref

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from aicos_tls.compose.model import Project, Service

_SPEAKS_OF_NODE = re.compile(
    r"(?<![\w.])(?:node|nodejs|node_modules|npm|npx|pnpm|yarn|nvm|volta|bun|bunx|deno|tsx|ts-node|next|nuxt|pm2)(?![\w.])",
    re.IGNORECASE,
)
_HONOURS_IT = frozenset({"Node", "Bun", "Deno"})
_BARE = frozenset({"alpine", "debian", "ubuntu", "busybox", "scratch", "static", "static-debian12", "base-debian12"})
"""Last parts of the repositories of images that have no runtime (Docker Official Images; distroless)."""


def may_run_node(project: Project, services: Iterable[str]) -> bool:
    """Whether Node runs in one of the services, or nobody knows what does. Reads Dockerfiles; none is an error."""
    named = [project.services[name] for name in services]
    return not named or any(_may(service, project.directory) for service in named)


def _may(service: Service, root: Path) -> bool:
    if any(_SPEAKS_OF_NODE.search(text) for text in _commands(service)):
        return True
    if not service.builds:
        return not _without(service.image or "")
    build = build_of(service, root)
    if build is None or build.problem:
        return True
    try:
        stage = parse(read(build.dockerfile), build.target, build.args)
    except TlsError:
        return True
    own = (each for each in stage.instructions if each.name != "FROM")
    return not _without(stage.base) or any(_SPEAKS_OF_NODE.search(each.value) for each in own)


def _without(image: str) -> bool:
    """Whether an image is known, and has no Node."""
    runtime = runtime_of_image(image)
    parts = repository(image)[1]
    return runtime not in _HONOURS_IT if runtime else bool(parts) and parts[-1].lower() in _BARE


def _commands(service: Service) -> Iterator[str]:
    """Yield the words that the compose file starts it with."""
    for name in ("command", "entrypoint"):
        if found := service.attribute(name):
            node = deref(found[1].value)
            yield from texts_of(node) if isinstance(node, Sequence) else [text_of(node) or ""]
