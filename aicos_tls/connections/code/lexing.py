"""Makes the tree of a source: one pass, by the patterns of its grammar. Nothing a text holds makes it fail.

What does not fit (a bracket that nothing opened, a quote that nothing closes) is passed over, as it is in texts that
are no code at all: JSX, templates, half a file.
"""

from __future__ import annotations

import bisect
import re
from functools import cache, cached_property
from typing import TYPE_CHECKING

from aicos_tls import budgets
from aicos_tls.connections.code.tree import Group, Slot, Text, Word

if TYPE_CHECKING:
    from aicos_tls.connections.code.grammars import Form, Grammar
    from aicos_tls.connections.code.tree import Node

DEEPEST = budgets.DEPTH
"""Brackets within brackets: of what is nested deeper nothing is said."""
_OPERATORS = (
    r"===|!==|\?\?=|\|\|=|\.\.\.|\*\*|=>|->|:=|==|!=|<=|>=|&&|\|\||\?\?|\?:|\?\.|::|<>|//|\+=|\|>|<<|>>|<-|\.\.|[^\w\s]"
)
_GOES_ON = frozenset(
    [
        ".",
        "?.",
        "::",
        "->",
        "?",
        ":",
        "||",
        "&&",
        "+",
        "??",
        "?:",
        "|>",
        "<>",
        "or",
        "and",
        "&",
        "..",
        ",",
        "%",
        ".",
        "==",
        "!=",
        ")",
    ]
)
"""What continues the expression of the line before it."""
_UNFINISHED = frozenset(
    [
        ".",
        "?.",
        "::",
        "->",
        "?",
        "||",
        "&&",
        "+",
        "??",
        "?:",
        "|>",
        "<>",
        "or",
        "and",
        "&",
        "..",
        "=",
        ":=",
        "=>",
        "==",
        "!=",
        "%",
        "\\",
        "_",
    ]
)
"""What is continued by the next line."""
FORMS = 64
"""Kinds of quotes in one source: C++ lets each text have its own."""
_LEADS = re.compile(r"^[ \t]*([A-Za-z_]\w*)", re.MULTILINE)
_CLOSERS = {")": "(", "]": "[", "}": "{"}


@cache
def _pattern(grammar: Grammar) -> re.Pattern[str]:
    later = f"(?P<later>{grammar.later})|" if grammar.later else ""
    outside = r"(?P<outside>\?>)|" if grammar.outside else ""
    return re.compile(
        rf"(?P<blank>[^\S\n]+|\\\r?\n|{grammar.comments})|(?P<newline>\n)|{outside}{later}(?P<string>{grammar.strings})"
        rf"|(?P<name>{grammar.names})|(?P<number>\d[\w]*(?:\.\d\w*)?)|(?P<open>[(\[{{])|(?P<close>[)\]}}])"
        rf"|(?P<operator>{_OPERATORS})|(?P<other>[\s\S])",
        re.MULTILINE,
    )


_REGEX = re.compile(r"/(?![*/\s])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\[\n])+/[a-z]*")
_OPERAND_WORDS = frozenset(
    ["return", "case", "typeof", "in", "of", "and", "or", "not", "if", "unless", "when", "yield", "await", "else", "do"]
)


def tree(text: str, grammar: Grammar) -> Group:
    """The tree of a source."""
    return _Lexer(text, grammar).run()


class _Lexer:
    """Where the reading of a text is, and what is open there."""

    def __init__(self, text: str, grammar: Grammar) -> None:
        self._text, self._grammar = text, grammar
        self._root = Group("", 0, [Slot(0, [])])
        self._stack: list[Group | Text] = [self._root]
        self._forms: list[Form] = []
        self._later: list[str] = []
        self._newline = False
        self._statements = 0
        self._used: set[Form] = set()
        self._unclosed: dict[Form, int] = {}

    def run(self) -> Group:
        text, match = self._text, _pattern(self._grammar).match
        at = self._outside(0) if self._grammar.outside else 0
        while at < len(text) and len(self._stack) <= DEEPEST:
            if isinstance(self._stack[-1], Text):
                at = self._in_text(self._stack[-1], at)
                continue
            found = match(text, at)
            if found is None:  # the last alternative takes anything
                break
            at = found.end()
            kind = found.lastgroup if found.lastgroup != "word" else "later"
            if kind == "blank":
                continue
            at = self._take(kind or "", found, at)
        self._finish(len(text))
        return self._root

    def _take(self, kind: str, found: re.Match[str], at: int) -> int:
        """Note a token; where to go on."""
        token, start = found[0], found.start()
        if kind == "newline":
            self._newline = True
            return self._skip_later(at) if self._later else at
        if kind == "outside":
            self._separate(statement=True)
            return self._outside(at)
        if kind == "string":
            return self._open_text(token, start, at)
        if kind == "later":
            self._later.append(found["word"])
            self._add(Text(token, start, at, [], broken=True))
        elif kind == "open":
            group = Group(token, start, [Slot(0, [])])
            self._add(group)
            self._stack.append(group)
        elif kind == "close":
            self._close(token, at)
        elif kind == "operator":
            return self._operator(token, start, at)
        elif kind in {"name", "number"}:
            self._add(Word("name" if kind == "name" else "number", token, start))
        return at

    def _operator(self, token: str, start: int, at: int) -> int:
        if token == ",":  # noqa: S105 - of a lexer
            self._newline = False
            self._separate(statement=False)
        elif token == ";":  # noqa: S105 - of a lexer
            self._newline = False
            self._separate(statement=True)
        elif token in {"/", "//"} and self._grammar.patterns and not self._after_operand():
            if literal := _REGEX.match(self._text, start):
                self._add(Text("/", start, literal.end(), [], broken=True))
                return literal.end()
            self._add(Word("operator", token, start))
        else:
            self._add(Word("operator", token, start))
        return at

    def _after_operand(self) -> bool:
        group = self._stack[-1]
        nodes = group.slots[-1].nodes if isinstance(group, Group) else []
        last = nodes[-1] if nodes else None
        if isinstance(last, Word):
            return last.kind != "operator" and last.text not in _OPERAND_WORDS
        return last is not None

    def _open_text(self, mark: str, start: int, at: int) -> int:
        if mark[0] == "%" and self._after_operand():
            self._add(Word("operator", "%", start))
            return start + 1
        form = self._grammar.form(mark)
        self._used.add(form)
        literal = Text(mark, start, at, [])
        self._add(literal)
        if start < self._unclosed.get(form, 0) or len(self._used) > FORMS:
            literal.broken = True
            return at
        self._stack.append(literal)
        self._forms.append(form)
        return at

    def _in_text(self, literal: Text, at: int) -> int:
        """Take the pieces of a literal up to its end, or to an expression in it."""
        form, text = self._forms[-1], self._text
        pattern = form.pattern()
        begin = at
        while found := pattern.search(text, at):
            kind, at = found.lastgroup, found.end()
            if kind == "escape":
                continue
            if found.start() > begin:
                literal.parts.append((text[begin : found.start()], begin))
            begin = at
            if kind == "brace":
                literal.parts.append((found[0][0], found.start()))
            elif kind == "name":
                word = Word("name", found[0], found.start())
                literal.parts.append(Group("$", found.start(), [Slot(0, [word])], at))
            elif kind == "embed":
                group = Group("{", found.start(), [Slot(0, [])])
                if found[0] == "{$":
                    at -= 1
                literal.parts.append(group)
                self._stack.append(group)
                return at
            else:
                return self._end_text(literal, found)
        literal.broken = True
        self._unclosed[form] = len(text)
        self._end(literal)
        # a quote that nothing closes is none: what comes after it is read as code
        return literal.start + len(literal.mark) if not literal.parts else len(text)

    def _end_text(self, literal: Text, found: re.Match[str]) -> int:
        literal.broken = found.lastgroup == "newline"
        literal.end = found.start() if literal.broken else found.end()
        form = self._forms[-1]
        self._end(literal)
        if literal.broken and not any(isinstance(part, Group) for part in literal.parts):
            self._unclosed[form] = literal.end  # an apostrophe: what comes after it is read as code
            return literal.start + len(literal.mark)
        return literal.end

    def _end(self, literal: Text) -> None:
        literal.end = max(literal.end, literal.start + 1)
        self._stack.pop()
        self._forms.pop()

    def _add(self, node: Node) -> None:
        group = self._stack[-1]
        if isinstance(group, Text):  # texts are read by themselves
            return
        slot = group.slots[-1]
        if self._newline:
            self._newline = False
            if slot.nodes and self._ends_statement(group, slot.nodes[-1], node):
                self._separate(statement=True)
                slot = group.slots[-1]
        slot.nodes.append(node)

    def _ends_statement(self, group: Group, last: Node, node: Node) -> bool:
        if group.opener not in {"", "{"} or (group.opener and not self._grammar.braces):
            return False
        if isinstance(node, Word) and node.text in _GOES_ON:
            return False
        if isinstance(last, Word) and last.text in _UNFINISHED:
            return False
        return self._grammar.newlines or (isinstance(last, Group) and last.opener == "{")

    def _separate(self, *, statement: bool) -> None:
        group = self._stack[-1]
        if isinstance(group, Group):
            if statement:
                self._statements += 1
            number = self._statements if statement else group.slots[-1].statement
            if group.slots[-1].nodes:
                group.slots.append(Slot(number, []))
            else:
                group.slots[-1].statement = number

    def _close(self, token: str, at: int) -> None:
        opener = _CLOSERS[token]
        for index in range(len(self._stack) - 1, 0, -1):
            group = self._stack[index]
            if isinstance(group, Text):
                return
            if group.opener == opener:
                group.end = at
                del self._stack[index:]
                return

    def _outside(self, at: int) -> int:
        found = re.compile(self._grammar.outside).search(self._text, at)
        return found.end() if found else len(self._text)

    def _skip_later(self, at: int) -> int:
        """Go past texts that began on the line before."""
        for word in self._later:
            ends = self._leads.get(word, [])
            index = bisect.bisect_left(ends, at)
            at = ends[index] if index < len(ends) else len(self._text)
        self._later.clear()
        return at

    @cached_property
    def _leads(self) -> dict[str, list[int]]:
        """Where the words that begin a line end."""
        found: dict[str, list[int]] = {}
        for match in _LEADS.finditer(self._text):
            found.setdefault(match[1], []).append(match.end())
        return found

    def _finish(self, end: int) -> None:
        for node in self._stack:
            node.end = end
            if isinstance(node, Text):
                node.broken = True
