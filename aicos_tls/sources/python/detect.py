"""What a Python service is made of: framework, server, entry file, what listens and whether with TLS; with evidence.

Read from what the service declares (requirements files, pyproject.toml, Pipfile, setup.cfg) and from its imports.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aicos_tls.errors import Where
from aicos_tls.sources.python import calls
from aicos_tls.sources.python.edits import arguments_of, keyword
from aicos_tls.sources.python.helper import NAMES
from aicos_tls.sources.python.names import Names, content
from aicos_tls.sources.syntax import MAX_CHARACTERS, parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import PurePosixPath

    from aicos_tls.files import TextFile
    from aicos_tls.sources.syntax import Node

FRAMEWORKS = ("fastapi", "flask", "django", "quart", "sanic", "aiohttp", "tornado", "starlette", "bottle")
SERVERS = ("gunicorn", "uvicorn", "hypercorn", "granian", "daphne", "waitress", "uwsgi")
"""In the order of their weight: gunicorn that runs uvicorn's worker is gunicorn."""

_ENTRIES = ("main.py", "app.py", "server.py", "run.py", "wsgi.py", "asgi.py", "manage.py", "__main__.py")
_DECLARES = re.compile(
    r"(.*/)?(requirements[^/]*\.(txt|in)|requirements/[^/]+\.txt|pyproject\.toml|Pipfile|setup\.cfg)$"
)
_NAME = re.compile(r"^[\s\"']*([A-Za-z0-9][A-Za-z0-9._-]*)")
_CERTIFICATE = re.compile(r"[^/\\\"'\s]*\.(pem|crt|cer|key)$")


@dataclass(frozen=True, slots=True)
class Evidence:
    """A fact and the place that tells it."""

    value: str
    where: Where


@dataclass(frozen=True, slots=True)
class PythonFacts:
    """What is known of a Python service.

    `listens` are the calls that open a server, `serves_tls` those of them (and others) that hand it a certificate,
    `reads_certificates` the names of certificate and key files in the code, as they are written.
    """

    framework: Evidence | None
    server: Evidence | None
    entry: PurePosixPath | None
    listens: tuple[Evidence, ...]
    serves_tls: tuple[Evidence, ...]
    reads_certificates: tuple[Evidence, ...]


def detect(files: Mapping[PurePosixPath, TextFile]) -> PythonFacts:
    """Look at the files of one service, by their paths within it. Raises `TlsError` for a file that is not UTF-8."""
    declared: dict[str, Evidence] = {}
    for path, file in sorted(files.items()):
        if _DECLARES.match(path.as_posix()):
            for name, evidence in _declared(file):
                declared.setdefault(name, evidence)
    modules = [_Module(path, file) for path, file in sorted(files.items()) if _is_module(path, file)]
    imported: dict[str, Evidence] = {}
    for module in modules:
        for name, evidence in module.imports():
            imported.setdefault(name, evidence)
    listens = tuple(evidence for module in modules for evidence, _ in module.servers())
    return PythonFacts(
        framework=_first(FRAMEWORKS, imported, declared),
        server=_first(SERVERS, declared, imported),
        entry=_entry(modules),
        listens=listens,
        serves_tls=tuple(evidence for module in modules for evidence in module.serves_tls()),
        reads_certificates=tuple(evidence for module in modules for evidence in module.certificates()),
    )


def _first(names: tuple[str, ...], *found: Mapping[str, Evidence]) -> Evidence | None:
    return next((known[name] for known in found for name in names if name in known), None)


def _declared(file: TextFile) -> Iterator[tuple[str, Evidence]]:
    """Yield the packages that a file names: the name that begins a line or a quoted entry of a list."""
    for number, line in enumerate(file.text.splitlines(), 1):
        for part in re.split(r"[,\[]\s*(?=[\"'])|\[\s*$", line.partition("#")[0]):
            if match := _NAME.match(part):
                name = re.sub(r"[-_.]+", "-", match.group(1)).lower()
                yield name, Evidence(name, Where(file.path, number))


def _is_module(path: PurePosixPath, file: TextFile) -> bool:
    return path.suffix == ".py" and len(file.raw) <= MAX_CHARACTERS and not path.name.startswith("test_")


def _entry(modules: list[_Module]) -> PurePosixPath | None:
    """The module that has a main block and a usual name, or makes the application; the shallowest one."""
    ranked = sorted(modules, key=lambda module: (-module.weight, len(module.path.parts), module.path))
    return ranked[0].path if ranked and ranked[0].weight else None


class _Module:
    """A parsed module of the service."""

    def __init__(self, path: PurePosixPath, file: TextFile) -> None:
        self.path, self.file = path, file
        self.tree = parse(file.text, "python")
        self.names = Names(self.tree)

    @property
    def weight(self) -> int:
        makes_application = any(
            name in {"fastapi.FastAPI", "flask.Flask"} for name in map(self.names.made_by, self._calls())
        )
        usual = self.path.name in _ENTRIES
        return 4 * usual + 2 * ("__main__" in self.file.text) + makes_application + bool(list(self.servers()))

    def _calls(self) -> Iterator[Node]:
        return (node for node in self.tree.root.walk() if node.kind == "call")

    def _evidence(self, value: str, node: Node) -> Evidence:
        return Evidence(value, self.file.where(node.start))

    def imports(self) -> Iterator[tuple[str, Evidence]]:
        for node in self.tree.root.walk():
            if node.kind in {"import_statement", "import_from_statement"}:
                module = node.child("module_name") or node.child("name")
                top = self.tree.of(module).split(".")[0].split(" ")[0] if module else ""
                yield top, self._evidence(top, node)

    def servers(self) -> Iterator[tuple[Evidence, frozenset[str]]]:
        """Yield the calls that listen, with the arguments by which they would be given a certificate."""
        for call in self._calls():
            found = self._server(call)
            if found is not None:
                yield self._evidence(found[0], call), found[1]

    def _server(self, call: Node) -> tuple[str, frozenset[str]] | None:
        function = call.child("function")
        name = self.names.qualified(function) or ""
        bases = {name, *self.names.bases.get(self.tree.of(function) if function else "", [])}
        if bases & calls.WRAPPED or name in calls.WITHOUT_TLS or name in calls.ASSIGNED:
            return name or "http.server.HTTPServer", frozenset()
        if name in calls.SERVERS:
            return name, calls.SERVERS[name].own
        if function is None or function.kind != "attribute":
            return None
        maker = self.names.made_by(function.child("object")) or ""
        method = function.child("attribute")
        key = (maker, self.tree.of(method) if method else "")
        return (".".join(key), calls.METHODS[key].own) if key in calls.METHODS else None

    def serves_tls(self) -> Iterator[Evidence]:
        for call in self._calls():
            found, arguments = self._server(call), arguments_of(call)
            if found and arguments and any(keyword(self.tree, arguments, name) is not None for name in found[1]):
                yield self._evidence(found[0], call)
            function = call.child("function")
            name = self.names.qualified(function) or ""
            helper, _, function_name = name.rpartition(".")
            if helper.rpartition(".")[2] in NAMES and function_name == "serve":
                yield self._evidence(name, call)
            elif function is not None and self.tree.of(function).endswith(".load_cert_chain"):
                yield self._evidence("load_cert_chain", call)

    def certificates(self) -> Iterator[Evidence]:
        for string in self.names.strings():
            if match := _CERTIFICATE.search(content(self.tree, string)):
                yield self._evidence(match.group(), string)
