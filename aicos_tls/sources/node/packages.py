"""`package.json`: what a package of the service depends on, and on which line it says so."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from aicos_tls.errors import TlsError, Where

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aicos_tls.files import TextFile

NAME = "package.json"
_DEPENDENCIES = ("dependencies", "devDependencies", "peerDependencies", "optionalDependencies")


@dataclass(frozen=True)
class Package:
    """A `package.json`, as far as it can be read; without a file it is empty."""

    file: TextFile | None
    data: Mapping[str, Any]

    @property
    def dependencies(self) -> frozenset[str]:
        """The names of all packages that it lists."""
        lists = (self.data.get(kind) for kind in _DEPENDENCIES)
        return frozenset(name for each in lists if isinstance(each, dict) for name in each)

    def where(self, key: str) -> Where | None:
        """The line on which a key stands first."""
        if self.file is None:
            return None
        at = self.file.text.find(f'"{key}"')
        return self.file.where(at) if at >= 0 else Where(self.file.path)

    def script(self, name: str) -> str:
        """A command of its `scripts`; empty when there is none."""
        scripts = self.data.get("scripts")
        found = scripts.get(name) if isinstance(scripts, dict) else None
        return found if isinstance(found, str) else ""


def package_of(file: TextFile | None) -> Package:
    """Read a `package.json`; None or a text that is no JSON object gives an empty package."""
    if file is None:
        return Package(None, {})
    try:
        data = json.loads(file.text)
    except (ValueError, TlsError, RecursionError):
        return Package(file, {})
    return Package(file, data if isinstance(data, dict) else {})


def packages_in(files: Mapping[PurePosixPath, TextFile]) -> dict[PurePosixPath, Package]:
    """The packages among some files, by the directory of each."""
    return {path.parent: package_of(file) for path, file in files.items() if path.name == NAME}


def nearest(path: PurePosixPath, packages: Mapping[PurePosixPath, Package]) -> tuple[PurePosixPath, Package]:
    """The package that a file belongs to, with its directory; an empty one where there is none."""
    for directory in path.parents:
        if directory in packages:
            return directory, packages[directory]
    return PurePosixPath(), Package(None, {})
