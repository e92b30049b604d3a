"""A project with other texts, without touching it: a directory of links in which only the changed files are files.

Relative paths in compose files, to `extends`, `include`, `env_file` and builds, mean the same as in the project itself.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

T = TypeVar("T")


class Mirror:
    """The mirror of the file system in the directory `root`: of what leads to the project, and of the project."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def place(self, path: Path) -> Path:
        """Where a path of the project is in the mirror; absolute."""
        absolute = _absolute(path)
        return self._root / absolute.relative_to(absolute.anchor)

    def restored(self, value: T) -> T:
        """A JSON value with the paths of the mirror turned back into those of the project."""
        if isinstance(value, str):
            return value.replace(f"{self._root}{os.sep}", os.sep)  # type: ignore[return-value]
        if isinstance(value, list):
            return [self.restored(item) for item in value]  # type: ignore[return-value]
        if isinstance(value, dict):
            return {key: self.restored(item) for key, item in value.items()}  # type: ignore[return-value]
        return value


@contextmanager
def mirrored(directory: Path, contents: Mapping[Path, bytes | None]) -> Iterator[Mirror]:
    """Mirror a project in a temporary directory; `contents` are the files that differ, None for one that is not there.

    Everything above the project is there, too, so that `../base.yml` and `../../context` mean what they meant.
    """
    files = {_absolute(path): data for path, data in contents.items()}
    home = _absolute(directory)
    root = Path(os.path.realpath(tempfile.mkdtemp(prefix="aicos-tls-")))
    try:
        opened = {parent for path in (*files, home / "-") for parent in path.parents}
        _fill(Path(home.anchor), root, files, opened)
        yield Mirror(root)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _fill(source: Path, target: Path, files: Mapping[Path, bytes | None], opened: set[Path]) -> None:
    """Fill the directory `target`: links to what is in `source`, but for what is `opened` on the way to a file."""
    for entry in sorted(source.iterdir()):
        place = target / entry.name
        if entry in opened and entry.is_dir():
            place.mkdir()
            _fill(entry, place, files, opened)
        elif entry not in files:
            place.symlink_to(entry)
    for path, data in files.items():
        if path.parent == source and data is not None:
            (target / path.name).write_bytes(data)


def _absolute(path: Path) -> Path:
    """Like `Path.resolve`, but without following links: what stands behind one is compose's business."""
    return Path(os.path.abspath(path))  # noqa: PTH100 - see above
