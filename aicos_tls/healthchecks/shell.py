"""Shell text: every command in it is read by its own family, and its edits are carried out to the text.

Where the text stands does not matter: a `CMD-SHELL` test, the text of `sh -c` in a list, or of `sh -c` inside another
shell text; each layer carries the edits one layer further out and quotes what it inserts.
"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from msgspec.structs import replace

from aicos_tls.healthchecks.found import Found, own_asks
from aicos_tls.healthchecks.model import TextEdit
from aicos_tls.healthchecks.quoting import UnquotableError
from aicos_tls.healthchecks.shellwords import UnreadableShellError, commands
from aicos_tls.healthchecks.sockets import SENDS_REQUEST, TCP_FILE, read_sockets

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aicos_tls.healthchecks.found import Context
    from aicos_tls.healthchecks.model import Edit
    from aicos_tls.healthchecks.quoting import ShellWord
    from aicos_tls.healthchecks.shellwords import Command

    Family = Callable[[Sequence[str], Context], Found]

SHELLS = frozenset({"ash", "bash", "dash", "ksh", "sh", "zsh"})
_STATUS_LINE = re.compile(r"HTTP/1")
_STATUS_NOTE = "the test reads the status line: over TLS curl may be answered in HTTP/2; `--http1.1` keeps it as it was"


def read_text(text: str, context: Context, read_command: Family) -> Found:
    """What the commands of shell `text`, each read by `read_command`, do; every edit is one of `text`, as item 0."""
    try:
        simple = commands(text)
    except UnreadableShellError as error:
        asked = own_asks(text, context)
        if asked or (TCP_FILE.search(text) and SENDS_REQUEST.search(text)):
            return Found(("shell",), asked, refusals=(f"shell text that cannot be read here: {error}",))
        return Found(silent=("shell text without an HTTP address",))
    found = _fed(simple, context)
    for command in simple:
        found += _read_simple(command, context, read_command)
    if found.edits and "curl" in found.programs and _STATUS_LINE.search(text):
        found += Found(notes=(_STATUS_NOTE,))
    return found + read_sockets(text, context)


def _fed(simple: Sequence[Command], context: Context) -> Found:
    """A refusal when one command prints an own address and another one reads commands or addresses."""
    fed = any(
        command.values[:1] in {("xargs",), *((shell,) for shell in SHELLS)} for command in simple if _reads(command)
    )
    printed = tuple(
        asked
        for command in simple
        if command.values[:1] in {("echo",), ("printf",)}
        for word in command.values
        for asked in own_asks(word, context)
    )
    return Found(asks=printed, refusals=("an own address is handed on through a pipe",)) if fed and printed else Found()


def _reads(command: Command) -> bool:
    """Whether a shell or `xargs` gets what it does from its input."""
    return command.values[:1] == ("xargs",) or len(command.values) == 1


def _read_simple(command: Command, context: Context, read_command: Family) -> Found:
    for word in command.assignments:
        asked = own_asks(word.value, context)
        if asked:
            return Found(asks=asked, refusals=(f"an address is kept in a variable: {word.value}",))
    if not command.words:
        return Found()
    found = read_command(command.values, context)
    try:
        in_order = sorted(found.edits, key=lambda edit: isinstance(edit, TextEdit))
        return replace(found, edits=tuple(_lift(edit, command.words) for edit in in_order))
    except UnquotableError as error:
        return replace(found, edits=(), refusals=(*found.refusals, f"the quotes around it are in the way: {error}"))


def _lift(edit: Edit, words: Sequence[ShellWord]) -> TextEdit:
    """`edit` of the items of a command as an edit of the shell text."""
    if isinstance(edit, TextEdit):
        return words[edit.word].lift(edit)
    at = words[edit.before].start
    return TextEdit(0, at, at, f"{shlex.quote(edit.text)} ")


def read_shell(words: Sequence[str], context: Context, read_command: Family) -> Found:
    """What `sh -c TEXT` does; without `-c` it runs a script, which cannot be seen from here."""
    at = _text_index(words)
    if at is None:
        return Found(programs=(words[0],), silent=("a script, which cannot be seen from here",))
    return read_text(words[at], context, read_command).on_word(at)


def _text_index(words: Sequence[str]) -> int | None:
    """Index of the text after `-c`, also in `-lc`, `-euo pipefail -c`; None when there is none."""
    at = 1
    command = False
    while at < len(words) and words[at][:1] in {"-", "+"}:
        option = words[at]
        at += 1
        if option == "--":
            break
        if not option.startswith("--"):
            command |= "c" in option
            at += option.count("o") + option.count("O")
    return at if command and at < len(words) else None
