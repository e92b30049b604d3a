"""What is to be done about one Python module: servers, clients, URLs, and the import of the helper that they call.

The design is the smallest one that reads well in a review: libraries are called as before, with one more argument
whose value comes from the helper and is the library's own default while TLS is off. Environment variables would not
do: `SSL_CERT_FILE` replaces the public roots for httpx, and requests does not look at it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aicos_tls.sources.model import IMPORT, CodeChange, CodeResult, Manual
from aicos_tls.sources.python import calls
from aicos_tls.sources.python.clients import client_change
from aicos_tls.sources.python.edits import add_import
from aicos_tls.sources.python.helper import import_statement
from aicos_tls.sources.python.listeners import config_file, server_change
from aicos_tls.sources.python.names import Names
from aicos_tls.sources.python.urls import url_changes
from aicos_tls.sources.syntax import MAX_CHARACTERS, Node, Tree, parse

if TYPE_CHECKING:
    from aicos_tls.files import TextFile
    from aicos_tls.sources.model import CodeContext
    from aicos_tls.yamledit.edits import Splice

_LONG_LINE = 2000
_TESTS = re.compile(r"(test_.*|.*_test|conftest)\.pyi?$")
_WORTH_A_LOOK = re.compile(r"://|\bimport\b|\bbind\b")
_OWN_TLS = re.compile(r"\b(ssl_keyfile|ssl_certfile|ssl_context|ssl_options|load_cert_chain|certfile)\b")
_PASSED = "is passed on as a value, so its arguments are given elsewhere"


@dataclass
class Module:
    """A module that is looked at, and what was found so far."""

    file: TextFile
    context: CodeContext
    tree: Tree
    names: Names
    alias: str
    changes: list[CodeChange] = field(default_factory=list)
    manual: list[Manual] = field(default_factory=list)
    helper: bool = False

    def change(self, what: str, node: Node, splices: tuple[Splice, ...], *, helper: bool = True) -> None:
        """Note a change; nothing when there are no splices."""
        if splices:
            self.changes.append(CodeChange(what, self.file.where(node.start), splices))
            self.helper = self.helper or helper

    def leave(self, node: Node, reason: str, paste: str) -> None:
        """Note a place that is left to a person."""
        paste = paste.replace("tls.", f"{self.alias}.") if self.alias != "tls" else paste
        self.manual.append(Manual(self.file.where(node.start), reason, paste))

    @property
    def serves_itself(self) -> bool:
        """Whether the module has TLS of its own that TLS_ENABLED switches."""
        return "TLS_ENABLED" in self.tree.text and _OWN_TLS.search(self.tree.text) is not None

    def is_ours(self, node: Node | None) -> bool:
        """Whether an expression is a call of the helper."""
        return (
            node is not None and self.tree.of(node).startswith(f"{self.alias}.") and self.alias in self.names.imported
        )


def transform(file: TextFile, context: CodeContext, helper: str) -> CodeResult:
    """What makes a module of the service use TLS; `helper` is the dotted name by which the helper is imported.

    Raises `TlsError` when the file is not UTF-8. Tests are left alone; a file that does not parse is reported.
    """
    text = file.text
    if _TESTS.match(file.path.name) or not _WORTH_A_LOOK.search(text):
        return CodeResult(file)
    if problem := _unreadable(text, context):
        return CodeResult(file, manual=problem_at(file, problem, 0))
    tree = parse(text, "python")
    broken = _broken(tree)
    if broken is not None:
        reason = "does not parse as Python 3, so nothing in it is changed"
        return CodeResult(file, manual=problem_at(file, reason, broken) if concerns(text, context) else ())
    names = Names(tree, helper, context.environment)
    module = Module(file, context, tree, names, _alias(names, helper))
    _visit(module)
    if module.helper and module.alias not in names.imported:
        splice = add_import(tree, import_statement(helper, module.alias), file.newline)
        change = CodeChange(f"{IMPORT}{helper}", file.where(splice.start), (splice,))
        module.changes.insert(0, change)
    return CodeResult(file, tuple(module.changes), tuple(module.manual), module.helper)


def concerns(text: str, context: CodeContext) -> bool:
    """Whether a text that cannot be read as code names a server or opens one."""
    named = any(name in text.lower() for name in context.servers)
    return named or (context.is_server and any(f"{call.rpartition('.')[2]}(" in text for call in calls.SERVERS))


def problem_at(file: TextFile, reason: str, at: int) -> tuple[Manual, ...]:
    """A file that has to be looked at as a whole."""
    return (Manual(file.where(at), reason, "see: aicos-tls code show"),)


def _broken(tree: Tree) -> int | None:
    """Where the text stops being Python 3: the grammar takes Python 2 as well."""
    old = (node.start for node in tree.root.walk() if node.kind in {"print_statement", "exec_statement"})
    return min((at for at in (tree.broken, next(old, None)) if at is not None), default=None)


def _unreadable(text: str, context: CodeContext) -> str:
    if len(text) > MAX_CHARACTERS and concerns(text, context):
        return f"longer than {MAX_CHARACTERS} characters, probably generated: not looked at"
    if any(len(line) > _LONG_LINE for line in text.split("\n")) and concerns(text, context):
        return f"has lines of more than {_LONG_LINE} characters, probably generated: not looked at"
    return ""


def _alias(names: Names, helper: str) -> str:
    for alias, meaning in names.imported.items():
        if meaning == helper:
            return alias
    last = helper.rpartition(".")[2]
    return last if not names.taken(last) else f"service_{last}"


def _visit(module: Module) -> None:
    for node in module.tree.root.walk():
        if node.kind == "call":
            if module.context.is_server and not module.serves_itself:
                server_change(module, node)
            client_change(module, node)
        elif node.kind in {"attribute", "identifier"}:
            _passed_on(module, node)
    if module.context.is_server:
        config_file(module)
    url_changes(module)


def _passed_on(module: Module, node: Node) -> None:
    """Report a function of a table that is an argument instead of being called: `to_thread(requests.get, url)`."""
    parent = node.parent
    is_argument = parent is not None and (
        parent.kind == "argument_list" or (parent.kind == "keyword_argument" and node.role == "value")
    )
    if not is_argument:
        return
    name = module.names.qualified(node) or ""
    if name in calls.CLIENTS and name.rpartition(".")[2].islower():
        call = calls.CLIENTS[name]
        module.leave(node, f"{name} {_PASSED}", f"{call.parameter}=tls.{call.value}")
    elif name in calls.SERVERS and module.context.is_server:
        words = ", ".join(f"{key}=tls.{value}" for key, value in calls.SERVERS[name].keywords)
        module.leave(node, f"{name} {_PASSED}", words)
