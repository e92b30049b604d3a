"""Which files make up a project: what `docker compose` would pick (compose specification, "Compose file")."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls import files
from aicos_tls.compose.dotenv import EnvFile
from aicos_tls.errors import TlsError, Where
from aicos_tls.files import read_if_there

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DEFAULT_NAMES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
OVERRIDE_NAMES = (
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
)


class Selection(Struct, frozen=True):
    """The files in the order in which they are merged; `implied` ones were not named but are read by docker compose."""

    files: tuple[Path, ...]
    implied: tuple[Path, ...] = ()


def select(named: Sequence[Path], environment: Mapping[str, str]) -> Selection:
    """Pick the compose files: those named, those of `COMPOSE_FILE`, or the default one here or in a parent.

    An override file beside the default file belongs to it, also when only the default file is named, since that is what
    `docker compose up` will run. Raises `TlsError` when there is none.
    """
    if len(named) > 1:
        return Selection(tuple(named))
    if named:
        return _with_override(named[0])
    if listed := _from_variable(environment):
        return Selection(tuple(Path(name) for name in listed))
    return _with_override(_default_file(Path()))


def _with_override(path: Path) -> Selection:
    if path.name in DEFAULT_NAMES:
        for name in OVERRIDE_NAMES:
            if files.is_file(beside := path.with_name(name)):
                return Selection((path, beside), (beside,))
    return Selection((path,))


def _from_variable(environment: Mapping[str, str]) -> list[str]:
    values: dict[str, str] = {}
    if file := read_if_there(Path(".env")):
        values = EnvFile(files.within_budget(file)).values
    text = environment.get("COMPOSE_FILE") or values.get("COMPOSE_FILE", "")
    separator = environment.get("COMPOSE_PATH_SEPARATOR") or values.get("COMPOSE_PATH_SEPARATOR", os.pathsep)
    return [part for part in text.split(separator) if part]


def _default_file(directory: Path) -> Path:
    try:
        start = directory.resolve()
        for folder in (start, *start.parents):
            for name in DEFAULT_NAMES:
                if (folder / name).is_file():
                    return directory / name if folder == start else folder / name
    except OSError as error:  # no right to look, or the directory is gone
        hint = "go to the project's directory, or name the file: aicos-tls enable FILE"
        raise TlsError(f"cannot look for a compose file: {error.strerror}", where=Where(directory), hint=hint) from None
    raise TlsError(
        f"no compose file here: none of {', '.join(DEFAULT_NAMES)}",
        where=Where(start),
        hint="name the file: aicos-tls enable FILE",
    )
