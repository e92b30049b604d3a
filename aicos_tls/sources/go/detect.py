"""What a Go service is made of: module, framework, what listens and whether with TLS; with evidence."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import PurePosixPath

    from aicos_tls.errors import Where
    from aicos_tls.files import TextFile
    from aicos_tls.sources.go.names import Names
    from aicos_tls.sources.syntax import Node, Tree

FRAMEWORKS = {
    "github.com/gin-gonic/gin": "gin",
    "github.com/labstack/echo": "echo",
    "github.com/gofiber/fiber": "fiber",
    "github.com/go-chi/chi": "chi",
    "github.com/gorilla/mux": "gorilla/mux",
    "net/http": "net/http",
}
"""Modules by the beginning of their path; chi and gorilla/mux are handlers of net/http."""

_LISTENS = re.compile(r"^(tls)?(ListenAndServe|Serve|Start|ListenAndServeTLS|Run|RunTLS|Listen|ListenTLS|StartTLS)$")
_TLS = re.compile(r"^tls(ListenAndServe|Serve|Start)$|TLS$|^LoadX509KeyPair$")
_CERTIFICATE = re.compile(r"[^/\\\"`\s]*\.(pem|crt|cer|key)$")
_MODULE = re.compile(r"^module\s+(\S+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Evidence:
    """A fact and the place that tells it."""

    value: str
    where: Where


@dataclass(frozen=True, slots=True)
class GoFacts:
    """What is known of a Go service; the last three are as in `PythonFacts`. `go` is the version of go.mod."""

    module: Evidence | None
    framework: Evidence | None
    entry: PurePosixPath | None
    listens: tuple[Evidence, ...]
    serves_tls: tuple[Evidence, ...]
    reads_certificates: tuple[Evidence, ...]


def detect(files: Mapping[PurePosixPath, TextFile]) -> GoFacts:
    """Look at the files of one service, by their paths within it. Raises `TlsError` for a file that is not UTF-8."""
    from aicos_tls.sources.go.names import Names
    from aicos_tls.sources.syntax import MAX_CHARACTERS, parse

    module = _module(files)
    sources = [(path, file) for path, file in sorted(files.items()) if _is_source(path, file, MAX_CHARACTERS)]
    parsed = [(file, Names(parse(file.text, "go"))) for _, file in sources]
    imports = [evidence for file, names in parsed for evidence in _frameworks(file, names)]
    order = list(FRAMEWORKS.values())
    entries = [path for path, file in sources if re.search(r"^func main\(\)", file.text, re.MULTILINE)]
    calls = [found for file, names in parsed for found in _calls(file, names.tree)]
    return GoFacts(
        module=module,
        framework=min(imports, key=lambda evidence: order.index(evidence.value), default=None),
        entry=min(entries, key=lambda path: len(path.parts), default=None),
        listens=tuple(evidence for name, evidence in calls if _LISTENS.match(name)),
        serves_tls=tuple(evidence for name, evidence in calls if _TLS.search(name)),
        reads_certificates=tuple(found for file, names in parsed for found in _certificates(file, names.tree)),
    )


def _module(files: Mapping[PurePosixPath, TextFile]) -> Evidence | None:
    for path, file in sorted(files.items()):
        if path.name == "go.mod" and (match := _MODULE.search(file.text)):
            return Evidence(match.group(1), file.where(match.start()))
    return None


def _is_source(path: PurePosixPath, file: TextFile, limit: int) -> bool:
    return path.suffix == ".go" and not path.name.endswith("_test.go") and len(file.raw) <= limit


def _frameworks(file: TextFile, names: Names) -> Iterator[Evidence]:
    for local, module in names.packages.items():
        for prefix, framework in FRAMEWORKS.items():
            if module == prefix or module.startswith(prefix + "/v"):
                yield Evidence(framework, file.where(names.import_specs[local].start))


def _calls(file: TextFile, tree: Tree) -> Iterator[tuple[str, Evidence]]:
    """Yield the last name of each function that is called, where it is one for servers."""
    for node in tree.root.walk():
        function = node.child("function") if node.kind == "call_expression" else None
        if function is not None and (name := _last_name(tree, function)):
            yield name, Evidence(tree.of(function), file.where(node.start))


def _last_name(tree: Tree, function: Node) -> str:
    if function.kind == "identifier":
        return tree.of(function) if tree.of(function).startswith("tls") else ""
    field = function.child("field")
    name = tree.of(field) if field is not None else ""
    return name if _LISTENS.match(name) or _TLS.search(name) else ""


def _certificates(file: TextFile, tree: Tree) -> Iterator[Evidence]:
    for node in tree.root.walk():
        if node.kind in {"interpreted_string_literal", "raw_string_literal"}:
            match = _CERTIFICATE.search(tree.of(node)[1:-1])
            if match:
                yield Evidence(match.group(), file.where(node.start))
