"""Where each source of a service runs: in Node, in a tool of its development, in the browser, or nobody can say.

The helper is a file for Node: `import './tls'` in what a bundler builds for browsers breaks the build (there is no
`fs`). So in a package that has a front-end stack (`aicos_tls.sources.node.stacks`) only files are Node's that surely
run there: by the stack's own conventions, by what they import, or because a program that Node starts imports them and
no page does. Elsewhere every file is Node's but those that show that they are not.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from aicos_tls.errors import TlsError
from aicos_tls.sources.node.packages import nearest, packages_in
from aicos_tls.sources.node.stacks import BROWSER_PACKAGES, NODE_MODULES, NODE_PACKAGES, STACKS, Stack
from aicos_tls.sources.node.syntax import EXTENSIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from aicos_tls.errors import Where
    from aicos_tls.files import TextFile
    from aicos_tls.errors import TlsError
from aicos_tls.sources.node.packages import Package


class Runs(Enum):
    """Where a source runs."""

    NODE = "Node"
    TOOL = "a tool of its development, when that starts"
    BUILD = "a tool, when the image is built"
    BROWSER = "the browser"
    UNDECIDED = "nobody can say"
    TEST = "tests"


@dataclass(frozen=True)
class Place:
    """Where a source runs, and in words why; empty for Node."""

    runs: Runs
    why: str = ""


NODE = Place(Runs.NODE)
TESTS = re.compile(
    r"(?:^|/)(?:tests?|__tests__|__mocks__|specs?|e2e|cypress)/|\.(?:test|spec|cy|e2e)\.[cm]?[jt]sx?$"
)
_DIRECTIVE = re.compile(r"\A(?:\s|//[^\n]*\n|/\*.*?\*/)*([\"'])use (client|server)\1", re.DOTALL)
_IMPORT = re.compile(
    r"""(?:\bfrom\s*|\bimport\s*\(\s*|\brequire\s*\(\s*|^\s*import\s+)(["'])([^"'\n]+)\1""", re.MULTILINE
)
_TYPES = re.compile(r"""\b(?:import|export)\s+type\b[^;"']*?["'][^"'\n]+["']""")
_EDGE = re.compile(r"""\bruntime\s*[:=]\s*["'](?:experimental-)?edge["']""")
_STYLES = (".css", ".scss", ".sass", ".less", ".vue", ".svelte", ".svg", ".png")
_GLOBALS = re.compile(r"(?<![\w.$'\"`-])(?:window|document|localStorage|sessionStorage)\s*(?:\.|\?\.|\[)\s*\w")
_META_ENV = re.compile(r"\bimport\.meta\.env\b")
_SERVED = frozenset({"public", "static", "assets", "wwwroot", "www"})
_SCRIPT = re.compile(r"""<script\b[^>]*?\bsrc\s*=\s*["']?([^"'\s>]+)""", re.IGNORECASE)
_STARTED = re.compile(
    r"(?:^|[\s;&|])(?:node|nodemon|tsx|ts-node|ts-node-dev|pm2|bun)\s[^;&|]*?([\w@./-]+\.[cm]?[jt]sx?)\b"
)
_ENDINGS = ("", *sorted(EXTENSIONS), *(f"/index{ending}" for ending in sorted(EXTENSIONS)))


def places(files: Mapping[PurePosixPath, TextFile], start: Iterable[str] = ()) -> dict[PurePosixPath, Place]:
    """Where each source among the files of a service runs. `start` are the words of the program that it starts."""
    return _Service(files, start).places()


class _Service:
    def __init__(self, files: Mapping[PurePosixPath, TextFile], start: Iterable[str]) -> None:
        self._files = files
        self._sources = {path: _text(file) for path, file in files.items() if path.suffix.lower() in EXTENSIONS}
        self._packages = packages_in(files)
        self._imports = {path: list(_imports(text)) for path, text in self._sources.items()}
        self._pages = self._reached(self._scripts())
        self._started = self._reached(dict.fromkeys(self._programs(" ".join(start)), ""))

    def places(self) -> dict[PurePosixPath, Place]:
        return {path: self._place(path, text) for path, text in self._sources.items()}

    def _place(self, path: PurePosixPath, text: str) -> Place:
        if TESTS.search(path.as_posix()) and path not in self._started:
            return Place(Runs.TEST, "a test")
        directory, package = nearest(path, self._packages)
        stack = next((each for each in STACKS if package.dependencies.intersection(each.packages)), None)
        directive = _DIRECTIVE.match(text)
        if directive and directive[2] == "client":
            return Place(Runs.BROWSER, _said(self._files[path].where(directive.start(1)), "'use client'"))
        if stack is None:
            return self._without_stack(path, text)
        name = path.relative_to(directory).as_posix()
        return self._in_stack(path, name, text, stack, _evidence(stack, package))

    def _in_stack(self, path: PurePosixPath, name: str, text: str, stack: Stack, evidence: str) -> Place:
        browser = Place(Runs.UNDECIDED if stack.renders else Runs.BROWSER, evidence)
        if re.search(stack.tool, name):
            return Place(Runs.TOOL, evidence)
        if re.search(stack.built, name):
            return Place(Runs.BUILD, evidence)
        if stack.renders and _EDGE.search(text):
            return Place(Runs.UNDECIDED, f"{evidence}, in the Edge runtime, which has no modules of Node")
        if re.search(stack.node, name) or (stack.renders and _is_for_servers(text)):
            return NODE
        if stack.renders and re.search(stack.browser, name):
            return browser
        if self._needs_node(path) and path not in self._pages:
            return NODE
        if path in self._started and path not in self._pages and not re.search(stack.browser, name):
            return NODE
        return browser

    def _without_stack(self, path: PurePosixPath, text: str) -> Place:
        if self._needs_node(path):
            return NODE
        if path in self._pages:
            return Place(Runs.BROWSER, self._pages[path])
        for pattern in (_META_ENV, _GLOBALS):
            if (match := pattern.search(text)) and path not in self._started:
                return Place(Runs.BROWSER, _said(self._files[path].where(match.start()), match[0]))
        shown = next((name for name in self._imports[path] if _is_for_pages(name)), None)
        if shown is not None and path not in self._started:
            return Place(Runs.BROWSER, _said(self._files[path].where(text.find(shown)), shown))
        if _SERVED.intersection(path.parts[:-1]) and path not in self._started and "require(" not in text:
            return Place(Runs.BROWSER, f"in {path.parent.name}/, which is served as it is")
        return NODE

    def _needs_node(self, path: PurePosixPath) -> bool:
        return any(
            name.startswith("node:") or name in NODE_MODULES or name in NODE_PACKAGES for name in self._imports[path]
        )

    def _scripts(self) -> dict[PurePosixPath, str]:
        """The sources that HTML files load, with the place that says so."""
        found: dict[PurePosixPath, str] = {}
        for path, file in self._files.items():
            if path.suffix.lower() in {".html", ".htm"}:
                for match in _SCRIPT.finditer(_text(file)):
                    target = self._resolve(path, f"./{match[1].lstrip('/')}")
                    if target is not None:
                        found.setdefault(target, _said(file.where(match.start()), "<script>"))
        return found

    def _programs(self, start: str) -> Iterator[PurePosixPath]:
        """Yield the sources that Node is started with, by the command of the service and the scripts of packages."""
        commands = [(PurePosixPath(), start)]
        for directory, package in self._packages.items():
            commands += [(directory, package.script(name)) for name in ("start", "serve", "server", "start:prod", "dev")]
        for directory, command in commands:
            for match in _STARTED.finditer(command):
                target = self._resolve(directory / "package.json", f"./{PurePosixPath(match[1]).as_posix()}")
                if target is not None:
                    yield target

    def _reached(self, found: dict[PurePosixPath, str]) -> dict[PurePosixPath, str]:
        """Some sources and all that they import, by relative paths."""
        reached, left = dict(found), list(found)
        while left:
            path = left.pop()
            for name in self._imports[path]:
                target = self._resolve(path, name) if name.startswith(".") else None
                if target is not None and target not in reached:
                    reached[target] = reached[path]
                    left.append(target)
        return reached

    def _resolve(self, path: PurePosixPath, name: str) -> PurePosixPath | None:
        base = posixpath.normpath(posixpath.join(path.parent.as_posix(), name))
        stem = base.removesuffix(".js")
        names = [base + ending for ending in _ENDINGS] + ([f"{stem}.ts", f"{stem}.tsx"] if stem != base else [])
        return next((found for each in names if (found := PurePosixPath(each)) in self._sources), None)


def _text(file: TextFile) -> str:
    """The text of a file; empty when it is no UTF-8: nothing is changed in such a one."""
    try:
        return file.text
    except TlsError:
        return ""


def _imports(text: str) -> Iterator[str]:
    """Yield the modules that a source imports, but those that it takes types from only."""
    for match in _IMPORT.finditer(_TYPES.sub("", text)):
        yield match[2]


def _is_for_pages(name: str) -> bool:
    return name in BROWSER_PACKAGES or name.endswith(_STYLES)


def _is_for_servers(text: str) -> bool:
    directive = _DIRECTIVE.match(text)
    return bool(directive and directive[2] == "server") or "server-only" in _imports(text)


def _evidence(stack: Stack, package: Package) -> str:
    name = next(name for name in stack.packages if name in package.dependencies)
    return _said(package.where(name), name)


def _said(where: Where | None, what: str) -> str:
    """A place and what stands there; the file by its name, since it lies beside or above the source."""
    return f"{where.path.name}:{where.line} {what}" if where else what
