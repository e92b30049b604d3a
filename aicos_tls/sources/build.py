"""Where a service's image is built from: context directory and Dockerfile (compose specification, "Build")."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from msgspec import Struct, field

from aicos_tls import files
from aicos_tls.compose.resolve import text_of
from aicos_tls.yamledit.nodes import Mapping, Scalar, Sequence, deref

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from aicos_tls.compose.model import Layer, Service
    from aicos_tls.yamledit.nodes import Node

_REMOTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|git@|github\.com/|.*\.git(?:#|$)")


class Build(Struct, frozen=True):
    """Directories and files of a build. `problem` says why they cannot be looked at.

    Then `is_local` says whether the context is a directory of this machine all the same. `inline` is the text of a
    Dockerfile that is written in the compose file; `dockerfile` is the name that it would have.
    """

    context: Path
    dockerfile: Path
    target: str | None = None
    problem: str = ""
    args: dict[str, str] = field(default_factory=dict)
    inline: str | None = None
    is_local: bool = True


def build_of(service: Service, project: Path) -> Build | None:
    """The build of a service; None when it has none. Nothing outside of the project directory is looked at."""
    parts = dict(_parts(service))
    if not parts:
        return None
    base = parts["context"][0].source.base if "context" in parts else service.first.source.base
    texts = {name: text_of(node) or "" for name, (_, node) in parts.items()}
    context = service.expand(texts.get("context") or ".")
    dockerfile = service.expand(texts.get("dockerfile") or "Dockerfile")
    target = service.expand(texts.get("target", ""))
    if context is None or dockerfile is None or target is None or "\0" in context + dockerfile:
        return Build(
            project, project, problem="the path depends on a variable whose value is not known", is_local=False
        )
    directory = base / context
    if _REMOTE.match(context) and not files.is_directory(directory):
        problem = f"the context {texts['context']} is not on this machine"
        return Build(project, project, problem=problem, is_local=False)
    if "dockerfile_inline" in parts:
        reason = "the Dockerfile is written in the compose file"
        return Build(directory, directory / "Dockerfile", target or None, reason, inline=texts["dockerfile_inline"])
    file = _file(directory, dockerfile)
    problem = _problem(directory, file, project)
    if problem and any("$" in texts.get(name, "") for name in ("context", "dockerfile")):  # `.env` may hold secrets
        where = "/".join(texts[name] for name in ("context", "dockerfile") if name in texts)
        problem = f"{where} is no file of the project"
    return Build(directory, file, target or None, problem, dict(_args(service, parts)))


def _parts(service: Service) -> Iterator[tuple[str, tuple[Layer, Node]]]:
    """Yield the members of `build`, later definitions last; a text is the context (specification, "Merge")."""
    for layer, entry in service.effective("build"):
        node = deref(entry.value)
        if isinstance(node, Scalar) and not node.is_null:
            yield "context", (layer, node)
        if isinstance(node, Mapping):
            yield from ((name, (layer, part.value)) for name, part in layer.source.resolver.mapping(node).items())
            if not node.pairs:
                yield "context", (layer, node)


def _args(service: Service, parts: dict[str, tuple[Layer, Node]]) -> Iterator[tuple[str, str]]:
    """Yield the build arguments whose value is known."""
    if "args" not in parts:
        return
    layer, node = parts["args"]
    target = deref(node)
    if isinstance(target, Sequence):
        pairs = [text.partition("=")[::2] for text in map(text_of, target.items) if text and "=" in text]
    else:
        pairs = [(name, text_of(entry.value) or "") for name, entry in layer.source.resolver.mapping(target).items()]
    for name, text in pairs:
        if (value := service.expand(text)) is not None:
            yield name, value


def _file(directory: Path, name: str) -> Path:
    """The Dockerfile; the builder also takes one in lower case where nothing else is said."""
    file = directory / name
    lower = directory / name.lower()
    return lower if name == "Dockerfile" and not files.is_there(file) and files.is_file(lower) else file


def _problem(directory: Path, file: Path, project: Path) -> str:
    for path in (directory, file):
        if not is_inside(path, project):
            return f"{path} lies outside of the project"
    if files.is_file(file):
        return ""
    return f"{file} is no file" if files.is_there(file) else f"{file} does not exist"


def is_inside(path: Path, project: Path) -> bool:
    """Whether `path`, symlinks followed, lies in the project directory."""
    real, root = os.path.realpath(path), os.path.realpath(project)
    return real == root or real.startswith(root.rstrip("/") + "/")
