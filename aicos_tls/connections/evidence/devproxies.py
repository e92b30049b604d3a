"""Proxies of tools that serve front ends while they are developed: Vite, webpack, Create React App, Angular, Next.js.

Their configuration is JavaScript, read by its syntax tree, or JSON. Only texts that are addresses count; a variable of
the environment has the value that the container is given, else the default that stands beside it.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from msgspec.structs import replace

from aicos_tls.compose.urls import without_password
from aicos_tls.connections import structured
from aicos_tls.connections.addresses import Bare, urls
from aicos_tls.connections.model import Destination, Evidence
from aicos_tls.connections.protocols import HTTP_LIKE
from aicos_tls.sources.node.bindings import Bindings
from aicos_tls.sources.node.packages import NAME, nearest, packages_in
from aicos_tls.sources.node.syntax import EXTENSIONS, Syntax, bare, callee, child, parents
from aicos_tls.sources.node.values import value_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import PurePosixPath

    from tree_sitter import Node

    from aicos_tls.connections.addresses import Found
    from aicos_tls.connections.model import Surroundings
    from aicos_tls.connections.readers import Files
    from aicos_tls.files import TextFile

_SCRIPTS = re.compile(
    r"^(?:setupproxy|(?:vite|vue|craco|next|nuxt|rsbuild|svelte|astro|webpack(?:[.-]\w+)*)\.config"
    r"|webpack(?:[.-]\w+)*|webpackdevserver\.config|.*proxy(?:\.conf|\.config)?)\.[cm]?[jt]s$"
)
_JSON = re.compile(r"(?:^|[._-])proxy(?:\.conf|\.config)?\.json$|^\.proxyrc(?:\.json)?$")
_PROXIES = re.compile(r"proxy|rewrites|destination", re.IGNORECASE)
_MAX_DEPTH = 8
_AROUND = 16
_HELPER = re.compile(r"\w*tls\.url", re.IGNORECASE)
"""The call that our change of a code puts around a URL: it makes it https (or wss) where TLS is on."""
_VERIFIED = "and in its environment: NODE_EXTRA_CA_CERTS={ca}"


_SWITCH = re.compile(r"/\^\(1\|on\|true\|yes\)\$/i\.test\(process\.env\.TLS_ENABLED \|\| (['\"])\1\)")
_ON = frozenset({"1", "on", "true", "yes"})
"""The condition that our change of a tool's configuration writes, and what it takes for true."""


class _DevelopmentProxies:
    def concerns(self, path: PurePosixPath) -> bool:
        name = path.name.lower()
        return name == NAME or _JSON.search(name) is not None or _SCRIPTS.match(name) is not None

    def destinations(self, files: Files, around: Surroundings) -> Iterator[Destination]:
        packages = packages_in(files)
        bare_hosts = Bare(around.hosts)
        for path, file in files.items():
            if path.name == NAME:
                if "react-scripts" in nearest(path, packages)[1].dependencies:
                    for root in structured.roots(file):
                        yield from _of_text(file, *structured.text(structured.get(root, "proxy")), bare_hosts)
            elif path.suffix.lower() in EXTENSIONS:
                if _PROXIES.search(file.text):
                    yield from _of_script(file, around, bare_hosts)
            else:
                for root in structured.roots(file):
                    for each in structured.mappings(root):
                        yield from _of_text(file, *structured.text(structured.get(each, "target")), bare_hosts)


def _of_script(file: TextFile, around: Surroundings, hosts: Bare) -> Iterator[Destination]:
    syntax = Syntax(file)
    if syntax.problem() is not None:
        return
    values = _Values(Bindings(syntax), around)
    done: set[int] = set()
    for node in syntax.of("string", "template_string"):
        if not any(each.type in ("template_string", "import_statement") for each in islice(parents(node), _AROUND)):
            whole = _whole(node, syntax)
            if whole.id not in done:
                done.add(whole.id)
                found = _of_text(file, values.text(whole) or "", syntax.start(node), hosts)
                yield from map(_secured, found) if _switched(whole, syntax) else found


def _whole(node: Node, syntax: Syntax) -> Node:
    """The expression that a text is part of: `process.env.API || 'http://api'`, `'http://' + host`."""
    for around in islice(parents(node), _AROUND):
        if around.type != "binary_expression":
            break
        operator = syntax.source(child(around, "operator"))
        if operator != "+" and not (operator in ("||", "??") and child(around, "right") == node):
            break
        node = around
    return node


def _switched(node: Node, syntax: Syntax) -> bool:
    """Whether an expression is what `tls.url(…)` is given."""
    called = next((each for each in islice(parents(node), 2) if each.type == "call_expression"), None)
    return called is not None and _HELPER.fullmatch(syntax.source(callee(called))) is not None


def _secured(found: Destination) -> Destination:
    """The address as `tls.url` gives it: of http and ws alone."""
    return replace(found, tls=True, remedy="") if found.protocol in HTTP_LIKE else found


class _Values:
    """Texts of expressions, with the environment that the container has."""

    def __init__(self, bindings: Bindings, around: Surroundings) -> None:
        self._bindings = bindings
        self._environment = around.environment

    def text(self, node: Node, depth: int = 0) -> str | None:
        """The text of an expression; None where it is not known."""
        node = bare(node)
        if depth > _MAX_DEPTH:
            return None
        if node.type == "template_string":
            return self._joined([self._part(part, depth) for part in node.named_children])
        if node.type == "binary_expression" and self._bindings.syntax.source(child(node, "operator")) == "+":
            return self._joined([self.text(child(node, side), depth + 1) for side in ("left", "right")])
        if node.type == "ternary_expression" and self._is_switch(child(node, "condition")):
            on = self._environment.get("TLS_ENABLED", "").lower() in _ON
            return self.text(child(node, "consequence" if on else "alternative"), depth + 1)
        value = value_of(node, self._bindings)
        given = self._environment.get(value.variable) if value.variable else None
        return given or value.text

    def _is_switch(self, condition: Node) -> bool:
        return _SWITCH.fullmatch(self._bindings.syntax.source(condition)) is not None

    def _part(self, part: Node, depth: int) -> str | None:
        if part.type == "template_substitution":
            return self.text(part.named_children[0], depth + 1) if part.named_children else None
        return self._bindings.syntax.source(part)

    def _joined(self, parts: list[str | None]) -> str | None:
        known = [part for part in parts if part is not None]
        return "".join(known) if len(known) == len(parts) else None


def _of_text(file: TextFile, text: str, at: int, hosts: Bare) -> Iterator[Destination]:
    found: Iterable[Found] = list(urls(text)) or hosts.find(text)
    for each in found:
        evidence = Evidence("development proxy", without_password(each.text), file.where(at))
        remedy = ""
        if not each.tls and each.protocol in HTTP_LIKE:
            secure = re.sub(r"^(http|ws)(?=:)", r"\1s", text[each.start : each.end])
            remedy = f"{secure}\n{_VERIFIED}"
        yield Destination(each.host, each.port, each.protocol, each.tls, evidence, remedy)


READER = _DevelopmentProxies()
