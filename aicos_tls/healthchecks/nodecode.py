"""What JavaScript code asks over HTTP, and the edits that make it ask over HTTPS.

The module decides for every call: once `http` is `https`, `http.get` of another host would break, and so would a call
whose address cannot be seen. All calls are understood, or nothing changes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from aicos_tls import budgets
from aicos_tls.healthchecks.found import Found, look, own_asks, unverifiable
from aicos_tls.healthchecks.javascript import Kind, Script, UnreadableScriptError, tokens
from aicos_tls.healthchecks.model import Ask, TextEdit
from aicos_tls.healthchecks.sockets import SENDS_REQUEST
from aicos_tls.healthchecks.urls import DEFAULT_PORT, Owner, embedded, owner, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.healthchecks.found import Context
    from aicos_tls.healthchecks.javascript import Token

_MODULES = {"http": False, "node:http": False, "https": True, "node:https": True}
_FETCHES = frozenset({"fetch", "axios", "got", "undici", "ky", "needle", "superagent", "request"})
_NAMES = re.compile(r"[A-Za-z_]\w*")
_METHODS = frozenset({"get", "request"})


def read_code(text: str, start: int, context: Context) -> Found:
    """What the JavaScript from `start` of `text` asks; the edits are of `text`, as item 0."""
    try:
        code = _Code(Script(tokens(" " * start + text[start:])), context)
    except UnreadableScriptError as error:
        asked = own_asks(text[start:], context)
        if asked:
            return Found(asks=asked, refusals=(f"the code cannot be read: {error}",))
        return Found(silent=("code without an HTTP address",))
    return code.read()


class _Code:
    """One piece of code and what has been understood of it so far."""

    def __init__(self, script: Script, context: Context) -> None:
        self.script = script
        self.context = context
        self.modules = [at for at, token in enumerate(script.tokens) if self._is_module(at, token)]
        self.seen: set[int] = set()
        """Indices of the literals that a call of the module uses."""

    def _is_module(self, at: int, token: Token) -> bool:
        """Whether the token names Node's HTTP module in a `require`, an `import` or a `from`."""
        before = self.script.text(at - 1)
        called = before == "(" and self.script.text(at - 2) in {"require", "import"}
        return token.kind is Kind.STRING and token.value in _MODULES and (called or before in {"from", "import"})

    def read(self) -> Found:
        calls = Found()
        places = list(self._calls())
        for at in places:
            calls += self._read_argument(at)
        plain = [at for at in self.modules if not _MODULES[self.script.tokens[at].value]]
        if plain and (calls.others or calls.notes) and not calls.refusals and calls.own:
            calls += Found(refusals=("one module asks the service itself and something else",))
        elif plain and not calls.own and (self._own_literals() or (not places and self._uses(_METHODS))):
            calls += Found(refusals=("no call of the HTTP module was found that can be read here",))
        found = calls + self._read_literals()
        if calls.asks:
            found += Found(edits=tuple(self._secure_module(at) for at in plain))
        found = replace(found, edits=tuple(dict.fromkeys(found.edits)))
        return found if found.own or found.refusals or found.others else self._silent()

    def _secure_module(self, at: int) -> TextEdit:
        end = self.script.tokens[at].end - 1
        return TextEdit(0, end, end, "s")

    def _calls(self) -> Iterator[int]:
        """Index of the first argument of each `.get(…)` and `.request(…)` of the module."""
        if not self.modules:
            return
        names = set(self._bound())
        for at, token in enumerate(self.script.tokens):
            dotted = self.script.text(at - 1) in {".", "?."} and self.script.text(at + 1) == "("
            if token.text in _METHODS and dotted and self._is_receiver(at - 2, names):
                yield at + 2

    def _is_receiver(self, at: int, names: set[str]) -> bool:
        """Whether the expression that ends at `at` is the module."""
        return self.script.text(at) in names or (self.script.text(at) == ")" and at - 1 in self.modules)

    def _bound(self) -> Iterator[str]:
        """The names that the module is bound to."""
        for module in self.modules:
            before, after = module - 1, module + 2
            if self.script.text(before) == "from":
                yield self.script.text(before - 1)
            elif self.script.text(before) == "(":
                at = before - 2 - (self.script.text(before - 2) == "await")
                if self.script.text(at) == "=":
                    yield self.script.text(at - 1)
            if self.script.matches(after, ".", "then", "("):
                yield self.script.text(after + 3 + (self.script.text(after + 3) == "("))

    def _read_argument(self, at: int) -> Found:
        """What a call with its first argument at `at` asks."""
        if self.script.matches(at, "new", "URL", "("):
            return self._read_argument(at + 3)
        if at >= len(self.script.tokens):
            return Found(refusals=("a call that does not end",))
        token = self.script.tokens[at]
        if token.literal:
            self.seen.add(at)
            return self._read_address(at) or Found(refusals=(f"an address that is put together: {token.text}",))
        if token.text == "{" and self.script.plain(at):
            return self._read_options(at)
        value = self.script.assigned(token.text) if _NAMES.fullmatch(token.text) else None
        if value is not None and value != at and self.script.text(at + 1) in {",", ")"}:
            return self._read_argument(value) if self.script.text(value) != token.text else Found()
        return Found(refusals=("an address that is not written in the code",))

    def _read_address(self, at: int) -> Found | None:
        token = self.script.tokens[at]
        url = parse(token.value)
        if url is None:
            return None
        moved = token.start + 1
        found = look(url, 0, self.context, joined=self.script.text(at + 1) == "+")
        edits = tuple(
            replace(edit, start=edit.start + moved, end=edit.end + moved)
            for edit in found.edits
            if isinstance(edit, TextEdit)
        )
        return replace(found, edits=edits)

    def _read_options(self, at: int) -> Found:
        """What `{host: 'localhost', port: 3000, path: '/'}` asks (Node, `http.request`)."""
        keys = dict(self.script.keys(at))
        if "socketPath" in keys:
            return Found(silent=("it asks through a Unix socket",), notes=("a Unix socket",))
        host = self._option(keys, "hostname") or self._option(keys, "host") or "localhost"
        named = [keys[name] for name in ("hostname", "host") if name in keys]
        if any(not self.script.tokens[value].literal for value in named):
            return Found(refusals=("a host that is not written in the code",))
        if owner(host, self.context.endpoint) is not Owner.SELF:
            return Found(others=(f"http://{host}",))
        number = self._option(keys, "port") or (str(DEFAULT_PORT) if "port" not in keys else "")
        port = budgets.number(number)
        asked = Ask(port, self._option(keys, "path") or "/", host)
        known = self.context.endpoint.port_known
        if known and port is not None and port not in known:
            return Found(notes=(f"port {port} is not one that will speak TLS",))
        if all(_MODULES[self.script.tokens[module].value] for module in self.modules):
            return Found(secure=(asked,))
        return Found(asks=(asked,), edits=tuple(self._option_edits(at, keys))) + unverifiable(host, self.context)

    def _option(self, keys: dict[str, int], name: str) -> str:
        """The value of a key when it is one literal, "" otherwise."""
        if name not in keys or self.script.text(keys[name] + 1) not in {",", "}"}:
            return ""
        token = self.script.tokens[keys[name]]
        return token.value if token.literal else token.text if token.kind is Kind.NUMBER else ""

    def _option_edits(self, at: int, keys: dict[str, int]) -> Iterator[TextEdit]:
        if "port" not in keys:
            inside = self.script.tokens[at].end
            yield TextEdit(0, inside, inside, f"port:{DEFAULT_PORT}," if keys else f"port:{DEFAULT_PORT}")
        if self._option(keys, "protocol") == "http:":
            colon = self.script.tokens[keys["protocol"]].end - 2
            yield TextEdit(0, colon, colon, "s")

    def _own_literals(self) -> bool:
        return any(own_asks(token.value, self.context) for token in self.script.tokens if token.literal)

    def _read_literals(self) -> Found:
        """The addresses in literals that no call of the module uses: those of `fetch`, `axios` and the like."""
        found = Found()
        fetches = any(token.text in _FETCHES or token.value in _FETCHES for token in self.script.tokens)
        for at, token in enumerate(self.script.tokens):
            if not token.literal or at in self.seen or not embedded(token.value):
                continue
            read = self._read_address(at)
            if read is None or (read.asks and not fetches):
                asked = own_asks(token.value, self.context)
                reason = f"an own address whose use cannot be seen: {token.value}"
                read = Found(asks=asked, refusals=(reason,)) if asked else Found()
            found += read
        return found

    def _uses(self, names: frozenset[str]) -> bool:
        """Whether one of `names` is called, or something of it."""
        tokens = self.script.tokens
        return any(token.text in names and self.script.text(at + 1) in {"(", "."} for at, token in enumerate(tokens))

    def _silent(self) -> Found:
        if self._uses(_FETCHES):
            return Found(refusals=("an address that is not written in the code",))
        sends = any(SENDS_REQUEST.search(token.value) for token in self.script.tokens if token.literal)
        if sends and any(token.value in {"net", "node:net"} for token in self.script.tokens if token.literal):
            return Found(refusals=("it speaks HTTP by hand over a plain connection",))
        return Found(silent=("the code asks nothing over HTTP",))
