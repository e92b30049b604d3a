"""`go build`, `go run`, `go install` and `go vet` in commands: which source files or packages they name.

Where files are named, Go compiles these and no others (`go help packages`), so that a file that is added beside them is
missing. A command is its words; those that are variables are put in where their value is known.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.healthchecks.shellwords import Command, UnreadableShellError, commands
from aicos_tls.healthchecks.wrappers import program
from aicos_tls.sources.dockerfile import expand
from aicos_tls.sources.launchers import SHELLS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_PROGRAMS = frozenset({"go", "gow", "garble", "dlv"})
_VERBS = frozenset({"build", "run", "install", "vet", "debug"})
_WITH_VALUE = frozenset(
    """
    C asmflags buildmode compiler covermode coverpkg exec gccgoflags gcflags installsuffix ldflags mod modfile o
    overlay p pgo pkgdir tags toolexec vettool
    """.split()
)
"""Flags whose value may be the next word (`go help build`)."""


class GoCommand(Struct, frozen=True):
    """A command of Go: `arguments` are the files or packages that it names, each with the `places` of its word.

    `directory` is what `cd` and `-C` before them lead to, as it is written; empty for none.
    """

    verb: str
    arguments: tuple[str, ...]
    places: tuple[int, ...]
    has_output: bool = False
    directory: str = ""

    @property
    def names_files(self) -> bool:
        """Whether it names source files, not packages."""
        return bool(self.arguments) and self.arguments[0].endswith(".go")


def go_command(words: Sequence[str], variables: Mapping[str, str], directory: str = "") -> GoCommand | None:
    """The command of Go that these words are or start (`reflex -- go run main.go`); None where there is none."""
    flat = [
        (value, place)
        for place, word in enumerate(words)
        for value in ([expand(word, variables)] if not _is_variable(word) else expand(word, variables).split())
    ]
    for at in range(len(flat) - 1):
        if program(flat[at][0]) in _PROGRAMS and flat[at + 1][0] in _VERBS:
            return _read(flat[at + 1][0], flat[at + 2 :], directory)
    return None


def _is_variable(word: str) -> bool:
    return re.fullmatch(r"\$(?:\w+|\{\w+\})", word) is not None


def _read(verb: str, rest: list[tuple[str, int]], directory: str) -> GoCommand:
    at, output = 0, False
    while at < len(rest) and rest[at][0].startswith("-") and len(rest[at][0]) > 1:
        name, equals, value = rest[at][0].lstrip("-").partition("=")
        output = output or name == "o"
        if name in _WITH_VALUE and not equals:
            at += 1
            value = rest[at][0] if at < len(rest) else ""
        directory = value if name == "C" else directory
        at += 1
    found = rest[at:]
    if verb in ("run", "debug"):  # what follows the files or the package is the program's
        files = next((i for i, (value, _) in enumerate(found) if not value.endswith(".go")), len(found))
        found = found[: files or 1]
    return GoCommand(verb, tuple(value for value, _ in found), tuple(place for _, place in found), output, directory)


class Found(Struct, frozen=True):
    """A command of Go in a shell text: the spans of the words of its arguments, quotes included."""

    command: GoCommand
    spans: tuple[tuple[int, int], ...]


def in_shell(text: str, variables: Mapping[str, str]) -> Iterator[Found]:
    """Yield the commands of Go in a shell text, also those that `sh -c` is given. What cannot be read yields none."""
    try:
        read = commands(text)
    except UnreadableShellError:
        return
    directory = ""
    for command in read:
        values = command.values
        if values[:1] == ("cd",) and len(values) > 1:
            goal = expand(values[1], variables)
            directory = goal if goal.startswith("/") or not directory else f"{directory}/{goal}"
        elif values and program(values[0]) in SHELLS:
            yield from _given_to_shell(command, variables)
        elif found := go_command(values, variables, directory):
            yield Found(found, tuple((command.words[i].start, command.words[i].end) for i in found.places))


def _given_to_shell(command: Command, variables: Mapping[str, str]) -> Iterator[Found]:
    at = shell_text(command.values)
    if at is None:
        return
    origins = command.words[at].origins
    for inner in in_shell(command.words[at].value, variables):
        spans = tuple((origins[start].start, origins[end - 1].end) for start, end in inner.spans)
        yield Found(inner.command, spans)


def shell_text(words: Sequence[str]) -> int | None:
    """The index of the text that a shell is given (`sh -c TEXT`); None where it is given none."""
    if not words or program(words[0]) not in SHELLS:
        return None
    for at, word in enumerate(words[1:-1], 1):
        if word.startswith("-") and "c" in word and not word.startswith("--"):
            return at + 1
    return None
