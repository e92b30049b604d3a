"""The files of a build context as they lie in an image while it is built, and after: what a RUN or CMD sees.

WORKDIR, COPY and ADD say it (Dockerfile reference); variables count with the values that ARG and ENV give them.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from aicos_tls.sources import copied
from aicos_tls.sources.dockerfile import expand

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from aicos_tls.sources.dockerfile import Stage
    from aicos_tls.sources.dockerlines import Instruction

_PAIR = re.compile(r"""([A-Za-z_]\w*)=((?:"[^"]*"|'[^']*'|\S)*)""")


class Layout:
    """An image while it is built. `places` are the files of the context by their path in it."""

    def __init__(self, paths: Iterable[PurePosixPath], arguments: Mapping[str, str]) -> None:
        self._paths = tuple(paths)
        self._arguments = arguments
        self.directory = "/"
        self.places: dict[str, PurePosixPath] = {}
        self.variables: dict[str, str] = {}

    def apply(self, instruction: Instruction) -> None:
        """Carry out an instruction."""
        if instruction.name == "WORKDIR":
            self.directory = self.join(expand(instruction.value.strip("\"'"), self.variables))
        elif instruction.name == "ENV":
            pairs = _PAIR.findall(instruction.value) or [instruction.value.partition(" ")[::2]]
            self.variables.update((name, expand(value.strip().strip("\"'"), self.variables)) for name, value in pairs)
        elif instruction.name == "ARG":
            for name in re.split(r"[\s=]+", instruction.value):
                if name in self._arguments:
                    self.variables.setdefault(name, self._arguments[name])
            for name, value in _PAIR.findall(instruction.value):
                self.variables.setdefault(name, value.strip("\"'"))
        elif instruction.name in ("COPY", "ADD"):
            for path in self._paths:
                if place := copied.lands(instruction, path, self.directory, self.variables):
                    self.places[place] = path

    def mount(self, goal: str, source: PurePosixPath) -> None:
        """Put a directory of the context over what is there: what the compose file mounts."""
        self.places = {place: path for place, path in self.places.items() if not _is_below(place, goal)}
        for path in self._paths:
            if path.is_relative_to(source):
                self.places[posixpath.join(goal, *path.relative_to(source).parts)] = path

    def of_context(self, place: str) -> PurePosixPath | None:
        """The directory of the context whose files lie in a directory of the image; None where none do."""
        for there, path in self.places.items():
            if _is_below(there, place):
                below = PurePosixPath(there).relative_to(place).parts
                if path.parts[-len(below) :] == below:
                    return PurePosixPath(*path.parts[: -len(below)])
        return None

    def join(self, path: str) -> str:
        """A path as seen from the working directory."""
        return posixpath.normpath(posixpath.join(self.directory, path))


def _is_below(place: str, directory: str) -> bool:
    return PurePosixPath(place).is_relative_to(directory)


def walk(stage: Stage, layout: Layout) -> Iterator[Instruction]:
    """Yield the instructions of a stage itself, the layout being as the instruction finds it.

    Those of the stages that it is built on are carried out, too.
    """
    own = max(at for at, each in enumerate(stage.instructions) if each.name == "FROM")
    for at, instruction in enumerate(stage.instructions):
        if at >= own:
            yield instruction
        layout.apply(instruction)
