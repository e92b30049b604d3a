"""How a stack takes over what was written: whether images have to be built, and the commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_MERGED = (".yml", ".yaml", ".json")
"""What compose files end in."""
_NOT_IN_IMAGES = (".env", ".gitignore", ".dockerignore")


def restart(files: Sequence[str] = (), *, build: bool) -> str:
    """The commands, with the compose files where docker compose would not find them by itself (guide, step 5)."""
    named = "".join(f"-f {name} " for name in files)
    building = f"docker compose {named}build, " if build else ""
    return f"restart: docker compose down, {building}docker compose {named}up -d"


def is_of_an_image(path: Path, kind: str, certs: Path | None) -> bool:
    """Whether a changed file comes into an image: no compose or env file, and nothing that is mounted from `certs`."""
    if kind == "env" or path.name.endswith((*_MERGED, *_NOT_IN_IMAGES)):
        return False
    return certs is None or not path.is_relative_to(certs)
