"""Which sources import which, by relative paths: what pages load, and what Node is started with, reach others."""

from __future__ import annotations

import posixpath
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from aicos_tls.errors import TlsError
from aicos_tls.sources.node.packages import nearest, packages_in
from aicos_tls.sources.node.syntax import EXTENSIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from aicos_tls.files import TextFile

_IMPORT = re.compile(
    r"""(?:\bfrom\s*|\bimport\s*\(\s*|\brequire\s*\(\s*|^[ \t]*import\s+)(["'])([^"'\n]+)\1""", re.MULTILINE
)
_TYPES = re.compile(r"""\b(?:import|export)\s+type\b(?:(?!\b(?:import|export)\b)[^;"'])*+["'][^"'\n]+["']""")
_SCRIPT = re.compile(r"""<script\b[^<>]*?\bsrc\s*=\s*["']?([^"'\s>]+)""", re.IGNORECASE)
_STARTED = re.compile(
    r"(?:^|[\s;&|])(?:node|nodemon|tsx|ts-node|ts-node-dev|pm2|bun)\s[^;&|]*?([\w@./-]+\.[cm]?[jt]sx?)\b"
)
_SCRIPTS = ("start", "serve", "server", "start:prod", "dev")
_LONGEST = 1_000
"""Characters of a command that are looked at: nobody writes a longer one."""
_ENDINGS = ("", *sorted(EXTENSIONS), *(f"/index{ending}" for ending in sorted(EXTENSIONS)))


class Graph:
    """The sources of a service with what they import. `start` are the words of the program that it starts.

    `pages` are those that HTML files load, directly or not, with the place that says so; `started` are those that a
    program which Node is started with reaches.
    """

    def __init__(self, files: Mapping[PurePosixPath, TextFile], start: Iterable[str]) -> None:
        self.files = files
        self.packages = packages_in(files)
        self.documents = [path for path in files if path.suffix.lower() in {".html", ".htm"}]
        self.texts = {path: text_of(file) for path, file in files.items() if path.suffix.lower() in EXTENSIONS}
        self.imports = {path: list(imports(text)) for path, text in self.texts.items()}
        self.pages = self._reached(dict(self._loaded()))
        self.started = frozenset(self._reached(dict.fromkeys(self._programs(" ".join(start)), "")))

    def _loaded(self) -> Iterator[tuple[PurePosixPath, str]]:
        """Yield the sources that HTML files load, with the place."""
        for path in self.documents:
            file = self.files[path]
            for match in _SCRIPT.finditer(text_of(file)):
                target = self._resolve(path, f"./{match[1].lstrip('/')}")
                if target is not None:
                    yield target, f"{path.name}:{file.where(match.start()).line} <script>"

    def _programs(self, start: str) -> Iterator[PurePosixPath]:
        """Yield the sources that Node is started with, by the command of the service and the scripts of packages."""
        commands = [(PurePosixPath(), start)]
        for directory, package in self.packages.items():
            commands += [(directory, package.script(name)) for name in _SCRIPTS]
        for directory, command in commands:
            for match in _STARTED.finditer(command[:_LONGEST]):
                target = self._resolve(directory / "package.json", f"./{match[1].removeprefix('./')}")
                if target is not None:
                    yield target

    def _reached(self, found: dict[PurePosixPath, str]) -> dict[PurePosixPath, str]:
        """Some sources and all that they import."""
        reached, left = dict(found), list(found)
        while left:
            path = left.pop()
            for name in self.imports[path]:
                target = self._imported(path, name)
                if target is not None and target not in reached:
                    reached[target] = reached[path]
                    left.append(target)
        return reached

    def _imported(self, path: PurePosixPath, name: str) -> PurePosixPath | None:
        """The source that an import brings; `@/` and `~/` are the usual names of a package's own sources."""
        if name.startswith("."):
            return self._resolve(path, name)
        if not name.startswith(("@/", "~/")):
            return None
        manifest = nearest(path, self.packages)[0] / "package.json"
        places = (self._resolve(manifest, f"./{base}{name[2:]}") for base in ("src/", "", "app/"))
        return next((place for place in places if place is not None), None)

    def _resolve(self, path: PurePosixPath, name: str) -> PurePosixPath | None:
        """The source that a file means by a relative name; TypeScript names the `.js` that it will be compiled to."""
        base = posixpath.normpath(posixpath.join(path.parent.as_posix(), name))
        stem = base.removesuffix(".js")
        names = [base + ending for ending in _ENDINGS] + ([f"{stem}.ts", f"{stem}.tsx"] if stem != base else [])
        return next((found for each in names if (found := PurePosixPath(each)) in self.texts), None)


def text_of(file: TextFile) -> str:
    """The text of a file; empty when it is no UTF-8: nothing is changed in such a one."""
    try:
        return file.text
    except TlsError:
        return ""


def imports(text: str) -> Iterator[str]:
    """Yield the modules that a source imports, but those that it takes types from only."""
    for match in _IMPORT.finditer(_TYPES.sub("", text)):
        yield match[2]
