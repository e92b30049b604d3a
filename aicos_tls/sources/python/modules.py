"""Where the modules of a Python service are imported from: it decides where the helper lies and how it is imported.

`python app/main.py` puts `app/` on the path, so that its neighbours are top-level modules; `uvicorn app.main:app`,
`gunicorn`, `hypercorn` and `python -m app.main` put the working directory there, so that they are `app.…` (Python
documentation, "sys.path"; uvicorn settings, `--app-dir`).
"""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from aicos_tls.files import TextFile

_APPLICATION = re.compile(r"([A-Za-z_]\w*(?:\.\w+)*):[A-Za-z_]\w*(?:\.\w+)*(?:\(.*\))?$")
_MODULE = re.compile(r"[A-Za-z_]\w*(?:\.\w+)*$")
_PYTHON = re.compile(r"python\d?(?:\.\d+)?$")
_MAIN = re.compile(r"""^if __name__ == ["']__main__["']""", re.MULTILINE)


class Home(Struct, frozen=True):
    """The directory of the module that is started, and the package that it is imported as (empty: top level)."""

    directory: PurePosixPath
    package: str = ""

    def dotted(self, name: str) -> str:
        """The full name of a module in this directory."""
        return f"{self.package}.{name}" if self.package else name

    def holds(self, path: PurePosixPath) -> bool:
        """Whether a file lies in the directory or below it."""
        return path.is_relative_to(self.directory)


def home_of(paths: Collection[PurePosixPath], words: Sequence[str], entry: PurePosixPath | None) -> Home | None:
    """Where the service starts, by its start command, else by its `entry` file; None where neither is known."""
    for module in _modules(words):
        for path in sorted(paths, key=lambda path: (len(path.parts), path)):
            if package := _package(path, module):
                return Home(path.parent, package.removeprefix("."))
    for word in words[1:]:
        script = PurePosixPath(word)
        if script.suffix == ".py":
            named = [path for path in paths if path == script or path.name == script.name]
            if named:
                return Home(min(named, key=lambda path: (path != script, len(path.parts), path)).parent)
    if entry is None:
        return None
    return Home(entry.parent, _by_packages(paths, entry.parent))


def _modules(words: Sequence[str]) -> list[str]:
    """The modules that a command names: `app.main:app`, `-m app.main`, `--app app.main`."""
    found = [match[1] for word in words if (match := _APPLICATION.match(word))]
    for option, value in pairwise(words):
        follows_python = option == "-m" and _PYTHON.match(PurePosixPath(words[0]).name)
        if (follows_python or option in ("--app", "-A")) and _MODULE.match(value):
            found.append(value)
    last = words[-1] if len(words) > 1 else ""
    return [*found, last] if last not in found and "." in last and _MODULE.match(last) else found


def _package(path: PurePosixPath, module: str) -> str:
    """The package of the module's file with a dot before it, so that the top level is `.`; empty when it is not it."""
    parts = module.split(".")
    for names, package in ((parts, parts[:-1]), ([*parts, "__init__"], parts), ([*parts, "__main__"], parts)):
        if path.with_suffix("").parts[-len(names) :] == tuple(names):
            return "." + ".".join(package)
    return ""


def _by_packages(paths: Collection[PurePosixPath], directory: PurePosixPath) -> str:
    """The package that a directory is, where `__init__.py` files say so."""
    names: list[str] = []
    while directory.name and directory / "__init__.py" in paths:
        names.insert(0, directory.name)
        directory = directory.parent
    return ".".join(names)


def stands_alone(file: TextFile, path: PurePosixPath, home: Home) -> bool:
    """Whether a file is run by itself from a directory other than the helper's, which then is not on its path."""
    return path.parent != home.directory and _MAIN.search(file.text) is not None
