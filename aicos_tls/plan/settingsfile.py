"""`aicos-tls.toml`: the file of settings beside the compose file, as TOML 1.0 reads it.

Settings of a run stand at its top level (`aicos_tls.plan.policy`), connections in `[[connection]]` tables
(`aicos_tls.connections.seen`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aicos_tls.errors import TlsError, Where
from aicos_tls.files import read_if_there, within_budget

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from aicos_tls.files import TextFile

FILE = "aicos-tls.toml"
CONNECTION = "connection"
"""The key of the tables that are no settings."""


def load(path: Path) -> tuple[TextFile, dict[str, Any]] | None:
    """The file and what it says; None where there is none. Raises `TlsError` for what is no TOML."""
    file = read_if_there(path)
    return (within_budget(file), parse(file.text, path)) if file is not None else None


def parse(text: str, path: Path, *, floats: Callable[[str], object] = float) -> dict[str, Any]:
    """What a text says; `path` is its place in errors. Raises `TlsError` for what is no TOML."""
    import tomllib

    try:
        return tomllib.loads(text, parse_float=floats)
    except RecursionError:
        raise TlsError("nested too deeply", where=Where(path), hint="settings are numbers, texts and lists") from None
    except ValueError as error:  # TOMLDecodeError is one, and so is a number of too many digits
        raise TlsError(f"not valid TOML: {error}", where=Where(path)) from None
