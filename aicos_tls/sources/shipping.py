"""Whether a file that is added to a service comes into its image, and what brings it there.

`COPY . .` and `COPY *.py ./` take a new file along; `COPY main.py ./` does not, and an image without the helper that
its code imports would not start. So the helper is added to the COPY that brings the file beside it (Dockerfile
reference, "COPY": with several sources the destination is a directory and ends with a slash).
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from aicos_tls.sources.dockerlines import read
from aicos_tls.sources.model import CodeChange, CodeResult
from aicos_tls.yamledit.edits import Splice

if TYPE_CHECKING:
    from pathlib import PurePosixPath

    from aicos_tls.files import TextFile
    from aicos_tls.sources.dockerlines import Instruction

_WORD = re.compile(r"\S+")


def ship(dockerfile: TextFile, path: PurePosixPath, beside: list[PurePosixPath]) -> CodeResult | None:
    """The change that copies `path` along with one of the files `beside` it; None where no instruction fits."""
    names = {neighbour.as_posix(): neighbour for neighbour in beside}
    for instruction in read(dockerfile.text):
        if instruction.name != "COPY" or "--from=" in instruction.value or "<<" in instruction.value:
            continue
        words = [match for match in _WORD.finditer(instruction.value) if not match[0].startswith("--")]
        for word in words[:-1]:
            neighbour = names.get(posixpath.normpath(word[0].lstrip("/")))
            if neighbour is not None and (splice := _splice(dockerfile, instruction, words, word, path)):
                what = f"copy {path.name} into the image beside {neighbour.name}"
                return CodeResult(dockerfile, (CodeChange(what, dockerfile.where(splice.start), (splice,)),))
    return None


def _splice(
    dockerfile: TextFile, instruction: Instruction, words: list[re.Match[str]], word: re.Match[str], path: PurePosixPath
) -> Splice | None:
    if instruction.value.startswith("["):
        return None
    goal = words[-1][0]
    source, name = posixpath.split(word[0])
    new = posixpath.join(source, path.name)
    if goal.endswith("/") or goal == ".":
        return _after(instruction, word.end(), f" {new}")
    folder, last = posixpath.split(goal)
    if len(words) == 2 and last == name:  # noqa: PLR2004 - one source, one goal
        line = f"{dockerfile.newline}COPY {new} {posixpath.join(folder, path.name)}"
        return _after(instruction, len(instruction.value), line)
    return None


def _after(instruction: Instruction, end: int, text: str) -> Splice:
    at = instruction.offsets[end - 1] + 1
    return Splice(at, at, (0,), text)
