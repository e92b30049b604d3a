"""Where each source of a service runs: in Node, in a tool of its development, in the browser, or nobody can say.

The helper is a file for Node: `import './tls'` in what a bundler builds for browsers breaks the build (there is no
`fs`). So in a package that has a front-end stack (`aicos_tls.sources.node.stacks`) only files are Node's that surely
run there: by the stack's own conventions, by what they import, or because a program that Node starts imports them and
no page does. Elsewhere every file is Node's but those that show that they are not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from aicos_tls.sources.node.graph import Graph, imports
from aicos_tls.sources.node.packages import nearest
from aicos_tls.sources.node.stacks import BROWSER_PACKAGES, NODE_MODULES, NODE_PACKAGES, PAGES, STACKS, Stack

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import PurePosixPath

    from aicos_tls.errors import Where
    from aicos_tls.files import TextFile
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
TESTS = re.compile(r"(?:^|/)(?:tests?|__tests__|__mocks__|specs?|e2e|cypress)/|\.(?:test|spec|cy|e2e)\.[cm]?[jt]sx?$")
_RUNNERS = frozenset({"ava", "cypress", "jest", "mocha", "nightwatch", "playwright", "vitest"})
"""Programs that run tests."""
_DIRECTIVE = re.compile(r"\A(?>\s+|//[^\n]*\n|/\*(?>[^*]+|\*(?!/))*\*/)*+([\"'])use (client|server)\1")
_EDGE = re.compile(r"""\bruntime\s*[:=]\s*["'](?:experimental-)?edge["']""")
_STYLES = (".css", ".scss", ".sass", ".less", ".vue", ".svelte", ".svg", ".png")
_GLOBALS = re.compile(r"(?<![\w.$'\"`-])(?:window|document|localStorage|sessionStorage)\s*(?:\.|\?\.|\[)\s*\w")
_META_ENV = re.compile(r"\bimport\.meta\.env\b")
_SERVED = frozenset({"public", "static", "assets", "wwwroot", "www"})


def places(files: Mapping[PurePosixPath, TextFile], start: Iterable[str] = ()) -> dict[PurePosixPath, Place]:
    """Where each source among the files of a service runs. `start` are the words of the program that it starts."""
    graph = Graph(files, start)
    tests = frozenset() if _RUNNERS.intersection(start) else _tests(graph)
    return {path: Place(Runs.TEST, "a test") if path in tests else _place(graph, path) for path in graph.texts}


def _tests(graph: Graph) -> frozenset[PurePosixPath]:
    """The sources that are tests; none where there is nothing else: then they are what the service runs."""
    found = frozenset(path for path in graph.texts if TESTS.search(path.as_posix()) and path not in graph.started)
    return found if len(found) < len(graph.texts) else frozenset()


def _place(graph: Graph, path: PurePosixPath) -> Place:
    directive = _DIRECTIVE.match(graph.texts[path])
    if directive and directive[2] == "client":
        return Place(Runs.BROWSER, _said(graph.files[path].where(directive.start(1)), "'use client'"))
    directory, package = nearest(path, graph.packages)
    stack = next((each for each in STACKS if package.dependencies.intersection(each.packages)), None)
    if stack is None:
        return _without_stack(graph, path)
    name, evidence = path.relative_to(directory).as_posix(), _evidence(stack, package)
    if re.search(stack.tool, name):
        return Place(Runs.TOOL, evidence)
    if stack.needs_page and not _has_pages(graph, directory, package):
        return _without_stack(graph, path)
    return _in_stack(graph, path, name, stack, evidence)


def _has_pages(graph: Graph, directory: PurePosixPath, package: Package) -> bool:
    """Whether a package has an HTML file, or a library for pages."""
    beside = any(path.is_relative_to(directory) for path in graph.documents)
    return beside or not PAGES.isdisjoint(package.dependencies)


def _in_stack(graph: Graph, path: PurePosixPath, name: str, stack: Stack, evidence: str) -> Place:
    """In a package of a front-end stack; `name` is the path in the package."""
    if re.search(stack.built, name):
        return Place(Runs.BUILD, evidence)
    text = graph.texts[path]
    if re.search(stack.edge, name) or (stack.renders and _EDGE.search(text)):
        return Place(Runs.UNDECIDED, f"{evidence}, in the Edge runtime, which has no modules of Node")
    if (
        re.search(stack.node, name)
        or (stack.renders and _is_for_servers(text))
        or _is_program(graph, path, name, stack)
    ):
        return NODE
    return Place(Runs.UNDECIDED if stack.renders else Runs.BROWSER, evidence)


def _is_program(graph: Graph, path: PurePosixPath, name: str, stack: Stack) -> bool:
    """Whether a file of a front end's package belongs to a program for Node beside it: a server of its own."""
    bundled = re.search(stack.browser, name) is not None
    if path in graph.pages or (stack.renders and bundled):
        return False
    # where pages are known to load sources, what they do not reach and a program does is that program's
    return _needs_node(graph, path) or (path in graph.started and not (bundled and not graph.pages))


def _without_stack(graph: Graph, path: PurePosixPath) -> Place:
    """In a package that has no front-end stack: Node's, but for what shows that it is not."""
    if _needs_node(graph, path):
        return NODE
    if path in graph.pages:
        return Place(Runs.BROWSER, graph.pages[path])
    sign = "" if path in graph.started else next(_signs(graph, path), "")
    return Place(Runs.BROWSER, sign) if sign else NODE


def _signs(graph: Graph, path: PurePosixPath) -> Iterator[str]:
    """Yield what shows that a source is for browsers, with its place."""
    text, file = graph.texts[path], graph.files[path]
    for pattern in (_META_ENV, _GLOBALS):
        if match := pattern.search(text):
            yield _said(file.where(match.start()), match[0])
    for name in graph.imports[path]:
        if name in BROWSER_PACKAGES or name.endswith(_STYLES):
            yield _said(file.where(text.find(name)), name)
    if _SERVED.intersection(path.parts[:-1]) and "require(" not in text:
        yield f"in {path.parent.name}/, which is served as it is"


def _needs_node(graph: Graph, path: PurePosixPath) -> bool:
    return any(
        name.startswith("node:") or name in NODE_MODULES or name in NODE_PACKAGES for name in graph.imports[path]
    )


def _is_for_servers(text: str) -> bool:
    directive = _DIRECTIVE.match(text)
    return bool(directive and directive[2] == "server") or "server-only" in imports(text)


def _evidence(stack: Stack, package: Package) -> str:
    name = next(name for name in stack.packages if name in package.dependencies)
    return _said(package.where(name), name)


def _said(where: Where | None, what: str) -> str:
    """A place and what stands there; the file by its name, since it lies beside or above the source."""
    return f"{where.path.name}:{where.line} {what}" if where else what
