"""Where a service's image is built from: context directory and Dockerfile (compose specification, "Build")."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.compose.resolve import text_of
from aicos_tls.yamledit.nodes import Scalar, deref

if TYPE_CHECKING:
    from pathlib import Path

    from aicos_tls.compose.model import Service


class Build(Struct, frozen=True):
    """Directories and files of a build. `problem` says why they cannot be looked at; then the paths mean nothing."""

    context: Path
    dockerfile: Path
    target: str | None = None
    problem: str = ""


def build_of(service: Service, project: Path) -> Build | None:
    """The build of a service; None when it has none. Nothing outside of the project directory is looked at."""
    found = service.attribute("build")
    if found is None:
        return None
    layer, entry = found
    node = deref(entry.value)
    parts = layer.source.resolver.mapping(node)
    if "dockerfile_inline" in parts:
        return Build(project, project, problem="the Dockerfile is written in the compose file")
    texts = {name: text_of(part.value) for name, part in parts.items()}
    context = text_of(node) if isinstance(node, Scalar) else texts.get("context") or "."
    context = service.expand(context or ".")
    dockerfile = service.expand(texts.get("dockerfile") or "Dockerfile")
    if context is None or dockerfile is None:
        return Build(project, project, problem="the path depends on a variable whose value is not known")
    if "://" in context or context.startswith("git@") or context.endswith(".git"):
        return Build(project, project, problem=f"the context {context} is not on this machine")
    directory = layer.source.base / context
    file = directory / dockerfile
    for path in (directory, file):
        if not _is_inside(path, project):
            return Build(directory, file, texts.get("target"), f"{path} lies outside of the project")
    problem = "" if file.is_file() else f"{file} does not exist"
    return Build(directory, file, texts.get("target"), problem)


def _is_inside(path: Path, project: Path) -> bool:
    """Whether `path`, symlinks followed, lies in the project directory."""
    real, root = os.path.realpath(path), os.path.realpath(project)
    return real == root or real.startswith(root.rstrip("/") + "/")
