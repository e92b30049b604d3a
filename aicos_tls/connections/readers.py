"""The readers of evidence: which module reads which files, loaded when there is one.

To add one: a module in `evidence/` with a `READER`, and a line in `READERS`. A reader is given all files of one service
by their path in its build context (or mount), since a configuration may be spread over several, and yields what they
say its program asks. It reads text and nothing else: no file is opened, nothing raises for what a file may hold.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import PurePosixPath

    from aicos_tls.connections.model import Destination, Surroundings
    from aicos_tls.files import TextFile

    Files = Mapping[PurePosixPath, TextFile]


class Reader(Protocol):
    """Reads one kind of text."""

    def concerns(self, path: PurePosixPath) -> bool:
        """Whether the file at a path may be of the kind, by its name alone: cheap, asked for every file."""

    def destinations(self, files: Files, around: Surroundings) -> Iterator[Destination]:
        """Yield what the files (those that concern it) say that the service asks."""


READERS: tuple[str, ...] = ("nginx", "proxies", "traefik", "envoy", "caddyjson", "devproxies", "code", "shell")
"""The modules, by their name in `evidence/`."""


@cache
def load(name: str) -> Reader:
    """The reader of a module."""
    found: Reader = import_module(f"aicos_tls.connections.evidence.{name}").READER
    return found


def destinations(
    files: Files, around: Surroundings, wanted: Callable[[str], bool] = lambda _: True
) -> Iterator[Destination]:
    """Yield what all readers find; `wanted` says of each by name whether it is asked."""
    for name in filter(wanted, READERS):
        reader = load(name)
        if concerned := {path: file for path, file in files.items() if reader.concerns(path)}:
            yield from reader.destinations(concerned, around)
