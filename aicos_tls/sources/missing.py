"""Whether a program is surely not in a container: not in the image, and nothing seen could have brought it.

A known base image is the evidence; every instruction that could bring the program all the same takes it away again: a
package manager that is given its name or a list that is not seen, a script, a copy over the directories of programs.
Where there is any doubt, nothing is said.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from aicos_tls.compose.resolve import text_of, texts_of
from aicos_tls.sources import images
from aicos_tls.sources.copied import places

if TYPE_CHECKING:
    from aicos_tls.compose.model import Service
    from aicos_tls.sources.dockerfile import Stage
    from aicos_tls.sources.dockerlines import Instruction

_PROGRAMS = frozenset(
    posixpath.join(root, name) for root in ("/", "/usr", "/usr/local") for name in ("bin", "sbin")
) | {"/", "/usr", "/usr/local"}
"""Directories below which a program would be found by its name."""
_SEPARATOR = re.compile(r"&&|\|\||[;|&\n]")
_OPAQUE = re.compile(r"(?:^|/)(?:sh|bash|ash|dash|zsh|make|ansible\S*|nix\S*|eval|source|\.|\S+\.sh|install\S*)$")
_INSTALLS = re.compile(
    r"\b(?:apk\s+(?:\S+\s+){0,20}?add|apt(?:-get)?\s+(?:\S+\s+){0,20}?install|dnf|yum|microdnf|zypper|pacman)\b"
)
_UNSEEN = re.compile(r"\$|`|\bxargs\b")


def surely_missing(name: str, image: str, stage: Stage | None, service: Service) -> bool:
    """Whether the container of a service has no program `name`.

    `image` is the image that it is or is built on (empty when that is not known), `stage` the final stage of its
    Dockerfile.
    """
    lacking = images.lacks(image) if image else frozenset()
    if name not in lacking and lacking is not images.EVERYTHING:
        return False
    return not (stage and _may_bring(name, stage)) and not _brought_by(name, service)


def _may_bring(name: str, stage: Stage) -> bool:
    directory = "/"
    for row in stage.instructions:
        if row.name == "WORKDIR":
            directory = posixpath.join(directory, row.value.strip("\"'"))
        elif row.name in ("RUN", "COPY", "ADD"):
            if named(name, row.value) or "<<" in row.value:
                return True
            if _runs_unseen(row.value) if row.name == "RUN" else _may_copy(row, directory):
                return True
    return False


def named(name: str, text: str) -> bool:
    """Whether the name of a program stands in a text as a word of its own."""
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text) is not None


def _runs_unseen(text: str) -> bool:
    """Whether a RUN does something that its text does not show."""
    if _INSTALLS.search(text) and _UNSEEN.search(text):
        return True
    for command in _SEPARATOR.split(text):
        words = [word for word in command.split() if not word.startswith("--") and "=" not in word]
        if words and (_OPAQUE.search(words[0]) or words[0].startswith(("./", "$"))):
            return True
    return False


def _may_copy(row: Instruction, directory: str) -> bool:
    """Whether a copy goes to where programs are, and does not name just what it brings."""
    found = places(row)
    if found is None:
        return True
    brought, goal = found
    if posixpath.normpath(posixpath.join(directory, goal)) not in _PROGRAMS:
        return False
    return any(not _is_one_file(source) or row.name == "ADD" for source in brought)


def _is_one_file(source: str) -> bool:
    """Whether a source of a COPY looks like a single file: it is named, and no directory of programs."""
    last = posixpath.basename(source.rstrip("/"))
    directory = source.endswith("/") or last in {"", ".", "bin", "sbin", "usr", "local", "rootfs", "root", "install"}
    return not directory and not any(sign in source for sign in "*?[$")


def _brought_by(name: str, service: Service) -> bool:
    """Whether the compose file may bring a program: by a mount, or by a command that installs it at the start."""
    for mount in service.mounts:
        goal = posixpath.normpath(mount.target)
        if goal in _PROGRAMS or posixpath.basename(goal) == name:
            return True
    return any(named(name, text) or _INSTALLS.search(text) for text in _commands(service))


def _commands(service: Service) -> list[str]:
    found = [found[1].value for key in ("command", "entrypoint") if (found := service.attribute(key)) is not None]
    return [text for node in found for text in ([text_of(node) or ""] if text_of(node) else texts_of(node))]
