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
    """The mirror of the directory `origin` in the directory `root`."""

    def __init__(self, origin: Path, root: Path) -> None:
        self._origin = origin
        self._root = root

    def place(self, path: Path) -> Path:
        """Where a path of the project is in the mirror; absolute."""
        return self._root / Path(os.path.abspath(path)).relative_to(self._origin)

    def restored(self, value: T) -> T:
        """A JSON value with the paths of the mirror turned back into those of the project."""
        if isinstance(value, str):
            return value.replace(str(self._root), str(self._origin))  # type: ignore[return-value]
        if isinstance(value, list):
            return [self.restored(item) for item in value]  # type: ignore[return-value]
        if isinstance(value, dict):
            return {key: self.restored(item) for key, item in value.items()}  # type: ignore[return-value]
        return value


@contextmanager
def mirrored(directory: Path, contents: Mapping[Path, bytes | None]) -> Iterator[Mirror]:
    """Mirror a project in a temporary directory; `contents` are the files that differ, None for one that is not there.

    Files may lie outside of the project directory: then a parent of both is mirrored. The directory's name stays, since
    compose names projects after it.
    """
    files = {Path(os.path.abspath(path)): data for path, data in contents.items()}
    home = Path(os.path.abspath(directory))
    origin = Path(os.path.commonpath([home, *(path.parent for path in files)]))
    holder = Path(os.path.realpath(tempfile.mkdtemp(prefix="aicos-tls-")))
    try:
        root = holder / (origin.name or "root")
        _build(origin, root, files, home)
        yield Mirror(origin, root)
    finally:
        shutil.rmtree(holder, ignore_errors=True)


def _build(source: Path, target: Path, files: Mapping[Path, bytes | None], home: Path) -> None:
    """Make the directory `target`; what leads to one of the files or to the project is a directory, too."""
    target.mkdir()
    opened = {parent for path in (*files, home / "-") for parent in path.parents}
    for entry in sorted(source.iterdir()):
        if entry in opened and entry.is_dir():
            _build(entry, target / entry.name, files, home)
        elif entry not in files:
            (target / entry.name).symlink_to(entry)
    for path, data in files.items():
        if path.parent == source and data is not None:
            (target / path.name).write_bytes(data)
