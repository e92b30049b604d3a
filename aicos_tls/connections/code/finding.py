"""Finds what a source asks: addresses in its texts, hosts and ports that are given apart, options of clients."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls import budgets
from aicos_tls.compose.urls import host_name
from aicos_tls.connections.code.addressing import Address, addresses, is_off
from aicos_tls.connections.code.chains import Chain, past_generic
from aicos_tls.connections.code.pairs import Pair, pair_of
from aicos_tls.connections.code.tree import Group, Text, Word
from aicos_tls.connections.code.values import Origin, Piece, Value
from aicos_tls.connections.hints import protocol_of, usual_port
from aicos_tls.connections.protocols import HTTP_LIKE, PORTS, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.connections.code.expressions import Evaluator
    from aicos_tls.connections.code.tree import Node, Slot
    from aicos_tls.connections.model import Surroundings

_SAYS = re.compile(
    r"(?i)(^|\.)(print\w*|echo|puts|log\w*|debug\w*|info\w*|warn\w*|error\w*|trace\w*|fatal\w*|critical|exception|panic"
    r"|raise|describe|it|test|expect|assert\w*|check\w*equal\w*)$"
)
_NOT_ASKED = re.compile(
    r"(?i)origin|cors|allowed_?hosts?|trusted_?(host|prox)|redirect|callback|referer|namespace|xmlns|description|example|help"
)
"""Keys and calls whose addresses are not asked: who may ask, where browsers are sent, texts."""
_LISTENS = re.compile(r"(?i)(^|\.)(listen\w*|bind|serve|run|setuphost|listenandserve\w*)$")
_CONNECTS = re.compile(
    r"(?i)socket|addr|connect|redis|jedis|client|dial|host|channel|endpoint|server|pool|memcache|mongo|ping|sentinel|smtp"
    r"|tcp|node|broker|mysqli|conn|open|uri|url|sql|amqp|kafka|hostandport|http"
)
_HOST_KEY = re.compile(
    r"(?P<stem>.*?)_?(?:host_?name|host_?addr|host|server_?name|server|contact_?points?|address|addr|endpoint|domain)",
    re.IGNORECASE,
)
_PORT_KEY = re.compile(r"(?P<stem>.*?)_?port(?:_?number)?", re.IGNORECASE)
_TLS_KEY = re.compile(r"(?i)(use_?)?(ssl|tls)(_?(enabled|mode|context|options|config))?|encrypt|secure")
_DRIVER_KEY = frozenset(["engine", "adapter", "dialect", "type", "driver", "client", "provider", "backend", "class"])
_SCHEME_KEY = frozenset({"scheme", "protocol"})
_HOST_SETTER = re.compile(r"(?i)^(?:set|with|use)?_?(?:host_?name|host|server_?name|contact_?point|address)$")
_PORT_SETTER = re.compile(r"(?i)^(?:set|with|use)?_?port(?:_?number)?$")
_SECURE = re.compile(
    r"(?i)secure_channel|createssl|newtls|usetransportsecurity|(^|\.)https\.|sslsocket|sslcontext|rediss"
)
_INSECURE = re.compile(r"(?i)insecure")
_EMBEDDED_DEFAULT = re.compile(r"(?i)^(default|defaultvalue|default_value|fallback|envdefault|otherwise)$")
_ENVIRONMENT = re.compile(r"(^|\.)(process\.env|Bun\.env)$")
_NAMED_BY = frozenset(
    ["env", "name", "key", "variable", "envvar", "env_var", "envname", "alias", "validation_alias", "arg"]
)
_TAG = re.compile(r'(?P<key>[\w-]+):"(?P<value>[^"]*)"')
_WORDS_AROUND = 60


class Finding(Struct, frozen=True):
    """An address that a source asks, and the character at which it says so."""

    at: int
    host: str
    port: int | None
    protocol: Protocol
    tls: bool
    text: str


class Context(Struct, frozen=True):
    """What is around a bracket: the call whose arguments it holds, and the keys that lead to it."""

    call: str = ""
    keys: str = ""
    said: bool = False

    @property
    def words(self) -> str:
        """All of it, nearest first."""
        return f"{self.call} {self.keys}"


class Finder:
    """Looks through one source."""

    def __init__(self, evaluator: Evaluator, around: Surroundings, imports: str) -> None:
        self._evaluator, self._around, self._imports = evaluator, around, imports
        self._hosts = {name: service for name, service in around.hosts.items() if service != around.service}
        self._found: list[Finding] = []

    def findings(self) -> list[Finding]:
        """What the source asks, in its order, each once."""
        self._fields()
        stack = [(self._evaluator.names.root, Context())]
        later: list[tuple[Group, Context]] = []
        while stack:
            group, context = stack.pop()
            if context.said:
                continue
            self._shadow(group, context)
            self._setters(group, context)
            for slot in group.slots:
                stack += self._slot(group, slot, context)
            later.append((group, context))
        for group, context in later:
            self._apart(group, context)
        return _each_once(self._found)

    def _fields(self) -> None:
        """Leave out what classes of settings give fields that the environment sets."""
        names = self._evaluator.names
        for field in names.fields:
            value = names.variables.get(field.variable)
            if value is not None:
                names.overridden[field.pair.at] = value
                self._evaluator.shadow(field.pair.value)

    def _slot(self, group: Group, slot: Slot, context: Context) -> list[tuple[Group, Context]]:
        """Take the expressions of a slot; the brackets in it are to be looked at next."""
        pair = pair_of(slot)
        keys = f"{context.keys}.{pair.key}" if pair and pair.key else context.keys
        inner = Context(context.call, keys[-200:], context.said or bool(pair and _NOT_ASKED.search(pair.key)))
        nodes = pair.value if pair is not None else slot.nodes
        found: list[tuple[Group, Context]] = []
        if not inner.said:
            for run in _runs(nodes):
                self._run(run, group, inner)
        for chain in self._evaluator.chains(slot.nodes):
            found += self._inside(chain, inner)
        return found

    def _inside(self, chain: Chain, context: Context) -> Iterator[tuple[Group, Context]]:
        """Yield the brackets in a chain, each with the call that it is of."""
        name = ""
        steps = [chain.base, *chain.steps]
        for index, node in enumerate(steps):
            if isinstance(node, Word) and node.kind == "name":
                name = f"{name}.{node.text}" if name else node.text
            elif isinstance(node, Text):
                if node.plain is None:
                    yield from ((part, context) for part in node.parts if isinstance(part, Group))
            elif isinstance(node, Group):
                before = steps[index - 1] if index else None
                call = name[-200:] if index else context.call
                said = context.said or bool(
                    isinstance(before, Word) and (_SAYS.search(before.text) or _NOT_ASKED.search(before.text))
                )
                yield node, Context(call, context.keys, said)

    def _run(self, nodes: list[Node], group: Group, context: Context) -> None:
        """Take the addresses that an expression is."""
        texts = [node for node in nodes if isinstance(node, Text)]
        compound = any(
            isinstance(node, Word) and (node.kind == "operator" or node.text in {"if", "or"}) for node in nodes
        )
        calls = any(isinstance(node, Group) for node in nodes)
        if not texts and not calls and not compound:
            return
        fresh = not texts or any(text.start not in self._evaluator.used for text in texts)
        if (compound or calls) and fresh:
            for value in self._evaluator.values(nodes):
                self._value(value, nodes[0].start, group, context)
        for text in texts:
            if text.start not in self._evaluator.used:
                for value in self._evaluator.text(text):
                    self._value(value, text.start, group, context)
        if compound:
            return
        for text in texts:
            self._tags(text, context)

    def _value(self, value: Value, at: int, group: Group, context: Context) -> None:
        if not value.in_code or len(value.text) < 4:  # noqa: PLR2004 - `a:80`
            return
        for address in addresses(value.text, self._hosts, context.words):
            place = value.place(address.offset)
            secure = address.tls or value.tls or self._secure(address, group, context)
            protocol = address.protocol
            if protocol is Protocol.UNKNOWN:
                protocol = self._protocol(address.port, context.words, _words(group))
            self._add(place if place >= 0 else at, address, protocol, tls=secure)

    def _secure(self, address: Address, group: Group, context: Context) -> bool:
        if address.protocol in HTTP_LIKE and "://" in address.text:
            return False
        words = f"{context.call} {_words(group)}" if "(" in group.opener else context.call
        return _SECURE.search(_INSECURE.sub("", words.replace("insecure_channel", ""))) is not None

    def _protocol(self, port: int | None, *texts: str) -> Protocol:
        known = PORTS.get(port or 0)
        return known or protocol_of(*texts)

    def _add(self, at: int, address: Address, protocol: Protocol, *, tls: bool) -> None:
        found = Finding(at, address.host.lower().rstrip("."), address.port, protocol, tls, address.text)
        self._found.append(found)

    def _tags(self, text: Text, context: Context) -> None:
        """Go's struct tags: `envconfig:"API_URL" default:"http://api:8080"`."""
        if text.mark != "`" or text.plain is None:
            return
        tags = {match["key"]: match for match in _TAG.finditer(text.plain)}
        default = next((tags[key] for key in ("default", "envDefault", "env-default") if key in tags), None)
        if default is None:
            return
        names = [tags[key]["value"].partition(",")[0] for key in ("env", "envconfig", "mapstructure") if key in tags]
        if any(name in self._evaluator.names.variables for name in names):
            return
        at = text.start + 1 + default.start("value")
        for address in addresses(default["value"], self._hosts, context.words):
            self._add(at + address.offset, address, address.protocol, tls=address.tls)

    def _shadow(self, group: Group, context: Context) -> None:
        """Leave out defaults of variables that the environment sets: `env: 'API_URL', default: 'http://api'`."""
        pairs = [pair for slot in group.slots if (pair := pair_of(slot)) is not None]
        named = [
            pair.value[0].plain or ""
            for pair in pairs
            if pair.key.lower() in _NAMED_BY and isinstance(pair.value[0], Text)
        ]
        variables = self._evaluator.names.variables
        outer = context.keys.rpartition(".")[2]
        names = named or ([outer] if outer else [])
        for pair in pairs:
            if _EMBEDDED_DEFAULT.match(pair.key) and any(name in variables for name in names if len(name) > 3):  # noqa: PLR2004
                self._evaluator.shadow(pair.value)
        for slot in group.slots:
            pair = pair_of(slot)
            key = pair.key if pair else ""
            if any(isinstance(node, Word) and node.text == "=" for node in slot.nodes[1:4]):
                self._destructured(slot)
            steps = slot.nodes
            for name, call in pairwise(steps):
                if (
                    (
                        isinstance(name, Word)
                        and isinstance(call, Group)
                        and name.text.lower() in {"default", "withdefault"}
                    )
                    and key
                    and key in variables
                ):
                    self._evaluator.shadow([call])

    def _destructured(self, slot: Slot) -> None:
        """`const { API_URL = 'http://api' } = process.env`."""
        if not _ENVIRONMENT.search(_flat_nodes(slot.nodes)):
            return
        for node in slot.nodes[:3]:
            for inner in node.slots if isinstance(node, Group) else ():
                pair = pair_of(inner)
                if pair is not None and pair.key in self._evaluator.names.variables:
                    self._evaluator.shadow(pair.value)

    def _setters(self, group: Group, context: Context) -> None:
        """`factory.setHost("rabbit"); factory.setPort(5672)`, `.host("db").port(5432)`."""
        hosts: list[tuple[int, str, Value, str]] = []
        ports: dict[str, int] = {}
        for index, slot in enumerate(group.slots):
            receiver = next((n.text for n in slot.nodes if isinstance(n, Word) and n.kind == "name"), "")
            for name, call in zip(slot.nodes, slot.nodes[1:], strict=False):
                if not (isinstance(name, Word) and isinstance(call, Group) and call.opener == "("):
                    continue
                if len(call.slots) != 1:
                    continue
                if _HOST_SETTER.match(name.text):
                    words = f"{_flat(slot)} {index}"
                    values = self._evaluator.values(call.slots[0].nodes)
                    named = (value for value in values if host_name(value.text) in self._hosts)
                    hosts += [(name.start, receiver, value, words) for value in named]
                elif _PORT_SETTER.match(name.text):
                    number = self._number(call.slots[0].nodes)
                    if number:
                        ports[receiver] = number
        for at, receiver, value, words in hosts:
            port = ports.get(receiver)
            protocol = self._protocol(port, words, receiver, context.words, self._imports)
            place = value.place(0)
            where = place if place >= 0 and value.in_code else at
            if port is not None or protocol is not Protocol.UNKNOWN:
                self._pair(where, value.text, port, protocol, tls=False)

    def _number(self, nodes: list[Node]) -> int | None:
        for value in self._evaluator.values(nodes):
            if number := budgets.number(value.text.strip()):
                return number
        return None

    def _pair(self, at: int, host: str, port: int | None, protocol: Protocol, *, tls: bool) -> None:
        number = port if port is not None else usual_port(protocol)
        text = host + (f":{number}" if number is not None else "")
        self._add(at, Address(0, host, number, protocol, tls, text), protocol, tls=tls)

    def _apart(self, group: Group, context: Context) -> None:
        """Hosts and ports that are given apart: as two arguments, and as two options."""
        if group.opener in {"(", "["}:
            self._arguments(group, context)
        statements: dict[int, list[Pair]] = {}
        for slot in group.slots:
            pair = pair_of(slot)
            if pair is not None and pair.key:
                statements.setdefault(slot.statement, []).append(pair)
        everything = [pair for pairs in statements.values() for pair in pairs]
        for pairs in statements.values():
            for pair in pairs:
                self._option(pair, pairs, everything, context)

    def _arguments(self, group: Group, context: Context) -> None:
        if not _CONNECTS.search(context.call) or _LISTENS.search(context.call):
            return
        own = protocol_of(context.call)
        for index, slot in enumerate(group.slots[:4]):
            if len(slot.nodes) > 6 or pair_of(slot) is not None:  # noqa: PLR2004
                continue
            for value in self._evaluator.values(slot.nodes):
                if host_name(value.text) not in self._hosts:
                    continue
                port = self._number(group.slots[index + 1].nodes) if index + 1 < len(group.slots) else None
                if port is None and index:  # `net.connect(6379, 'cache')`
                    port = self._number(group.slots[index - 1].nodes)
                alone = index == 0 and own not in {Protocol.UNKNOWN, Protocol.HTTP, Protocol.GRPC}
                if port is None and not alone:
                    continue
                protocol = self._protocol(port, context.call, _words(group), self._imports)
                place = value.place(0)
                where = place if place >= 0 and value.in_code else slot.nodes[0].start
                self._pair(where, value.text, port, protocol, tls=_SECURE.search(context.call) is not None)

    def _option(self, pair: Pair, pairs: list[Pair], everything: list[Pair], context: Context) -> None:
        last = pair.key.rpartition(".")[2]
        match = _HOST_KEY.fullmatch(last)
        if match is None or _NOT_ASKED.search(last):
            return
        override = self._evaluator.names.overridden.get(pair.at)
        values = self._evaluator.values(pair.value)
        if override is not None:
            values = [Value((Piece(override, pair.at, Origin.ENVIRONMENT),))]
        values = [value for value in values if host_name(value.text) in self._hosts]
        if not values:
            return
        stem = pair.key.rpartition(".")[0] + match["stem"].lower()
        siblings = everything if stem else pairs
        words = " ".join(self._driver(each) for each in pairs if each.key.lower() in _DRIVER_KEY)
        port = self._sibling_port(stem, siblings)
        own = f"{words} {pair.key} {context.words}"
        if protocol_of(own) is Protocol.UNKNOWN and (stem or port is not None or context.call):
            own += f" {self._imports}"
        protocol = self._protocol(port, own)
        if port is None and protocol is Protocol.UNKNOWN and not stem:
            return
        secure = any(self._switches_tls(each) for each in pairs) or self._is_https(pairs, context)
        for value in values:
            place = value.place(0)
            at = place if place >= 0 and value.in_code else pair.at
            self._pair(at, value.text, port, protocol, tls=secure)

    def _driver(self, pair: Pair) -> str:
        return " ".join(value.text for value in self._evaluator.values(pair.value)) or _flat_nodes(pair.value)

    def _sibling_port(self, stem: str, pairs: list[Pair]) -> int | None:
        for pair in pairs:
            owner, _, last = pair.key.rpartition(".")
            match = _PORT_KEY.fullmatch(last)
            if match is not None and owner + match["stem"].lower() == stem and (number := self._number(pair.value)):
                return number
        return None

    def _switches_tls(self, pair: Pair) -> bool:
        if not _TLS_KEY.fullmatch(pair.key.rpartition(".")[2]):
            return False
        node = pair.value[0]
        if isinstance(node, Group):
            return True
        return not is_off(node.text if isinstance(node, Word) else node.plain or "")

    def _is_https(self, pairs: list[Pair], context: Context) -> bool:
        schemes = [
            value.text for p in pairs if p.key.lower() in _SCHEME_KEY for value in self._evaluator.values(p.value)
        ]
        if schemes:
            return any(scheme.lower().rstrip(":/") in {"https", "rediss", "wss", "tls", "ssl"} for scheme in schemes)
        return _SECURE.search(_INSECURE.sub("", context.call)) is not None


_SEPARATES = frozenset(
    [
        "=>",
        "->",
        "=",
        ":=",
        "==",
        "===",
        "!=",
        "!==",
        "<",
        ">",
        "<=",
        ">=",
        "&&",
        "|",
        "|>",
        ";",
        "<-",
        "+=",
        "and",
        "not",
        "in",
        "is",
        "if",
        "unless",
        "then",
        "else",
    ]
)


def _runs(nodes: list[Node]) -> Iterator[list[Node]]:
    """Yield the expressions among nodes: what lies between assignments, comparisons and arrows."""
    words = {node.text for node in nodes if isinstance(node, Word)}
    ternary = "?" in words or ("if" in words and "else" in words and isinstance(nodes[0], Text | Word))
    if not ternary and not words & _SEPARATES and ":" not in words:
        yield nodes
        return
    conditional = ternary and "?" not in words and not (isinstance(nodes[0], Word) and nodes[0].text == "if")
    if conditional:
        yield nodes
        return
    run: list[Node] = []
    depth = kept = 0
    for index, node in enumerate(nodes):
        kept = max(kept, past_generic(nodes, index)) if isinstance(node, Word) and node.text == "<" else kept
        if index < kept:
            run.append(node)
            continue
        text = node.text if isinstance(node, Word) and node.kind != "number" else ""
        depth += (text == "?") - (text == ":" and depth > 0)
        compares = depth == 0 and "?" in words and text in {"==", "===", "!=", "!=="}
        if (text in _SEPARATES and not compares) or (text == ":" and "?" not in words):
            if run:
                yield run
            run = []
        else:
            run.append(node)
    if run:
        yield run


def _words(group: Group) -> str:
    """The names in a bracket and its nearest brackets, as far as they say what is spoken."""
    found = [_flat(slot) for slot in group.slots[:12]] if group.opener else []
    return " ".join(found)[:2000]


def _flat(slot: Slot) -> str:
    return _flat_nodes(slot.nodes)


def _flat_nodes(nodes: list[Node]) -> str:
    return ".".join(node.text for node in nodes[:_WORDS_AROUND] if isinstance(node, Word) and node.kind == "name")


def _each_once(found: list[Finding]) -> list[Finding]:
    """The findings in order; of several for one place and host the one that says most."""
    best: dict[tuple[int, str, int | None], Finding] = {}
    for each in found:
        key = (each.at, each.host, each.port)
        there = best.get(key)
        if (
            there is None
            or (there.protocol is Protocol.UNKNOWN and each.protocol is not Protocol.UNKNOWN)
            or (each.tls and not there.tls and each.protocol is there.protocol)
        ):
            best[key] = each
    ported = {(each.at, each.host) for each in best.values() if each.port is not None}
    kept = [each for each in best.values() if each.port is not None or (each.at, each.host) not in ported]
    return sorted(kept, key=lambda each: (each.at, each.host, each.port or 0))
