"""Shell scripts that ask servers: the URLs that commands are given, with the variables that the script has by then.

    API="http://api:8000"
    curl -fsS "$API/jobs"

The words of commands count, read as a shell reads them; what is only printed, and comments, do not. A shell's default
(`${API_URL:-http://api:8000}`) counts where the container has no such variable. Where a script holds what is not read
here, such as a here-document, it is read line by line, and only those lines are passed over.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aicos_tls import budgets
from aicos_tls.connections.addresses import urls
from aicos_tls.connections.model import Destination, Evidence
from aicos_tls.connections.protocols import HTTP_LIKE
from aicos_tls.errors import TlsError
from aicos_tls.healthchecks.shellwords import UnreadableShellError, commands
from aicos_tls.sources.dockerfile import expand
from aicos_tls.sources.testfiles import is_test

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import PurePosixPath

    from aicos_tls.connections.addresses import Found
    from aicos_tls.connections.model import Surroundings
    from aicos_tls.connections.readers import Files
    from aicos_tls.files import TextFile
    from aicos_tls.healthchecks.shellwords import Command

_SUFFIXES = frozenset({"", ".sh", ".bash", ".ash", ".dash", ".ksh", ".zsh"})
_SHEBANG = re.compile(r"#!\s*\S*?(?:/|\s)(?:ash|bash|dash|ksh|sh|zsh)\b")
_LINE = re.compile(r"(?:[^\n\\]|\\.|\\\n)+", re.DOTALL)
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)
_SHOW = frozenset({"echo", "printf", "logger", ":", "true", "false", "[", "[[", "test", "case", "usage"})
"""Commands that show or compare a text."""
_DECLARE = frozenset({"export", "readonly", "local", "declare", "typeset"})
_TRUST = {
    "curl": "--cacert {ca}",
    "wget": "--ca-certificate={ca} (GNU Wget; that of BusyBox verifies nothing)",
}
"""How a program is told of the CA (curl(1), wget(1))."""


class _Shell:
    def concerns(self, path: PurePosixPath) -> bool:
        return path.suffix.lower() in _SUFFIXES and not is_test(path)

    def destinations(self, files: Files, around: Surroundings) -> Iterator[Destination]:
        for path, file in files.items():
            if _is_script(path, file):
                yield from _of_script(file, around.environment)


def _is_script(path: PurePosixPath, file: TextFile) -> bool:
    if len(file.raw) > budgets.VALUE:
        return False
    try:
        return bool("://" in file.text and (path.suffix or _SHEBANG.match(file.text)))
    except TlsError:
        return False


def _of_script(file: TextFile, environment: Mapping[str, str]) -> Iterator[Destination]:
    """Yield what the commands of a script ask, each address once per place."""
    values = dict(environment)
    for start, command in _commands(file.text):
        given = [expand(word.value, values) for word in command.words]
        program = given[0].rpartition("/")[2] if given else ""
        for word in command.assignments if not given else command.words if program in _DECLARE else ():
            if match := _ASSIGNMENT.fullmatch(word.value):
                values[match[1]] = expand(match[2], values)
        if given and program not in _SHOW:
            for word in (*command.assignments, *command.words):
                for found in urls(expand(word.value, values)):
                    yield _destination(file, start + word.start, found, program)


def _commands(text: str) -> Iterator[tuple[int, Command]]:
    """Yield the commands of a script in their order, each with the place that its words count from."""
    try:
        found = [(0, each) for each in commands(text)]
    except UnreadableShellError:
        found = []
        for match in _LINE.finditer(text):
            found += [(match.start(), each) for each in _of_line(match[0])]
    yield from sorted(found, key=lambda pair: pair[0] + _start(pair[1]))


def _of_line(line: str) -> tuple[Command, ...]:
    try:
        return commands(line)
    except UnreadableShellError:
        return ()


def _start(command: Command) -> int:
    return min((word.start for word in (*command.assignments, *command.words, *command.redirects)), default=0)


def _destination(file: TextFile, at: int, found: Found, program: str) -> Destination:
    remedy = ""
    if not found.tls and found.protocol in HTTP_LIKE:
        trust = _TRUST.get(program)
        remedy = re.sub(r"^(http|ws)(?=:)", r"\1s", found.text) + (f"\nand {trust}" if trust else "\nand trust {ca}")
    evidence = Evidence("shell", found.text, file.where(at))
    return Destination(found.host, found.port, found.protocol, found.tls, evidence, remedy)


READER = _Shell()
