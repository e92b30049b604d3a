"""Which files of a tree are no sources: ignored by git, installed by a package manager, built, generated, binary."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls import budgets
from aicos_tls.plan.gitlines import spec

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import PurePosixPath

    from pathspec import GitIgnoreSpec

    from aicos_tls.sources.dockerignore import DockerRules

NEVER = frozenset(
    {
        ".aicos-tls",
        ".cache",
        ".eggs",
        ".git",
        ".gradle",
        ".hg",
        ".mypy_cache",
        ".next",
        ".nox",
        ".nuxt",
        ".output",
        ".parcel-cache",
        ".pnpm-store",
        ".pytest_cache",
        ".ruff_cache",
        ".svelte-kit",
        ".svn",
        ".terraform",
        ".tox",
        ".turbo",
        ".venv",
        ".yarn",
        "__pycache__",
        "bower_components",
        "coverage",
        "dist",
        "node_modules",
        "site-packages",
    }
)
"""Directories of version control, package managers, caches and build output, whatever stands beside them."""

_BUILDS_TO = {
    "build": ("package.json", "pyproject.toml", "setup.py", "build.gradle", "build.gradle.kts", "CMakeLists.txt"),
    "out": ("package.json", "build.gradle", "build.gradle.kts"),
    "target": ("Cargo.toml", "pom.xml", "build.sbt"),
    "vendor": ("go.mod", "composer.json", "Gemfile"),
}
"""Directories that are output or vendored only where a build file of that kind stands beside them."""

_BINARY = frozenset(
    """
    .7z .a .avi .avif .bin .bmp .bz2 .class .db .dll .dylib .eot .exe .flac .gif .gz .ico .jar .jpeg .jpg .jks .key .mov
    .mp3 .mp4 .o .ogg .otf .p12 .pdf .pem .png .pyc .rar .so .sqlite .sqlite3 .tar .tgz .tif .tiff .ttf .wasm .wav .webm
    .webp .whl .woff .woff2 .xz .zip .zst
    """.split()
)
_LOCKS = frozenset(
    """
    Cargo.lock Gemfile.lock bun.lock bun.lockb composer.lock go.sum npm-shrinkwrap.json package-lock.json Pipfile.lock
    pdm.lock pnpm-lock.yaml poetry.lock uv.lock yarn.lock
    """.split()
)
_MINIFIED_NAME = re.compile(r"[.-](?:min|bundle|chunk)\.(?:js|mjs|cjs|css)$|\.map$")
_GENERATED = re.compile(
    r"@generated\b|\bCode generated .* DO NOT EDIT\.|\bThis file (?:is|was) auto-?generated", re.IGNORECASE
)
_HEAD = 1000
_LONG_LINE = 5000
"""Characters: no person writes such a line of JavaScript or CSS."""
_MINIFIABLE = frozenset({".js", ".mjs", ".cjs", ".css"})


class Rules(Struct, frozen=True):
    """The ignore file of one directory; `base` is that directory, relative to the root of the walk."""

    base: PurePosixPath
    spec: GitIgnoreSpec
    lines: int = 0

    def cost(self, path: PurePosixPath) -> int:
        """How many tests it takes to say something of `path`."""
        del path
        return self.lines

    def says(self, path: PurePosixPath, *, directory: bool) -> bool | None:
        """Whether `path` is ignored; None when no line speaks of it."""
        name = str(path.relative_to(self.base)) + ("/" if directory else "")
        return self.spec.check_file(name).include


def git_rules(base: PurePosixPath, text: str) -> Rules:
    """The rules of a `.gitignore` in `base`; lines over the budget say nothing."""
    lines = text.splitlines()[: budgets.PATTERNS]
    return Rules(base, spec(lines), len(lines))


def is_ignored(rules: Iterable[Rules | DockerRules], path: PurePosixPath, *, directory: bool) -> bool:
    """Whether the rules, outermost first, ignore `path`: the innermost that speaks of it decides."""
    said = None
    for rule in rules:
        answer = rule.says(path, directory=directory)
        said = said if answer is None else answer
    return bool(said)


def is_output(name: str, siblings: frozenset[str]) -> bool:
    """Whether a directory of that name, among `siblings`, is installed, built or vendored."""
    return name in NEVER or name.endswith(".egg-info") or any(marker in siblings for marker in _BUILDS_TO.get(name, ()))


def is_no_text(name: str) -> bool:
    """Whether a file of that name holds no sources: binary formats, keys, certificates, lock files."""
    suffix = name[name.rfind(".") :].lower() if "." in name else ""
    return suffix in _BINARY or name in _LOCKS


def generated(name: str, text: str) -> str:
    """Why nobody edits this text by hand; empty when somebody does."""
    if _GENERATED.search(text[:_HEAD]):
        return "generated: it says so itself"
    suffix = name[name.rfind(".") :].lower() if "." in name else ""
    if _MINIFIED_NAME.search(name) or (suffix in _MINIFIABLE and _longest_line(text) > _LONG_LINE):
        return "minified"
    return ""


def _longest_line(text: str) -> int:
    return max(map(len, text.split("\n")))
