"""Every path in an image at which a file of the build context is, by way of other stages as well.

`copied.destination` gives the one that counts when a service's own program looks for the file; here all of them do.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from aicos_tls.errors import TlsError
from aicos_tls.sources.copied import lands, origin, places
from aicos_tls.sources.dockerfile import parse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import PurePosixPath

    from aicos_tls.sources.dockerfile import Stage
    from aicos_tls.sources.dockerlines import Instruction

_DEPTH = 5
"""Stages that are followed from one to another."""


def placed(stage: Stage, path: PurePosixPath, depth: int = _DEPTH) -> Iterator[str]:
    """Yield the paths in the image of `stage` at which the file `path` of the build context is."""
    directory = "/"
    for row in stage.instructions:
        if row.name == "WORKDIR":
            directory = posixpath.join(directory, row.value.strip("\"'"))
        elif row.name in ("COPY", "ADD"):
            if (found := lands(row, path, directory, stage.variables)) and "$" not in found:
                yield found
            elif depth and origin(row):
                yield from _from_stage(stage, row, directory, path, depth)


def _from_stage(stage: Stage, row: Instruction, directory: str, path: PurePosixPath, depth: int) -> Iterator[str]:
    copy = places(row)
    try:
        other = parse(stage.file, origin(row), stage.args)
    except TlsError:
        return  # another image
    for there in placed(other, path, depth - 1):
        for source in copy[0] if copy else ():
            begin = posixpath.normpath(posixpath.join("/", source))
            if copy and (there == begin or there.startswith(f"{begin.rstrip('/')}/")):
                goal = posixpath.join(directory, copy[1])
                into = there == begin and copy[1].endswith("/")
                below = posixpath.basename(there) if into else posixpath.relpath(there, begin)
                yield posixpath.normpath(posixpath.join(goal, below))
