"""Python one-liners: `python -c "import urllib.request; urllib.request.urlopen('http://localhost:8000/health')"`.

`urlopen` and `http.client` are given a context of `ssl` (Python docs, `urllib.request.urlopen`, `http.client`),
requests and httpx their `verify=` (requests docs, "SSL Cert Verification"; httpx docs, "SSL"; httpx is given a context
for a CA, since a path is deprecated from 0.28 on). `import ssl; ` goes to the front of the code, which needs no quotes.
Every call is found by Python's own parser; an own address that no such call fetches is refused.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from aicos_tls import budgets
from aicos_tls.healthchecks.found import Found, look, own_asks, unverifiable
from aicos_tls.healthchecks.model import Ask, TextEdit, Trust
from aicos_tls.healthchecks.pythonsource import Source, UnreadableCodeError
from aicos_tls.healthchecks.sockets import SENDS_REQUEST
from aicos_tls.healthchecks.urls import DEFAULT_PORT, Owner, owner, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from aicos_tls.healthchecks.found import Context
    from aicos_tls.healthchecks.pythonsource import Literal

_VERBS = ("delete", "get", "head", "options", "patch", "post", "put")


class Fetch(Struct, frozen=True):
    """A call that fetches: the position of its address and the argument that decides about certificates."""

    address: int
    keyword: str


FETCHES = {
    "urllib.request.urlopen": Fetch(0, "context"),
    "urllib2.urlopen": Fetch(0, "context"),
    **{f"{library}.{verb}": Fetch(0, "verify") for library in ("requests", "httpx") for verb in _VERBS},
    "requests.request": Fetch(1, "verify"),
    "httpx.request": Fetch(1, "verify"),
    "httpx.stream": Fetch(1, "verify"),
}
CONNECTION = "http.client.HTTPConnection"
SECURE_CONNECTION = "http.client.HTTPSConnection"


def read_python(words: Sequence[str], context: Context) -> Found:
    """What `python -c CODE` does."""
    at, start = _code(words)
    if at is None:
        return Found(programs=("python",), silent=("a script of the image, which cannot be seen from here",))
    found = replace(_read_code(words[at][start:], context), programs=("python",))
    edits = (replace(edit, word=at, start=edit.start + start, end=edit.end + start) for edit in _texts(found))
    return replace(found, edits=tuple(edits))


def _texts(found: Found) -> list[TextEdit]:
    return [edit for edit in found.edits if isinstance(edit, TextEdit)]


def _code(words: Sequence[str]) -> tuple[int | None, int]:
    """The item that holds the code after `-c`, also in `-Sc CODE` and `-cCODE`, and where in it the code begins."""
    at = 1
    while at < len(words) and words[at].startswith("-"):
        flags = re.match(r"-[bBdEhiIOqsSuvVx]*c", words[at])
        if flags and flags.end() < len(words[at]):
            return at, flags.end()
        if flags:
            return (at + 1 if at + 1 < len(words) else None), 0
        at += 2 if words[at] in {"-W", "-X"} else 1
    return None, 0


def _read_code(text: str, context: Context) -> Found:
    try:
        return _Reader(Source(text), context).read()
    except UnreadableCodeError:
        asked = own_asks(text, context)
        return (
            Found(asks=asked, refusals=("the code is no Python 3 that can be read here",)) if asked else _silent(text)
        )


def _silent(text: str) -> Found:
    """Code that fetches nothing."""
    if "socket" in text and SENDS_REQUEST.search(text):
        return Found(refusals=("it speaks HTTP by hand over a plain connection",))
    return Found(silent=("the code asks nothing over HTTP",))


class _Reader:
    """Reads one piece of code; `seen` are the spans of the literals that a known call uses."""

    def __init__(self, source: Source, context: Context) -> None:
        self.source = source
        self.context = context
        self.seen: set[int] = set()

    def read(self) -> Found:
        found = Found()
        for node in ast.walk(self.source.tree):
            if isinstance(node, ast.Call):
                found += self._read_call(node)
        found += self._unexplained()
        if not (found.own or found.refusals or found.others or found.notes):
            return _silent(self.source.text)
        if any("ssl." in edit.text for edit in _texts(found)):
            found += self._import_ssl()
        return replace(found, edits=tuple(sorted(set(_texts(found)))))

    def _read_call(self, node: ast.Call) -> Found:
        name = self.source.dotted(node.func)
        if name in {CONNECTION, SECURE_CONNECTION}:
            return self._read_connection(node, name)
        fetch = FETCHES.get(name)
        if fetch is None:
            return Found()
        named = [keyword.value for keyword in node.keywords if keyword.arg == "url"]
        address = node.args[fetch.address] if len(node.args) > fetch.address else next(iter(named), None)
        literal = None if address is None else self.source.literal(address)
        if literal is None:
            return Found(refusals=("an address that is not written in the code in one piece",))
        found = self._read_address(literal)
        return found + self._trust(node, fetch, name, literal.quote) if found.own else found

    def _read_address(self, literal: Literal) -> Found:
        self.seen.add(literal.start)
        url = parse(self.source.text[: literal.end], literal.start)
        if url is None:
            return Found(refusals=("an address that is not written in the code in one piece",))
        return look(url, 0, self.context, joined=literal.joined)

    def _trust(self, node: ast.Call, fetch: Fetch, name: str, quote: str) -> Found:
        """The argument that decides about certificates, unless the call has one."""
        given = {keyword.arg for keyword in node.keywords}
        if None in given:
            return Found(refusals=("the call takes its arguments from a dictionary",))
        texts: list[str] = []
        if fetch.keyword not in given:
            texts.append(f"{fetch.keyword}={self._decision(name, quote)}")
        if self.context.trust is Trust.MUTUAL and "cert" not in given:
            if fetch.keyword == "context":
                return Found(refusals=("urlopen needs several lines for a client certificate",))
            paths = self.context.paths
            texts.append(f"cert=({quote}{paths.cert}{quote}, {quote}{paths.key}{quote})")
        return Found(edits=self._add_arguments(node, texts))

    def _decision(self, name: str, quote: str) -> str:
        if not self.context.trust.verifies:
            return "ssl._create_unverified_context()" if name.endswith("urlopen") else "False"
        path = f"{quote}{self.context.paths.ca}{quote}"
        return path if name.startswith("requests.") else f"ssl.create_default_context(cafile={path})"

    def _add_arguments(self, node: ast.Call, texts: Iterable[str]) -> tuple[TextEdit, ...]:
        """Put `texts` before the parenthesis that closes the call."""
        added = ", ".join(texts)
        if not added:
            return ()
        inside = self.source.text[: self.source.end(node) - 1].rstrip()
        comma = "" if inside.endswith("(") else " " if inside.endswith(",") else ", "
        return (TextEdit(0, len(inside), len(inside), comma + added),)

    def _read_connection(self, node: ast.Call, name: str) -> Found:
        """`HTTPConnection('localhost', 8000)` → `HTTPSConnection('localhost', 8000, context=…)`."""
        arguments = {keyword.arg or "": keyword.value for keyword in node.keywords}
        arguments |= dict(zip(("host", "port"), node.args, strict=False))
        host = arguments.get("host")
        literal = None if host is None else self.source.literal(host)
        if literal is None or literal.joined or not isinstance(host, ast.Constant):
            return Found(refusals=("a host that is not written in the code",))
        text, _, written = self.source.text[literal.start : literal.end].partition(":")
        if owner(text, self.context.endpoint) is not Owner.SELF:
            return Found(others=(f"http://{text}",))
        asked = Ask(self._port(arguments.get("port"), written), self._path(), text)
        known = self.context.endpoint.port_known
        if known and asked.port is not None and asked.port not in known:
            return Found(notes=(f"port {asked.port} is not one that will speak TLS",))
        if name == SECURE_CONNECTION:
            return Found(secure=(asked,))
        if self.context.trust is Trust.MUTUAL:
            return Found(asks=(asked,), refusals=("http.client needs several lines for a client certificate",))
        edits = self._secure_connection(node, literal, ported=bool(written) or "port" in arguments)
        return Found(asks=(asked,), edits=edits) + unverifiable(text, self.context)

    def _port(self, node: ast.expr | None, written: str) -> int | None:
        if node is None:
            return budgets.number(written) if written else DEFAULT_PORT
        text = self.source.text[self.source.start(node) : self.source.end(node)]
        return budgets.number(text)

    def _path(self) -> str:
        """The path of the only request that is made on a connection, "/" when it cannot be told."""
        for node in ast.walk(self.source.tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "request":
                literal = self.source.literal(node.args[1]) if len(node.args) > 1 else None
                return self.source.text[literal.start : literal.end] if literal else "/"
        return "/"

    def _secure_connection(self, node: ast.Call, host: Literal, *, ported: bool) -> tuple[TextEdit, ...]:
        """The edits of one connection, and of the import that its class came with."""
        edits = [] if ported else [TextEdit(0, host.end, host.end, f":{DEFAULT_PORT}")]
        for place in ast.walk(self.source.tree):
            at = self._class_name(place)
            if at is not None:
                edits.append(TextEdit(0, at + len("HTTP"), at + len("HTTP"), "S"))
        return (*edits, *self._add_arguments(node, [f"context={self._decision('urlopen', host.quote)}"]))

    def _class_name(self, place: ast.AST) -> int | None:
        """Where `place` names the class, None when it does not."""
        if isinstance(place, ast.alias) and place.name == "HTTPConnection":
            return self.source.start(place)
        if isinstance(place, ast.Name) and place.id == "HTTPConnection":
            return self.source.start(place)
        if isinstance(place, ast.Attribute) and place.attr == "HTTPConnection":
            return self.source.end(place) - len("HTTPConnection")
        return None

    def _unexplained(self) -> Found:
        """An own address in a literal that no known call fetches."""
        for node in self.source.strings():
            asked = own_asks(str(node.value), self.context)
            start = self.source.start(node)
            if asked and not any(start <= seen <= self.source.end(node) for seen in self.seen):
                return Found(asks=asked, refusals=(f"an own address whose use cannot be seen: {node.value!s}",))
        return Found()

    def _import_ssl(self) -> Found:
        """`import ssl; ` before the first statement, unless the code imports it already."""
        for node in ast.walk(self.source.tree):
            if isinstance(node, ast.Import) and any((alias.asname or alias.name) == "ssl" for alias in node.names):
                return Found()
        first = self.source.tree.body[0]
        if isinstance(first, ast.If | ast.Try | ast.With | ast.For | ast.While | ast.FunctionDef | ast.ClassDef):
            return Found(refusals=("the code begins with a block, so `import ssl` needs a line of its own",))
        at = self.source.start(first)
        return Found(edits=(TextEdit(0, at, at, "import ssl; "),))
