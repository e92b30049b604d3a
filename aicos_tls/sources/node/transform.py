"""The changes of one Node source file: its servers, its clients, its URLs, and the line that brings the helper in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from aicos_tls.compose import urls
from aicos_tls.errors import InternalError, TlsError
from aicos_tls.sources.model import CodeChange, CodeResult, Manual
from aicos_tls.sources.node import addresses, clients, imports, servers, serving
from aicos_tls.sources.node.bindings import Bindings, Import
from aicos_tls.sources.node.exports import Neighbours
from aicos_tls.sources.node.kinds import Kinds
from aicos_tls.sources.node.look import Look
from aicos_tls.sources.node.syntax import EXTENSIONS, Syntax
from aicos_tls.yamledit.apply import splice
from aicos_tls.yamledit.edits import Splice

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from aicos_tls.files import TextFile
    from aicos_tls.sources.model import CodeContext
    from aicos_tls.sources.node.switch import Form

_HEAD = 5
"""Lines in which a program says that it wrote a file."""

MAX_LINE = 2_000
"""Characters; a longer line is written by a program (a bundler, a minifier), and a change of it would be lost."""

_GENERATED = re.compile(r"@generated|do not edit|automatically generated|code generated", re.IGNORECASE)
_LISTENS = re.compile(
    r"\.\s*listen\b|\bcreateServer\b|http\.Server|hapi|fastify|\bserve\s*\(|NestFactory|WebSocket(?:\.|\s*)Server"
)
_ASKS = re.compile(
    r"\b(?:axios|fetch|https?|undici|got|needle|superagent|ws|WebSocket|request|io|proxy)\b", re.IGNORECASE
)


def transform(
    file: TextFile,
    context: CodeContext,
    helper: str,
    *,
    files: Mapping[Path, TextFile] | None = None,
    trusted: bool | None = None,
) -> CodeResult:
    """What is to be changed in `file`, whose import path for the helper is `helper` (`./tls`, `../tls.js`).

    `files` are the sources of the service by path, so that an application that another file exports is known.
    `trusted` says that the process loads the helper anyway (default: it does when the service is a server); otherwise
    a file with clients loads it itself. Raises `TlsError` when the file is not UTF-8.
    """
    if file.path.suffix.lower() not in EXTENSIONS or not _concerns(file.text, context):
        return CodeResult(file)
    refused = refusal(file, context)
    if refused is not None:
        return CodeResult(file, manual=refused)
    look = look_at(Syntax(file), context, helper, files or {})
    if context.is_server:
        _serve(look)
    clients.trust(look)
    addresses.rewrite(look)
    loads = look.needs_trust and not (context.is_server if trusted is None else trusted)
    _bring_in(look, helper, loads=loads)
    prove(look)
    changes = tuple(sorted(look.changes, key=lambda change: (change.where, change.what)))
    return CodeResult(file, changes, tuple(look.manual), look.needs_helper or loads)


def names_server(file: TextFile, context: CodeContext) -> bool:
    """Whether a plain URL of a server stands in a file; False for one that is not UTF-8."""
    try:
        return _names_server(file.text, context)
    except TlsError:
        return False


def _names_server(text: str, context: CodeContext) -> bool:
    return any(context.names_server(url.host) for url in urls.find(text) if url.plain)


def _concerns(text: str, context: CodeContext) -> bool:
    """Whether a file can hold anything to change at all; spares the rest the parser."""
    named = _names_server(text, context)
    return named or bool(_LISTENS.search(text)) or bool(_ASKS.search(text)) or "://" in text


def refusal(file: TextFile, context: CodeContext) -> tuple[Manual, ...] | None:
    """Why a file is not changed; empty when there is nothing to say about it; None when it is looked at."""
    relevant = (context.is_server and _LISTENS.search(file.text)) or _names_server(file.text, context)
    offset = _written_by_program(file.text)
    if offset is not None:
        reason = "the file looks generated: change what it is made from, and make it again"
        return (Manual(file.where(offset), reason, ""),) if relevant else ()
    problem = Syntax(file).problem()
    if problem is None:
        return None
    return (Manual(problem, "the file cannot be parsed from here on, so nothing in it is changed", ""),) * bool(
        relevant
    )


def _written_by_program(text: str) -> int | None:
    at = 0
    for number, line in enumerate(text.splitlines(keepends=True)):
        if len(line) > MAX_LINE or (
            number < _HEAD and line.lstrip().startswith(("//", "/*", "*")) and _GENERATED.search(line)
        ):
            return at
        at += len(line)
    return None


def look_at(
    syntax: Syntax, context: CodeContext, helper: str, files: Mapping[Path, TextFile], form: Form = "helper"
) -> Look:
    """A pass over a file that has not noted anything yet."""
    bindings = Bindings(syntax)
    neighbours = Neighbours(syntax.file.path, helper, files)
    kinds = Kinds(bindings, helper, neighbours.kind)
    known = [name for name, found in bindings.imports.items() if kinds.is_helper(found.module)]
    name = imports.helper_name(bindings, known)
    return Look(context, syntax, bindings, kinds, name.name, form)


def _serve(look: Look) -> None:
    if serving.helper_call(look.bindings, look.kinds) is None and (
        node := serving.https_server(look.bindings, look.kinds)
    ):
        if serving.SETTING not in look.syntax.text:
            reason = "an HTTPS server is made here already, and not by TLS_ENABLED: look whether it is the same one"
            look.decline(node, reason, f"{look.name}.createServer(…)")
        return
    servers.serve(look)


def _bring_in(look: Look, helper: str, *, loads: bool) -> None:
    """The line that brings the helper in; imports whose last use has gone give it their place or go."""
    syntax = look.syntax
    first = min((part.start for change in look.changes for part in change.splices), default=len(syntax.text))
    present = any(look.kinds.is_helper(found.module) for found in look.bindings.imports.values()) or any(
        look.kinds.is_helper(module) for module in imports.loaded_modules(syntax)
    )
    wanted = (
        None
        if present or not (look.needs_helper or loads)
        else imports.import_line(syntax, helper, look.name if look.needs_helper else None)
    )
    for name in look.replaced:
        wanted = _without(name, wanted, look)
    if wanted is not None:
        place = imports.insert(syntax, wanted, before=first)
        look.changes.append(CodeChange("bring the helper in", syntax.file.where(place.start), (place,)))


def _without(name: str, line: str | None, look: Look) -> str | None:
    """Take an import away that nothing uses any more; `line` may have its place. Returns the line that is left."""
    found = look.bindings.imported(name)
    syntax = look.syntax
    if found is None or _uses(name, found, look) > look.replaced[name]:
        return line
    start, end = syntax.start(found.statement), syntax.end(found.statement)
    if not imports.is_whole_statement(found):
        dropped = imports.drop(found, syntax)
        if dropped is not None:
            look.changes.append(CodeChange(f"{name} is not used any more", syntax.where(found.statement), (dropped,)))
        return line
    if line is None:
        end = syntax.text.find("\n", end) + 1 or end
        look.changes.append(
            CodeChange(f"{name} is not used any more", syntax.where(found.statement), (Splice(start, end, (0,), ""),))
        )
        return None
    look.changes.append(
        CodeChange("bring the helper in", syntax.where(found.statement), (Splice(start, end, (0,), line),))
    )
    return None


def _uses(name: str, found: Import, look: Look) -> int:
    """How often a name is used outside of the import that binds it."""
    types = ("identifier", "shorthand_property_identifier", "type_identifier", "jsx_identifier")
    uses = (node for node in look.syntax.of(*types) if look.syntax.source(node) == name)
    inside = range(found.statement.start_byte, found.statement.end_byte)
    return sum(node.start_byte not in inside for node in uses)


def prove(look: Look) -> None:
    """The new text must parse, or a promise is broken."""
    if not look.changes:
        return
    file = look.syntax.file
    text = splice(file.text, [part for change in look.changes for part in change.splices])
    problem = Syntax(replace(file, raw=file.encode(text))).problem()
    if problem is not None:
        raise InternalError(f"{problem}: the changed source would not parse")
