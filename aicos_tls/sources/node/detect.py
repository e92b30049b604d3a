"""What a directory of Node sources is: framework, kind of modules, entry file, where it listens, what it reads.

Evidence, not verdicts: each finding has its place. Read is what runs in Node (`aicos_tls.sources.node.runs`), but for
`node_modules` and build output.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from aicos_tls.errors import TlsError, Where
from aicos_tls.sources.node.bindings import Bindings
from aicos_tls.sources.node.exports import Neighbours
from aicos_tls.sources.node.helper import ModuleKind
from aicos_tls.sources.node.kinds import Kind, Kinds, maker
from aicos_tls.sources.node.packages import NAME, Package, package_of
from aicos_tls.sources.node.runs import Runs, places
from aicos_tls.sources.node.serving import reads_certificates, serves_tls
from aicos_tls.sources.node.syntax import EXTENSIONS, TYPESCRIPT, Syntax, method

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tree_sitter import Node

    from aicos_tls.files import TextFile
    from aicos_tls.sources.node.runs import Place

HELPER = "./tls"

_FRAMEWORKS = {
    "@nestjs/core": Kind.NEST,
    "fastify": Kind.FASTIFY,
    "@hapi/hapi": Kind.HAPI,
    "koa": Kind.KOA,
    "express": Kind.EXPRESS,
    "connect": Kind.CONNECT,
}
_SKIPPED = frozenset({"node_modules", "dist", "build", "coverage", ".git", ".next"})
_LISTENS = re.compile(r"listen|createServer|NestFactory|TLS_ENABLED|\.pem|\.crt|\.key")
_USUAL_ENTRIES = ("server", "index", "app", "main")
_MODULE_FILE = re.compile(r"[\w./-]+\.[cm]?[jt]s\b")
_STARTED = (Kind.EXPRESS, Kind.KOA, Kind.CONNECT, Kind.HTTP, Kind.HTTPS, Kind.FASTIFY, Kind.NEST, Kind.HELPER)


@dataclass(frozen=True)
class NodeFacts:
    """What was found. `framework` is a package or `http`; `entry` is relative to the directory."""

    framework: str | None
    framework_where: Where | None
    module_kind: ModuleKind
    entry: PurePosixPath | None
    entry_where: Where | None
    listens: tuple[Where, ...]
    serves_tls: Where | None
    reads_certificates: tuple[tuple[str, Where], ...]


def detect(
    directory_files: Mapping[PurePosixPath, TextFile], runs: Mapping[PurePosixPath, Place] | None = None
) -> NodeFacts:
    """What the files of a service, by their paths in its directory, say about it.

    `runs` says where each source runs, when that is known already.
    """
    package = package_of(directory_files.get(PurePosixPath(NAME)))
    runs = places(directory_files) if runs is None else runs
    sources = {
        path: file for path, file in directory_files.items() if _is_source(path) and runs[path].runs is Runs.NODE
    }
    by_path = {file.path: file for file in sources.values()}
    entry, entry_where = _entry(package, sources)
    framework, framework_where = _framework(package)
    listens: list[Where] = []
    certificates: list[tuple[str, Where]] = []
    serving: Where | None = None
    uses_http = False
    for file in sources.values():
        bindings = _bindings(file)
        if bindings is None:
            continue
        kinds = Kinds(bindings, HELPER, Neighbours(file.path, HELPER, by_path).kind)
        listens += [bindings.syntax.where(node) for node in _listens(bindings, kinds)]
        uses_http |= any(kinds.of(node) is Kind.HTTP for node in bindings.syntax.of("call_expression"))
        serving = serving or serves_tls(bindings, kinds)
        certificates += reads_certificates(bindings)
    if framework is None and (uses_http or listens):
        framework, framework_where = "http", (listens[0] if listens else None)
    kind = _module_kind(package, entry, sources)
    return NodeFacts(framework, framework_where, kind, entry, entry_where, tuple(listens), serving, tuple(certificates))


def _is_source(path: PurePosixPath) -> bool:
    return path.suffix.lower() in EXTENSIONS and not path.name.endswith(".d.ts") and not _SKIPPED & set(path.parts[:-1])


def _bindings(file: TextFile) -> Bindings | None:
    """The bindings of a file that has something to say; None for others, and for what cannot be parsed."""
    try:
        if not _LISTENS.search(file.text):
            return None
    except TlsError:
        return None
    syntax = Syntax(file)
    return Bindings(syntax) if syntax.problem() is None else None


def _listens(bindings: Bindings, kinds: Kinds) -> Iterator[Node]:
    """Yield the calls that make a server listen."""
    for node in bindings.syntax.of("call_expression"):
        made = maker(node, bindings)
        if made is not None and kinds.is_helper(made[0]) and made[1] == "listen":
            yield node
            continue
        called = method(node, bindings.syntax)
        if called is None or called[1] not in {"listen", "start"}:
            continue
        kind = kinds.of(called[0])
        if (called[1] == "start" and kind is Kind.HAPI) or (called[1] == "listen" and kind in _STARTED):
            yield node


def _entry(package: Package, sources: Mapping[PurePosixPath, TextFile]) -> tuple[PurePosixPath | None, Where | None]:
    """The file that is started: by `scripts.start`, `main`, or its name."""
    start = package.script("start")
    named = [(match, "start") for match in reversed(_MODULE_FILE.findall(start))]
    if re.search(r"\bnest start\b", start):
        named.append(("src/main.ts", "start"))
    if isinstance(package.data.get("main"), str):
        named.append((package.data["main"], "main"))
    for text, key in named:
        found = _source_of(text, sources)
        if found is not None:
            return found, package.where(key)
    for folder in ("", "src"):
        for name in _USUAL_ENTRIES:
            for ending in (".js", ".mjs", ".cjs", ".ts", ".mts"):
                path = PurePosixPath(folder, name + ending)
                if path in sources:
                    return path, Where(sources[path].path)
    return None, None


def _source_of(text: str, sources: Mapping[PurePosixPath, TextFile]) -> PurePosixPath | None:
    """The source that a started file is or was compiled from: `dist/main.js` comes from `src/main.ts`."""
    path = PurePosixPath(text)
    candidates = [path, path.with_suffix(".js"), path / "index.js"]
    if len(path.parts) > 1 and path.parts[0] in {"dist", "build", "lib", "out"}:
        inner = PurePosixPath(*path.parts[1:])
        inner = inner.relative_to("src") if inner.is_relative_to("src") else inner
        candidates += [PurePosixPath(base, inner).with_suffix(".ts") for base in ("src", "")]
        candidates += [PurePosixPath("src", inner)]
    return next((candidate for candidate in candidates if candidate in sources), None)


def _framework(package: Package) -> tuple[str | None, Where | None]:
    dependencies = package.data.get("dependencies")
    if isinstance(dependencies, dict):
        for name, kind in _FRAMEWORKS.items():
            if name in dependencies:
                return kind.value, package.where(name)
    return None, None


def _module_kind(
    package: Package, entry: PurePosixPath | None, sources: Mapping[PurePosixPath, TextFile]
) -> ModuleKind:
    if entry is not None and entry.suffix.lower() in TYPESCRIPT:
        return ModuleKind.TYPESCRIPT
    if entry is not None and entry.suffix.lower() in {".mjs", ".cjs"}:
        return ModuleKind.ESM if entry.suffix.lower() == ".mjs" else ModuleKind.COMMONJS
    if package.data.get("type") == "module":
        return ModuleKind.ESM
    only_typescript = bool(sources) and all(path.suffix.lower() in TYPESCRIPT | {".tsx"} for path in sources)
    return ModuleKind.TYPESCRIPT if only_typescript else ModuleKind.COMMONJS
