"""How a service starts: the words of the program that in the end listens, and the way that led to them.

`entrypoint` and `command` of the compose file stand over ENTRYPOINT and CMD of the image (compose specification,
"entrypoint", "command"; Dockerfile reference, "CMD and ENTRYPOINT"). Shells, init programs, package managers' scripts
and entry scripts are seen through. Where several commands run one after the other, the last one is the service.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from aicos_tls.compose.resolve import texts_of
from aicos_tls.healthchecks.wrappers import program
from aicos_tls.sources.dockerfile import exec_words
from aicos_tls.sources.launchers import step
from aicos_tls.yamledit.nodes import Scalar, Sequence, deref

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import PurePosixPath

    from aicos_tls.compose.model import Service
    from aicos_tls.errors import Where
    from aicos_tls.files import TextFile
    from aicos_tls.sources.dockerfile import Stage
    from aicos_tls.sources.dockerlines import Instruction

_MAX_STEPS = 12
"""Launchers that start launchers: nobody nests them so deep, but a script may call itself."""

_IMAGE_STARTS = {
    "nginx": ("nginx", "-g", "daemon off;"),
    "httpd": ("httpd-foreground",),
    "caddy": ("caddy", "run"),
    "haproxy": ("haproxy", "-f", "/usr/local/etc/haproxy/haproxy.cfg"),
}
"""What well-known base images start when a Dockerfile says nothing (their own Dockerfiles)."""


class Start(Struct, frozen=True):
    """The words of the program, where they stand, what led to them, and variables that the command itself sets.

    `varies`: variables are put into the words, whose values may be secrets of `.env`.
    """

    words: tuple[str, ...]
    where: Where
    via: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    varies: bool = False

    @property
    def program(self) -> str:
        """The name of the program, without its directory."""
        return program(self.words[0])

    @property
    def shown(self) -> str:
        """The words as a person would type them; those of a command with variables in it are not repeated."""
        return f"{self.program} …" if self.varies else " ".join(self.words)

    def __str__(self) -> str:
        """The words for a report, and the place."""
        return f"{self.shown} ({self.where})"


def start_of(service: Service, stage: Stage | None, files: Mapping[PurePosixPath, TextFile]) -> Start | None:
    """What a service starts; None when neither the compose file nor the Dockerfile says.

    `files` are those of the build context by their path in it: package.json and entry scripts are looked for there.
    """
    start = _outer(service, stage)
    if start is None:
        return None
    for _ in range(_MAX_STEPS):
        following = step(start.words, files)
        if following is None:
            break
        start = replace(
            start,
            words=following.words,
            where=following.where or start.where,
            via=(*start.via, following.via),
            environment=(*start.environment, *following.environment),
        )
    return start


def _outer(service: Service, stage: Stage | None) -> Start | None:
    """Entrypoint and command put together, before anything is seen through."""
    entrypoint = _from_compose(service, "entrypoint")
    command = _from_compose(service, "command")
    if entrypoint is None:
        entrypoint = _from_image(stage, stage.entrypoint if stage else None)
        if command is None:
            command = _from_image(stage, stage.command if stage else None)
    parts = [part for part in (entrypoint, command) if part is not None and part.words]
    if parts:
        words = tuple(word for part in parts for word in part.words)
        return replace(parts[-1], words=words, varies=any(part.varies for part in parts))
    if stage and entrypoint is None and command is None:
        return _from_base(stage)
    return None


def _from_compose(service: Service, name: str) -> Start | None:
    """The words of an attribute: a text is split as a shell would, but no shell runs; empty ones count."""
    found = service.attribute(name)
    if found is None:
        return None
    layer, entry = found
    node = deref(entry.value)
    where = layer.source.where(node)
    texts = [node.value] if isinstance(node, Scalar) else texts_of(node)
    varies = any("$" in text.replace("$$", "") for text in texts)
    if isinstance(node, Scalar):
        return None if node.is_null else Start(_split(_expanded(service, node.value)), where, varies=varies)
    if isinstance(node, Sequence):
        return Start(tuple(_expanded(service, text) for text in texts), where, varies=varies)
    return None


def _expanded(service: Service, text: str) -> str:
    """Interpolated where that is possible; the container sees one `$` for `$$`."""
    value = service.expand(text)
    return text.replace("$$", "$") if value is None else value


def _split(text: str) -> tuple[str, ...]:
    import shlex

    try:
        return tuple(shlex.split(text))
    except ValueError:
        return tuple(text.split())


def _from_image(stage: Stage | None, instruction: Instruction | None) -> Start | None:
    if stage is None or instruction is None:
        return None
    words = exec_words(instruction.value)
    if words is None:
        shell = stage.last("SHELL")
        words = (*((shell and exec_words(shell.value)) or ("/bin/sh", "-c")), instruction.value)
    return Start(words, stage.where(instruction))


def _from_base(stage: Stage) -> Start | None:
    name = program(stage.base).partition("@")[0].partition(":")[0]
    words = _IMAGE_STARTS.get("nginx" if name == "nginx-unprivileged" else name)
    first = next(i for i in reversed(stage.instructions) if i.name == "FROM")
    return Start(words, stage.where(first), (f"the image {stage.base}",)) if words else None
