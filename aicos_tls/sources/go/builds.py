"""Where a Go service is compiled, and what has to be said there so that the helper is compiled, too.

    RUN go build -o /server main.go          RUN go build -o /server .
    RUN go build ./cmd/api/main.go           RUN go build ./cmd/api/main.go ./cmd/api/tls.go
    CMD ["go", "run", "main.go"]             CMD ["go", "run", "."]

The package takes the place of its files where it is the same: a module, all of its files named, no build constraint,
and an output that has a name (a binary is named after the first file, or after the package). Else the helper is named.
"""

from __future__ import annotations

import posixpath
import re
from itertools import pairwise
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.sources.go.names import is_constrained

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from aicos_tls.errors import Where
    from aicos_tls.files import TextFile
    from aicos_tls.sources.go.commands import GoCommand

_COMPILED = frozenset(
    """
    .c .cc .cpp .cxx .m .h .hh .hpp .f .s .S .syso .swig .swigcxx
    """.split()
)
"""What Go compiles with a package besides its Go files (`go help c`, `cmd/go`, "File types")."""
_PLAIN_PATH = re.compile(r"[\w./@+-]*\Z")


class Occurrence(Struct, frozen=True):
    """A command of Go, with the words of its arguments as they are written.

    `paths` are the files that it names by their path in the build context, empty where they are not known; `base` is
    the directory of the context that it runs in, None where that is not known.
    """

    command: GoCommand
    words: tuple[str, ...]
    where: Where
    paths: tuple[PurePosixPath, ...] = ()
    base: PurePosixPath | None = None


class Rewording(Struct, frozen=True):
    """What a command is to say: `added` after its last file, or, where it is not empty, `package` in place of all."""

    added: str
    package: str = ""


class Refused(Struct, frozen=True):
    """Why a command cannot be changed, and what it should say."""

    reason: str
    paste: str


class Package(Struct, frozen=True):
    """A directory that gets a helper: its Go files in the context, the name of the helper, those that call it."""

    directory: PurePosixPath
    real: Path
    helper: str
    callers: frozenset[PurePosixPath]


def reword(
    occurrence: Occurrence, packages: Iterable[Package], files: Mapping[PurePosixPath, TextFile]
) -> Rewording | Refused | None:
    """What makes a command compile the helper; None where it does so already, or needs none."""
    command = occurrence.command
    if not command.names_files:
        return None
    package = _package_of(occurrence, packages)
    if package is None or package.helper in {PurePosixPath(name).name for name in command.arguments}:
        return None
    if any(_is_pattern(word) for word in occurrence.words):
        return None  # the shell puts in the helper, too
    if occurrence.paths and not package.callers.intersection(occurrence.paths):
        return None
    first, last = occurrence.words[0], occurrence.words[-1]
    names = [PurePosixPath(name).name for name in command.arguments]
    if not (_ends_with(first, names[0]) and _ends_with(last, names[-1])):
        shown = " ".join((*command.arguments, posixpath.join(posixpath.dirname(command.arguments[-1]), package.helper)))
        return Refused(
            f"go {command.verb} is given {', '.join(occurrence.words)}, which is set elsewhere, and would not compile "
            f"{package.helper}",
            f"go {command.verb} … {shown}",
        )
    added = _replaced(last, names[-1], package.helper)
    whole = _is_whole(occurrence, package, files)
    return Rewording(added, _directory_word(first, names[0], command.arguments[0]) if whole else "")


def _package_of(occurrence: Occurrence, packages: Iterable[Package]) -> Package | None:
    """The package whose files a command names: by their paths, else by what its words end in."""
    for package in packages:
        if occurrence.paths:
            if occurrence.paths[0].parent == package.directory:
                return package
            continue
        named = PurePosixPath(posixpath.normpath(occurrence.command.arguments[0]))
        if any(caller.parts[-len(named.parts) :] == named.parts for caller in package.callers):
            return package
    return None


def _is_pattern(word: str) -> bool:
    return "*" in word


def _ends_with(word: str, name: str) -> bool:
    return word.rstrip("\"'").endswith(name)


def _replaced(word: str, name: str, other: str) -> str:
    """The word with another file name at its end; its quotes stay."""
    at = word.rindex(name)
    return word[:at] + other + word[at + len(name) :]


def _directory_word(word: str, name: str, value: str) -> str:
    """The word of the directory of a file, as a package: `./cmd/api`, `.`; its quotes stay."""
    at = word.rindex(name)
    quote = word[0] if word[0] in "\"'" else ""
    directory = word[len(quote) : at].rstrip("/") or ("/" if value.startswith("/") else ".")
    relative = not posixpath.dirname(value).startswith((".", "/")) and directory != "."
    return f"{quote}{'./' if relative else ''}{directory}{word[at + len(name) :]}"


def _is_whole(occurrence: Occurrence, package: Package, files: Mapping[PurePosixPath, TextFile]) -> bool:
    """Whether the files that a command names are all of their package, and the package can be named instead."""
    command = occurrence.command
    if not occurrence.paths or occurrence.base is None or len(set(map(posixpath.dirname, command.arguments))) > 1:
        return False
    if command.verb == "install" or (command.verb == "build" and not command.has_output):
        return False
    if not all(_PLAIN_PATH.match(value) for value in command.arguments):
        return False
    there = _compiled(package)
    if there is None or there != {path.name for path in occurrence.paths}:
        return False
    if any(is_constrained(path, files[path].text) for path in occurrence.paths if path in files):
        return False
    return _same_module(package.directory, occurrence.base, files)


def _compiled(package: Package) -> set[str] | None:
    """The Go files of a directory, but for tests and the helper; None where more than Go is compiled with them."""
    try:
        names = {path.name for path in package.real.iterdir()}
    except OSError:
        return None
    if any(posixpath.splitext(name)[1] in _COMPILED for name in names):
        return None
    found = {name for name in names if name.endswith(".go") and not name.startswith(("_", "."))}
    return {name for name in found if not name.endswith("_test.go")} - {package.helper}


def _same_module(directory: PurePosixPath, base: PurePosixPath, files: Mapping[PurePosixPath, TextFile]) -> bool:
    """Whether a directory belongs to the module that a command runs in (Go modules reference, "go.mod files")."""
    if any(path.name == "go.work" for path in files):
        return False
    modules = [_module(path, files) for path in (directory, base)]
    return modules[0] is not None and modules[0] == modules[1]


def _module(directory: PurePosixPath, files: Mapping[PurePosixPath, TextFile]) -> PurePosixPath | None:
    return next((path for path in (directory, *directory.parents) if path / "go.mod" in files), None)


def is_adjacent(text: str, spans: tuple[tuple[int, int], ...]) -> bool:
    """Whether words stand in one line, with nothing but blanks between them."""
    return all(not text[end:start].strip(" \t,") for (_, end), (start, _) in pairwise(spans))
