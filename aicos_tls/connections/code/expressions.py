"""Puts texts together as the program would: joined, filled in, by names, by variables of the environment.

A default beside a variable counts only when the environment does not set it. What is not known stays unknown in the
value (`UNKNOWN`). There is no flow: a name has the values that are given to it anywhere in its file.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from aicos_tls.connections.code import values
from aicos_tls.connections.code.chains import Chain, chains
from aicos_tls.connections.code.pairs import bare_name
from aicos_tls.connections.code.tree import Group, Text, Word
from aicos_tls.connections.code.values import Origin, Piece, Value, unknown
from aicos_tls.connections.code.variables import has_placeholder, is_variable

if TYPE_CHECKING:
    from aicos_tls.connections.code.names import Names
    from aicos_tls.connections.code.tree import Node

DEEPEST = 24
"""Expressions within expressions."""
STEPS = 200_000
"""Expressions of one source that are looked at."""
_OTHERWISE = frozenset({"||", "??", "or", "?:"})
_GOES_THROUGH = re.compile(
    r"(?i)^(str|string|int|integer|number|float|parseint|itoa|tostring|valueof|url|uri|parse|create|from|of|ofnullable"
    r"|option|optional|some|ok|urlopen|urljoin|new|box|format_int|formatint|strval|intval|cast|must|uint16|int32|trim\w*)$"
)
_FILLS = re.compile(r"(?i)^(sprintf|format|formatted|printf|stringf|f|concat_format|lformat)$")
_DEFAULTS = re.compile(
    r"(?i)^(unwrap_or(_else)?|orelse(get)?|getorelse|or_else|default(to)?|presence_or|ifempty|or|withdefault|asstring)$"
)
_PUTS = re.compile(
    r"(?i)(^|\.)(put\w*|set|setenv|setproperty|add\w*|append|store|push|with\w*|insert|replace|equals|assert\w*|header\w*)$"
)
_GIVES_TLS = re.compile(r"(^|\.)(\w*tls\.url|tlsURL)$", re.IGNORECASE)
_ABOUT_TLS = re.compile(r"tls|ssl|https|secure", re.IGNORECASE)
_TLS_SCHEME = re.compile(r"(?i)(https|wss|rediss|amqps|grpcs|mqtts)\b")
_READS = re.compile(r"(?i)get|env|conf|setting|prop|viper|lookup|fetch|read")
_ENVIRONMENTS = frozenset({"env", "environ", "ENV", "$_ENV", "$_SERVER", "Env"})


class Evaluator:
    """Evaluates expressions of one source. `used` holds the places of the texts that are part of something larger."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.used: set[int] = set()
        self._shadowed: set[int] = set()
        self._joins = {"+", names.grammar.joins}
        self._connects = frozenset({"?.", "::", "->", "&."} | ({"."} - {names.grammar.joins}))
        self._python = names.grammar.language == "Python"
        self._left = STEPS

    def chains(self, nodes: list[Node]) -> list[Chain]:
        """The chains among nodes."""
        return chains(nodes, self._connects)

    def values(self, nodes: list[Node], depth: int = DEEPEST) -> list[Value]:  # noqa: PLR0911 - one for each kind of operator
        """What an expression may come to."""
        self._left -= 1
        if not nodes or depth <= 0 or self._left <= 0:
            return []
        if self._python and (found := self._conditional(nodes, depth)) is not None:
            return found
        marks = [node.text if isinstance(node, Word) and node.kind != "number" else "" for node in nodes]
        if "?" in marks and ":" in marks[marks.index("?") :]:
            at = marks.index("?")
            colon = at + _matching(marks[at:])
            return self._either(nodes[:at], nodes[at + 1 : colon], nodes[colon + 1 :], depth)
        for word in _OTHERWISE.intersection(marks):
            return self._fallback(nodes, marks.index(word), depth)
        if "%" in marks[1:]:
            return self._percent(nodes, marks.index("%", 1), depth)
        if any(mark in self._joins for mark in marks):
            return self._joined(nodes, marks, depth)
        found_chains = self.chains(nodes)
        return self._chain(found_chains[-1], depth) if found_chains else []

    def use(self, nodes: list[Node]) -> None:
        """Note that the texts among nodes, and in them, say nothing by themselves."""
        for node in nodes:
            if isinstance(node, Text):
                self.used.add(node.start)
            elif isinstance(node, Group):
                for group in node.walk():
                    for slot in group.slots:
                        self.used.update(inner.start for inner in slot.nodes if isinstance(inner, Text))

    def shadow(self, nodes: list[Node]) -> None:
        """Note that the texts among nodes are defaults of what the environment sets: they say nothing at all."""
        used, self.used = self.used, set()
        self.use(nodes)
        self._shadowed |= self.used
        self.used |= used

    def _conditional(self, nodes: list[Node], depth: int) -> list[Value] | None:
        """Python's `a if condition else b`."""
        words = [node.text if isinstance(node, Word) else "" for node in nodes]
        if "if" not in words[1:] or "else" not in words:
            return None
        at, other = words.index("if"), words.index("else")
        return self._either(nodes[at + 1 : other], nodes[:at], nodes[other + 1 :], depth) if at < other else None

    def _either(self, condition: list[Node], yes: list[Node], no: list[Node], depth: int) -> list[Value]:
        first = self.values(yes, depth - 1)
        if any(piece.origin is Origin.ENVIRONMENT for value in first for piece in value.pieces):
            self.use(no)
            return first
        found = [*first, *self.values(no, depth - 1)]
        if _ABOUT_TLS.search(_words(condition)):
            secure = [value for value in found if _TLS_SCHEME.match(value.text)]
            if secure:
                self.use([*yes, *no])
                return secure[:1]
        return found[: values.MOST]

    def _fallback(self, nodes: list[Node], at: int, depth: int) -> list[Value]:
        first = self.values(nodes[:at], depth - 1)
        if any(value.known and value.text for value in first):
            self.use(nodes[at + 1 :])
            return first
        return self.values(nodes[at + 1 :], depth - 1)

    def _percent(self, nodes: list[Node], at: int, depth: int) -> list[Value]:
        """`"http://%s:%d" % (host, port)`, in Python and Ruby."""
        templates = self.values(nodes[:at], depth - 1)
        given = nodes[at + 1 :]
        if len(given) == 1 and isinstance(given[0], Group) and given[0].opener in {"(", "[", "{"}:
            return self._filled(templates, given[0], 0, depth)
        operands = [self.values(given, depth - 1)]
        self.use(nodes[:at])
        return [found for template in templates for found in values.filled(template, operands, {})][: values.MOST]

    def _filled(self, templates: list[Value], group: Group, skip: int, depth: int) -> list[Value]:
        from aicos_tls.connections.code.pairs import pair_of

        given: list[list[Value]] = []
        named: dict[str, list[Value]] = {}
        for slot in group.slots[skip:]:
            pair = pair_of(slot)
            if pair is not None:
                named[pair.key] = self.values(pair.value, depth - 1)
            else:
                given.append(self.values(slot.nodes, depth - 1))
        found = [each for template in templates for each in values.filled(template, given, named)]
        return found[: values.MOST]

    def _joined(self, nodes: list[Node], marks: list[str], depth: int) -> list[Value]:
        operands: list[list[Node]] = [[]]
        for node, mark in zip(nodes, marks, strict=True):
            if mark in self._joins:
                operands.append([])
            else:
                operands[-1].append(node)
        found: list[list[Value]] = []
        for index, operand in enumerate(operands):
            listed = self.chains(operand)
            if listed:
                chain = listed[-1] if index == 0 else listed[0]
                self._use_base(chain)
                found.append(self._chain(chain, depth - 1))
        return values.joined(found, nodes[0].start)

    def _use_base(self, chain: Chain) -> None:
        self.use([node for node in (chain.base, *chain.steps) if isinstance(node, Text)])

    def _chain(self, chain: Chain, depth: int) -> list[Value]:
        base = chain.base
        if isinstance(base, Text):
            return self._after_text(chain, depth)
        if isinstance(base, Group):
            return self._bracket(base, chain.steps, depth)
        if base.kind == "number":
            digits = re.match(r"\d[\d_]*", base.text)
            return [Value((Piece(digits[0].replace("_", ""), base.start),))] if digits else []
        return self._named(chain, depth)

    def _after_text(self, chain: Chain, depth: int) -> list[Value]:
        texts = [chain.base, *chain.steps]
        literals = [node for node in texts if isinstance(node, Text)]
        found = values.joined([self.text(literal, depth) for literal in literals], chain.base.start)
        if len(literals) > 1:
            self.use(list(literals))
        for name, group in pairwise(texts):
            if isinstance(name, Word) and isinstance(group, Group) and _FILLS.match(name.text):
                self.use(list(literals))
                return self._filled(found, group, 0, depth)
        return found

    def text(self, literal: Text, depth: int = DEEPEST) -> list[Value]:
        """What a literal may come to."""
        if literal.broken or literal.start in self._shadowed:
            return [unknown(literal.start)]
        operands: list[list[Value]] = []
        for part in literal.parts:
            if isinstance(part, Group):
                operands.append(self._embedded(part, depth))
                continue
            text, at = part
            operands.append([Value(self._pieces(text, at))])
        return values.joined(operands, literal.start)

    def _pieces(self, text: str, at: int) -> tuple[Piece, ...]:
        """A text with its `${name:default}` resolved: what the environment gives is not of the code."""
        if not has_placeholder(text):
            return (Piece(text, at),)
        found: list[Piece] = []
        for piece, offset, is_set in self.names.variables.parts(text):
            found.append(Piece(piece, at + offset, Origin.ENVIRONMENT if is_set else Origin.CODE))
        return tuple(found)

    def _embedded(self, group: Group, depth: int) -> list[Value]:
        nodes = group.slots[0].nodes
        words = [node.text if isinstance(node, Word) else "" for node in nodes]
        if ":" in words and "?" not in words:  # how it is to be shown: `{port:D4}`, `{host!r:>20}`
            nodes = nodes[: words.index(":")]
        found = self.values(nodes, depth - 1)
        self.use(nodes)
        return found or [unknown(group.start)]

    def _bracket(self, group: Group, steps: list[Node], depth: int) -> list[Value]:
        if group.opener == "(" and len(group.slots) == 1:
            return self.values(group.slots[0].nodes, depth - 1)
        name = steps[0] if steps else None
        if group.opener == "[" and isinstance(name, Word) and name.text == "join":
            by = self._argument(steps[1] if len(steps) > 1 else None, depth)
            operands: list[list[Value]] = []
            for slot in group.slots:
                operands += [by] if operands else []
                operands.append(self.values(slot.nodes, depth - 1))
            self.use([group])
            return values.joined(operands, group.start)
        return []

    def _argument(self, node: Node | None, depth: int) -> list[Value]:
        if not isinstance(node, Group) or not node.slots[0].nodes:
            return []
        return self.values(node.slots[0].nodes, depth - 1)

    def _named(self, chain: Chain, depth: int) -> list[Value]:
        """What a name, a call or an index comes to."""
        name, rest = chain.name, chain.rest
        at = chain.base.start
        owner, _, last = name.rpartition(".")
        group = rest[0] if rest else None
        found: list[Value] | None = None
        if not isinstance(group, Group):
            if owner.rpartition(".")[2] in _ENVIRONMENTS and is_variable(last):
                found = self._variable(last, at)
            else:
                return self.names.values(bare_name(name), self, depth)
        elif (read := self._reading(name, rest)) is not None:
            found = self._read(*read, at, depth)
        elif group.opener == "(":
            found = self._call(name, group, depth)
        elif group.opener == "{":
            found = self._made(name, group, depth)
        if found is not None and any(value.known for value in found):
            self._use_defaults(rest)
            return found
        return self._later_default(rest, depth) or [unknown(at)]

    def _reading(self, name: str, rest: list[Node]) -> tuple[str, Group, Group | None] | None:
        """The variable that a chain reads, the call that reads it, and a block after that."""
        for index, group in enumerate(rest[:6]):
            if isinstance(group, Word):
                name = f"{name}.{group.text}"
            elif isinstance(group, Group) and (variable := self._reads(group, name)) is not None:
                block = rest[index + 1] if index + 1 < len(rest) else None
                return variable, group, block if isinstance(block, Group) and block.opener == "{" else None
        return None

    def _read(self, variable: str, group: Group, block: Group | None, at: int, depth: int) -> list[Value]:
        found = self._variable(variable, at) or self._default(group, depth)
        if not found and block is not None:
            found = self.values(block.slots[-1].nodes, depth - 1)
        self.use([group, *([block] if block else [])])
        return found

    def _variable(self, name: str, at: int) -> list[Value]:
        value = self.names.variables.get(name)
        return [Value((Piece(value, at, Origin.ENVIRONMENT),))] if value is not None else []

    def _reads(self, group: Group, name: str) -> str | None:
        """The variable or setting that a call or index reads; None where it reads none."""
        nodes = group.slots[0].nodes
        if len(nodes) != 1 or not isinstance(nodes[0], Text) or group.opener not in {"(", "["}:
            return None
        text = nodes[0].plain or ""
        last = name.rpartition(".")[2]
        alone = len(group.slots) == 1
        if _PUTS.search(last) or (alone and _GOES_THROUGH.match(last)):
            return None
        if not is_variable(text) and not ("_" in text and text in self.names.variables):
            return None
        if alone and group.opener == "(" and "." in text and not _READS.search(name):
            return None
        return text

    def _default(self, group: Group, depth: int) -> list[Value]:
        """The second argument of what reads a variable."""
        from aicos_tls.connections.code.pairs import pair_of

        first = group.slots[0].nodes[0]
        if isinstance(first, Text) and len(group.slots) == 1:
            return self.names.default(first.plain or "", self, depth)
        found: list[Value] = []
        for slot in group.slots[1:3]:
            pair = pair_of(slot)
            if pair is not None and not pair.key.lower().startswith("default"):
                continue
            found = found or [
                value for value in self.values(pair.value if pair else slot.nodes, depth - 1) if value.known
            ]
        return found

    def _call(self, name: str, group: Group, depth: int) -> list[Value]:
        last = name.rpartition(".")[2]
        if _GIVES_TLS.search(name):
            self.use([group])
            return [Value(value.pieces, tls=True) for value in self._argument(group, depth)]
        if _FILLS.match(last):
            self.use(group.slots[0].nodes)
            return self._filled(self._argument(group, depth), group, 1, depth)
        if last == "JoinHostPort" and len(group.slots) > 1:
            self.use([group])
            host, port = (self.values(slot.nodes, depth - 1) for slot in group.slots[:2])
            return values.joined([host, [Value((Piece(":", group.start),))], port], group.start)
        if _GOES_THROUGH.match(last):
            slot = group.slots[-1] if last == "URL" and len(group.slots) > 1 else group.slots[0]
            return self.values(slot.nodes, depth - 1)
        return []

    def _made(self, name: str, group: Group, depth: int) -> list[Value]:
        """Go's `url.URL{Scheme: "http", Host: host}`."""
        from aicos_tls.connections.code.pairs import pair_of

        if name.rpartition(".")[2] != "URL":
            return []
        pairs = {pair.key: pair for slot in group.slots if (pair := pair_of(slot)) is not None}
        if "Host" not in pairs:
            return []
        scheme = self.values(pairs["Scheme"].value, depth - 1) if "Scheme" in pairs else []
        host = self.values(pairs["Host"].value, depth - 1)
        self.use([group])
        return values.joined([scheme, [Value((Piece("://", group.start),))], host], group.start)

    def _steps_with_default(self, rest: list[Node]) -> list[Group]:
        pairs = pairwise(rest)
        return [b for a, b in pairs if isinstance(a, Word) and isinstance(b, Group) and _DEFAULTS.match(a.text)]

    def _use_defaults(self, rest: list[Node]) -> None:
        self.use(list(self._steps_with_default(rest)))

    def _later_default(self, rest: list[Node], depth: int) -> list[Value]:
        """`.unwrap_or_else(|_| "…")`, `.orElse("…")`, `.getOrElse("…")`."""
        for group in self._steps_with_default(rest):
            nodes = group.slots[-1].nodes
            words = [node.text if isinstance(node, Word) else "" for node in nodes]
            for mark in ("=>", "->"):
                if mark in words:
                    nodes = nodes[words.index(mark) + 1 :]
                    break
            found = self.values(nodes, depth - 1)
            self.use(nodes)
            if found:
                return found
        return []


def _matching(marks: list[str]) -> int:
    """The index of the colon that belongs to the `?` at the beginning."""
    open_ones = 0
    for index, mark in enumerate(marks):
        open_ones += (mark == "?") - (mark == ":")
        if mark == ":" and open_ones == 0:
            return index
    return marks.index(":")


def _words(nodes: list[Node]) -> str:
    """The names and texts among nodes, as far as they are not within brackets."""
    found = [
        node.text if isinstance(node, Word) else (node.plain or "") for node in nodes if not isinstance(node, Group)
    ]
    inner = [
        (text.plain or "") if isinstance(text, Text) else text.text if isinstance(text, Word) else ""
        for node in nodes
        if isinstance(node, Group)
        for slot in node.slots[:4]
        for text in slot.nodes[:4]
    ]
    return " ".join((*found, *inner))
