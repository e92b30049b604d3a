"""What a service runs on, by what its files say: base image, start command, and the file that lists its packages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aicos_tls.errors import Where
from aicos_tls.plan.images import is_public, repository
from aicos_tls.sources.languages import Evidence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import PurePosixPath

    from aicos_tls.files import TextFile
    from aicos_tls.sources.dockerfile import Stage
    from aicos_tls.sources.start import Start

_BASES = {
    "node": "Node",
    "bun": "Bun",
    "deno": "Deno",
    "python": "Python",
    "uv": "Python",
    "golang": "Go",
    "nginx": "nginx",
    "nginx-unprivileged": "nginx",
    "httpd": "Apache httpd",
    "caddy": "Caddy",
    "haproxy": "haproxy",
    "ruby": "Ruby",
    "php": "PHP",
    "openjdk": "Java",
    "eclipse-temurin": "Java",
    "amazoncorretto": "Java",
    "rust": "Rust",
    "aspnet": ".NET",
    "elixir": "Elixir",
}
"""Runtime by the last part of a base image's repository."""

_PROGRAMS = {
    "Node": "node nodemon ts-node tsx next nuxt pm2 nest",
    "Python": "uvicorn gunicorn hypercorn granian daphne flask waitress-serve uwsgi fastapi",
    "nginx": "nginx",
    "Apache httpd": "httpd-foreground httpd apache2-foreground apache2 apache2ctl apachectl",
    "Caddy": "caddy",
    "haproxy": "haproxy",
    "Java": "java",
    "Bun": "bun",
    "Deno": "deno",
    "Ruby": "ruby puma rails rackup",
    "PHP": "php php-fpm",
    ".NET": "dotnet",
}
_BY_PROGRAM = {program: runtime for runtime, programs in _PROGRAMS.items() for program in programs.split()}
_PYTHON = re.compile(r"python\d?(?:\.\d+)?$")

_MANIFESTS = {
    "package.json": "Node",
    "requirements.txt": "Python",
    "pyproject.toml": "Python",
    "Pipfile": "Python",
    "go.mod": "Go",
    "Gemfile": "Ruby",
    "composer.json": "PHP",
    "pom.xml": "Java",
    "build.gradle": "Java",
    "Cargo.toml": "Rust",
    "mix.exs": "Elixir",
}

STATIC = frozenset({"nginx", "Apache httpd", "Caddy", "haproxy"})
"""Runtimes that serve files to browsers, or pass requests on: scripts among their files run in browsers."""


def runtime_of(
    stage: Stage | None, start: Start | None, files: Mapping[PurePosixPath, TextFile], image: Evidence | None = None
) -> tuple[str, tuple[Evidence, ...]]:
    """The runtime (empty when it is not known) and what says so: the start command first, the manifest last.

    `image` is the reference of a service that is not built.
    """
    found = [*_from_start(start), *_from_base(stage), *_from_image(image), *_from_manifests(files)]
    runtime = found[0][0] if found else ""
    return runtime, tuple(evidence for _, evidence in found)


def _from_start(start: Start | None) -> Iterator[tuple[str, Evidence]]:
    if start is None:
        return
    runtime = "Python" if _PYTHON.match(start.program) else _BY_PROGRAM.get(start.program)
    if runtime:
        yield runtime, Evidence(f"starts {start.shown}", start.where)


def _from_base(stage: Stage | None) -> Iterator[tuple[str, Evidence]]:
    if stage and (runtime := runtime_of_image(stage.base)):
        first = next(i for i in stage.instructions if i.name == "FROM")
        shown = first.value if "$" in first.value else stage.base  # a build argument may be a secret of `.env`
        yield runtime, Evidence(f"FROM {shown}", stage.where(first))


def _from_image(image: Evidence | None) -> Iterator[tuple[str, Evidence]]:
    if image and is_public(image.what) and (runtime := runtime_of_image(image.what)):
        yield runtime, image


def runtime_of_image(image: str) -> str:
    """The runtime that an image brings, by the last part of its repository; empty when it is not known."""
    parts = repository(image)[1]
    return _BASES.get(parts[-1].lower(), "") if parts else ""


def _from_manifests(files: Mapping[PurePosixPath, TextFile]) -> Iterator[tuple[str, Evidence]]:
    for path in sorted(files, key=lambda path: (len(path.parts), path)):
        if runtime := _MANIFESTS.get(path.name):
            yield runtime, Evidence(f"{path.name} lists its packages", Where(files[path].path))
