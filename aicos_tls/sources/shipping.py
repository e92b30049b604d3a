"""Whether a file that is added to a service comes into its image, and what brings it there.

`COPY . .` and `COPY *.py ./` take a new file along; `COPY main.py ./` does not, and an image without the helper that
its code imports would not start. So in each stage that gets a file which stands beside the helper, the helper follows
it: as one more source of the same COPY, else by a COPY of its own behind it. It goes with the sources and not with what
is installed before them (`COPY package.json ./`), which would be installed anew with each change of the helper.
"""

from __future__ import annotations

import json
import posixpath
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.sources import copied, jsonwords
from aicos_tls.sources.dockerfile import exec_words, stages
from aicos_tls.sources.layout import Layout, walk
from aicos_tls.sources.model import CodeChange, CodeResult
from aicos_tls.yamledit.edits import Splice

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from aicos_tls.files import TextFile
    from aicos_tls.sources.dockerlines import Instruction

_WORD = re.compile(r"\S+")
_FLAG = re.compile(r"--(?:chown|chmod|link)(?:=\S*)?")


class Shipped(Struct, frozen=True):
    """What comes of a file that is added: whether some stage gets it, and the change of the Dockerfile for it."""

    reached: bool
    result: CodeResult | None = None


def ship(
    dockerfile: TextFile,
    path: PurePosixPath,
    beside: Sequence[PurePosixPath],
    arguments: Mapping[str, str] | None = None,
) -> Shipped:
    """What brings `path` into every stage that gets one of the files `beside` it; all are paths in the context."""
    changes = []
    reached = False
    for stage in stages(dockerfile, arguments):
        layout = Layout((path, *beside), arguments or {})
        brought: tuple[Instruction, PurePosixPath] | None = None
        for instruction in walk(stage, layout):
            if neighbour := _brings(instruction, beside, layout):
                brought = (instruction, neighbour)
        if brought is None:
            continue
        reached = True
        if not _is_beside(layout, path, brought[1]):
            splice = _splice(dockerfile, *brought, path)
            what = f"copy {path.name} into the image beside {brought[1].name}"
            changes.append(CodeChange(what, dockerfile.where(splice.start), (splice,), for_helper=True))
    return Shipped(reached, CodeResult(dockerfile, tuple(changes)) if changes else None)


def _brings(instruction: Instruction, beside: Sequence[PurePosixPath], layout: Layout) -> PurePosixPath | None:
    """The first of some files that an instruction copies from the context."""
    if instruction.name not in ("COPY", "ADD"):
        return None
    return next((near for near in beside if copied.lands(instruction, near, "/", layout.variables)), None)


def _is_beside(layout: Layout, path: PurePosixPath, neighbour: PurePosixPath) -> bool:
    """Whether a file lies in an image beside one that is there."""
    folders = {posixpath.dirname(place) for place, known in layout.places.items() if known == neighbour}
    own = {posixpath.dirname(place) for place, known in layout.places.items() if known == path}
    return bool(folders) and folders <= own


def _splice(dockerfile: TextFile, instruction: Instruction, neighbour: PurePosixPath, path: PurePosixPath) -> Splice:
    """One more source where the neighbour is a source by its name and goes to a directory; else a COPY of its own."""
    words = list(_words(instruction))
    listed = instruction.value.startswith("[", len(_head(instruction)))
    several = words[-1][0].endswith("/") or len(words) > 2  # noqa: PLR2004 - the classic builder wants the slash
    for word, _, end in words[:-1]:
        if several and posixpath.normpath(word.lstrip("/")) == neighbour.as_posix():
            new = posixpath.join(posixpath.dirname(word), path.name)
            return _after(instruction, end, f", {json.dumps(new)}" if listed else f" {new}")
    pieces = [path.as_posix(), _goal(words, neighbour, path)]
    flags = _FLAG.findall(_head(instruction))
    text = " ".join(pieces) if not any(" " in piece for piece in pieces) else json.dumps(pieces)
    line = " ".join(("COPY", *flags, text))
    return _after(instruction, len(instruction.value), f"{dockerfile.newline}{line}", rank=1)


def _goal(words: list[tuple[str, int, int]], neighbour: PurePosixPath, path: PurePosixPath) -> str:
    """Where the helper goes, as the instruction would write it: into the directory where it puts the neighbour."""
    goal = words[-1][0]
    for word, _, _ in words[:-1]:
        pattern = PurePosixPath(posixpath.normpath(word.lstrip("/")))
        depth = len(pattern.parts)
        below = neighbour.parts[depth:]
        if below and copied.is_copied(neighbour, (pattern.as_posix(),)):
            return posixpath.join(goal, *below[:-1], path.name)
    is_folder = goal.endswith(("/", ".")) or len(words) > 2 or posixpath.splitext(goal)[1] != neighbour.suffix  # noqa: PLR2004
    return posixpath.join(goal if is_folder else posixpath.dirname(goal), path.name)


def _head(instruction: Instruction) -> str:
    """The flags of an instruction."""
    match = re.match(r"(?:--\S+\s+)*", instruction.value)
    return match[0] if match else ""


def _words(instruction: Instruction) -> Iterator[tuple[str, int, int]]:
    """Yield sources and destination, each with its span in the value."""
    start = len(_head(instruction))
    if exec_words(instruction.value[start:]) is not None:
        yield from ((word.value, word.start, word.end) for word in jsonwords.words(instruction.value, start))
        return
    yield from ((match[0], match.start(), match.end()) for match in _WORD.finditer(instruction.value, start))


def _after(instruction: Instruction, end: int, text: str, rank: int = 0) -> Splice:
    at = instruction.offsets[end - 1] + 1
    return Splice(at, at, (rank,), text)
