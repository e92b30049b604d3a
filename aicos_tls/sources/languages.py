"""The languages whose sources are read and changed. One shape for all: what a service's files say, and their changes.

A language is a module with a `LANGUAGE`, and a line in `MODULES`; it is loaded when a file of it is looked at. Where no
language is there for a file, nothing is said about what stands in it but that nothing is known.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import PurePosixPath

    from aicos_tls.errors import Where
    from aicos_tls.files import TextFile
    from aicos_tls.sources.model import CodeContext, CodeResult, NewSource

    Files = Mapping[PurePosixPath, TextFile]


class Evidence(Struct, frozen=True):
    """A fact in words, and the place that tells it."""

    what: str
    where: Where


class Facts(Struct, frozen=True):
    """What the sources of a service say.

    `listens` are the calls that open a server, `serves_tls` is what makes it serve TLS already, `reads` are the names
    of certificate and key files in the code as they are written.
    """

    runtime: str
    framework: Evidence | None = None
    entry: PurePosixPath | None = None
    listens: tuple[Evidence, ...] = ()
    serves_tls: Evidence | None = None
    reads: tuple[Evidence, ...] = ()


class Changed(Struct, frozen=True):
    """What is to be done about the sources of a service: one result for each file, and files to add."""

    results: tuple[CodeResult, ...] = ()
    new: tuple[NewSource, ...] = ()


class Language(Protocol):
    """A language. `files` are those of one service by their path in its build context."""

    name: str
    suffixes: frozenset[str]

    def look(self, files: Files) -> Facts | None:
        """What the files say; None when the service is none of this language."""

    def change(self, files: Files, context: CodeContext) -> Changed:
        """What makes them serve and trust TLS."""


MODULES = {
    "aicos_tls.sources.node.language": ("js", "jsx", "mjs", "cjs", "ts", "tsx", "mts", "cts"),
    "aicos_tls.sources.python.language": ("py",),
    "aicos_tls.sources.go.language": ("go",),
}
"""Module of each language, with the suffixes of its files."""


@cache
def load(module: str) -> Language:
    """The language of a module."""
    found: Language = import_module(module).LANGUAGE
    return found


def languages_of(files: Files) -> list[Language]:
    """The languages of which there are files, each once."""
    suffixes = {path.suffix.lower().lstrip(".") for path in files}
    return [load(module) for module, known in MODULES.items() if suffixes.intersection(known)]


def is_known(suffix: str) -> bool:
    """Whether a language reads files of that suffix."""
    return any(suffix in known for known in MODULES.values())
